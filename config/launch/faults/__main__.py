"""bin/faults: break things, print a table; the exit code is 1 where a promise was not kept."""

import argparse
import sys

from config.launch import engines, testing
from config.launch.bench import house
from config.launch.bench.report import Bar, machine, table
from config.launch.faults import stage
from config.launch.faults.cases import CASES
from config.launch.signals import Stopped, raise_stopped
from config.launch.supervisor import Died

# Seconds for which a message is in a sender's hand. A killed one's are waited for at every kill.
LEASE, SHORT_LEASE = 5, 3


def main() -> int:
    """Play what is asked for; gives the exit code."""
    options = _options()
    raise_stopped()
    bars: list[Bar] = []
    try:
        with (
            house.opened(tables_of=options.tables_of) as home,
            stage.opened(home, lease=SHORT_LEASE if options.short else LEASE) as scene,
        ):
            for case in CASES:
                if not options.cases or case.number in options.cases:
                    bars.append(case.bar(scene, short=options.short))
                    print(f"{bars[-1].promise}\n    {bars[-1].measured}: {bars[-1].verdict}")
                    sys.stdout.flush()
            where = machine(postgres=str(home.ask("SHOW server_version")))
    except (house.Failed, engines.CannotStart, Died) as error:
        print(error, file=sys.stderr)
        return 1
    except Stopped:
        return testing.INTERRUPTED
    rows = [(bar.promise, bar.measured, bar.verdict) for bar in bars]
    print(f"\n{table(('What broke, and the promise', 'Measured', ''), rows)}\n\nOn: {where}")
    return 0 if all(bar.met for bar in bars) else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bin/faults", description="Break things.")
    numbers = sorted(case.number for case in CASES)
    parser.add_argument("cases", nargs="*", type=int, help=f"by number: {numbers}; default: all")
    parser.add_argument("--short", action="store_true", help="few of each: does it hold at all?")
    parser.add_argument("--tables-of", default="", metavar="URL", help="copied, not migrated anew")
    options = parser.parse_args()
    if unknown := set(options.cases) - set(numbers):
        parser.error(f"no case {sorted(unknown)}: choose from {numbers}")
    return options


if __name__ == "__main__":
    sys.exit(main())
