"""What the nurse tells only after the visit ended still protects the patient."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.db import transaction

from booking import appointments, rules
from booking.locks import locked
from booking.models import Notice, NoticeStatus
from booking.notices import ledger
from tests.nurses.story import START, Visit, after


def plan(visit: Visit) -> None:
    with time_machine.travel(START - timedelta(days=3), tick=False), transaction.atomic():
        ledger.plan_for(appointment=locked(visit.appointment.pk))


def warnings(visit: Visit, status: NoticeStatus) -> int:
    return Notice.objects.filter(
        appointment=visit.appointment, kind="driving_warning", channel="email", status=status
    ).count()


@pytest.mark.parametrize("ending", ["transfer", "abort"])
def test_it_warns_about_driving_when_the_dose_is_told_after_the_visit_ended(
    visit: Visit, ending: str
) -> None:
    plan(visit)
    with time_machine.travel(after(60), tick=False):
        visit.starts()
        assert visit.event(ending, 50).status_code == 201
        assert warnings(visit, NoticeStatus.PENDING) == 0
        assert visit.dose(35).status_code == 201
    assert warnings(visit, NoticeStatus.PENDING) == 1


def test_it_warns_about_driving_when_a_cancelled_visit_took_place_out_of_signal(
    visit: Visit,
) -> None:
    plan(visit)
    with time_machine.travel(START - timedelta(hours=20), tick=False):
        appointments.cancel(appointment=visit.appointment)
    with time_machine.travel(after(60), tick=False):
        visit.event("arrive", 0, happened=True)
        visit.event("start_infusion", 30, happened=True)
        assert visit.dose(35).status_code == 201
    assert warnings(visit, NoticeStatus.PENDING) == 1


def test_it_warns_again_when_a_late_transfer_forbids_driving_for_longer(visit: Visit) -> None:
    plan(visit)
    with time_machine.travel(after(100), tick=False):
        visit.starts()
        visit.dose(35)
    with time_machine.travel(after(195), tick=False):
        ledger.send_due()
        told = visit.now_stands().drive_after
        assert warnings(visit, NoticeStatus.SENT) == 1
    with time_machine.travel(after(305), tick=False):
        assert visit.event("transfer", 300).status_code == 201
        later = visit.now_stands().drive_after
        assert told is not None
        assert later is not None
        assert later > told
        ledger.send_due()
    assert warnings(visit, NoticeStatus.SENT) == 2


def test_it_keeps_the_distance_to_a_visit_that_was_aborted_after_a_dose(visit: Visit) -> None:
    visit.starts()
    visit.event("abort", 50)
    visit.dose(35)
    diary = rules.diary(patient=visit.appointment.patient)
    assert diary.taken == ()
    assert [start for start, _ in diary.infusions] == [START]


def test_it_pages_on_call_with_the_reason_when_a_dose_was_given_at_a_visit_not_held(
    visit: Visit,
) -> None:
    visit.starts()
    visit.event("abort", 50)
    visit.dose(35)
    page = Notice.objects.get(appointment=visit.appointment, kind="adverse_event", occurrence=0)
    assert page.facts == {
        "what": "Something was given at a visit that counted as not held",
        "recorded_by": "Cleo",
        "to": "on-call@example.com",
    }


def test_it_counts_a_session_that_was_given_after_all(visit: Visit) -> None:
    order = visit.appointment.order
    assert order is not None
    with time_machine.travel(after(60), tick=False):
        visit.starts()
        visit.event("abort", 33)
        order.refresh_from_db()
        assert order.sessions_reserved == 0
        visit.dose(32)
    order.refresh_from_db()
    assert order.sessions_reserved == 1
