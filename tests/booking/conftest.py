"""What the tests of booking share."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection
from pytest_django import Settings


@pytest.fixture
def outbox(settings: Settings, tmp_path: Path) -> Path:
    """Give the folder that texts are written to."""
    settings.OUTBOX_DIR = tmp_path
    return tmp_path


@pytest.fixture
def without_constraints() -> Iterator[None]:
    """A scratch schema whose appointments have no constraint, first on the search path."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE SCHEMA scratch")
        cursor.execute(
            "CREATE TABLE scratch.booking_appointment "
            "(LIKE public.booking_appointment INCLUDING DEFAULTS INCLUDING GENERATED)"
        )
    yield
    with connection.cursor() as cursor:
        cursor.execute("SET search_path TO public")
        cursor.execute("DROP SCHEMA scratch CASCADE")
