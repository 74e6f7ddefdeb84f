"""Visits within a week of each other are one run, which is prepared for once."""

from __future__ import annotations

from datetime import timedelta

from booking import notices, rules
from booking.models import Appointment, Notice, NoticeStatus
from booking.planned import Kind
from config.core.clock import now
from patients.models import Patient

# Preparation goes three days ahead: so long before a visit it was for another of the same run.
TOLD_WITHIN = timedelta(days=10)


def mend(*, patient: Patient) -> None:
    """Have a visit that has become the first of its run prepare the patient.

    Called under the patient's lock, once a visit was moved or cancelled. Who was told how to
    prepare for that one knows it for the next.
    """
    waiting = Appointment.objects.of(patient=patient).infusions().to_come(at=now())
    for visit in waiting.filter(first_of_run=False):
        diary = rules.diary(patient=patient, without=visit)
        is_first = rules.is_first_of_run(starts_at=visit.starts_at, diary=diary)
        if is_first and not _has_been_told(visit):
            visit.first_of_run = True
            visit.save(update_fields=["first_of_run"])
            notices.plan_for(appointment=visit)


def _has_been_told(visit: Appointment) -> bool:
    return Notice.objects.filter(
        kind=Kind.prepare,
        status=NoticeStatus.SENT,
        appointment__patient=visit.patient_id,
        sent_at__gt=visit.starts_at - TOLD_WITHIN,
    ).exists()
