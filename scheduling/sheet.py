"""Who works when, of many nurses at once: columns for reckoning, and `Available` for one of them.

Pure: no rows of the database, no clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from scheduling.gaps import Available, Lunch
from scheduling.instants import DAY, EPOCH, Instants, Mask, instant, midnights
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

    def sorted(self) -> Held:
        """Ascending by nurse and time."""
        nurse = self.spans.nurse
        # Visits come in the order of their ends, which sorts a nurse's own; and a stable sort of
        # short numbers takes no comparisons.
        narrow = nurse.astype(np.uint16) if nurse.max(initial=0) < 1 << 16 else nurse
        order = np.argsort(narrow, kind="stable")
        spans = self.spans.where(order)
        if np.any((np.diff(spans.start) < 0) & (np.diff(spans.nurse) == 0)):
            order = np.lexsort((self.spans.start, nurse))
            spans = self.spans.where(order)
        return Held(spans, self.places[order])


NOTHING = Spans(*(np.zeros(0, dtype=np.int64) for _ in range(3)))
NOTHING_HELD = Held(NOTHING, np.zeros((0, 2)))


@dataclass(frozen=True, slots=True)
class Days:
    """Local days from one before everything to one after, by number; (zones, days + 1) begins."""

    begins: Instants
    zone: Ints

    @classmethod
    def of(cls, sheet: Sheet, held: Held) -> Days:
        """The days that windows and visits touch, and what their drives may reach."""
        spans = (sheet.windows, sheet.lunches.shift, held.spans)
        first = min((int(span.start.min()) for span in spans if len(span.start)), default=0)
        last = max((int(span.end.max()) for span in spans if len(span.end)), default=0)
        before = (EPOCH + timedelta(days=first // DAY - 2)).date()
        count = last // DAY - first // DAY + 5
        begins = [midnights(zone, before, count) for zone in sheet.staff.zones]
        return cls(np.array(begins).reshape(-1, count + 1), sheet.staff.zone)

    @property
    def count(self) -> int:
        """How many days there are."""
        days: int = self.begins.shape[1] - 1
        return days

    def number(self, nurse: Ints, at: Instants) -> Ints:
        """The day of a nurse on which each instant falls, the first or the last if outside."""
        found = np.zeros(len(at), dtype=np.int64)
        for zone, begins in enumerate(self.begins):
            its = self.zone[nurse] == zone if len(self.begins) > 1 else slice(None)
            found[its] = np.searchsorted(begins, at[its], side="right") - 1
        return np.clip(found, 0, self.count - 1)

    def bounds(self, nurse: Ints, day: Ints) -> tuple[Instants, Instants]:
        """When each day begins and ends for a nurse."""
        zone = self.zone[nurse]
        return self.begins[zone, day], self.begins[zone, day + 1]


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
