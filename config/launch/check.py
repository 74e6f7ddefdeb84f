"""bin/check: everything that judges the code without running its tests."""

import os
import secrets
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
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
    "ON_CALL_EMAILS": "on-call@stillwater.example.com",
    "EMAIL_URL": "smtp+tls://care:secret@mail.example.com:587",
}
# It has no `-m`, and its script's first line breaks on a path with a space.
LINT_IMPORTS = "from importlinter.cli import lint_imports_command as main; main()"


def main() -> int:
    """Run every check, whatever the ones before found; gives 1 if any complained."""
    raise_stopped()
    try:
        with testing.environment() as variables:
            complaints = list(_complaints(variables))
    except engines.CannotStart as error:
        print(error, file=sys.stderr)
        return 1
    except Stopped:
        return testing.INTERRUPTED
    print(f"Complaints from: {', '.join(complaints)}" if complaints else "All checks pass.")
    return 1 if complaints else 0


def _complaints(variables: Mapping[str, str]) -> Iterator[str]:
    """Run the checks side by side, telling what each said in its turn; gives who complained."""
    pool = ThreadPoolExecutor(max_workers=os.cpu_count())
    checks = _checks()
    try:
        for check, done in zip(
            checks, pool.map(lambda one: one.run(variables), checks), strict=True
        ):
            print(f"-- {check.title}\n{done.stdout}", end="", flush=True)
            if done.returncode:
                yield check.title
    finally:
        pool.shutdown(cancel_futures=True)


@dataclass(frozen=True)
class Check:
    """A command that complains by its exit code."""

    title: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)

    def run(self, variables: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command,
            cwd=ROOT,
            env={**variables, **self.environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )


def _checks() -> list[Check]:
    python = sys.executable
    manage = (python, "manage.py")
    djade = os.fspath(Path(python).with_name("djade"))  # a program of its own, not a module
    return [
        # The longest first.
        Check("types", (python, "-m", "mypy", *PACKAGES)),
        Check("format", (python, "-m", "ruff", "format", "--check", ".")),
        Check("lint", (python, "-m", "ruff", "check", ".")),
        Check("templates", (djade, "--target-version", "5.2", "--check", *_templates())),
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
