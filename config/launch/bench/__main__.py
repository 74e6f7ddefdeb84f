"""bin/bench: measure, print tables, and with --write keep them in docs/performance.md."""

import argparse
import sys
from collections.abc import Iterator
from contextlib import ExitStack

from config.launch import engines, testing
from config.launch.bench import booking, house
from config.launch.bench.report import Section, machine
from config.launch.signals import Stopped, raise_stopped
from config.launch.supervisor import Died

PARTS = ("slots", "dispatch", "booking")


def main() -> int:
    """Measure what is asked for; gives the exit code."""
    options = _options()
    raise_stopped()
    try:
        for section in _measured(options):
            print(section.text(), flush=True)
    except (house.Failed, engines.CannotStart, Died) as error:
        print(error, file=sys.stderr)
        return 1
    except Stopped:
        return testing.INTERRUPTED
    return 0


def _measured(options: argparse.Namespace) -> Iterator[Section]:
    with ExitStack() as stack:
        home = stack.enter_context(house.opened())
        print(machine(postgres=home.ask("SHOW server_version")), flush=True)
        yield booking.measure(home, quick=options.quick)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bin/bench", description="Measure, against others.")
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="default: all three")
    parser.add_argument("--quick", action="store_true", help="small and rough: does it run?")
    parser.add_argument("--write", action="store_true", help="keep it in docs/performance.md")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
