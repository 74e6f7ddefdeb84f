"""manage.py watch: call staff when messages no longer go out."""

from __future__ import annotations

import sys
from argparse import ArgumentParser

from django.core.management.base import BaseCommand

from booking.delivery import watching


class Command(BaseCommand):
    help = "Watch whether messages go out, and call on-call staff when they do not."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--alive", action="store_true", help="only say whether one watches")

    def handle(self, *args: object, alive: bool, **options: object) -> None:
        if not alive:
            watching.go_on()
        elif not watching.is_alive():
            sys.exit("Nobody watches.")
