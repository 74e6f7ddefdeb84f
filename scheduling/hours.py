"""When nurses work: weekly patterns, their exceptions and time off, for all nurses at once.

A shift that ends no later than it starts ends the next day. Of times that happen twice the first
is meant; one that is skipped means the moment that the clock would have shown had it not been put
forward. A whole day off takes that day and all of a shift that begins on it. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from scheduling.instants import DAY, FIRST_DAY, MINUTE, Instants, Mask, at_local, midnights
from scheduling.sheet import Ints, Lunches, Spans, Staff


@dataclass(frozen=True, slots=True)
class Shifts:
    """Weekly patterns: days since 1970, clock times in microseconds since midnight.

    `lunch_minutes` is 0 where there is none.
    """

    nurse: Ints
    weekday: Ints
    starts: Ints
    ends: Ints
    lunch_minutes: Ints
    lunch_from: Ints
    lunch_until: Ints
    valid_from: Ints
    valid_until: Ints


@dataclass(frozen=True, slots=True)
class Changes:
    """What single days change: hours more, hours off, or (`whole`) the day off."""

    nurse: Ints
    day: Ints
    extra: Mask
    whole: Mask
    starts: Ints
    ends: Ints


@dataclass(frozen=True, slots=True)
class Calendar:
    """Local days by number, from two before `first` to three after `last`, for nurses' zones.

    Attributes
    ----------
    begins
        (zones, days + 1) instants.
    """

    first: date
    last: date
    staff: Staff
    begins: Instants

    @classmethod
    def of(cls, *, first: date, last: date, staff: Staff) -> Calendar:
        """Look up when days begin."""
        days = (last - first).days + 6
        begins = [midnights(zone, first - timedelta(days=2), days) for zone in staff.zones]
        return cls(first, last, staff, np.array(begins, dtype=np.int64).reshape(-1, days + 1))

    @property
    def days(self) -> Ints:
        """The days, counted from 1970."""
        zero = self.first.toordinal() - FIRST_DAY - 2
        return np.arange(zero, zero + self.begins.shape[1] - 1)

    def around(self, margin: int) -> range:
        """The places among `days` of those asked for and `margin` more on both sides."""
        return range(2 - margin, 3 + (self.last - self.first).days + margin)

    def at(self, nurse: Ints, day: Ints, clock: Ints) -> Instants:
        """The instant of a clock time on a day, by its place, for each nurse."""
        zone = self.staff.zone[nurse]
        begin = self.begins[zone, day]
        instants = begin + clock
        changes = np.flatnonzero((self.begins[zone, day + 1] - begin != DAY) & (clock != 0))
        for number in changes.tolist():
            instants[number] = _at(
                int(self.days[day[number]]), int(clock[number]), self.staff.zones[zone[number]]
            )
        return instants

    def between(self, nurse: Ints, day: Ints, starts: Ints, ends: Ints) -> Spans:
        """The stretches between two clock times, the second on the next day if not later."""
        return Spans(
            nurse, self.at(nurse, day, starts), self.at(nurse, day + (ends <= starts), ends)
        )

    def whole(self, nurse: Ints, day: Ints) -> Spans:
        """Whole local days."""
        zone = self.staff.zone[nurse]
        return Spans(nurse, self.begins[zone, day], self.begins[zone, day + 1])


def _at(day: int, clock: int, zone: ZoneInfo) -> int:
    minutes, rest = divmod(clock, MINUTE)
    shown = time(minutes // 60, minutes % 60, rest // 1_000_000, rest % 1_000_000)
    return at_local(date.fromordinal(FIRST_DAY + day), shown, zone)


def worked(
    *, calendar: Calendar, shifts: Shifts, changes: Changes, off: Sequence[Spans]
) -> tuple[Spans, Lunches]:
    """The stretches worked on the days asked for, and the lunches of the shifts.

    Parameters
    ----------
    off
        Leave, and days without papers.
    """
    place = changes.day - calendar.days[0]
    off_all_day = np.zeros((len(calendar.staff.numbers), len(calendar.days)), dtype=np.bool_)
    off_all_day[changes.nurse[changes.whole], place[changes.whole]] = True
    hours, lunches = _patterns(calendar, shifts, off_all_day)
    timed = np.flatnonzero(~changes.whole)
    by_clock = calendar.between(
        changes.nurse[timed], place[timed], changes.starts[timed], changes.ends[timed]
    )
    has_length = by_clock.start < by_clock.end
    extra = changes.extra[timed]
    more = by_clock.where(has_length & extra & ~off_all_day[changes.nurse[timed], place[timed]])
    stretches = _overlapping(_merged(_joined([hours, more])), calendar)
    days_off = calendar.whole(changes.nurse[changes.whole], place[changes.whole])
    hours_off = by_clock.where(has_length & ~extra)
    return _less(stretches, _joined([hours_off, days_off, *off])), lunches


def _patterns(calendar: Calendar, shifts: Shifts, off_all_day: Mask) -> tuple[Spans, Lunches]:
    """The hours of every shift on every day it is worked, and its lunches."""
    places = calendar.around(1)[:-1]  # a shift of the day before may reach into the first
    days = calendar.days[places.start : places.stop]
    weekday = (days + 3) % 7  # 1970 began on a Thursday
    is_worked = shifts.weekday[:, None] == weekday
    is_worked &= (shifts.valid_from[:, None] <= days) & (days <= shifts.valid_until[:, None])
    which, number = np.nonzero(is_worked)
    nurse, day = shifts.nurse[which], number + places.start
    kept = ~off_all_day[nurse, day]
    which, nurse, day = which[kept], nurse[kept], day[kept]
    hours = calendar.between(nurse, day, shifts.starts[which], shifts.ends[which])
    has_length = hours.start < hours.end
    has_lunch = np.flatnonzero(has_length & (shifts.lunch_minutes[which] > 0))
    shift = which[has_lunch]
    next_day = shifts.lunch_from[shift] < shifts.starts[shift]
    window = calendar.between(
        nurse[has_lunch],
        day[has_lunch] + next_day,
        shifts.lunch_from[shift],
        shifts.lunch_until[shift],
    )
    fits = np.flatnonzero(window.start < window.end)
    fits = fits[np.lexsort((window.end[fits], window.start[fits], window.nurse[fits]))]
    longest = (window.end - window.start) // MINUTE
    return hours.where(has_length), Lunches(
        window=window.where(fits),
        minutes=np.minimum(shifts.lunch_minutes[shift], longest)[fits],
        shift=hours.where(has_lunch[fits]),
    )


def _overlapping(spans: Spans, calendar: Calendar) -> Spans:
    """Those with any moment on the days asked for."""
    zone, places = calendar.staff.zone[spans.nurse], calendar.around(0)
    begin, end = calendar.begins[zone, places.start], calendar.begins[zone, places.stop]
    return spans.where((spans.start < end) & (begin < spans.end))


# -- stretches of many nurses ----------------------------------------------------------------------


def _joined(spans: Sequence[Spans]) -> Spans:
    columns = ((one.nurse, one.start, one.end) for one in spans)
    return Spans(*(np.concatenate(column) for column in zip(*columns, strict=True)))


def _sorted(spans: Spans) -> Spans:
    return spans.where(np.lexsort((spans.start, spans.nurse)))


def _merged(spans: Spans) -> Spans:
    """The same time, ascending, with overlapping and touching stretches made one."""
    spans = _sorted(spans)
    same = spans.nurse[1:] == spans.nurse[:-1]
    if not np.any(same & (spans.start[1:] <= spans.end[:-1])):
        return spans
    return _swept(spans, spans.where(slice(0)))


def _less(spans: Spans, off: Spans) -> Spans:
    """What is left of merged stretches; most nurses have nothing off and keep theirs."""
    if not len(off.nurse):
        return spans
    has_off = np.zeros(max(int(off.nurse.max()), int(spans.nurse.max(initial=0))) + 1, dtype=bool)
    has_off[off.nurse] = True
    touched = has_off[spans.nurse]
    swept = _swept(spans.where(touched), off)
    return _sorted(_joined([spans.where(~touched), swept]))


def _swept(spans: Spans, off: Spans) -> Spans:
    """Where some span and nothing off holds: a sweep over all begins and ends in order."""
    nurse = np.concatenate([spans.nurse, spans.nurse, off.nurse, off.nurse])
    at = np.concatenate([spans.start, spans.end, off.start, off.end])
    one, none = np.ones(len(spans.nurse), dtype=np.int64), np.zeros(len(off.nurse), dtype=np.int64)
    on = np.concatenate([one, -one, none, none])
    away = np.concatenate([0 * one, 0 * one, none + 1, none - 1])
    order = np.lexsort((at, nurse))
    nurse, at = nurse[order], at[order]
    holds = (np.cumsum(on[order]) > 0) & (np.cumsum(away[order]) == 0)
    # What holds from a moment on is known once all that happens at it is counted.
    last = np.flatnonzero(np.append((nurse[1:] != nurse[:-1]) | (at[1:] != at[:-1]), True))
    nurse, at, holds = nurse[last], at[last], holds[last]
    before = np.concatenate([[False], holds[:-1]])
    begins, ends = np.flatnonzero(holds & ~before), np.flatnonzero(~holds & before)
    return Spans(nurse[begins], at[begins], at[ends])
