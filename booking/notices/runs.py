"""Visits within a week of each other are one run: prepared for once, and rested from once."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from booking import rules
from booking.locks import locked
from booking.models import Appointment, Notice, NoticeStatus
from booking.notices import ledger
from booking.notices.later import others
from booking.notices.planned import Kind
from config.core.clock import now
from patients.models import Patient

# Preparation goes three days ahead: so long before a visit it was for another of the same run.
TOLD_WITHIN = timedelta(days=10)
# The last message about a visit is of no use after that.
FOLLOWED_UP_FOR = timedelta(days=50)


def mend(*, visit: Appointment, was_at: datetime) -> None:
    """Plan the messages of those beside a visit that was moved, cancelled or broken off.

    Called under the patient's lock, with the start that it had. One that has become the first of
    its run prepares the patient; who was told how to prepare for that one knows it for the next.
    One that has become the last is followed up.
    """
    _prepare(patient=visit.patient)
    _follow_up(visit, starts={was_at, visit.starts_at})


def _follow_up(visit: Appointment, *, starts: Iterable[datetime]) -> None:
    """Plan again whichever infusion comes before each of some starts."""
    lately = others(visit).filter(starts_at__gt=now() - FOLLOWED_UP_FOR).order_by("-starts_at")
    befores = {lately.filter(starts_at__lt=s).values_list("pk", flat=True).first() for s in starts}
    for before in befores:
        if before is not None:
            ledger.plan_for(appointment=locked(before))


def _prepare(*, patient: Patient) -> None:
    waiting = Appointment.objects.of(patient=patient).infusions().to_come(at=now())
    for visit in waiting.filter(first_of_run=False):
        diary = rules.diary(patient=patient, without=visit)
        is_first = rules.is_first_of_run(starts_at=visit.starts_at, diary=diary)
        if is_first and not _has_been_told(visit):
            visit.first_of_run = True
            visit.save(update_fields=["first_of_run"])
            ledger.plan_for(appointment=visit)


def _has_been_told(visit: Appointment) -> bool:
    return Notice.objects.filter(
        kind=Kind.prepare,
        status=NoticeStatus.SENT,
        appointment__patient=visit.patient_id,
        sent_at__gt=visit.starts_at - TOLD_WITHIN,
    ).exists()
