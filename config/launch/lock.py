"""bin/lock: compile all locks from pyproject.toml, hashed and without host names."""

import subprocess
import sys

from config.launch.state import ROOT

LOCKS = {
    "requirements.lock": [],
    "requirements-dev.lock": ["--extra", "dev", "-c", "requirements.lock"],
    "requirements-vroom.lock": ["--extra", "vroom", "-c", "requirements.lock"],
}
OPTIONS = [
    *("--universal", "--python-version", "3.11", "--generate-hashes"),
    *("--no-emit-index-url", "--no-annotate", "--no-header", "--quiet"),
]


def main() -> int:
    """Write each lock; further options go to uv, such as --upgrade."""
    for lock, extra in LOCKS.items():
        command = [sys.executable, "-m", "uv", "pip", "compile", *OPTIONS, "pyproject.toml"]
        done = subprocess.run([*command, "-o", lock, *extra, *sys.argv[1:]], cwd=ROOT)
        if done.returncode != 0:
            return done.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main())
