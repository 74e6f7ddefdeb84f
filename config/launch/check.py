"""bin/check: everything that judges the code without running its tests."""

import os
import secrets
import subprocess
import sys
from collections.abc import Mapping, Sequence

from config.launch import engines, testing
from config.launch.signals import Stopped, raise_stopped
from config.launch.state import ROOT

PACKAGES = ("config", "patients", "scheduling", "booking", "nurses", "tests")
# A production instance as docs/settings.md asks for; only its database is the tests'.
PRODUCTION = {
    "STILLWATER_ENV": "production",
    "SECRET_KEY": secrets.token_urlsafe(64),
    "SITE_URL": "https://stillwater.example.com",
    "ALLOWED_HOSTS": "stillwater.example.com",
    "CSRF_TRUSTED_ORIGINS": "https://stillwater.example.com",
    "EMAIL_URL": "smtp+tls://care:secret@mail.example.com:587",
}
# It has no `-m`, and its script's first line breaks on a path with a space.
LINT_IMPORTS = "from importlinter.cli import lint_imports_command as main; main()"


def main() -> int:
    """Run every check, whatever the ones before found; gives 1 if any complained."""
    raise_stopped()
    try:
        with testing.environment() as variables:
            complaints = [title for title in _checks() if not _passes(title, variables)]
    except engines.CannotStart as error:
        print(error, file=sys.stderr)
        return 1
    except Stopped:
        return testing.INTERRUPTED
    print(f"Complaints from: {', '.join(complaints)}" if complaints else "All checks pass.")
    return 1 if complaints else 0


def _checks() -> Mapping[str, tuple[Sequence[str], Mapping[str, str]]]:
    deploy = ["manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    return {
        "format": (["-m", "ruff", "format", "--check", "."], {}),
        "lint": (["-m", "ruff", "check", "."], {}),
        "types": (["-m", "mypy", *PACKAGES], {}),
        "layers": (["-c", LINT_IMPORTS], {}),
        "migrations": (["manage.py", "makemigrations", "--check", "--dry-run"], {}),
        "production settings": (deploy, PRODUCTION),
    }


def _passes(title: str, variables: Mapping[str, str]) -> bool:
    command, extra = _checks()[title]
    print(f"-- {title}", flush=True)
    done = subprocess.run([sys.executable, *command], cwd=ROOT, env={**variables, **extra})
    return done.returncode == 0


def _templates() -> list[str]:
    folders = (ROOT / package / "templates" for package in PACKAGES)
    found = (path for folder in folders for path in folder.rglob("*.html"))
    return [os.fspath(path.relative_to(ROOT)) for path in sorted(found)]


if __name__ == "__main__":
    sys.exit(main())
