"""bin/test: pytest on engines of its own, or on those the environment names.

Without arguments it runs everything, as many tests at once as there are processors.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from config.launch import engines, owned, state as states
from config.launch.signals import Stopped, raise_stopped

INTERRUPTED = 130  # what a shell reports after SIGINT
# All tests: on every processor, whoever is done first takes from the others.
EVERYTHING = ("-n", "auto", "--maxprocesses", "8", "--dist", "worksteal")


def main() -> int:
    """Run pytest; gives its exit code."""
    raise_stopped()
    try:
        with environment() as variables:
            return run(["-m", "pytest", *(sys.argv[1:] or EVERYTHING)], variables=variables)
    except engines.CannotStart as error:
        print(error, file=sys.stderr)
        return 1
    except Stopped:
        return INTERRUPTED


@contextmanager
def environment() -> Iterator[dict[str, str]]:
    """Engines for one run, in the first state folder no other run uses; gives the environment."""
    with states.first_free(states.VAR / "test") as state:
        given = {
            "database_url": os.environ.get("DATABASE_URL", ""),
            "redis_url": os.environ.get("REDIS_URL", ""),
        }
        with engines.running(state=state, durable=False, **given) as running:
            yield {
                **owned.environment(state=state),
                **running.environment(),
                "STILLWATER_ENV": "test",
                "OUTBOX_DIR": str(state / "outbox"),
            }


def run(command: Sequence[str], *, variables: dict[str, str]) -> int:
    """Run Python to its end; a stop is passed on to it first."""
    # In a session of its own, Ctrl-C reaches it once, from here.
    process = subprocess.Popen(
        [sys.executable, *command],
        cwd=states.ROOT,
        env=variables,
        start_new_session=True,
        preexec_fn=owned.ends_with_parent(by=signal.SIGTERM),
    )
    try:
        return process.wait()
    finally:
        if process.poll() is None:
            owned.stop([process.pid], within=8, first=signal.SIGINT)
            process.wait()


if __name__ == "__main__":
    sys.exit(main())
