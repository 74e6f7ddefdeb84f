"""Which nurses could really be there: one row per free stretch of a nurse's day.

A visit of `minutes` at `here`, starting at `start`, fits a row when

    start >= max(opens, ready + T(before, here))
    start + minutes <= min(closes, due - T(here, after))
    extra = T(before, here) + T(here, after) - T(before, after) <= spare_driving
    extra + minutes <= spare_working

where T is travel, `before` is where the nurse comes from and `after` is where she must be next.
`scheduling.gaps` says what the rows of a nurse are, `scheduling.daysheet` makes those of all.
Pure: places and times in, nurse numbers out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime

import numpy as np

from scheduling import legs
from scheduling.gaps import Gap
from scheduling.instants import MINUTE, Instants, Mask, array, instant, micros
from scheduling.sheet import UNLIMITED, Ints
from scheduling.travel import Place, Spots, Travel, spots

WIDEST = 1 << 20  # steps of a grid of starts, beyond which each row is looked up by itself


@dataclass(frozen=True, slots=True)
class Rows:
    """Free stretches as columns of equal length; those of a nurse that overlap stand together.

    Attributes
    ----------
    nurse
        Her number.
    ready, due, opens, closes
        Instants, see `gaps.Gap`.
    before, after
        Numbers of places among `spots`.
    drive, spare_driving, spare_working
        Minutes; `UNLIMITED` where there is no limit.
    """

    nurse: Ints
    ready: Instants
    due: Instants
    opens: Instants
    closes: Instants
    before: Ints
    after: Ints
    drive: Ints
    spare_driving: Ints
    spare_working: Ints
    spots: Spots

    def take(self, which: Ints | Mask) -> Rows:
        """Some of the rows."""
        columns = (field.name for field in fields(self) if field.name != "spots")
        return Rows(**{name: getattr(self, name)[which] for name in columns}, spots=self.spots)


@dataclass(frozen=True, slots=True)
class Feasible:
    """Which nurses can take each of some candidate starts.

    Attributes
    ----------
    starts
        (n,) instants: the candidate starts, ascending, as they were asked.
    counts
        (n,) array of int64: nurses who can take each.
    """

    starts: Instants
    counts: Ints
    _nurse_ids: Ints
    _first: Ints
    _stop: Ints

    def nurses(self, starts_at: datetime) -> list[int]:
        """Ids of the nurses who can take a start, ascending; none for one that was not asked."""
        asked = micros(starts_at)
        index = int(np.searchsorted(self.starts, asked))
        if index == len(self.starts) or self.starts[index] != asked:
            return []
        fits = (self._first <= index) & (index < self._stop)
        return sorted(set(self._nurse_ids[fits].tolist()))

    def open(self) -> Instants:
        """The starts that at least one nurse can take, ascending."""
        return self.starts[self.counts > 0]

    def open_starts(self) -> list[datetime]:
        """The starts that at least one nurse can take, ascending, as aware UTC instants."""
        return [instant(start) for start in self.open().tolist()]


@dataclass(frozen=True, slots=True)
class Fits:
    """The rows that a visit fits somewhere, by number, its first and last start and what it adds.

    Attributes
    ----------
    row
        Numbers of rows, ascending.
    earliest, latest
        Instants.
    extra
        Minutes of driving.
    """

    row: Ints
    earliest: Instants
    latest: Instants
    extra: Ints


def fits(*, rows: Rows, here: Place | None, minutes: int, travel: Travel) -> Fits:
    """Where a visit fits: what is said above of one row, asked of thousands."""
    length = minutes * MINUTE
    room = np.minimum(rows.closes, rows.due)
    room -= np.maximum(rows.opens, rows.ready)
    # Most stretches of a full day are too short whatever the drives: those are not reckoned.
    which = np.flatnonzero(room >= length)
    if here is None:
        to = on = extra = np.zeros(len(which), dtype=np.int64)
        is_fit = rows.spare_working[which] >= minutes
    else:
        to, on = legs.around(
            travel, rows.spots, here=here, before=rows.before[which], after=rows.after[which]
        )
        extra = to + on
        extra -= rows.drive[which]
        is_fit = extra <= rows.spare_driving[which]
        is_fit &= extra <= rows.spare_working[which] - minutes
    earliest = np.maximum(rows.opens[which], rows.ready[which] + to * MINUTE)
    latest = np.minimum(rows.closes[which], rows.due[which] - on * MINUTE)
    latest -= length
    is_fit &= earliest <= latest
    found = np.flatnonzero(is_fit)
    return Fits(which[found], earliest[found], latest[found], extra[found])


def feasible_starts(
    *, rows: Rows, here: Place | None, minutes: int, starts: Instants, travel: Travel
) -> Feasible:
    """Who can take each candidate start.

    Parameters
    ----------
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
    steps = np.diff(starts)
    if np.any(steps <= 0):
        raise ValueError("candidate starts must be ascending")
    found = fits(rows=rows, here=here, minutes=minutes, travel=travel)
    first, stop = _ranges(starts, steps, found.earliest, found.latest)
    nurse_ids, first, stop = _ascending(rows.nurse[found.row], first, stop)
    first = np.maximum(first, _reached(nurse_ids, np.where(first < stop, stop, 0), len(starts)))
    stop = np.maximum(first, stop)
    return Feasible(
        starts=starts,
        counts=_cover(first, stop, len(starts)),
        _nurse_ids=nurse_ids,
        _first=first,
        _stop=stop,
    )


