"""Make `.venv` from a hashed lock, then become a module run in it.

Run by the system's Python before anything is installed, so: the standard library only.
"""

import fcntl
import hashlib
import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "installed-locks.json"
# The development lock is compiled with the other as its constraint, so it contains it.
CONTAINS = {"requirements-dev.lock": "requirements.lock"}


def main() -> None:
    """Set up, then run: `bootstrap.py LOCK MODULE [ARGUMENT ...]`."""
    lock, module, *arguments = sys.argv[1:]
    (ROOT / "var").mkdir(exist_ok=True)
    with (ROOT / "var" / "setup.lock").open("w") as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)
        if _installed().get(lock) != _digest(lock) or not PYTHON.exists():
            _install(lock)
    # What is started here is many processes of the same modules. Where none may keep what it has
    # compiled, as many containers have it, each would compile them all again: 7 of its 10 seconds.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.execv(PYTHON, [str(PYTHON), "-m", module, *arguments])


def _install(lock: str) -> None:
    if not _has_pip():
        _make_venv()
    print(f"Installing {lock} into .venv; the first time this takes a few minutes.", flush=True)
    # Wheels only: building from source would run code that no hash in the lock covers.
    # Python compiles what is used when it is used; most of what a package brings never is.
    pip = [str(PYTHON), "-m", "pip", "install", "--quiet", "--no-input", "--no-compile"]
    pip += ["--disable-pip-version-check", "--only-binary", ":all:", "--require-hashes"]
    if subprocess.run([*pip, "-r", str(ROOT / lock)]).returncode:
        sys.exit(f"Could not install {lock}: see the message above, then run the command again.")
    locks = [lock, CONTAINS[lock]] if lock in CONTAINS else [lock]
    STAMP.write_text(json.dumps(_installed() | {name: _digest(name) for name in locks}))


def _make_venv() -> None:
    if any(importlib.util.find_spec(name) is None for name in ("venv", "ensurepip")):
        package = f"python3.{sys.version_info.minor}-venv"
        sys.exit(f"Python's venv module is missing; on Debian and Ubuntu: apt install {package}")
    if subprocess.run([sys.executable, "-m", "venv", "--clear", str(VENV)]).returncode:
        sys.exit("Could not make .venv: see the message above.")


def _has_pip() -> bool:
    command = [str(PYTHON), "-c", "import pip"]
    return PYTHON.exists() and subprocess.run(command, capture_output=True).returncode == 0


def _installed() -> dict[str, str]:
    try:
        return dict(json.loads(STAMP.read_text()))
    except (OSError, ValueError):
        return {}


def _digest(lock: str) -> str:
    return hashlib.sha256((ROOT / lock).read_bytes()).hexdigest()


if __name__ == "__main__":
    main()
