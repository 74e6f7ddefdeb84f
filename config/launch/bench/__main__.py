"""bin/bench: measure, print tables, and with --write keep them in docs/performance.md."""

import argparse
import sys
from collections.abc import Iterator
from contextlib import ExitStack

from config.launch import engines, state as states, testing
from config.launch.bench import booking, dispatch, house, notices, page, slots
from config.launch.bench.report import Section, machine
from config.launch.signals import Stopped, raise_stopped
from config.launch.supervisor import Died

PARTS = ("slots", "dispatch", "booking", "notices")
ON_ENGINES = {
    "slots": slots.measure,
    "booking": booking.measure,
    "notices": notices.measure,
}


def main() -> int:
    """Measure what is asked for; gives the exit code."""
    options = _options()
    raise_stopped()
    try:
        for where, section in _measured(options):
            print(f"{section.text()}\nMeasured on: {where}\n", flush=True)
            if options.write:
                page.keep(section, where=where)
    except (house.Failed, engines.CannotStart, Died) as error:
        print(error, file=sys.stderr)
        return 1
    except Stopped:
        return testing.INTERRUPTED
    return 0


def _measured(options: argparse.Namespace) -> Iterator[tuple[str, Section]]:
    """Each part and the machine at its end; engines run only for those that need them."""
    for part in options.parts or PARTS:
        with ExitStack() as stack:
            if part == "dispatch":
                folder = stack.enter_context(states.first_free(states.VAR / "bench"))
                section = dispatch.measure(folder, quick=options.quick, seconds=options.seconds)
                yield machine(), section
                continue
            home = stack.enter_context(house.opened())
            section = ON_ENGINES[part](home, quick=options.quick)
            yield machine(postgres=str(home.ask("SHOW server_version"))), section


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bin/bench", description="How fast, against others.")
    parser.add_argument("parts", nargs="*", metavar="|".join(PARTS), help="default: all of them")
    parser.add_argument("--quick", action="store_true", help="small and rough: does it run?")
    parser.add_argument("--seconds", type=int, help="limit for dispatch, instead of its own")
    parser.add_argument("--write", action="store_true", help="keep it in docs/performance.md")
    options = parser.parse_args()
    if unknown := set(options.parts) - set(PARTS):
        parser.error(f"{', '.join(sorted(unknown))}: choose from {', '.join(PARTS)}")
    if options.quick and options.write:
        parser.error("--quick is too rough to keep")
    return options


if __name__ == "__main__":
    sys.exit(main())
