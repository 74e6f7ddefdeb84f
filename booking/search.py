"""Slots for a patient: computed at each look, never stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from booking import clock, grid, offers, rules
from booking.models import OCCUPYING, Appointment
from config.core.clock import now
from config.core.errors import Refused
from patients import gate
from patients.accounts import zone_of
from patients.models import Patient, Therapy
from scheduling import daysheet, engines, roster
from scheduling.instants import instant
from scheduling.slots import Feasible, feasible_starts
from scheduling.travel import Place, Travel

MAX_DAYS = 62
ALTERNATIVES = 5
ALTERNATIVE_DAYS = 14
DAY = timedelta(days=1)
NONE = np.zeros(0, dtype=np.int64)
# The states by name and not as a parameter: only then does PostgreSQL know, whatever it is asked,
# that the index `appointment_taken` answers this by itself.
HOLDING = f"""
    SELECT taken FROM booking_appointment
    WHERE status IN ({", ".join(f"'{status}'" for status in OCCUPYING)})
        AND ends_at > %(held_after)s AND starts_at < %(held_before)s
"""  # noqa: S608


def travel() -> Travel:
    """Return the engine that says how long a drive takes."""
    return engines.configured()


@dataclass(frozen=True, slots=True)
class Where:
    """Where a visit takes place; a consultation has no place and no state."""

    place: Place | None
    state: str
    postal_code: str = ""


def where(*, patient: Patient, therapy: Therapy) -> Where:
    """Return the place of a visit to this patient."""
    if not therapy.needs_order:
        return Where(place=None, state="")
    address = patient.address
    return Where(
        place=Place(address.latitude, address.longitude),
        state=address.state,
        postal_code=address.postal_code,
    )


def place_of(appointment: Appointment) -> Place | None:
    """Return where a visit was promised; a consultation has no place."""
    if appointment.latitude is None or appointment.longitude is None:
        return None
    return Place(appointment.latitude, appointment.longitude)


def reach(*, first: date, last: date) -> tuple[datetime, datetime]:
    """Return the instants between which to look at visits, for the limits of all these UTC days."""
    begin, end = first - 2 * DAY, last + 3 * DAY
    return datetime.combine(begin, time(), tzinfo=UTC), datetime.combine(end, time(), tzinfo=UTC)


def look(
    *,
    wish: rules.Wish,
    at: Where,
    first: date,
    last: date,
    without: Appointment | None = None,
    nurse_ids: Sequence[int] | None = None,
) -> roster.Look:
    """Read who could go from `first` to `last` UTC, and what they hold; one can be thought away.

    Days are local to each nurse, so the visits of a day more are read on both sides: the limits of
    a nurse's day count all of it.
    """
    begin, end = reach(first=first, last=last)
    held = HOLDING
    if nurse_ids is not None:
        held += " AND nurse_id = ANY(%(ids)s::bigint[])"
    if without is not None:
        held += " AND id <> %(without)s"
    return roster.look(
        therapy=wish.therapy,
        state=at.state,
        postal_code=at.postal_code,
        first=first - DAY,
        last=last + DAY,
        held=held,
        held_parameters={
            "held_after": begin,
            "held_before": end,
            "without": without and without.pk,
        },
        nurse_ids=nurse_ids,
    )


def open_starts(
    *, wish: rules.Wish, at: Where, first: date, last: date, without: Appointment | None = None
) -> list[datetime]:
    """Return the starts that some nurse can really make, ascending."""
    found = feasible(wish=wish, at=at, first=first, last=last, without=without)
    return found.open_starts() if found else []


def feasible(
    *, wish: rules.Wish, at: Where, first: date, last: date, without: Appointment | None = None
) -> Feasible | None:
    """Return which nurses can make the starts that break no rule; None where every one does."""
    starts = grid.starts(
        first=first,
        last=last,
        lengths=rules.lengths_of(wish.therapy),
        zone=wish.zone,
        rules=rules.clock_rules(),
    )
    starts = starts[rules.keeps(wish, starts)]
    if not len(starts):
        return None
    days = (instant(int(edge)).date() for edge in starts[[0, -1]])
    found = look(wish=wish, at=at, first=next(days), last=next(days), without=without)
    drives, minutes = travel(), wish.therapy.total_minutes
    return feasible_starts(
        rows=daysheet.rows(sheet=found.sheet, held=found.held, travel=drives, shortest=minutes),
        here=at.place,
        minutes=minutes,
        starts=starts[~grid.on_days(starts, days=found.closed, zone=wish.zone)],
        travel=drives,
    )


def wish_for(
    *,
    patient: Patient,
    therapy: Therapy,
    starts_at: datetime,
    asked_at: datetime,
    without: Appointment | None = None,
) -> rules.Wish:
    """Gather what the time rules look at for one patient."""
    order = without.order if without else None
    if order is None and therapy.needs_order:
        order = gate.order_for(patient=patient, therapy=therapy, starts_at=starts_at)
    return rules.Wish(
        therapy=therapy,
        order=order,
        starts_at=starts_at,
        zone=ZoneInfo(without.time_zone) if without else zone_of(patient),
        asked_at=asked_at,
        diary=rules.diary(patient=patient, without=without),
    )


def refuse_outside(*, patient: Patient, therapy: Therapy) -> None:
    """Refuse to look for visits to a home that none can be paid to."""
    reasons = gate.address(patient=patient) if therapy.needs_order else []
    if reasons:
        raise Refused(reasons)


def find(*, patient: Patient, therapy: Therapy, first: date, last: date) -> bytes:
    """Return every slot from `first` to `last`, local days, both included, as the API says it."""
    at = now()
    wish = wish_for(patient=patient, therapy=therapy, starts_at=at, asked_at=at)
    place = where(patient=patient, therapy=therapy)
    found = feasible(wish=wish, at=place, first=first, last=last)
    return offers.answer(
        found.open() if found else NONE,
        lengths=rules.lengths_of(therapy),
        zone=wish.zone,
        rules=rules.clock_rules(),
        restful=therapy.needs_order,
    )


def alternatives(
    *, wish: rules.Wish, at: Where, without: Appointment | None = None
) -> list[dict[str, Any]]:
    """Return the next few feasible starts at or after the one that was asked for."""
    last = wish.day + timedelta(days=ALTERNATIVE_DAYS)
    starts = open_starts(wish=wish, at=at, first=wish.day, last=last, without=without)
    later = [start for start in starts if start >= wish.starts_at]
    return [slot(wish=wish, starts_at=start) for start in later[:ALTERNATIVES]]


def slot(*, wish: rules.Wish, starts_at: datetime) -> dict[str, Any]:
    """Return one slot as the contract names its fields, with the offset of the service address.

    A consultation asks nothing of food or driving.
    """
    therapy, zone = wish.therapy, wish.zone
    around = clock.times_around(
        starts_at=starts_at,
        lengths=rules.lengths_of(therapy),
        zone=zone,
        rules=rules.clock_rules(),
    )
    restful = therapy.needs_order
    return {
        "starts_at": around.starts_at.astimezone(zone),
        "ends_at": around.ends_at.astimezone(zone),
        "heavy_meal_until": around.heavy_meal_until.astimezone(zone) if restful else None,
        "fast_from": around.fast_from.astimezone(zone) if restful else None,
        "liquids_until": around.liquids_until.astimezone(zone) if restful else None,
        "drive_after": around.drive_after.astimezone(zone) if restful else None,
    }
