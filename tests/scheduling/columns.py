"""Nurses, visits and gaps told as objects, asked as the columns that the product reckons with."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np

from scheduling import slots
from scheduling.gaps import Available, Busy, Gap
from scheduling.instants import array
from scheduling.intervals import Interval, merge
from scheduling.sheet import UNLIMITED, Held, Ints, Lunches, Sheet, Spans, Staff
from scheduling.slots import Feasible
from scheduling.travel import Place, Travel


def feasible_starts(
    *,
    gaps: Sequence[Gap],
    here: Place | None,
    minutes: int,
    starts: Sequence[datetime],
    travel: Travel,
) -> Feasible:
    """Who can take each start, of gaps told as objects."""
    return slots.feasible_starts(
        rows=slots.rows_of(gaps), here=here, minutes=minutes, starts=array(starts), travel=travel
    )


def sheet_of(people: Sequence[Available]) -> Sheet:
    """Nurses as columns."""
    zones: tuple[ZoneInfo, ...] = tuple(dict.fromkeys(one.zone for one in people))
    homes = [(one.home.latitude, one.home.longitude) for one in people]
    lunches = [(n, lunch) for n, one in enumerate(people) for lunch in one.lunches]
    return Sheet(
        staff=Staff(
            numbers=ints(one.nurse_id for one in people),
            homes=np.array(homes, dtype=np.float64).reshape(-1, 2),
            zones=zones,
            zone=ints(zones.index(one.zone) for one in people),
            max_driving=ints(limit(one.max_driving) for one in people),
            max_working=ints(limit(one.max_working) for one in people),
        ),
        windows=spans([(n, one) for n, who in enumerate(people) for one in merge(who.windows)]),
        lunches=Lunches(
            window=spans([(n, lunch.window) for n, lunch in lunches]),
            minutes=ints(lunch.minutes for _, lunch in lunches),
            shift=spans([(n, lunch.shift) for n, lunch in lunches]),
        ),
    )


def held_by(people: Sequence[Sequence[Busy]]) -> Held:
    """What each of the nurses holds, as columns."""
    held = [(n, busy) for n, theirs in enumerate(people) for busy in theirs]
    places = [
        (busy.place.latitude, busy.place.longitude) if busy.place else (np.nan, np.nan)
        for _, busy in held
    ]
    return Held(
        spans=spans([(n, busy.interval) for n, busy in held]),
        places=np.array(places, dtype=np.float64).reshape(-1, 2),
    )


def spans(found: Sequence[tuple[int, Interval]]) -> Spans:
    """Stretches of time with the place of their nurse."""
    return Spans(
        nurse=ints(n for n, _ in found),
        start=array(one.start for _, one in found),
        end=array(one.end for _, one in found),
    )


def ints(values: Iterable[int]) -> Ints:
    """Whole numbers as a column."""
    return np.array(list(values), dtype=np.int64)


def limit(minutes: int | None) -> int:
    """A day's limit as columns have it."""
    return UNLIMITED if minutes is None else minutes
