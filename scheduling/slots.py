"""Which nurses could really be there: one row per free stretch of a nurse's day.

A visit of `minutes` at `here`, starting at `start`, fits a gap when

    start >= max(opens, ready + T(before, here))
    start + minutes <= min(closes, due - T(here, after))
    extra = T(before, here) + T(here, after) - T(before, after) <= spare_driving
    extra + minutes <= spare_working

where T is travel, `before` is where the nurse comes from and `after` is where she must be next.
`scheduling.gaps` makes the gaps. Pure: places and times in, nurse numbers out.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from scheduling.gaps import Gap
from scheduling.travel import Place, Travel

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_MINUTE = 60_000_000  # microseconds
_UNLIMITED = 10**9  # minutes, where no limit is set


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
    extra = drive_to + drive_on - gap.drive if here else 0
    earliest = max(gap.opens, gap.ready + timedelta(minutes=drive_to))
    latest = min(gap.closes, gap.due - timedelta(minutes=drive_on)) - timedelta(minutes=minutes)
    return (
        earliest <= starts_at <= latest
        and (here is None or extra <= _limit(gap.spare_driving))
        and extra + minutes <= _limit(gap.spare_working)
    )


def _limit(spare: int | None) -> int:
    return _UNLIMITED if spare is None else spare


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
        Of any number of nurses and days, each nurse's together and as `gaps.gaps` orders them.
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
    drive_to, drive_on = _drives(gaps=gaps, here=here, travel=travel)
    earliest = np.maximum(
        _microseconds([gap.opens for gap in gaps]),
        _microseconds([gap.ready for gap in gaps]) + drive_to * _MINUTE,
    )
    latest = np.minimum(
        _microseconds([gap.closes for gap in gaps]),
        _microseconds([gap.due for gap in gaps]) - drive_on * _MINUTE,
    )
    first = np.searchsorted(asked, earliest, side="left")
    stop = np.searchsorted(asked, latest - minutes * _MINUTE, side="right")
    stop = np.where(_within_limits(gaps, here, minutes, drive_to + drive_on), stop, 0)
    nurse_ids = np.array([gap.nurse_id for gap in gaps], dtype=np.int64)
    first = np.maximum(first, _reached(nurse_ids, np.where(first < stop, stop, 0), len(asked)))
    stop = np.maximum(first, stop)
    return Feasible(
        starts=tuple(starts),
        counts=_cover(first, stop, len(asked)),
        _nurse_ids=nurse_ids,
        _first=first,
        _stop=stop,
    )


def _drives(
    *, gaps: Sequence[Gap], here: Place | None, travel: Travel
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Minutes from each gap's `before` and to its `after`, (n,) each; zero at the desk."""
    if here is None or not gaps:
        return np.zeros(len(gaps), dtype=np.int64), np.zeros(len(gaps), dtype=np.int64)
    befores, where_before = _distinct([gap.before for gap in gaps])
    afters, where_after = _distinct([gap.after for gap in gaps])
    drive_to = travel.table(befores, [here]).seconds[where_before, 0] // 60
    drive_on = travel.table([here], afters).seconds[0, where_after] // 60
    return drive_to.astype(np.int64), drive_on.astype(np.int64)


def _within_limits(
    gaps: Sequence[Gap], here: Place | None, minutes: int, drives: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Which gaps' days have minutes left for a visit and what it adds to the driving, (n,)."""
    working = np.array([_limit(gap.spare_working) for gap in gaps], dtype=np.int64)
    if here is None:
        return minutes <= working
    driving = np.array([_limit(gap.spare_driving) for gap in gaps], dtype=np.int64)
    extra = drives - np.array([gap.drive for gap in gaps], dtype=np.int64)
    return (extra <= driving) & (extra + minutes <= working)


def _reached(
    nurse_ids: NDArray[np.int64], stop: NDArray[np.int64], length: int
) -> NDArray[np.int64]:
    """How far earlier rows of the same nurse reach, (n,): rows of one gap may overlap.

    A running maximum that starts anew with each nurse, because each has a level of her own.
    """
    if not len(stop):
        return stop
    level = np.concatenate([[0], np.cumsum(np.diff(nurse_ids) != 0)]) * (length + 1)
    before = np.concatenate([[0], np.maximum.accumulate(stop + level)[:-1]])
    return np.maximum(before - level, 0)


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
