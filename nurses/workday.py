"""A day as the solver is asked it: visits, who may go by papers, and when each nurse works."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from booking.clock import local_day
from booking.models import Appointment, Status
from nurses import route
from scheduling import roster
from scheduling.intervals import Interval, contains, subtract
from scheduling.models import Nurse, Shift
from scheduling.roster import Available
from scheduling.travel import Place

Holders = Mapping[UUID, int | None]
MINUTE, INSTANT = timedelta(minutes=1), timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Working:
    """When one nurse works that day, and her limits."""

    nurse_id: int
    home: Place
    windows: tuple[Interval, ...]
    lunches: tuple[tuple[int, Interval], ...] = ()
    max_driving: int | None = None
    max_working: int | None = None


@dataclass(frozen=True, slots=True)
class Workday:
    """Everything a plan of one day rests on, as it stands.

    Attributes
    ----------
    visits
        Those on the road that hold time, soonest first.
    may_go
        Visit -> the nurses whose papers let them go.
    """

    date: date
    visits: tuple[Appointment, ...]
    nurses: tuple[Working, ...]
    may_go: Mapping[UUID, frozenset[int]]

    @property
    def holders(self) -> dict[UUID, int | None]:
        """Who goes to each visit now."""
        return {visit.pk: visit.nurse_id for visit in self.visits}

    def fingerprint(self, holders: Holders | None = None) -> str:
        """Hash everything a plan rests on, with these nurses going.

        Who does not work that day is in it only where she holds a visit.
        """
        held = self.holders if holders is None else holders
        working = [nurse for nurse in self.nurses if nurse.windows]
        ids = {nurse.nurse_id for nurse in working}
        rows = [
            [
                _visit_facts(visit, held[visit.pk], self.may_go[visit.pk] & ids)
                for visit in self.visits
            ],
            [_nurse_facts(nurse) for nurse in working],
        ]
        return hashlib.sha256(json.dumps(rows).encode()).hexdigest()

    def is_stranded(self, visit: Appointment) -> bool:
        """Whether nobody goes, or the nurse who would may not or does not work then."""
        if visit.nurse_id is None or visit.nurse_id not in self.may_go[visit.pk]:
            return True
        period = Interval(visit.starts_at, visit.ends_at)
        windows = next(one.windows for one in self.nurses if one.nurse_id == visit.nurse_id)
        return not any(contains(window, period) for window in windows)


def read(day: date) -> Workday:
    """Return the day as the rows have it."""
    visits = [visit for visit in route.held_on(day) if not visit.is_consultation]
    on_shift = roster.on_shift(kind=Shift.Kind.FIELD, first=day, last=day)
    found = {one.nurse_id: one for one in on_shift}
    return Workday(
        date=day,
        visits=tuple(visits),
        nurses=tuple(_working(visits, found=found, day=day)),
        may_go=_may_go(visits, found=found, day=day),
    )


def is_fixed(visit: Appointment, *, at: datetime) -> bool:
    """Whether it is too late to send another nurse: it has begun, or should have."""
    return visit.status != Status.BOOKED or visit.starts_at <= at


# -- from rows -----------------------------------------------------------------------------------


def _may_go(
    visits: Sequence[Appointment], *, found: Mapping[int, Available], day: date
) -> dict[UUID, frozenset[int]]:
    alike: dict[tuple[str, str], list[Appointment]] = defaultdict(list)
    for visit in visits:
        alike[visit.therapy_id, visit.state].append(visit)
    may_go: dict[UUID, frozenset[int]] = {}
    for (_, state), group in sorted(alike.items()):
        licensed = roster.available(
            therapy=group[0].therapy, state=state, first=day, last=day, nurse_ids=list(found)
        )
        ids = frozenset(one.nurse_id for one in licensed)
        may_go |= {visit.pk: ids for visit in group}
    return may_go | _off_but_licensed(visits, found=found, may_go=may_go, day=day)


def _working(
    visits: Sequence[Appointment], *, found: Mapping[int, Available], day: date
) -> Iterator[Working]:
    """Give everyone who works that day or holds a visit of it, by number."""
    holding = {visit.nurse_id for visit in visits if visit.nurse_id is not None}
    elsewhere = _elsewhere(visits, found=found)
    off = Nurse.objects.in_bulk(holding - set(found))
    for nurse_id in sorted(holding | set(found)):
        if nurse_id in off:
            nurse = off[nurse_id]
            yield Working(nurse_id, Place(nurse.home_latitude, nurse.home_longitude), windows=())
            continue
        one = found[nurse_id]
        others = elsewhere[nurse_id]
        yield Working(
            nurse_id=nurse_id,
            home=one.home,
            windows=tuple(subtract(one.windows, others)),
            lunches=tuple(_lunches(one, others=others, day=day)),
            max_driving=one.max_driving,
            max_working=_left(one, others=others, day=day),
        )


def _lunches(
    one: Available, *, others: Sequence[Interval], day: date
) -> Iterator[tuple[int, Interval]]:
    """Give each break's minutes, and the longest stretch of its hours that nothing else takes.

    Time taken elsewhere is no rest. A break that the night before has lost closes no new day.
    """
    for lunch in one.lunches:
        nothing = Interval(lunch.window.start, lunch.window.start + MINUTE)  # too short for it
        free = subtract([lunch.window], others)
        longest = max(free, key=lambda rest: rest.end - rest.start, default=nothing)
        is_lost = longest.end - longest.start < lunch.minutes * MINUTE
        if not is_lost or local_day(lunch.shift.start, one.zone) >= day:
            yield lunch.minutes, longest


def _left(one: Available, *, others: Sequence[Interval], day: date) -> int | None:
    """Return the working minutes that what takes her elsewhere on the day leaves of her limit."""
    if one.max_working is None:
        return None
    touching = (
        held
        for held in others
        if local_day(held.start, one.zone) <= day <= local_day(held.end - INSTANT, one.zone)
    )
    minutes = sum(-((held.start - held.end) // MINUTE) for held in touching)
    return max(one.max_working - minutes, 0)


def _elsewhere(
    visits: Sequence[Appointment], *, found: Mapping[int, Available]
) -> dict[int, list[Interval]]:
    """Return what else holds the nurses' time: consultations, and visits of the days beside."""
    held: dict[int, list[Interval]] = defaultdict(list)
    every = [window for one in found.values() for window in one.windows]
    if not every:
        return held
    start, end = min(one.start for one in every), max(one.end for one in every)
    others = Appointment.objects.occupying().overlapping(start=start, end=end)
    others = others.filter(nurse__in=list(found)).exclude(pk__in=[one.pk for one in visits])
    for nurse_id, starts_at, ends_at in others.values_list("nurse", "starts_at", "ends_at"):
        if nurse_id is not None:
            held[nurse_id].append(Interval(starts_at, ends_at))
    return held


