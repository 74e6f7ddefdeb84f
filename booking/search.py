"""Slots for a patient: computed at each look, never stored."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from booking import clock, instants, offers, rules
from booking.models import Appointment
from config.core.clock import now
from config.core.errors import Refused
from patients import gate
from patients.accounts import zone_of
from patients.models import Patient, Therapy
from scheduling import engines, roster
from scheduling.gaps import Available, Busy, Gap, gaps
from scheduling.intervals import Interval
from scheduling.slots import Feasible, feasible_starts
from scheduling.travel import Place, Travel

MAX_DAYS = 62
ALTERNATIVES = 5
ALTERNATIVE_DAYS = 14
MARGIN = timedelta(days=1)  # the limits of a nurse's day count all of it


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


def visits_of(
    *, nurse_ids: Sequence[int], start: datetime, end: datetime, without: Appointment | None = None
) -> dict[int, list[Busy]]:
    """Return what holds each nurse's time in a stretch; one visit can be thought away."""
    held = Appointment.objects.occupying().overlapping(start=start, end=end)
    if without is not None:
        held = held.exclude(pk=without.pk)
    busy: dict[int, list[Busy]] = defaultdict(list)
    for row in held.filter(nurse__in=nurse_ids):
        if row.nurse_id is not None:
            busy[row.nurse_id].append(busy_of(row))
    return busy


def busy_of(appointment: Appointment) -> Busy:
    """Return how an appointment holds a nurse's time."""
    interval = Interval(appointment.starts_at, appointment.ends_at)
    if appointment.latitude is None or appointment.longitude is None:
        return Busy(interval)
    return Busy(interval, Place(appointment.latitude, appointment.longitude))


def free_gaps(*, nurses: Sequence[Available], without: Appointment | None = None) -> list[Gap]:
    """Return the free stretches of these nurses; one visit can be thought away."""
    windows = [window for nurse in nurses for window in nurse.windows]
    if not windows:
        return []
    busy = visits_of(
        nurse_ids=[nurse.nurse_id for nurse in nurses],
        start=min(window.start for window in windows) - MARGIN,
        end=max(window.end for window in windows) + MARGIN,
        without=without,
    )
    drive = cache(travel().minutes)
    return [
        gap
        for nurse in nurses
        for gap in gaps(nurse=nurse, visits=busy.get(nurse.nurse_id, []), drive=drive)
    ]


def allowed_starts(*, wish: rules.Wish, first: date, last: date) -> list[datetime]:
    """Return the grid starts that break no time rule, whoever may be free."""
    starts = instants.grid(
        first=first,
        last=last,
        lengths=rules.lengths_of(wish.therapy),
        zone=wish.zone,
        rules=rules.clock_rules(),
    )
    kept = starts[rules.keeps(wish, starts)]
    return [instants.instant(start) for start in kept.tolist()]


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
    shut = closed_days(wish=wish, at=at, first=first, last=last)
    starts = [
        start
        for start in allowed_starts(wish=wish, first=first, last=last)
        if clock.local_day(start, wish.zone) not in shut
    ]
    if not starts:
        return None
    nurses = roster.available(
        therapy=wish.therapy,
        state=at.state,
        first=starts[0].date() - timedelta(days=1),
        last=starts[-1].date() + timedelta(days=1),
    )
    return fitting(
        gaps=free_gaps(nurses=nurses, without=without),
        at=at,
        minutes=wish.therapy.total_minutes,
        starts=starts,
    )


def closed_days(*, wish: rules.Wish, at: Where, first: date, last: date) -> set[date]:
    """Return the days, local to the address, on which the clinic closed its area."""
    return roster.closed(
        therapy=wish.therapy, state=at.state, postal_code=at.postal_code, first=first, last=last
    )


def fitting(
    *, gaps: Sequence[Gap], at: Where, minutes: int, starts: Sequence[datetime]
) -> Feasible:
    """Return which nurses can make which starts."""
    return feasible_starts(
        gaps=gaps, here=at.place, minutes=minutes, starts=starts, travel=travel()
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
    starts = open_starts(wish=wish, at=place, first=first, last=last)
    return offers.answer(
        np.array([instants.micros(start) for start in starts], dtype=np.int64),
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
