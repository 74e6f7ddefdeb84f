"""The hours of all nurses at once are those of each, told one day after the other."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from hypothesis import given, settings, strategies as st

from scheduling.hours import Calendar, Changes, Shifts, worked
from scheduling.instants import FIRST_DAY
from scheduling.intervals import Interval
from scheduling.models import Shift, ShiftException
from scheduling.sheet import UNLIMITED, Ints, Sheet, Staff, available_of
from tests.scheduling import reference
from tests.scheduling.columns import ints, spans

ZONES = tuple(
    ZoneInfo(name) for name in ("America/Chicago", "America/Havana", "Australia/Lord_Howe")
)
DAY = timedelta(days=1)
# Clocks change in these weeks: in Chicago at two, in Havana at midnight, on Lord Howe by half.
FIRST = st.sampled_from([date(2027, 3, 11), date(2027, 11, 5), date(2027, 4, 2), date(2027, 10, 1)])
CLOCKS = st.integers(0, 95).map(lambda quarter: time(quarter // 4, quarter % 4 * 15))

Entered = tuple[list[Shift], list[ShiftException], list[Interval], ZoneInfo]


@st.composite
def shifts(draw: st.DrawFn, first: date) -> Shift:
    starts, ends = draw(st.lists(CLOCKS, min_size=2, max_size=2, unique=True))
    shift = Shift(
        weekday=draw(st.integers(0, 6)),
        starts=starts,
        ends=ends,
        valid_from=first + draw(st.integers(-9, 3)) * DAY,
        valid_until=draw(st.none() | st.integers(3, 9).map(lambda days: first + days * DAY)),
    )
    length = (minutes(ends) - minutes(starts)) % 1440
    if length >= 60 and draw(st.booleans()):
        begin = draw(st.integers(0, length // 30 - 2)) * 30
        end = begin + draw(st.integers(1, (length - begin) // 30)) * 30
        shift.lunch_minutes = draw(st.integers(15, end - begin))
        shift.lunch_from, shift.lunch_until = (after(starts, one) for one in (begin, end))
    return shift


def minutes(clock: time) -> int:
    return clock.hour * 60 + clock.minute


def after(clock: time, more: int) -> time:
    there = (minutes(clock) + more) % 1440
    return time(there // 60, there % 60)


@st.composite
def exceptions(draw: st.DrawFn, first: date) -> ShiftException:
    day = first + draw(st.integers(-1, 5)) * DAY
    if draw(st.integers(0, 2)) == 0:
        return ShiftException(day=day)
    starts, ends = draw(st.lists(CLOCKS, min_size=2, max_size=2, unique=True))
    effect = draw(st.sampled_from(["off", "extra"]))
    return ShiftException(day=day, effect=effect, starts=starts, ends=ends)


@st.composite
def entered(draw: st.DrawFn, first: date) -> Entered:
    zero = datetime.combine(first, time(), tzinfo=UTC)
    hours = st.integers(-48, 7 * 24)
    away = [
        Interval(zero + timedelta(hours=begin), zero + timedelta(hours=begin + length))
        for begin, length in draw(st.lists(st.tuples(hours, st.integers(1, 60)), max_size=2))
    ]
    return (
        draw(st.lists(shifts(first), max_size=6)),
        draw(st.lists(exceptions(first), max_size=3)),
        away,
        draw(st.sampled_from(ZONES)),
    )


def of_clock(clocks: Sequence[time | None]) -> Ints:
    return ints(0 if one is None else minutes(one) * 60_000_000 for one in clocks)


def of_day(days: Sequence[date]) -> Ints:
    return ints(day.toordinal() - FIRST_DAY for day in days)


def sheet_of(people: Sequence[Entered], *, first: date, last: date) -> Sheet:
    staff = Staff(
        numbers=np.arange(len(people)),
        homes=np.zeros((len(people), 2)),
        zones=ZONES,
        zone=ints(ZONES.index(zone) for *_, zone in people),
        max_driving=np.full(len(people), UNLIMITED),
        max_working=np.full(len(people), UNLIMITED),
    )
    rows = [(n, shift) for n, (theirs, *_) in enumerate(people) for shift in theirs]
    changed = [(n, one) for n, (_, theirs, *_) in enumerate(people) for one in theirs]
    windows, lunches = worked(
        calendar=Calendar.of(first=first, last=last, staff=staff),
        shifts=Shifts(
            nurse=ints(n for n, _ in rows),
            weekday=ints(shift.weekday for _, shift in rows),
            starts=of_clock([shift.starts for _, shift in rows]),
            ends=of_clock([shift.ends for _, shift in rows]),
            lunch_minutes=ints(shift.lunch_minutes for _, shift in rows),
            lunch_from=of_clock([shift.lunch_from for _, shift in rows]),
            lunch_until=of_clock([shift.lunch_until for _, shift in rows]),
            valid_from=of_day([shift.valid_from for _, shift in rows]),
            valid_until=of_day([shift.valid_until or date.max for _, shift in rows]),
        ),
        changes=Changes(
            nurse=ints(n for n, _ in changed),
            day=of_day([one.day for _, one in changed]),
            extra=np.array([one.effect == "extra" for _, one in changed], dtype=np.bool_),
            whole=np.array([one.starts is None for _, one in changed], dtype=np.bool_),
            starts=of_clock([one.starts for _, one in changed]),
            ends=of_clock([one.ends for _, one in changed]),
        ),
        off=[spans([(n, one) for n, (_, _, away, _) in enumerate(people) for one in away])],
    )
    return Sheet(staff, windows, lunches)


@settings(max_examples=60, deadline=None)
@given(drawn=st.data(), first=FIRST, days=st.integers(0, 4))
def test_it_works_the_hours_of_every_nurse_that_she_works_alone(
    drawn: st.DataObject, first: date, days: int
) -> None:
    people = drawn.draw(st.lists(entered(first), min_size=1, max_size=4))
    last = first + days * DAY
    # As they are read: exceptions of a day more on both sides.
    people = [
        (theirs, [one for one in changed if one.day <= last + DAY], away, zone)
        for theirs, changed, away, zone in people
    ]

    sheet = sheet_of(people, first=first, last=last)

    for number, (theirs, changed, away, zone) in enumerate(people):
        found = available_of(sheet, nurse=number, begin=0, end=UNLIMITED * 10**9)
        told = reference.hours(
            shifts=theirs, exceptions=changed, off=away, zone=zone, first=first, last=last
        )
        assert list(found.windows) == told[0]
        assert sorted(found.lunches) == told[1]