def _ranges(
    starts: Instants, steps: Ints, earliest: Instants, latest: Instants
) -> tuple[Ints, Ints]:
    """The ranges [first, stop) of starts from each `earliest` to its `latest`, both included.

    Starts lie on a grid with holes: the place of an instant is looked up by its step, not searched.
    """
    step = int(np.gcd.reduce(steps)) if len(steps) else 0
    width = int(starts[-1] - starts[0]) // step + 1 if step else 0
    if not 0 < width <= WIDEST:
        first = np.searchsorted(starts, earliest, side="left")
        return first, np.searchsorted(starts, latest, side="right")
    taken = np.zeros(width, dtype=np.int64)
    taken[(starts - starts[0]) // step] = 1
    before = np.concatenate([[0], np.cumsum(taken)])  # starts before each step
    from_ = (earliest - starts[0] + step - 1) // step
    until = (latest - starts[0]) // step + 1
    return before[np.clip(from_, 0, width)], before[np.clip(until, 0, width)]


def _ascending(nurse_ids: Ints, first: Ints, stop: Ints) -> tuple[Ints, Ints, Ints]:
    """The ranges with those of a nurse in order, where neighbours are not.

    Rows of plain days are followed by the others, maybe by the same nurse's of earlier days.
    """
    goes_back = (nurse_ids[1:] == nurse_ids[:-1]) & (first[1:] < first[:-1])
    if not goes_back.any():
        return nurse_ids, first, stop
    order = np.lexsort((first, nurse_ids))
    return nurse_ids[order], first[order], stop[order]


def _reached(nurse_ids: Ints, stop: Ints, length: int) -> Ints:
    """How far earlier rows of the same nurse reach, (n,): rows of one gap may overlap.

    A running maximum that starts anew with each nurse, because each has a level of her own.
    """
    if not len(stop):
        return stop
    level = np.concatenate([[0], np.cumsum(np.diff(nurse_ids) != 0)]) * (length + 1)
    before = np.concatenate([[0], np.maximum.accumulate(stop + level)[:-1]])
    reached: Ints = np.maximum(before - level, 0)
    return reached


def _cover(first: Ints, stop: Ints, length: int) -> Ints:
    """How many of the ranges [first, stop) hold each index: a difference array, summed."""
    rises = np.bincount(first, minlength=length + 1) - np.bincount(stop, minlength=length + 1)
    return np.cumsum(rises)[:length].astype(np.int64)


def rows_of(gaps: Sequence[Gap]) -> Rows:
    """Gaps as columns, in their order."""
    index: dict[Place, int] = {}
    before = [index.setdefault(gap.before, len(index)) for gap in gaps]
    after = [index.setdefault(gap.after, len(index)) for gap in gaps]
    degrees = [(place.latitude, place.longitude) for place in index]
    return Rows(
        nurse=_ints([gap.nurse_id for gap in gaps]),
        ready=array(gap.ready for gap in gaps),
        due=array(gap.due for gap in gaps),
        opens=array(gap.opens for gap in gaps),
        closes=array(gap.closes for gap in gaps),
        before=_ints(before),
        after=_ints(after),
        drive=_ints([gap.drive for gap in gaps]),
        spare_driving=_ints([_limit(gap.spare_driving) for gap in gaps]),
        spare_working=_ints([_limit(gap.spare_working) for gap in gaps]),
        spots=spots(np.array(degrees, dtype=np.float64).reshape(-1, 2)),
    )


def _ints(values: Sequence[int]) -> Ints:
    return np.array(values, dtype=np.int64)


def _limit(spare: int | None) -> int:
    return UNLIMITED if spare is None else spare
