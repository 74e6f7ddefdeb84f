"""Run a part of a tool that needs the product's models, in a process of its own.

`python -m config.launch.inside bench.clinic --nurses 500`, with the database in the environment.
"""

import os
import sys
from importlib import import_module

import django


def main() -> None:
    """Set Django up, then run the part's own `main`."""
    part = sys.argv.pop(1)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    import_module(f"{__package__}.{part}").main()


if __name__ == "__main__":
    main()
