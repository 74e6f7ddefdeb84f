"""Many starts at once, and the wall clocks of a zone: arrays of microseconds since 1970.

What `clock` says of one instant is said here of thousands; the tests hold the two together.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np

from booking import clock
from scheduling.instants import (
    DAY,
    FIRST_DAY,
    HOUR,
    MICROSECOND,
    MINUTE,
    SECOND,
    Instants,
    Mask,
    array,
    instant,
    micros,
)

BEFORE, AFTER = 2 * DAY, 5 * DAY  # all that follows from a start lies within


@dataclass(frozen=True, slots=True)
class WallClock:
    """What the clocks of a zone show during a stretch of time.

    Attributes
    ----------
    since
        (k,) ascending instants; from each on, until the next, clocks are `ahead` of UTC.
    ahead
        (k,) microseconds.
    """

    since: Instants
    ahead: Instants

    def offsets(self, instants: Instants) -> Instants:
        """How far clocks are ahead of UTC at each instant, in microseconds."""
        found: Instants = self.ahead[np.searchsorted(self.since, instants, side="right") - 1]
        return found

    def local(self, instants: Instants) -> Instants:
        """What clocks show at each instant, counted as if they showed UTC."""
        return instants + self.offsets(instants)


def wall_clock(*, zone: ZoneInfo, starts: Instants) -> WallClock:
    """Read a zone's clocks from two days before the first of some ascending starts to four after.

    Clocks are looked at once a day: of two changes within 24 hours that undo each other, which no
    zone has made since 1970, neither is seen.
    """
    first, last = (int(starts[0]), int(starts[-1])) if len(starts) else (0, 0)
    return _wall_clock(zone, first // DAY * DAY - BEFORE, -(-last // DAY) * DAY + AFTER)


@lru_cache(maxsize=256)
def _wall_clock(zone: ZoneInfo, first: int, stop: int) -> WallClock:
    looked = range(first, stop, DAY)
    since, ahead = [looked[0]], [_ahead(looked[0], zone)]
    for before, after in pairwise(looked):
        offset = _ahead(after, zone)
        if offset != ahead[-1]:
            since.append(_changed(before, after, zone))
            ahead.append(offset)
    return WallClock(np.array(since, dtype=np.int64), np.array(ahead, dtype=np.int64))


def _ahead(microseconds: int, zone: ZoneInfo) -> int:
    offset = instant(microseconds).astimezone(zone).utcoffset()
    return offset // MICROSECOND if offset else 0


def _changed(before: int, after: int, zone: ZoneInfo) -> int:
    """The second at which clocks change between two instants."""
    offset = _ahead(after, zone)
    while after - before > SECOND:
        middle = before + (after - before) // (2 * SECOND) * SECOND
        if _ahead(middle, zone) == offset:
            after = middle
        else:
            before = middle
    return after


@lru_cache(maxsize=256)
def starts(
    *, first: date, last: date, lengths: clock.Lengths, zone: ZoneInfo, rules: clock.ClockRules
) -> Instants:
    """Every start that `clock.grid_starts` gives of the days from `first` to `last`, ascending.

    Searches ask for the same days again and again: they share the answer, and none can change it.
    """
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    found = np.concatenate(
        [
            _array(clock.grid_starts(day=day, lengths=lengths, zone=zone, rules=rules), rules)
            for day in days
        ]
    )
    found.flags.writeable = False
    return found


def _array(starts: list[datetime], rules: clock.ClockRules) -> Instants:
    if not starts:
        return np.zeros(0, dtype=np.int64)
    step = rules.grid_minutes * MINUTE
    first, last = micros(starts[0]), micros(starts[-1])
    if last - first == (len(starts) - 1) * step:
        return np.arange(first, last + 1, step, dtype=np.int64)
    return array(starts)


def apart_from(
    starts: Instants, *, other: datetime, minimum_hours: int, clocks: WallClock, zone: ZoneInfo
) -> Mask:
    """Which starts `clock.spacing_ok` finds far enough from another infusion, before or after."""
    there = micros(other)
    local, local_there = clocks.local(starts), there + _ahead(there, zone)
    elapsed, minimum = starts - there, minimum_hours * HOUR
    far = np.abs(elapsed) >= minimum
    if minimum_hours % 24 == 0:
        shown = local - local_there
        far |= np.where(elapsed < 0, -shown, shown) >= minimum
    apart: Mask = far & (local // DAY != local_there // DAY)
    return apart


def on_days(starts: Instants, *, days: Collection[date], zone: ZoneInfo) -> Mask:
    """Which starts fall on some of these local days."""
    if not days:
        return np.zeros(len(starts), dtype=np.bool_)
    numbers = [day.toordinal() - FIRST_DAY for day in days]
    local = wall_clock(zone=zone, starts=starts).local(starts)
    return np.isin(local // DAY, numbers)
