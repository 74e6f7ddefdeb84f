"""An instant at the edge of the calendar is refused as input, not met as an error."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from rest_framework.test import APIClient

from booking.models import Appointment
from tests.factories import make_appointment, make_nurse, make_patient

FAR = ["2199-12-31T23:00:00Z", "1970-01-01T01:00:00Z", "2199-12-31T23:59:59.999999-12:00"]


@pytest.fixture
def booked(db: None) -> Appointment:
    starts_at = datetime.now(UTC).replace(microsecond=0) + timedelta(days=9)
    return make_appointment(patient=make_patient(), nurse=make_nurse(), starts_at=starts_at)


@pytest.mark.parametrize("starts_at", FAR)
def test_it_answers_400_for_a_start_at_the_edge_of_the_calendar(
    booked: Appointment, starts_at: str
) -> None:
    ada = APIClient()
    ada.force_login(booked.patient.user)
    moved = ada.post(f"/api/v1/appointments/{booked.pk}/reschedule/", {"starts_at": starts_at})
    new = ada.post("/api/v1/appointments/", {"therapy": "mood-40", "starts_at": starts_at})
    for answer in (moved, new):
        assert answer.status_code == 400
        assert answer.json()["errors"][0]["code"] == "out_of_range"
