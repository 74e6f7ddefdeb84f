"""Whoever no message can tell when to stop eating is called by a person."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from rest_framework.test import APIClient

from booking import attention, sweeps
from booking.models import Appointment, StaffTask
from booking.notices import ledger
from tests.booking.notice_help import BOOKED_AT, STARTS_AT, booked
from tests.factories import make_user

pytestmark = pytest.mark.django_db
KIND = "food_stop_untold"


def book_and_change(**profile: object) -> Appointment:
    with time_machine.travel(BOOKED_AT, tick=False):
        visit = booked()
        ada = APIClient()
        ada.force_login(visit.patient.user)
        assert ada.patch("/api/v1/me/", profile).status_code == 200
    return visit


def evening_and_night() -> None:
    """From 6 PM to half past midnight; nothing to eat from 3:30 AM."""
    for half_hours in range(14):
        moment = STARTS_AT - timedelta(hours=15, minutes=30) + timedelta(minutes=30) * half_hours
        with time_machine.travel(moment, tick=False):
            ledger.send_due()
            sweeps.run()


@pytest.mark.parametrize("profile", [{"channels": []}, {"channels": ["sms"], "phone": ""}])
def test_it_asks_for_a_call_where_no_message_can_reach_the_patient(
    profile: dict[str, object],
) -> None:
    visit = book_and_change(**profile)
    evening_and_night()
    assert StaffTask.objects.filter(kind=KIND, appointment=visit).count() == 1


def test_it_asks_for_no_call_where_the_evening_message_went_out() -> None:
    book_and_change(name="Ada Byrne")
    evening_and_night()
    assert not StaffTask.objects.filter(kind=KIND).exists()


def test_it_asks_once_also_after_somebody_called() -> None:
    visit = book_and_change(channels=[])
    evening_and_night()
    attention.done(task=StaffTask.objects.get(kind=KIND), by=make_user(role="dispatcher"))
    with time_machine.travel(STARTS_AT - timedelta(hours=8), tick=False):
        assert sweeps.ask_for_calls() == 0
    assert StaffTask.objects.filter(kind=KIND, appointment=visit).count() == 1