def _off_but_licensed(
    visits: Sequence[Appointment],
    *,
    found: Mapping[int, Available],
    may_go: Mapping[UUID, frozenset[int]],
    day: date,
) -> dict[UUID, frozenset[int]]:
    """Add nurses who hold a visit and have the papers for it but not the day off.

    So that what stops them is told as their shift, not as their papers.
    """
    return {
        visit.pk: may_go[visit.pk] | {visit.nurse_id}
        for visit in visits
        if visit.nurse is not None
        and visit.nurse_id is not None
        and visit.nurse_id not in found
        and roster.has_papers(nurse=visit.nurse, therapy=visit.therapy, state=visit.state, day=day)
    }


# -- what a hash is made of ----------------------------------------------------------------------


def _visit_facts(visit: Appointment, nurse_id: int | None, may_go: frozenset[int]) -> list[Any]:
    return [
        str(visit.pk),
        visit.version,
        visit.status == Status.BOOKED,  # what else it is, it cannot be moved
        visit.starts_at.isoformat(),
        visit.ends_at.isoformat(),
        visit.latitude,
        visit.longitude,
        nurse_id,
        sorted(may_go),
    ]


def _nurse_facts(nurse: Working) -> list[Any]:
    return [
        nurse.nurse_id,
        [nurse.home.latitude, nurse.home.longitude],
        [_said(window) for window in nurse.windows],
        [[minutes, _said(within)] for minutes, within in nurse.lunches],
        nurse.max_driving,
        nurse.max_working,
    ]


def _said(interval: Interval) -> list[str]:
    return [interval.start.isoformat(), interval.end.isoformat()]
