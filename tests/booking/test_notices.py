"""Rows are what the plan of the visit says, whatever happens to the visit."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from django.core import mail

from booking import appointments
from booking.delivery import paging
from booking.models import Notice, NoticeStatus, StaffTask, Status
from booking.notices import closed_gates, later, ledger
from config.core.errors import Reason
from tests import factories
from tests.booking.notice_help import (
    BOOKED_AT,
    STARTS_AT,
    booked,
    cancelled,
    moved,
    replanned,
    row,
    rows,
    texts,
    utc,
)

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def send_at(instant: object) -> int:
    with time_machine.travel(instant, tick=False):  # type: ignore[arg-type]
        return ledger.send_due()


@pytest.fixture(autouse=True)
def _on_the_day_of_booking() -> object:
    with time_machine.travel(BOOKED_AT, tick=False):
        yield


def test_it_plans_each_notice_of_a_visit_at_its_instant() -> None:
    booked()
    planned = {
        (n.kind, n.channel): n.send_from for n in Notice.objects.order_by("occurrence", "pk")
    }
    assert planned == {
        ("booked", "email"): BOOKED_AT + timedelta(minutes=3),
        ("booked", "sms"): BOOKED_AT + timedelta(minutes=3),
        ("prepare", "email"): utc(11, 21, 15, 30),
        ("confirm_escort", "email"): utc(11, 23, 15, 30),
        ("confirm_escort", "sms"): utc(11, 23, 15, 30),
        ("evening_before", "email"): planned["evening_before", "email"],
        ("evening_before", "sms"): planned["evening_before", "sms"],
        ("driving_warning", "email"): utc(11, 24, 18, 40),
        ("driving_warning", "sms"): utc(11, 24, 18, 40),
        ("driving_warning_escort", "sms"): utc(11, 24, 18, 40),
        ("no_discharge", "email"): utc(11, 24, 19, 10),
        ("how_are_you", "email"): utc(11, 25, 16),
        ("how_are_you", "sms"): utc(11, 25, 16),
        ("driving_ended", "email"): utc(11, 25, 18, 40),
        ("coming_days", "email"): utc(11, 27, 18, 40),  # the second of two
        ("maintenance", "email"): datetime(2027, 1, 1, 18, 40, tzinfo=UTC),
    }
    assert [n.send_from for n in rows(kind="coming_days", occurrence=0)] == [utc(11, 25, 18, 40)]
    # 7 PM in Chicago or earlier: the food stop is at 3:30 AM, `today` would be at 6:30 AM.
    assert planned["evening_before", "email"] <= utc(11, 24, 1)
    assert row(kind="evening_before", channel="sms").why.endswith("with today")


def test_planning_again_changes_nothing() -> None:
    appointment = booked()
    before = [(n.pk, n.status, n.send_from) for n in rows()]
    ledger.plan_for(appointment=appointment)
    with time_machine.travel(STARTS_AT - 30 * HOUR, tick=False):
        ledger.plan_for(appointment=appointment)
    assert [(n.pk, n.status, n.send_from) for n in rows()] == before


def test_a_new_visit_is_planned_as_if_planned_again() -> None:
    appointment = factories.make_appointment(
        patient=factories.make_patient(), nurse=factories.make_nurse(), starts_at=STARTS_AT
    )
    ledger.plan_new(appointments=[appointment], infusions=[])
    before = list(Notice.objects.order_by("pk").values())
    assert len(before) == 18
    ledger.plan_for(appointment=appointment)
    assert list(Notice.objects.order_by("pk").values()) == before


def test_what_was_sent_is_never_planned_again(outbox: Path) -> None:
    appointment = booked()
    assert send_at(BOOKED_AT + timedelta(minutes=3)) == 2
    ledger.plan_for(appointment=appointment)
    assert len(rows(kind="booked")) == 2
    assert send_at(BOOKED_AT + HOUR) == 0


def test_each_notice_goes_at_its_instant_and_not_before(outbox: Path) -> None:
    booked()
    of_the_end = ["no_discharge", *later.WAIT_FOR_THE_END]
    for notice in Notice.objects.exclude(kind__in=of_the_end).order_by("send_from"):
        if Notice.objects.get(pk=notice.pk).status == NoticeStatus.SENT:
            continue
        send_at(notice.send_from - timedelta(seconds=1))
        assert Notice.objects.get(pk=notice.pk).status == NoticeStatus.PENDING
        send_at(notice.send_from)
        sent = Notice.objects.get(pk=notice.pk)
        assert (sent.status, sent.sent_at) == (NoticeStatus.SENT, notice.send_from)


def test_a_visit_moved_before_anyone_was_told_is_simply_booked(outbox: Path) -> None:
    appointment = booked()
    with time_machine.travel(BOOKED_AT + timedelta(minutes=1), tick=False) as at:
        moved(appointment, by=timedelta(days=1), at=BOOKED_AT + timedelta(minutes=1))
        at.shift(timedelta(minutes=4))
        assert ledger.send_due() == 2
    assert {n.status for n in rows(version=1)} == {NoticeStatus.SUPERSEDED}
    assert [message.subject for message in mail.outbox] == ["Your visit: Wed 25 Nov, 9:30 AM CST"]


def test_a_moved_visit_is_told_once_and_the_old_time_never_again(outbox: Path) -> None:
    appointment = booked()
    send_at(BOOKED_AT + HOUR)
    with time_machine.travel(BOOKED_AT + 2 * HOUR, tick=False):
        moved(appointment, by=timedelta(days=1), at=BOOKED_AT + 2 * HOUR)
    assert {n.status for n in rows(version=1)} == {NoticeStatus.SENT, NoticeStatus.SUPERSEDED}
    send_at(BOOKED_AT + 3 * HOUR)
    assert [message.subject for message in mail.outbox] == [
        "Your visit: Tue 24 Nov, 9:30 AM CST",
        "New time for your visit: Wed 25 Nov, 9:30 AM CST",
    ]
    for day in range(17, 26):
        send_at(utc(11, day, 23))
    assert {n.kind for n in rows(version=1, status="sent")} == {"booked"}
    assert not [m.body for m in mail.outbox[1:] if "visit is on Tue 24 Nov" in m.body]


def test_a_cancelled_visit_says_so_and_nothing_more(outbox: Path) -> None:
    appointment = booked()
    send_at(BOOKED_AT + HOUR)
    with time_machine.travel(BOOKED_AT + 2 * HOUR, tick=False):
        cancelled(appointment, at=BOOKED_AT + 2 * HOUR)
    send_at(BOOKED_AT + 3 * HOUR)
    assert mail.outbox[-1].subject == "Your visit is cancelled"
    assert not rows(status="pending")
    assert "is cancelled" in texts(outbox)[-1]


def test_a_visit_moved_and_then_cancelled_is_told_both(outbox: Path) -> None:
    appointment = booked()
    send_at(BOOKED_AT + HOUR)
    with time_machine.travel(BOOKED_AT + 2 * HOUR, tick=False):
        moved(appointment, by=timedelta(days=1), at=BOOKED_AT + 2 * HOUR)
    send_at(BOOKED_AT + 3 * HOUR)
    with time_machine.travel(BOOKED_AT + 4 * HOUR, tick=False):
        cancelled(appointment, at=BOOKED_AT + 4 * HOUR)
    send_at(BOOKED_AT + 5 * HOUR)
    assert [message.subject.split(":")[0] for message in mail.outbox] == [
        "Your visit",
        "New time for your visit",
        "Your visit is cancelled",
    ]


def test_a_visit_cancelled_before_anyone_was_told_says_nothing(outbox: Path) -> None:
    appointment = booked()
    cancelled(appointment, at=BOOKED_AT)
    assert {n.status for n in rows()} == {NoticeStatus.SUPERSEDED}
    assert send_at(BOOKED_AT + HOUR) == 0


def test_discharge_sends_the_driving_warning_at_once(outbox: Path) -> None:
    appointment = booked()
    end = STARTS_AT + timedelta(hours=3, minutes=10)
    with time_machine.travel(end - timedelta(minutes=5), tick=False):
        ledger.send_due()
        replanned(
            appointment,
            dosed_at=STARTS_AT + HOUR,
            discharged_at=end - timedelta(minutes=5),
            revision=1,
        )
        assert ledger.send_due() == 3
    warning = mail.outbox[-1]
    assert "No driving or machinery until Wed 25 Nov, 12:40 PM CST" in warning.body
    assert {n.status for n in rows(kind="driving_warning", revision=0)} == {"superseded"}
    assert row(kind="no_discharge").status == NoticeStatus.SUPERSEDED
    assert send_at(end + HOUR) == 0


def test_it_warns_about_driving_even_if_the_nurse_never_closed_the_visit(outbox: Path) -> None:
    booked(dosed_at=STARTS_AT + HOUR)
    send_at(STARTS_AT + timedelta(hours=3, minutes=10))
    assert row(kind="driving_warning", channel="email").status == NoticeStatus.SENT
    send_at(STARTS_AT + timedelta(hours=3, minutes=40))
    assert mail.outbox[-1].to == ["on-call@example.com"]
    assert mail.outbox[-1].subject == "[On call] A visit has no discharge"


def test_the_nurse_setting_off_is_told_by_text(outbox: Path) -> None:
    appointment = booked()
    departed = STARTS_AT - timedelta(minutes=40)
    with time_machine.travel(departed, tick=False):
        ledger.send_due()
        # The trigger lets a booked visit go en route.
        replanned(appointment, status=Status.EN_ROUTE, departed_at=departed)
        ledger.send_due()
    assert "Cleo is on the way" in texts(outbox)[-1]


def test_a_channel_the_patient_left_is_not_used_even_for_what_is_planned(outbox: Path) -> None:
    appointment = booked()
    patient = appointment.patient
    patient.channels = ["email"]
    patient.save()
    assert send_at(BOOKED_AT + HOUR) == 1
    assert not texts(outbox)
    left = row(kind="booked", channel="sms")
    assert (left.status, left.problem) == ("superseded", "not wanted by this channel")


def test_a_missing_phone_skips_the_text_and_says_why(outbox: Path) -> None:
    appointment = booked()
    appointment.patient.phone = ""
    appointment.patient.save()
    assert send_at(BOOKED_AT + HOUR) == 1
    skipped = row(kind="booked", channel="sms")
    assert (skipped.status, skipped.problem) == ("superseded", "no address on file")


def test_a_text_that_is_late_at_night_waits_for_the_morning(outbox: Path) -> None:
    booked()
    night, morning = utc(11, 17, 5), utc(11, 17, 14)
    assert send_at(night) == 1  # the e-mail wakes nobody
    assert row(kind="booked", channel="sms").next_try_at == morning
    assert send_at(morning - timedelta(seconds=1)) == 0
    assert send_at(morning) == 1
    assert row(kind="booked", channel="sms").attempts == 1


def test_a_closed_gate_is_told_with_its_next_step(outbox: Path) -> None:
    appointment = booked()
    appointment.blocked = ["consent_missing"]
    appointment.save()
    closed_gates.tell_closed(
        appointment=appointment, reasons=[Reason("consent_missing", "Sign the consent.")]
    )
    ledger.plan_for(appointment=appointment)
    send_at(BOOKED_AT + HOUR)
    told = [message for message in mail.outbox if "something is needed" in message.subject]
    assert len(told) == 1
    assert "Read and sign the new version of your documents." in told[0].body
    assert StaffTask.objects.get().kind == "visit_blocked"


def test_a_gate_that_opens_again_in_time_is_not_mentioned(outbox: Path) -> None:
    appointment = booked()
    closed_gates.tell_closed(appointment=appointment, reasons=[Reason("consent_missing", "Sign.")])
    send_at(BOOKED_AT + HOUR)
    assert {n.problem for n in rows(subject_of="gate")} == {"nothing stands in the way any more"}


def test_a_page_goes_out_once_per_subject_at_any_hour() -> None:
    appointment = booked()
    with time_machine.travel(utc(11, 24, 9), tick=False):
        for _ in range(2):
            paging.page(
                kind="adverse_event",
                subject_of="adverse-event/1",
                detail_facts={"severity": "severe"},
                appointment=appointment,
            )
    page = row(kind="adverse_event", occurrence=0)
    assert (page.send_from, page.not_after, page.notice_class) == (utc(11, 24, 9), None, "O")


def test_a_page_outlives_a_change_of_the_visit(outbox: Path) -> None:
    appointment = booked()
    paging.page(
        kind="adverse_event", subject_of="adverse-event/1", detail_facts={}, appointment=appointment
    )
    cancelled(appointment, at=BOOKED_AT)
    assert row(kind="adverse_event", occurrence=0).status == NoticeStatus.PENDING


def test_the_oldest_overdue_notice_is_what_readiness_asks_for() -> None:
    assert ledger.oldest_overdue_seconds() == 0
    booked()
    assert ledger.oldest_overdue_seconds() == 0
    with time_machine.travel(BOOKED_AT + timedelta(minutes=10), tick=False):
        assert ledger.oldest_overdue_seconds() == 7 * 60


def test_what_came_about_after_its_time_is_overdue_from_then_on() -> None:
    booked()
    Notice.objects.update(send_from=BOOKED_AT - timedelta(hours=9))
    with time_machine.travel(BOOKED_AT + timedelta(seconds=30), tick=False):
        assert ledger.oldest_overdue_seconds() == 30


def test_of_what_was_written_while_the_clock_was_wrong_only_its_time_is_known() -> None:
    with time_machine.travel(BOOKED_AT + timedelta(days=1), tick=False):
        paging.page(kind="adverse_event", subject_of="adverse-event/1", detail_facts={})
    Notice.objects.filter(occurrence=0).update(send_from=BOOKED_AT)
    with time_machine.travel(BOOKED_AT + timedelta(seconds=30), tick=False):
        assert ledger.oldest_overdue_seconds() == 30


def test_a_consultation_gets_only_what_concerns_it(outbox: Path) -> None:
    patient = factories.make_patient(slug="consultation")
    appointment = factories.make_appointment(
        patient=patient, nurse=factories.make_nurse(), starts_at=STARTS_AT, slug="consultation"
    )
    ledger.plan_for(appointment=appointment)
    assert {n.kind for n in rows()} <= {"booked", "today"}
    send_at(BOOKED_AT + HOUR)
    assert "eat" not in mail.outbox[0].body


def test_booking_moving_and_cancelling_through_their_rules_each_say_so_once(outbox: Path) -> None:
    patient = factories.make_patient()
    factories.make_nurse()
    visit = appointments.book(
        patient=patient, therapy=factories.therapy(), starts_at=STARTS_AT, by=patient.user
    )
    send_at(BOOKED_AT + HOUR)
    with time_machine.travel(BOOKED_AT + 2 * HOUR, tick=False):
        visit = appointments.reschedule(appointment=visit, starts_at=STARTS_AT + timedelta(days=1))
    send_at(BOOKED_AT + 3 * HOUR)
    with time_machine.travel(BOOKED_AT + 4 * HOUR, tick=False):
        appointments.cancel(appointment=visit)
    send_at(BOOKED_AT + 5 * HOUR)
    assert [message.subject for message in mail.outbox] == [
        "Your visit: Tue 24 Nov, 9:30 AM CST",
        "New time for your visit: Wed 25 Nov, 9:30 AM CST",
        "Your visit is cancelled",
    ]
    assert len(texts(outbox)) == 3
    assert not Notice.objects.open().exists()
