"""The rows of every nurse at once are those of each nurse's gaps."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given, settings, strategies as st

from scheduling import daysheet
from scheduling.gaps import Available, Busy, Gap, Lunch, gaps
from scheduling.instants import micros
from scheduling.intervals import Interval, merge
from scheduling.slots import Rows
from scheduling.travel import Travel
from tests.scheduling.columns import held_by, limit, sheet_of
from tests.scheduling.line import LINE, at_km

ZONES = tuple(ZoneInfo(name) for name in ("America/Chicago", "America/Havana", "Asia/Karachi"))
# The days around a change of clocks, at midnight in Havana and at two in Chicago.
DAYS = st.sampled_from([datetime(2027, 3, 13, 6, tzinfo=UTC), datetime(2027, 11, 6, 5, tzinfo=UTC)])


def told(gap: Gap) -> tuple[Any, ...]:
    instants = (micros(one) for one in (gap.ready, gap.due, gap.opens, gap.closes))
    spare = limit(gap.spare_driving), limit(gap.spare_working)
    return gap.nurse_id, *instants, gap.before, gap.after, gap.drive, *spare


def told_rows(rows: Rows) -> list[tuple[Any, ...]]:
    names = ("nurse", "ready", "due", "opens", "closes")
    instants = zip(*(getattr(rows, name).tolist() for name in names), strict=True)
    before, after = (
        [rows.spots.place(number) for number in which.tolist()]
        for which in (rows.before, rows.after)
    )
    rest = zip(
        *(getattr(rows, name).tolist() for name in ("drive", "spare_driving", "spare_working")),
        strict=True,
    )
    return [
        (*times, one, other, *numbers)
        for times, one, other, numbers in zip(instants, before, after, rest, strict=True)
    ]


@st.composite
def clinics(draw: st.DrawFn) -> tuple[list[Available], list[list[Busy]]]:
    """A few nurses over three days, most of them plain."""
    zero = draw(DAYS)
    place = st.integers(-20, 60).map(at_km)
    people, visits = [], []
    for number in range(draw(st.integers(1, 4))):
        windows, lunches, taken = [], [], []
        for day in range(3):
            if draw(st.integers(0, 9)) == 0:
                continue
            begin = 1440 * day + draw(st.integers(0, 12)) * 60
            end = begin + draw(st.integers(1, 14)) * 60
            shift = span(zero, begin, end)
            off = draw(st.integers(0, 3)) == 0 and end - begin > 120
            windows += (
                [span(zero, begin, begin + 60), span(zero, begin + 90, end)] if off else [shift]
            )
            if draw(st.booleans()) and end - begin >= 120:
                wide = draw(st.integers(1, 3)) * 30
                opens = begin + draw(st.integers(0, (end - begin - wide) // 30)) * 30
                minutes = draw(st.integers(1, wide // 15)) * 15
                lunches.append(Lunch(span(zero, opens, opens + wide), minutes, shift))
            at = begin + draw(st.integers(-30, 120))
            for _ in range(draw(st.integers(0, 3))):
                length = draw(st.integers(10, 200))
                where = draw(st.none() | place)
                taken.append(Busy(span(zero, at, at + length), where))
                at += length + draw(st.integers(0, 150)) - 15 * draw(st.integers(0, 9) | st.just(0))
        people.append(
            Available(
                nurse_id=7 * number + 3,
                home=draw(place),
                zone=draw(st.sampled_from(ZONES)),
                windows=tuple(merge(windows)),
                lunches=tuple(sorted(lunches)),
                max_driving=draw(st.none() | st.integers(0, 200)),
                max_working=draw(st.none() | st.integers(100, 720)),
            )
        )
        visits.append(taken)
    return people, visits


def span(zero: datetime, first: int, stop: int) -> Interval:
    return Interval(zero + timedelta(minutes=first), zero + timedelta(minutes=stop))


def expected(
    people: Sequence[Available], visits: Sequence[Sequence[Busy]], travel: Travel
) -> list[tuple[Any, ...]]:
    return [
        told(gap)
        for one, theirs in zip(people, visits, strict=True)
        for gap in gaps(nurse=one, visits=theirs, drive=travel.minutes)
    ]


@settings(max_examples=150, deadline=None)
@given(clinic=clinics())
def test_it_gives_every_nurse_the_gaps_she_has_alone(
    clinic: tuple[list[Available], list[list[Busy]]],
) -> None:
    people, visits = clinic
    rows = daysheet.rows(sheet=sheet_of(people), held=held_by(visits), travel=LINE)

    assert sorted(told_rows(rows), key=str) == sorted(expected(people, visits, LINE), key=str)
