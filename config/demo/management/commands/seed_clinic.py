"""`manage.py seed_clinic`: a big clinic with full days, for measuring."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from config.demo import clinic, seed


class Command(BaseCommand):
    """Add nurses and weeks of visits."""

    help = "Add many nurses with full days, to measure with; refuses a database with real accounts."

    def add_arguments(self, parser: CommandParser) -> None:
        """Say how big it is to be."""
        parser.add_argument("--nurses", type=int, default=50)
        parser.add_argument("--days", type=int, default=28)
        parser.add_argument("--most", type=int, default=3, help="visits on a nurse's day")

    def handle(self, *args: Any, **options: Any) -> None:
        """Seed and say how much was placed."""
        asked = {name: options[name] for name in ("nurses", "days", "most")}
        try:
            placed = clinic.place(**asked)
        except seed.HoldsRealAccounts as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"Placed {placed} visits.")
