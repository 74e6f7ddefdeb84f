"""Which nurses could really be there: one row per free stretch of a nurse's day.

A visit of `minutes` at `here` fits a gap when its start lies in

    [ready + T(before, here), due - minutes - T(here, after)]

where T is travel, `before` is where the nurse comes from and `after` is where she must be next.
Pure: places and times in, nurse numbers out.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from scheduling.intervals import Interval, merge, overlaps
from scheduling.travel import Place, Travel

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_SECOND = 1_000_000


@dataclass(frozen=True, slots=True)
class Busy:
    """Time already given away: a visit at a place, or (place None) a consultation or leave."""

    interval: Interval
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Gap:
    """One free stretch of a nurse's day, `ready` to `due`, and the places at its two ends."""

    nurse_id: int
    ready: datetime
    due: datetime
    before: Place
    after: Place


@dataclass(frozen=True, slots=True)
class Feasible:
    """Which nurses can take each of some candidate starts.

    Attributes
    ----------
    starts
        The candidate starts, ascending, as they were asked.
    counts
        (len(starts),) array of int64: nurses who can take each.
    """

    starts: tuple[datetime, ...]
    counts: NDArray[np.int64]
    _nurse_ids: NDArray[np.int64]
    _first: NDArray[np.int64]
    _stop: NDArray[np.int64]

    def nurses(self, starts_at: datetime) -> list[int]:
        """Ids of the nurses who can take a start, ascending; none for one that was not asked."""
        index = bisect_left(self.starts, starts_at)
        if index == len(self.starts) or self.starts[index] != starts_at:
            return []
        fits = (self._first <= index) & (index < self._stop)
        return sorted(set(self._nurse_ids[fits].tolist()))

    def open_starts(self) -> list[datetime]:
        """The starts that at least one nurse can take, ascending."""
        return [self.starts[index] for index in np.flatnonzero(self.counts)]


def gaps(
    *, nurse_id: int, home: Place, windows: Sequence[Interval], visits: Sequence[Busy]
) -> list[Gap]:
    """The free stretches of one nurse's windows, each with the places before and after it.

    The nurse leaves home at or after a window's start and is home again by its end. What reaches
    out of a window takes only its part inside; what lies outside all of them takes nothing.
    Windows that touch are one: she need not be home in between.
    """
    return [
        gap
        for window in merge(windows)
        for gap in _window_gaps(nurse_id=nurse_id, home=home, window=window, visits=visits)
    ]


def _window_gaps(
    *, nurse_id: int, home: Place, window: Interval, visits: Sequence[Busy]
) -> list[Gap]:
    inside = [busy for busy in visits if overlaps(busy.interval, window)]
    # The two ends of the window are stops at home of no length.
    stops = [_Stop(window.start, window.start, home, home)]
    for busy in sorted(inside, key=lambda busy: busy.interval):
        place = busy.place or home
        stop = _Stop(busy.interval.start, busy.interval.end, place, place)
        if stop.start < stops[-1].end:
            stop = stops.pop().joined(stop)
        stops.append(stop)
    stops.append(_Stop(window.end, window.end, home, home))
    return [
        Gap(nurse_id, ready=one.end, due=next_.start, before=one.leaves, after=next_.arrives)
        for one, next_ in pairwise(stops)
        if one.end < next_.start
    ]


@dataclass(frozen=True, slots=True)
class _Stop:
    """Time the nurse is not free, where she arrives for it and where she leaves from."""

    start: datetime
    end: datetime
    arrives: Place
    leaves: Place

    def joined(self, other: "_Stop") -> "_Stop":
        """Join a stop that starts during this one: what ends last says where she is."""
        last = max(self, other, key=lambda stop: stop.end)
        return _Stop(self.start, last.end, self.arrives, last.leaves)


def feasible(
    *, gap: Gap, here: Place | None, starts_at: datetime, minutes: int, travel: Travel
) -> bool:
    """Whether a visit fits a gap, with the drives before and after it.

    Parameters
    ----------
    here
        Where the visit is; None for a consultation at the desk, which counts no travel.
    minutes
        Length of the whole visit.
    """
    drive_to = travel.minutes(gap.before, here) if here else 0
    drive_on = travel.minutes(here, gap.after) if here else 0
    earliest = gap.ready + timedelta(minutes=drive_to)
    latest = gap.due - timedelta(minutes=minutes + drive_on)
    return earliest <= starts_at <= latest


def feasible_starts(
    *,
    gaps: Sequence[Gap],
    here: Place | None,
    minutes: int,
    starts: Sequence[datetime],
    travel: Travel,
) -> Feasible:
    """Who can take each candidate start; the same answer as `feasible` for every pair.

    Parameters
    ----------
    gaps
        Of any number of nurses and days; gaps of one nurse must not overlap.
    here
        Where the visit is; None for a consultation at the desk, which counts no travel.
    minutes
        Length of the whole visit.
    starts
        Candidate starts, ascending.

    Raises
    ------
    ValueError
        If the starts are not ascending.
    """
    asked = _microseconds(starts)
    if np.any(np.diff(asked) <= 0):
        raise ValueError("candidate starts must be ascending")
    earliest = _microseconds([gap.ready for gap in gaps])
    latest = _microseconds([gap.due for gap in gaps]) - minutes * 60 * _SECOND
    if here is not None and gaps:
        befores, where_before = _distinct([gap.before for gap in gaps])
        afters, where_after = _distinct([gap.after for gap in gaps])
        drive_to = travel.table(befores, [here]).seconds[where_before, 0].astype(np.int64)
        drive_on = travel.table([here], afters).seconds[0, where_after].astype(np.int64)
        earliest += drive_to * _SECOND
        latest -= drive_on * _SECOND
    first = np.searchsorted(asked, earliest, side="left")
    stop = np.maximum(first, np.searchsorted(asked, latest, side="right"))
    return Feasible(
        starts=tuple(starts),
        counts=_cover(first, stop, len(asked)),
        _nurse_ids=np.array([gap.nurse_id for gap in gaps], dtype=np.int64),
        _first=first,
        _stop=stop,
    )


def _cover(first: NDArray[np.int64], stop: NDArray[np.int64], length: int) -> NDArray[np.int64]:
    """How many of the ranges [first, stop) hold each index: a difference array, summed."""
    rises = np.bincount(first, minlength=length + 1) - np.bincount(stop, minlength=length + 1)
    return np.cumsum(rises)[:length].astype(np.int64)


def _distinct(places: Sequence[Place]) -> tuple[list[Place], NDArray[np.int64]]:
    """The distinct places, and for each place its index among them."""
    index: dict[Place, int] = {}
    where = [index.setdefault(place, len(index)) for place in places]
    return list(index), np.array(where, dtype=np.int64)


def _microseconds(instants: Sequence[datetime]) -> NDArray[np.int64]:
    """Microseconds since 1970, exact where a float of seconds is not."""
    return np.array([(instant - _EPOCH) // _MICROSECOND for instant in instants], dtype=np.int64)
