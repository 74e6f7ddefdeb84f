"""What a patient has left undone is asked for: by message, then by a person."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
import time_machine
from django.core import mail
from rest_framework.test import APIClient

from booking import gates, tasks
from booking.models import Appointment, Notice, StaffTask, VisitAnswer
from booking.notices import ledger, reminders
from patients import consent
from patients.models import ConsentDocument, Intake, Patient, Signature
from tests import factories
from tests.booking.notice_help import BOOKED_AT, STARTS_AT, booked, moved, row, rows, utc

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture(autouse=True)
def _on_the_day_of_booking() -> Iterator[None]:
    with time_machine.travel(BOOKED_AT, tick=False):
        yield


def at(moment: datetime) -> time_machine.travel:
    return time_machine.travel(moment, tick=False)


def sent(kind: str, moment: datetime) -> int:
    """Look, send, and count what went out of one kind by then."""
    with at(moment):
        tasks.remind()
        ledger.send_due()
    return Notice.objects.filter(kind=kind, status="sent").count()


# -- the questionnaire ---------------------------------------------------------------------------


def opened(patient: Patient) -> None:
    ada = APIClient()
    ada.force_login(patient.user)
    assert ada.get("/api/v1/intake/form/").status_code == 200


def test_it_reminds_whoever_opened_the_questionnaire_daily_and_three_times() -> None:
    opened(factories.make_patient(ready=False))
    assert sent("intake_incomplete", BOOKED_AT + DAY - timedelta(seconds=1)) == 0
    for days in (1, 2, 3):
        assert sent("intake_incomplete", BOOKED_AT + days * DAY) == days
    assert sent("intake_incomplete", BOOKED_AT + 5 * DAY) == 3
    assert {n.occurrence for n in rows(kind="intake_incomplete")} == {0, 1, 2}


def test_it_reminds_nobody_who_sent_the_answers() -> None:
    patient = factories.make_patient(ready=False)
    opened(patient)
    assert sent("intake_incomplete", BOOKED_AT + DAY) == 1
    Patient.objects.filter(pk=patient.pk).update(intake_begun_at=None)
    assert sent("intake_incomplete", BOOKED_AT + 2 * DAY) == 1
    assert row(kind="intake_incomplete", occurrence=1).problem == "the answers were sent"


def test_it_reminds_nobody_whose_answers_stand() -> None:
    opened(factories.make_patient())
    assert sent("intake_incomplete", BOOKED_AT + 5 * DAY) == 0


def test_it_reminds_nobody_who_was_declined() -> None:
    patient = factories.make_patient(ready=False)
    factories.make_intake(patient=patient, status="declined")
    opened(patient)
    assert sent("intake_incomplete", BOOKED_AT + DAY) == 0


def test_it_does_not_remind_in_the_night() -> None:
    with at(utc(11, 17, 5)):  # 11 PM in Chicago
        opened(factories.make_patient(ready=False))
    with at(utc(11, 17, 6)):
        tasks.remind()
    first = row(kind="intake_incomplete", occurrence=0)
    assert (first.ideal_at, first.send_from) == (utc(11, 18, 5), utc(11, 18, 14))
    assert first.why == "quiet hours"


def lapsing(*, days: float = 20) -> Appointment:
    """A visit in `days`, and answers that lapse a day before it."""
    visit = booked(starts_at=BOOKED_AT + days * DAY)
    Intake.objects.create(
        patient=visit.patient,
        version="1",
        answers={},
        outcome="eligible",
        status="cleared",
        submitted_at=BOOKED_AT - DAY,
        valid_until=visit.starts_at - DAY,
    )
    return visit


def test_it_reminds_whose_answers_lapse_before_the_visit() -> None:
    visit = lapsing()
    assert [sent("intake_incomplete", BOOKED_AT + days * DAY) for days in (1, 2, 3, 4)] == [
        1, 2, 3, 3
    ]  # fmt: skip
    assert {n.appointment for n in rows(kind="intake_incomplete")} == {visit}
    assert {n.not_after for n in rows(kind="intake_incomplete")} == {visit.starts_at - 2 * DAY}


def test_it_stops_reminding_once_new_answers_hold() -> None:
    visit = lapsing()
    assert sent("intake_incomplete", BOOKED_AT + DAY) == 1
    factories.make_intake(patient=visit.patient, submitted_at=BOOKED_AT + DAY)
    assert sent("intake_incomplete", BOOKED_AT + 2 * DAY) == 1
    assert row(kind="intake_incomplete", occurrence=1).problem == "the answers hold until the visit"


def test_a_person_asks_two_days_before_the_visit_once() -> None:
    visit = lapsing()
    for moment, asked in (
        (visit.starts_at - 2 * DAY - timedelta(minutes=1), 0),
        (visit.starts_at - 2 * DAY, 1),
        (visit.starts_at - DAY - HOUR, 1),
    ):
        with at(moment):
            tasks.remind()
            tasks.remind()
        assert StaffTask.objects.filter(kind=reminders.LAPSES, appointment=visit).count() == asked


def test_it_leaves_a_visit_alone_whose_answers_hold() -> None:
    booked()
    with at(STARTS_AT - DAY):
        assert reminders.run() == 0


# -- consents ------------------------------------------------------------------------------------


def new_version() -> ConsentDocument:
    return consent.publish(slug="treatment", title="Treatment", text="Newer.", is_required=False)


def test_a_new_version_of_a_signed_text_is_asked_for_three_times() -> None:
    visit = booked()
    with at(BOOKED_AT + timedelta(minutes=1)):
        new_version()
    with at(BOOKED_AT + timedelta(minutes=2)):
        gates.recheck()
    due = [(n.occurrence, n.send_from, n.not_after) for n in rows(kind="consent_due")]
    assert due == [
        (0, STARTS_AT - 96 * HOUR, STARTS_AT - DAY),
        (1, STARTS_AT - 72 * HOUR, STARTS_AT - DAY),
        (2, STARTS_AT - 48 * HOUR, STARTS_AT - DAY),
    ]
    assert {n.appointment for n in rows(kind="consent_due")} == {visit}
    assert sent("consent_due", STARTS_AT - 96 * HOUR) == 1


def test_a_text_that_is_signed_is_not_asked_for_again() -> None:
    visit = booked()
    with at(BOOKED_AT + timedelta(minutes=1)):
        document = new_version()
    with at(BOOKED_AT + timedelta(minutes=2)):
        gates.recheck()
    assert sent("consent_due", STARTS_AT - 96 * HOUR) == 1
    Signature.objects.create(
        document=document, patient=visit.patient, sha256=document.sha256, typed_name="Ada Byrne"
    )
    assert sent("consent_due", STARTS_AT - 72 * HOUR) == 1
    assert row(kind="consent_due", occurrence=1).problem == "there is nothing left to sign"


def test_a_text_that_comes_late_is_asked_for_once() -> None:
    booked()
    with at(STARTS_AT - 40 * HOUR):
        new_version()
    with at(STARTS_AT - 39 * HOUR):
        gates.recheck()
    late = row(kind="consent_due")
    assert (late.occurrence, late.ideal_at) == (2, STARTS_AT - 40 * HOUR)


def test_a_visit_booked_with_an_old_version_signed_is_found() -> None:
    patient = factories.make_patient()
    new_version()
    visit = factories.make_appointment(
        patient=patient, nurse=factories.make_nurse(), starts_at=STARTS_AT
    )
    ledger.plan_new(appointments=[visit], infusions=[])
    with at(BOOKED_AT + timedelta(minutes=2)):
        assert reminders.plan_asks() == 1
        assert reminders.plan_asks() == 0
    assert len(rows(kind="consent_due")) == 3


# -- the day after -------------------------------------------------------------------------------


ASKED_AT = utc(11, 25, 16)  # 10 AM in Chicago, the day after


def test_a_nurse_calls_who_does_not_answer_in_a_day() -> None:
    visit = booked(dosed_at=STARTS_AT + HOUR)
    calls = []
    for moment in (ASKED_AT + DAY - timedelta(minutes=1), ASKED_AT + DAY, ASKED_AT + 2 * DAY):
        with at(moment):
            tasks.remind()
        calls.append(StaffTask.objects.filter(kind=reminders.UNANSWERED, appointment=visit).count())
    assert calls == [0, 1, 1]


def test_nobody_calls_who_answered() -> None:
    visit = booked(dosed_at=STARTS_AT + HOUR)
    with at(ASKED_AT):
        ledger.send_due()
    VisitAnswer.objects.create(
        appointment=visit,
        notice=row(kind="how_are_you", channel="sms"),
        purpose="feeling",
        version=1,
        revision=0,
        client_id="5bd0a4b6-6f8e-4f0c-9a36-000000000001",
    )
    with at(ASKED_AT + DAY):
        assert reminders.run() == 0


def test_nobody_calls_to_whom_a_nurse_came_that_day() -> None:
    visit = booked(dosed_at=STARTS_AT + HOUR)
    factories.make_appointment(
        patient=visit.patient, nurse=visit.nurse, starts_at=STARTS_AT + DAY, dosed_at=None
    )
    with at(ASKED_AT + DAY):
        assert reminders.ask_for_calls() == 0


def test_nobody_calls_after_a_visit_without_a_dose() -> None:
    booked()
    with at(ASKED_AT + DAY):
        assert reminders.ask_for_calls() == 0


def test_reminders_go_on_when_one_visit_cannot_be_planned(monkeypatch: pytest.MonkeyPatch) -> None:
    lapsing()
    monkeypatch.setattr(ledger, "plan_for", lambda **_: 1 / 0)
    with at(BOOKED_AT + HOUR):
        assert reminders.plan_asks() == 0


def test_a_moved_visit_is_asked_about_anew() -> None:
    visit = lapsing()
    assert sent("intake_incomplete", BOOKED_AT + DAY) == 1
    with at(BOOKED_AT + 30 * HOUR):
        moved(visit, by=DAY, at=BOOKED_AT + 30 * HOUR)
    assert len(rows(kind="intake_incomplete", version=2)) == 3
    assert mail.outbox
