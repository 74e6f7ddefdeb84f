"""Cleo's visit to Ada, on a day whose clock stands still."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import time_machine
from rest_framework.test import APIClient

from tests.factories import make_appointment, make_nurse, make_patient
from tests.nurses.story import NOW, START, Visit


@pytest.fixture
def late() -> Iterator[time_machine.Traveller]:
    """Hours after the visit: everything below is a late replay."""
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def visit(db: None, late: time_machine.Traveller) -> Visit:
    return tell_a_visit()


def tell_a_visit() -> Visit:
    nurse = make_nurse()
    appointment = make_appointment(patient=make_patient(), nurse=nurse, starts_at=START)
    client = APIClient()
    client.force_login(nurse.user)
    return Visit(appointment=appointment, nurse=nurse, client=client)
