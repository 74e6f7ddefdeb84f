"""What comes after a visit is asked about again when it is due."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.db import transaction

from booking import appointments, gates
from booking.locks import locked
from booking.models import Appointment, Notice, Status
from booking.notices import closed_gates, ledger
from config.core.errors import Reason
from patients.models import Order
from tests import factories
from tests.booking.notice_help import BOOKED_AT, STARTS_AT, booked, replanned, row, rows

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ENDS_AT = STARTS_AT + timedelta(hours=3, minutes=10)


@pytest.fixture(autouse=True)
def _on_the_day_of_booking() -> Iterator[None]:
    with time_machine.travel(BOOKED_AT, tick=False):
        yield


def at(moment: datetime) -> time_machine.travel:
    return time_machine.travel(moment, tick=False)


def send_at(moment: datetime) -> int:
    with at(moment):
        return ledger.send_due()


def given(*, starts_at: datetime = STARTS_AT) -> Appointment:
    """A visit in which a dose was given, and which ended as promised."""
    visit = booked(starts_at=starts_at)
    end = starts_at + timedelta(hours=3, minutes=10)
    with at(end):
        visit.status = Status.ON_SITE
        visit.save()
        visit.status = Status.INFUSING
        visit.save()
        visit.status = Status.OBSERVING
        visit.save()
        replanned(
            visit,
            status=Status.DISCHARGED,
            dosed_at=starts_at + HOUR,
            discharged_at=end,
            revision=1,
        )
        ledger.send_due()
    mail.outbox.clear()
    return visit


def another(visit: Appointment, *, starts_at: datetime, **changes: Any) -> Appointment:
    return factories.make_appointment(
        patient=visit.patient, nurse=visit.nurse, starts_at=starts_at, **changes
    )


def state(kind: str, **wanted: Any) -> tuple[str, str]:
    found = row(kind=kind, channel="email", revision=wanted.pop("revision", 0), **wanted)
    return found.status, found.problem


def test_driving_is_given_free_when_the_time_has_passed() -> None:
    given()
    assert send_at(ENDS_AT + DAY - timedelta(seconds=1)) == 2  # how are you, both ways
    assert send_at(ENDS_AT + DAY) == 2
    assert state("driving_ended", revision=1) == ("sent", "")
    assert state("coming_days", occurrence=0) == ("sent", "")


def test_driving_is_not_given_free_while_a_later_dose_forbids_it() -> None:
    visit = given()
    another(visit, starts_at=STARTS_AT + DAY, dosed_at=STARTS_AT + 25 * HOUR)
    send_at(ENDS_AT + DAY)
    assert state("driving_ended", revision=1) == ("superseded", "driving is not allowed yet")


def test_driving_is_not_given_free_while_nobody_knows_the_end() -> None:
    visit = booked(dosed_at=STARTS_AT + HOUR)
    send_at(ENDS_AT + DAY)
    assert row(kind="driving_ended").status == "pending"
    assert row(kind="driving_ended").next_try_at == ENDS_AT + DAY + HOUR
    assert row(kind="how_are_you", channel="email").status == "sent"
    assert visit.discharged_at is None


def test_driving_is_given_free_later_where_the_discharge_came_later() -> None:
    visit = given()
    with at(ENDS_AT + 2 * HOUR):
        replanned(visit, drive_after=ENDS_AT + 26 * HOUR, revision=2)
    send_at(ENDS_AT + DAY)
    assert state("driving_ended", revision=1)[0] == "superseded"
    assert row(kind="driving_ended", revision=2).send_from == ENDS_AT + 26 * HOUR


def test_nobody_is_asked_how_they_are_on_a_day_with_a_visit() -> None:
    visit = given()
    another(visit, starts_at=STARTS_AT + DAY)
    send_at(STARTS_AT + DAY + HOUR)
    assert state("how_are_you") == ("superseded", "a visit is on the same day")


def test_the_coming_days_are_spoken_of_after_the_last_of_a_run() -> None:
    visit = given()
    another(visit, starts_at=STARTS_AT + 2 * DAY)
    send_at(ENDS_AT + DAY)
    assert state("coming_days", occurrence=0) == ("superseded", "the next visit is near")
    assert state("driving_ended", revision=1) == ("sent", "")


@pytest.mark.parametrize(
    ("what", "problem"),
    [("nothing", ""), ("a visit", "another visit is booked"), ("no order", "no order is in force")],
)
def test_nobody_is_invited_who_has_a_visit_or_no_order(what: str, problem: str) -> None:
    visit = given()
    if what == "a visit":
        another(visit, starts_at=STARTS_AT + 30 * DAY)
    if what == "no order":
        erin = factories.make_user(role="clinician")
        Order.objects.update(withdrawn_at=STARTS_AT, withdrawn_by=erin, withdrawn_reason="Done.")
    send_at(ENDS_AT + 28 * DAY)
    assert state("maintenance", occurrence=0) == ("superseded" if problem else "sent", problem)


def test_who_was_given_a_dose_is_asked_however_the_visit_ended() -> None:
    visit = booked(dosed_at=STARTS_AT + HOUR)
    with at(STARTS_AT + 2 * HOUR):
        for status in (Status.ON_SITE, Status.INFUSING, Status.TRANSFERRED):
            visit.status = status
            visit.save()
        ledger.plan_for(appointment=visit)
    send_at(ENDS_AT + DAY)
    assert state("how_are_you") == ("sent", "")
    assert {n.status for n in rows(kind="driving_ended")} == {"superseded"}
    assert {n.status for n in rows(kind="coming_days")} == {"superseded"}


# -- neighbours ----------------------------------------------------------------------------------


def course(*, days: int = 3) -> list[Appointment]:
    """Visits on consecutive days, planned as a course is."""
    patient, nurse = factories.make_patient(slug="pain-240"), factories.make_nurse()
    starts = [STARTS_AT + n * DAY for n in range(days)]
    visits = [
        factories.make_appointment(
            patient=patient,
            nurse=nurse,
            starts_at=start,
            slug="pain-240",
            first_of_run=start == STARTS_AT,
        )
        for start in starts
    ]
    with transaction.atomic():
        ledger.plan_new(appointments=visits, infusions=starts)
    return visits


def told_of(visit: Appointment) -> set[str]:
    open_rows = Notice.objects.filter(appointment=visit, status="pending")
    return set(open_rows.values_list("kind", flat=True))


ONCE = {"how_are_you", "coming_days", "maintenance", "driving_ended"}


def test_a_course_is_followed_up_once() -> None:
    visits = course()
    assert [told_of(visit) & {"prepare", *ONCE} for visit in visits] == [{"prepare"}, set(), ONCE]


def test_what_was_left_to_the_last_visit_is_said_when_it_is_cancelled() -> None:
    first, second, last = course()
    appointments.cancel(appointment=last)
    assert told_of(second) >= ONCE
    assert not told_of(first) & ONCE
    assert not told_of(last) & ONCE


def test_what_was_left_to_the_last_visit_is_said_when_it_is_moved_away() -> None:
    _, second, last = course()
    appointments.reschedule(appointment=last, starts_at=STARTS_AT + 10 * DAY)
    assert told_of(second) >= {"how_are_you", "coming_days"}
    assert "maintenance" not in told_of(second)


def test_what_was_left_to_the_last_visit_is_said_when_nobody_was_at_home() -> None:
    _, second, last = course()
    with at(last.starts_at + HOUR), transaction.atomic():
        appointments.progress(appointment=locked(last.pk), status=Status.NO_SHOW)
    assert told_of(second) >= {"coming_days", "maintenance"}
    assert not told_of(last) & ONCE


def test_planning_again_with_a_neighbour_changes_nothing() -> None:
    visits = course()
    before = list(Notice.objects.order_by("pk").values())
    for visit in visits:
        ledger.plan_for(appointment=visit)
    assert list(Notice.objects.order_by("pk").values()) == before


# -- gates ---------------------------------------------------------------------------------------


def closed(visit: Appointment) -> None:
    visit.blocked = ["consent_missing"]
    visit.save()
    closed_gates.tell_closed(appointment=visit, reasons=[Reason("consent_missing", "Sign.")])


def test_who_was_told_that_a_gate_closed_is_told_that_it_opened() -> None:
    visit = booked()
    closed(visit)
    send_at(BOOKED_AT + timedelta(minutes=3))
    with at(BOOKED_AT + HOUR):
        gates.recheck()
    told = rows(subject_of="gate", occurrence=1)
    assert [n.facts for n in told] == [{"is_open": True}] * 2
    send_at(BOOKED_AT + 2 * HOUR)
    assert {n.status for n in rows(subject_of="gate", occurrence=1)} == {"sent"}
    with at(BOOKED_AT + 3 * HOUR):
        gates.recheck()
    assert len(rows(subject_of="gate")) == 4


def test_who_was_not_told_that_a_gate_closed_is_not_told_that_it_opened() -> None:
    visit = booked()
    closed(visit)
    with at(BOOKED_AT + timedelta(minutes=2)):
        gates.recheck()
    assert {n.status for n in rows(subject_of="gate")} == {"superseded"}
    assert {n.occurrence for n in rows(subject_of="gate")} == {0}


def test_a_gate_that_closes_again_takes_back_that_it_is_open() -> None:
    visit = booked()
    closed(visit)
    send_at(BOOKED_AT + timedelta(minutes=3))
    with at(BOOKED_AT + HOUR):
        gates.recheck()
        visit.refresh_from_db()
        closed(visit)
    assert {n.status for n in rows(subject_of="gate", occurrence=1)} == {"superseded"}
    assert {n.status for n in rows(subject_of="gate", occurrence=2)} == {"pending"}


# -- hours ---------------------------------------------------------------------------------------


def test_a_late_follow_up_waits_for_the_morning() -> None:
    given()
    night = STARTS_AT.replace(hour=3, minute=0) + 2 * DAY  # 9 PM in Chicago the day after
    send_at(night)
    assert row(kind="coming_days", occurrence=0).status == "pending"
    assert row(kind="coming_days", occurrence=0).next_try_at == night + 11 * HOUR


def test_late_preparation_goes_by_mail_at_any_hour_and_by_text_until_ten(outbox: object) -> None:
    booked(starts_at=STARTS_AT + 4 * HOUR + timedelta(minutes=30))  # 2 PM; the food stop is at 8
    eleven = STARTS_AT.replace(hour=5, minute=0)
    send_at(eleven)
    assert row(kind="evening_before", channel="email").status == "sent"
    assert row(kind="evening_before", channel="sms").status == "pending"
    assert row(kind="evening_before", channel="sms").next_try_at == eleven + 9 * HOUR


def test_what_is_only_texted_goes_by_mail_to_whom_cannot_be_texted(outbox: object) -> None:
    visit = booked(starts_at=STARTS_AT + 6 * HOUR)
    patient = visit.patient
    patient.phone = ""
    patient.save()
    ledger.plan_for(appointment=visit)
    assert row(kind="today", channel="email").why == "no texts"
    patient.phone = "+13125550123"
    patient.save()
    ledger.plan_for(appointment=visit)
    send_at(STARTS_AT + 3 * HOUR)
    assert row(kind="today", channel="email").problem == "goes by text"
    assert row(kind="today", channel="sms").status == "sent"


def test_what_staff_send_once_more_outlives_a_new_plan() -> None:
    visit = booked()
    first = row(kind="prepare")
    again = Notice.objects.create(
        appointment=visit,
        kind="prepare",
        occurrence=1,
        recipient="patient",
        channel="email",
        notice_class="P",
        ideal_at=first.ideal_at,
        send_from=first.send_from,
        not_after=first.not_after,
        facts={"resent_by": 1},
    )
    ledger.plan_for(appointment=visit)
    again.refresh_from_db()
    assert again.status == "pending"
