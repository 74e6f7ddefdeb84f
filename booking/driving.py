"""Until when not to drive: from the first dose on it only moves later."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction

from booking import clock, rules
from booking.locks import locked
from booking.models import ENDED, Appointment
from config.core.clock import now

# Told this much later than planned, the end is taken to be now, on the next quarter hour.
LATE = timedelta(minutes=15)


def forbid_longer(appointment: Appointment, *, observation_end: datetime) -> None:
    """Move it later, on the row in hand; the end of the observation counts, or the planned end."""
    if appointment.drive_after is None:
        return
    until = clock.drive_after(
        observation_end=max(observation_end, appointment.ends_at),
        zone=ZoneInfo(appointment.time_zone),
        rules=rules.clock_rules(),
    )
    appointment.drive_after = max(until, appointment.drive_after)


@transaction.atomic
def allow_for_unknown_end(appointment_id: UUID) -> None:
    """Before a late warning of a visit nobody closed: it may have lasted until now."""
    at = now()
    appointment = locked(appointment_id)
    if appointment.status in ENDED or at < appointment.ends_at + LATE:
        return
    forbid_longer(appointment, observation_end=_next_quarter(at))
    appointment.save(update_fields=["drive_after"])


def _next_quarter(at: datetime) -> datetime:
    whole = at.replace(minute=at.minute - at.minute % 15, second=0, microsecond=0)
    return whole if whole == at else whole + timedelta(minutes=15)
