"""Create the clinic's therapies, consents, permits and service area, where they are missing."""

from __future__ import annotations

from django.core.management.base import BaseCommand

from patients import catalogue


class Command(BaseCommand):
    help = "Create the therapies, consent forms, permits and service area that are missing."

    def handle(self, *args: object, **options: object) -> None:
        """Install, and say what there was to do."""
        self.stdout.write(f"{catalogue.install()} rows created.")
