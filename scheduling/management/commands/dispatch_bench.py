import json
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from config.core import started
from scheduling.routing import instances, solve
from scheduling.routing.verify import check

SPARE = 0.02
"""Share of the time kept back: for the step under way when it is up, for checking and printing."""
LEAVING = 0.3
"""What Python takes to end, as a share of what it took to begin: both grow with the load."""
LEAST = 4.0
"""Seconds that are searched in any case where so many are given, however slow the start was."""


class Command(BaseCommand):
    help = "Dispatch a day from a file and print the plan as one JSON object."
    requires_system_checks = ()
    before = 0.0

    def run_from_argv(self, argv: list[str]) -> None:
        """Take the start of Python and all imports as part of the seconds given."""
        self.before = time.monotonic() - started.AT
        super().run_from_argv(argv)

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE.json")
        parser.add_argument("--seconds", type=float, default=60.0, help="all it may take")
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument(
            "--no-vroom", action="store_true", help="as where the extra is not installed"
        )

    def handle(
        self, *, file: Path, seconds: float, seed: int, no_vroom: bool = False, **options: Any
    ) -> None:
        """Read, solve, check the plan against the rules, print."""
        if not 0 <= seconds < float("inf") or seed < 0:
            raise CommandError("seconds and seed cannot be below zero", returncode=2)
        try:
            name, day = instances.read(file.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise CommandError(f"{file}: {error}", returncode=2) from None
        left = (1 - SPARE) * seconds - (1 + LEAVING) * self.before
        limit = max(min(LEAST, seconds), left)
        plan = solve(day, seconds=limit, seed=seed, with_vroom=not no_vroom)
        check(day, plan)
        self.stdout.write(json.dumps(instances.answer(name, plan)))
