"""The rows of every nurse at once are those of each nurse's gaps."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given, settings, strategies as st

from scheduling import daysheet, slots
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
                wide = draw(st.integers(1, min(6, (end - begin) // 30))) * 30
                opens = begin + draw(st.integers(0, (end - begin - wide) // 30)) * 30
                minutes = min(15 * draw(st.integers(1, 4)), wide)
                lunches.append(Lunch(span(zero, opens, opens + wide), minutes, shift))
            at = begin + draw(st.integers(0, 120) | st.integers(-30, 0))
            for _ in range(draw(st.integers(0, 3))):
                length = draw(st.integers(10, 150))
                where = draw(place | st.none())
                if at + length <= end or draw(st.integers(0, 5)) == 0:
                    taken.append(Busy(span(zero, at, at + length), where))
                at += length + draw(st.integers(0, 150) | st.integers(-20, 0))
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


@settings(max_examples=100, deadline=None)
@given(clinic=clinics())
def test_it_gives_every_nurse_the_gaps_she_has_alone(
    clinic: tuple[list[Available], list[list[Busy]]],
) -> None:
    people, visits = clinic
    rows = daysheet.rows(sheet=sheet_of(people), held=held_by(visits), travel=LINE)

    assert sorted(told_rows(rows), key=str) == sorted(expected(people, visits, LINE), key=str)


@settings(max_examples=30, deadline=None)
@given(clinic=clinics(), minutes=st.integers(1, 240))
def test_it_leaves_out_only_what_is_too_short(
    clinic: tuple[list[Available], list[list[Busy]]], minutes: int
) -> None:
    people, visits = clinic
    asked: dict[str, Any] = {"sheet": sheet_of(people), "held": held_by(visits), "travel": LINE}

    few, all_ = daysheet.rows(**asked, shortest=minutes), daysheet.rows(**asked)

    fit = {
        name: slots.fits(rows=rows, here=at_km(7), minutes=minutes, travel=LINE)
        for name, rows in (("few", few), ("all", all_))
    }
    told_few, told_all = told_rows(few), told_rows(all_)
    assert [told_few[row] for row in fit["few"].row] == [told_all[row] for row in fit["all"].row]
    assert len(told_few) <= len(told_all)


def test_it_asks_a_routing_server_for_the_legs_and_nothing_else() -> None:
    home, there, back = at_km(0), at_km(10), at_km(25)
    day = Interval(datetime(2027, 2, 1, 14, tzinfo=UTC), datetime(2027, 2, 2, 2, tzinfo=UTC))
    cleo = Available(1, home, ZONES[0], (day,), max_driving=100)
    visits = [
        Busy(span(day.start, 60, 120), there),
        Busy(span(day.start, 300, 400), back),
    ]

    rows = daysheet.rows(sheet=sheet_of([cleo]), held=held_by([visits]), travel=LINE)

    assert rows.drive.tolist() == [10, 15, 25]
    assert set(rows.spare_driving.tolist()) == {100 - 10 - 15 - 25}
