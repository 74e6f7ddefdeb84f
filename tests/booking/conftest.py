"""What the tests of booking share."""

from pathlib import Path

import pytest
from pytest_django import Settings


@pytest.fixture
def outbox(settings: Settings, tmp_path: Path) -> Path:
    """Give the folder that texts are written to."""
    settings.OUTBOX_DIR = tmp_path
    return tmp_path
