"""What closes, opens or changes for a promised visit after it was promised."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID

from django.db import transaction
from django.db.models import F

from booking import appointments, attention
from booking.locks import locked
from booking.models import Appointment, Status
from booking.notices import closed_gates, ledger
from config.core.clock import now
from config.core.errors import Reason
from patients import gate
from patients.accounts import address_of

ASKED_AGAIN_AFTER = timedelta(minutes=1)
WHERE = ("line1", "line2", "city", "state", "postal_code")

logger = logging.getLogger(__name__)


def recheck(*, limit: int = 200) -> int:
    """Ask the gates of visits to come again and return how many answers changed."""
    at = now()
    waiting = Appointment.objects.to_come(at=at).infusions()
    stale = waiting.filter(gate_asked_at__lt=at - ASKED_AGAIN_AFTER)
    changed = waiting.filter(patient__changed_at__gt=F("gate_asked_at"))
    rows = (stale | changed).order_by("gate_asked_at").values_list("pk", flat=True)[:limit]
    return sum(_recheck_safely(appointment_id) for appointment_id in rows)


def _recheck_safely(appointment_id: UUID) -> bool:
    try:
        return _recheck(appointment_id)
    except Exception as error:  # noqa: BLE001  one poisonous row must not hold the others
        logger.warning("gate of visit %s: %s", appointment_id, type(error).__name__)
        Appointment.objects.filter(pk=appointment_id).update(gate_asked_at=now())
        return False


@transaction.atomic
def _recheck(appointment_id: UUID) -> bool:
    """Ask one visit's gate again; the time stays held whatever the answer."""
    at = now()
    current = locked(appointment_id)
    if current.status != Status.BOOKED:
        return False
    has_changed = current.patient.changed_at > current.gate_asked_at
    closed = _ask(current, at=at)
    if any(reason.code == "order_missing" for reason in closed):
        closed = _ask_with_new_order(current, at=at, closed=closed)
    blocked = [reason.code for reason in closed]
    differs = blocked != current.blocked
    current.gate_asked_at, current.blocked = at, blocked
    current.save(update_fields=["gate_asked_at", "blocked"])
    if has_changed:
        # Channels, escort: who is told what may have changed with them.
        ledger.plan_for(appointment=current)
        _flag_address(current)
    if differs and closed:
        closed_gates.tell_closed(appointment=current, reasons=closed)
    elif differs:
        closed_gates.tell_open(appointment=current)
    return differs


def _ask(current: Appointment, *, at: datetime) -> list[Reason]:
    return gate.ask(
        patient=current.patient,
        therapy=current.therapy,
        starts_at=current.starts_at,
        asked_at=at,
        order=current.order,
        state=current.state,
    )


def _ask_with_new_order(
    current: Appointment, *, at: datetime, closed: list[Reason]
) -> list[Reason]:
    """Rest the visit on the order that replaced its own, if there is one."""
    order = gate.order_for(
        patient=current.patient, therapy=current.therapy, starts_at=current.starts_at
    )
    if order is None or order.pk == current.order_id:
        return closed
    appointments.renew_order(current, order=order)
    return _ask(current, at=at)


def _flag_address(current: Appointment) -> None:
    """A later change of address moves nothing: a person asks where the visit takes place."""
    address = address_of(current.patient)
    if address is None or all(getattr(address, f) == getattr(current, f) for f in WHERE):
        return
    written = sha256("|".join(getattr(address, f) for f in WHERE).encode()).hexdigest()[:16]
    attention.ask_once(
        kind="address_changed",
        key=f"{current.pk}/{current.version}/address/{written}",
        detail="The patient's address is no longer the one this visit was promised at: please ask.",
        appointment=current,
    )
