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
from config.core.postgres import prepared

# Told this much later than planned, the end is taken to be now, on the next quarter hour.
LATE = timedelta(minutes=15)
LAST_GIVEN = """
    SELECT max(drive_after) FROM booking_appointment
    WHERE patient_id = %s AND dosed_at IS NOT NULL
"""


def forbid_longer(appointment: Appointment, *, observation_end: datetime) -> None:
    """Move it later, on the row in hand; the end of the observation counts, or the planned end."""
    if appointment.drive_after is not None:
        until = _until(appointment, observation_end=observation_end)
        appointment.drive_after = max(until, appointment.drive_after)


def to_be_told(appointment: Appointment, *, at: datetime) -> datetime | None:
    """Return until when to say at an instant; a visit nobody closed may have lasted until then."""
    if appointment.drive_after is None or not _is_unknown_end(appointment, at=at):
        return appointment.drive_after
    return max(_until(appointment, observation_end=_next_quarter(at)), appointment.drive_after)


def latest(appointment: Appointment, *, at: datetime) -> datetime | None:
    """Return until when not to drive: the latest over this visit and all that were given."""
    (given,) = prepared.row(LAST_GIVEN, [appointment.patient_id]) or (None,)
    moments = (to_be_told(appointment, at=at), given)
    return max((moment for moment in moments if moment is not None), default=None)


@transaction.atomic
def keep_to_be_told(appointment_id: UUID) -> None:
    """Before a late warning after a dose: what is said now is never taken back.

    Before any dose is known the true end, once told, may be the earlier one.
    """
    at = now()
    appointment = locked(appointment_id)
    if appointment.dosed_at is not None and _is_unknown_end(appointment, at=at):
        appointment.drive_after = to_be_told(appointment, at=at)
        appointment.save(update_fields=["drive_after"])


def _until(appointment: Appointment, *, observation_end: datetime) -> datetime:
    return clock.drive_after(
        observation_end=max(observation_end, appointment.ends_at),
        zone=ZoneInfo(appointment.time_zone),
        rules=rules.clock_rules(),
    )


def _is_unknown_end(appointment: Appointment, *, at: datetime) -> bool:
    return appointment.status not in ENDED and at >= appointment.ends_at + LATE


def _next_quarter(at: datetime) -> datetime:
    whole = at.replace(minute=at.minute - at.minute % 15, second=0, microsecond=0)
    return whole if whole == at else whole + timedelta(minutes=15)
