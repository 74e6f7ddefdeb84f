"""What nobody called us about is found."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.core import mail

from booking import gates, sweeps, tasks
from booking.models import Notice, NoticeStatus, StaffTask
from config.core.clock import now
from patients.models import Intake
from tests import factories
from tests.booking.notice_help import BOOKED_AT, booked, row

pytestmark = pytest.mark.django_db


def crisis() -> Intake:
    patient = factories.make_patient(ready=False)
    return Intake.objects.create(
        patient=patient,
        version="1",
        answers={},
        outcome="crisis",
        status="awaiting_review",
        valid_until=now() + timedelta(days=90),
    )


def test_an_intake_in_crisis_pages_on_call_staff_once() -> None:
    intake = crisis()
    sweeps.run()
    sweeps.run()
    page = row(kind="crisis", occurrence=0)
    assert (page.subject_of, page.notice_class, page.patient) == (
        f"intake/{intake.pk}", "O", intake.patient
    )  # fmt: skip
    assert StaffTask.objects.get(kind="crisis").intake == intake
    tasks.send_due_notices()
    assert mail.outbox[0].to == ["on-call@example.com"]
    assert "AB" in mail.outbox[0].body


def test_an_intake_without_a_crisis_pages_nobody() -> None:
    factories.make_patient()
    sweeps.run()
    assert not Notice.objects.exists()


def test_each_crisis_is_its_own_page() -> None:
    crisis()
    crisis()
    assert sweeps.page_crises() == 2
    assert Notice.objects.filter(kind="crisis", occurrence=0).count() == 2


def test_the_sweep_asks_gates_again_and_takes_back_lapsed_claims(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = []

    def recheck() -> int:
        asked.append("gates")
        return 0

    monkeypatch.setattr(gates, "recheck", recheck)
    with time_machine.travel(BOOKED_AT, tick=False):
        booked()
        Notice.objects.filter(kind="booked").update(
            status=NoticeStatus.CLAIMED, lease_until=BOOKED_AT
        )
    with time_machine.travel(BOOKED_AT + timedelta(seconds=61), tick=False):
        assert tasks.sweep() == 2
    assert asked
    assert {n.status for n in Notice.objects.filter(kind="booked")} == {"pending"}
