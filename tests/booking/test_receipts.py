"""Texts that a service took and could not deliver: said by e-mail, or by a person."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from pytest_django import Settings

from booking.delivery import fallback, recovery
from booking.models import Appointment, NoticeStatus, StaffTask
from booking.notices import ledger
from patients.models import Patient
from tests.booking.notice_help import STARTS_AT, booked, row, rows

pytestmark = pytest.mark.django_db
SECRET = "a-secret-that-nobody-guesses"
PHONE = "+13125550123"
RECEIPTS = [
    {"MessageSid": "SM1", "MessageStatus": "undelivered", "To": PHONE, "From": "+13125550199"},
    {"msisdn": "13125550123", "to": "STILLWATER", "status": "rejected", "err-code": "7"},
    {"To": "13125550123", "From": "13125550199", "Status": "Failed", "MessageUUID": "1"},
]


@pytest.fixture
def door(settings: Settings) -> str:
    settings.SMS_WEBHOOK_SECRET = SECRET
    return f"/hooks/sms/{SECRET}/receipt/"


@pytest.fixture
def texted() -> Iterator[Appointment]:
    """A visit on whose day Ada was texted that it is today."""
    start = STARTS_AT + timedelta(hours=6)
    with time_machine.travel(start - timedelta(days=1), tick=False):
        visit = booked(starts_at=start)
    with time_machine.travel(start - timedelta(hours=2, minutes=59), tick=False):
        ledger.send_due()
        assert row(kind="today").status == NoticeStatus.SENT
        yield visit


@pytest.mark.parametrize("told", RECEIPTS)
def test_a_text_that_did_not_arrive_is_said_by_e_mail_once(
    client: Client, door: str, texted: Appointment, told: dict[str, str]
) -> None:
    assert client.post(door, told).status_code == 204
    client.post(door, told, content_type="application/json")
    twin = row(kind="today", channel="email")
    assert (twin.status, twin.why) == (NoticeStatus.PENDING, fallback.WHY)
    assert row(kind="today", channel="sms").problem == recovery.UNDELIVERED
    ledger.send_due()
    assert row(kind="today", channel="email").status == NoticeStatus.SENT


def test_a_text_that_arrived_is_said_once(client: Client, door: str, texted: Appointment) -> None:
    for state in ("delivered", "sent", "queued", ""):
        assert client.post(door, {"To": PHONE, "MessageStatus": state}).status_code == 204
    assert rows(kind="today", channel="email") == []


def test_who_takes_no_e_mail_is_called(client: Client, door: str, texted: Appointment) -> None:
    Patient.objects.filter(pk=texted.patient_id).update(channels=["sms"])
    for _ in range(2):
        client.post(door, RECEIPTS[0])
    assert rows(kind="today", channel="email") == []
    asked = StaffTask.objects.get(key__contains="/today/")
    assert (asked.kind, asked.patient) == ("message_failed", texted.patient)


def test_what_is_of_no_use_any_more_is_left(client: Client, door: str, texted: Appointment) -> None:
    with time_machine.travel(texted.starts_at, tick=False):
        client.post(door, RECEIPTS[0])
    assert rows(kind="today", channel="email") == []
    assert not StaffTask.objects.filter(key__contains="/today/").exists()


def test_strangers_and_nonsense_change_nothing(
    client: Client, door: str, texted: Appointment, settings: Settings
) -> None:
    assert client.post("/hooks/sms/wrong/receipt/", RECEIPTS[0]).status_code == 404
    assert client.post(door, {"To": "nobody", "MessageStatus": "failed"}).status_code == 400
    assert client.get(door).status_code == 405
    assert client.post(door, {"To": "+13125550166", "MessageStatus": "failed"}).status_code == 204
    settings.SMS_WEBHOOK_SECRET = ""
    assert client.post(door, RECEIPTS[0]).status_code == 404
    assert rows(kind="today", channel="email") == []
