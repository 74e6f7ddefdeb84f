"""bin/check: everything that judges the code without running its tests."""

import os
import secrets
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

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
            complaints = [check.title for check in _checks() if not check.passes(variables)]
    except engines.CannotStart as error:
        print(error, file=sys.stderr)
        return 1
    except Stopped:
        return testing.INTERRUPTED
    print(f"Complaints from: {', '.join(complaints)}" if complaints else "All checks pass.")
    return 1 if complaints else 0


@dataclass(frozen=True)
class Check:
    """A command that complains by its exit code."""

    title: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)

    def passes(self, variables: Mapping[str, str]) -> bool:
        print(f"-- {self.title}", flush=True)
        variables = {**variables, **self.environment}
        return subprocess.run(self.command, cwd=ROOT, env=variables).returncode == 0


def _checks() -> list[Check]:
    python = sys.executable
    manage = (python, "manage.py")
    djade = os.fspath(Path(python).with_name("djade"))  # a program of its own, not a module
    return [
        Check("format", (python, "-m", "ruff", "format", "--check", ".")),
        Check("lint", (python, "-m", "ruff", "check", ".")),
        Check("templates", (djade, "--target-version", "5.2", "--check", *_templates())),
        Check("types", (python, "-m", "mypy", *PACKAGES)),
        Check("layers", (python, "-c", LINT_IMPORTS)),
        Check("migrations", (*manage, "makemigrations", "--check", "--dry-run")),
        Check(
            "production settings",
            (*manage, "check", "--deploy", "--fail-level", "WARNING"),
            PRODUCTION,
        ),
    ]


def _templates() -> list[str]:
    folders = (ROOT / package / "templates" for package in PACKAGES)
    found = (path for folder in folders for path in folder.rglob("*.html"))
    return [os.fspath(path.relative_to(ROOT)) for path in sorted(found)]


if __name__ == "__main__":
    sys.exit(main())
