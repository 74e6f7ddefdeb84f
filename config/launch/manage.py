"""bin/manage: Django's manage.py against the running demo."""

import os
import sys

from config.launch.state import DEMO, OUTBOX, ROOT, noted_addresses


def main() -> None:
    """Become manage.py with the demo's addresses."""
    addresses = noted_addresses(state=DEMO)
    if addresses is None:
        sys.exit("The demo is not running: start it with bin/demo, then run this again.")
    demo = {"STILLWATER_ENV": "demo", "OUTBOX_DIR": str(OUTBOX)}
    command = [sys.executable, str(ROOT / "manage.py"), *sys.argv[1:]]
    os.execve(sys.executable, command, {**os.environ, **demo, **addresses})


if __name__ == "__main__":
    main()
