"""Gates that close, or open again, over a promised visit."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import F

from booking import notices
from booking.appointments import locked
from booking.models import Appointment, Status
from config.core.clock import now
from patients import gate

ASKED_AGAIN_AFTER = timedelta(minutes=1)


def recheck(*, limit: int = 200) -> int:
    """Ask the gates of visits to come again and return how many answers changed."""
    at = now()
    waiting = Appointment.objects.to_come(at=at).infusions()
    stale = waiting.filter(gate_asked_at__lt=at - ASKED_AGAIN_AFTER)
    changed = waiting.filter(patient__changed_at__gt=F("gate_asked_at"))
    rows: Sequence[UUID] = list(
        (stale | changed).order_by("gate_asked_at").values_list("pk", flat=True)[:limit]
    )
    return sum(_recheck(appointment_id) for appointment_id in rows)


@transaction.atomic
def _recheck(appointment_id: UUID) -> bool:
    """Ask one visit's gate again; the time stays held whatever the answer."""
    at = now()
    current = locked(appointment_id)
    if current.status != Status.BOOKED:
        return False
    closed = gate.ask(
        patient=current.patient,
        therapy=current.therapy,
        starts_at=current.starts_at,
        asked_at=at,
        order=current.order,
        state=current.state,
    )
    blocked = [reason.code for reason in closed]
    differs = blocked != current.blocked
    Appointment.objects.filter(pk=current.pk).update(gate_asked_at=at, blocked=blocked)
    if differs and closed:
        current.blocked = blocked
        notices.tell_blocked(appointment=current, reasons=closed)
    return differs
