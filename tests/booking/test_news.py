"""What an e-mail provider reports, as it reports it: Postmark's form, over HTTP."""

from __future__ import annotations

import base64
from typing import Any

import pytest
import time_machine
from django.test import Client
from pytest_django import Settings

from booking.models import Notice, StaffTask
from patients import contacts
from tests.booking.notice_help import BOOKED_AT, booked, row

pytestmark = pytest.mark.django_db
HOOK = "/hooks/email/postmark/"


@pytest.fixture(autouse=True)
def provider(settings: Settings) -> None:
    settings.EMAIL_PROVIDER = "postmark"
    settings.ANYMAIL = {"POSTMARK_SERVER_TOKEN": "token", "WEBHOOK_SECRET": "user:password"}


def told(client: Client, news: dict[str, Any], *, secret: str = "user:password") -> int:
    header = "Basic " + base64.b64encode(secret.encode()).decode()
    return client.post(
        HOOK, news, content_type="application/json", headers={"Authorization": header}
    ).status_code


def bounce(email: str, **more: Any) -> dict[str, Any]:
    return {
        "RecordType": "Bounce", "Type": "HardBounce", "TypeCode": 1, "Email": email,
        "BouncedAt": "2026-11-16T15:05:00Z", "Description": "Unknown user", **more,
    }  # fmt: skip


def test_an_address_that_bounced_is_closed_and_its_patient_called() -> None:
    with time_machine.travel(BOOKED_AT, tick=False):
        visit = booked()
        Notice.objects.filter(kind="booked", channel="email").update(message_id="<n1@x>")
        email = visit.patient.user.email
        news = bounce(email.upper(), Metadata={"message_id": "<n1@x>"})
        assert told(Client(), news) == told(Client(), news) == 200
    assert contacts.closed(channel="email", address=email) == "bounced"
    task = StaffTask.objects.get(kind="contact_closed")
    assert (task.patient, task.appointment) == (visit.patient, visit)
    assert "Lost: “Booked”" in task.detail


def test_a_complaint_closes_too_and_an_opened_mail_does_not() -> None:
    with time_machine.travel(BOOKED_AT, tick=False):
        email = booked().patient.user.email
        complaint = bounce(email, RecordType="SpamComplaint", Type="SpamComplaint")
        assert told(Client(), {"RecordType": "Open", "Recipient": email}) == 200
        assert contacts.closed(channel="email", address=email) == ""
        assert told(Client(), complaint) == 200
    assert contacts.closed(channel="email", address=email) == "complained"
    assert StaffTask.objects.filter(kind="contact_closed").count() == 1
    assert row(kind="booked", channel="email").status == "pending"


def test_news_of_strangers_and_without_the_secret_changes_nothing(settings: Settings) -> None:
    news = bounce("nobody@example.com")
    assert told(Client(), news, secret="user:guess") == 400
    assert contacts.closed(channel="email", address="nobody@example.com") == ""
    assert told(Client(), news) == 200
    assert not StaffTask.objects.exists()
    settings.ANYMAIL = {"POSTMARK_SERVER_TOKEN": "token"}
    assert told(Client(), news) == 404
    settings.EMAIL_PROVIDER = ""
    assert told(Client(), news) == 404
