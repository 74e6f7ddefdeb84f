"""What a person at the clinic has to do."""

from __future__ import annotations

from django.db.models import QuerySet

from booking.models import Appointment, StaffTask
from config.core.clock import now
from config.core.models import User
from patients.models import Intake, Patient


def ask(
    *,
    kind: str,
    key: str,
    detail: str,
    appointment: Appointment | None = None,
    patient: Patient | None = None,
    intake: Intake | None = None,
) -> None:
    """Open a task unless the same one is open already."""
    task = StaffTask(
        kind=kind, key=key, detail=detail, appointment=appointment, patient=patient, intake=intake
    )
    StaffTask.objects.bulk_create([task], ignore_conflicts=True)


def ask_once(
    *,
    kind: str,
    key: str,
    detail: str,
    appointment: Appointment | None = None,
    patient: Patient | None = None,
) -> bool:
    """Open a task unless it was ever asked: done means that somebody decided."""
    if StaffTask.objects.filter(key=key).exists():
        return False
    about = appointment.patient if appointment else patient
    ask(kind=kind, key=key, detail=detail, appointment=appointment, patient=about)
    return True


def done(*, task: StaffTask, by: User) -> None:
    """Record who did it; the first one counts."""
    StaffTask.objects.filter(pk=task.pk, done_at__isnull=True).update(done_at=now(), done_by=by)


def solved(tasks: QuerySet[StaffTask]) -> None:
    """Close tasks that ask for nothing any more, as done by nobody."""
    tasks.filter(done_at__isnull=True).update(done_at=now())
