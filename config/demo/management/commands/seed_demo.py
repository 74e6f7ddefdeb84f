"""`manage.py seed_demo`: the demo's people and one visit that has passed."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from config.demo import past_visit, seed


class Command(BaseCommand):
    """Seed the demo, or top it up."""

    help = "Create the demo's people and one passed visit; refuses a database with real accounts."

    def handle(self, *args: Any, **options: Any) -> None:
        """Seed and say what was placed."""
        try:
            seed.seed()
        except seed.HoldsRealAccounts as error:
            raise CommandError(str(error)) from error
        placed = past_visit.place()
        self.stdout.write(f"Placed a passed visit: {placed}" if placed else "Nothing to place.")
