"""What all tests share."""

import os
import shutil
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from django.conf import settings as configured

# How long an example takes says nothing on a machine that runs other tests beside it.
hypothesis.settings.register_profile("tests", deadline=None)
hypothesis.settings.load_profile("tests")
# Tests that run beside each other have databases of their own, and so what they cache.
configured.CACHES["default"]["KEY_PREFIX"] += os.environ.get("PYTEST_XDIST_WORKER", "")

BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Take how many stories of racing are told, and how many strangers come."""
    parser.addoption("--races", type=int, default=0, help="stories told by racing tests")
    parser.addoption("--strangers", type=int, default=40, help="people who fill in the intake")


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """Give the browser for tests marked `e2e`; without one they are skipped, saying so."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        missing = f"no browser found (looked for {', '.join(BROWSERS)})"
        if os.environ.get("REQUIRE_E2E") == "1":
            pytest.fail(missing)
        pytest.skip(missing)
    return found


@pytest.fixture(autouse=True)
def _kept_apart(settings: Any, tmp_path: Path) -> None:
    """Keep the messages of a test to itself, and its passwords and its clients cheap."""
    settings.OUTBOX_DIR = tmp_path / "outbox"
    # Static files are found when they are asked for, not listed for each client of each test.
    settings.WHITENOISE_AUTOREFRESH = True
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
