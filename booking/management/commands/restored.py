"""manage.py restored: after a backup was restored, before any worker is started."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import datetime

from django.core.management.base import BaseCommand, CommandError
from django.utils.dateparse import parse_datetime

from booking import sweeps
from booking.delivery import quarantine
from config.core.errors import Refused

MOST_SWEEPS = 100


class Command(BaseCommand):
    help = (
        "Say that a backup was restored: every message that is open in it is held until staff "
        "release it. Run it before workers are started."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--backup-at",
            required=True,
            type=_instant,
            help="when the backup was made, with its zone: 2026-11-24T03:00:00Z",
        )

    def handle(self, *args: object, backup_at: datetime, **options: object) -> None:
        # What a sweep made after the backup it makes again: that is held with the rest.
        for _ in range(MOST_SWEEPS):
            if not sweeps.run():
                break
        try:
            row = quarantine.begin(backup_at=backup_at)
        except Refused as refused:
            raise CommandError(str(refused)) from refused
        told = quarantine.tell(row)
        self.stdout.write(f"{row.held} messages are held until staff release them.")
        self.stdout.write("On-call staff were told." if told else "On-call staff were NOT told.")


def _instant(text: str) -> datetime:
    found = parse_datetime(text)
    if found is None or found.tzinfo is None:
        raise ValueError(text)
    return found
