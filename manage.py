#!/usr/bin/env python
"""Django's command line; it never starts a server (see bin/demo and bin/manage)."""

import os
import sys

from django.core.management import execute_from_command_line

from config.core import started  # noqa: F401 -- as early as can be, for the time it notes


def main() -> None:
    """Run the command named on the command line."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
