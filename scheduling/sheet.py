"""Who works when, of many nurses at once: columns for reckoning, and `Available` for one of them.

Pure: no rows of the database, no clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from scheduling.gaps import Available, Lunch
from scheduling.instants import Instants, Mask, instant
from scheduling.intervals import Interval
from scheduling.travel import Place

UNLIMITED = 10**9  # minutes, where no limit is set

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Staff:
    """Nurses by their place in these columns, ascending by number.

    Attributes
    ----------
    numbers
        (n,) what each is known by.
    homes
        (n, 2) degrees.
    zones, zone
        The zones there are, and (n,) which is each one's.
    max_driving, max_working
        (n,) minutes a local day, `UNLIMITED` for any.
    """

    numbers: Ints
    homes: Floats
    zones: tuple[ZoneInfo, ...]
    zone: Ints
    max_driving: Ints
    max_working: Ints


@dataclass(frozen=True, slots=True)
class Spans:
    """Stretches of time, each of the nurse with that place in `Staff`."""

    nurse: Ints
    start: Instants
    end: Instants

    def where(self, which: Mask | Ints | slice) -> Spans:
        """Some of them."""
        return Spans(self.nurse[which], self.start[which], self.end[which])

    def near(self, nurse: int, *, begin: int, end: int) -> list[int]:
        """The numbers of a nurse's that overlap a stretch, of spans ascending by nurse."""
        first, stop = np.searchsorted(self.nurse, [nurse, nurse + 1])
        is_near = (self.start[first:stop] < end) & (begin < self.end[first:stop])
        numbers: list[int] = (np.flatnonzero(is_near) + first).tolist()
        return numbers

    def interval(self, number: int) -> Interval:
        """One of them."""
        return Interval(instant(int(self.start[number])), instant(int(self.end[number])))


@dataclass(frozen=True, slots=True)
class Lunches:
    """Breaks of `minutes` in `window`, owed by who works `shift`; ascending by nurse and time."""

    window: Spans
    minutes: Ints
    shift: Spans


@dataclass(frozen=True, slots=True)
class Sheet:
    """Who works when: windows ascending by nurse and time, neither touching nor overlapping."""

    staff: Staff
    windows: Spans
    lunches: Lunches


@dataclass(frozen=True, slots=True)
class Held:
    """Visits already promised, (n, 2) degrees of where; nan for a consultation, held at home."""

    spans: Spans
    places: Floats


NOTHING = Spans(*(np.zeros(0, dtype=np.int64) for _ in range(3)))
NOTHING_HELD = Held(NOTHING, np.zeros((0, 2)))


def availables(sheet: Sheet) -> list[Available]:
    """Return those who work at all, by number."""
    if not len(sheet.windows.start):
        return []
    begin, end = int(sheet.windows.start.min()), int(sheet.windows.end.max())
    working = np.unique(sheet.windows.nurse).tolist()
    return [available_of(sheet, nurse=nurse, begin=begin, end=end) for nurse in working]


def available_of(sheet: Sheet, *, nurse: int, begin: int, end: int) -> Available:
    """Return the nurse with that place among the staff, and what is hers in a stretch of time."""
    staff, windows, lunches = sheet.staff, sheet.windows, sheet.lunches
    return Available(
        nurse_id=int(staff.numbers[nurse]),
        home=Place(*staff.homes[nurse].tolist()),
        zone=staff.zones[staff.zone[nurse]],
        windows=tuple(
            windows.interval(number) for number in windows.near(nurse, begin=begin, end=end)
        ),
        lunches=tuple(
            Lunch(
                lunches.window.interval(number),
                int(lunches.minutes[number]),
                lunches.shift.interval(number),
            )
            for number in lunches.shift.near(nurse, begin=begin, end=end)
        ),
        max_driving=_limit(int(staff.max_driving[nurse])),
        max_working=_limit(int(staff.max_working[nurse])),
    )


def _limit(minutes: int) -> int | None:
    return None if minutes == UNLIMITED else minutes
