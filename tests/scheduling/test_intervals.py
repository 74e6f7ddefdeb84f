"""Intervals against a brute force that colours minutes."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, strategies as st

from scheduling import intervals
from scheduling.intervals import Interval

START = datetime(2026, 11, 23, tzinfo=UTC)
MINUTES = range(60)


def span(first: int, stop: int) -> Interval:
    return Interval(START + timedelta(minutes=first), START + timedelta(minutes=stop))


def coloured(pieces: Iterable[Interval]) -> set[int]:
    return {
        minute
        for minute in MINUTES
        for piece in pieces
        if piece.start <= START + timedelta(minutes=minute) < piece.end
    }


SPANS = st.tuples(st.integers(0, 59), st.integers(1, 60)).filter(lambda p: p[0] < p[1])
INTERVALS = SPANS.map(lambda pair: span(*pair))
LISTS = st.lists(INTERVALS, max_size=6)


def assert_tidy(pieces: list[Interval]) -> None:
    """Sorted, and with daylight between one and the next."""
    assert all(one.end < later.start for one, later in pairwise(pieces))


@given(LISTS)
def test_it_merges_to_the_same_minutes(pieces: list[Interval]) -> None:
    merged = intervals.merge(pieces)

    assert coloured(merged) == coloured(pieces)
    assert_tidy(merged)


@given(LISTS, LISTS)
def test_it_subtracts_minute_by_minute(pieces: list[Interval], taken: list[Interval]) -> None:
    left = intervals.subtract(pieces, taken)

    assert coloured(left) == coloured(pieces) - coloured(taken)
    assert_tidy(left)


@given(INTERVALS, INTERVALS)
def test_it_knows_what_overlaps_and_what_contains(one: Interval, other: Interval) -> None:
    assert intervals.overlaps(one, other) == bool(coloured([one]) & coloured([other]))
    assert intervals.contains(one, other) == (coloured([other]) <= coloured([one]))


def test_it_lets_one_visit_start_as_another_ends() -> None:
    assert not intervals.overlaps(span(0, 30), span(30, 60))
    assert intervals.merge([span(30, 60), span(0, 30)]) == [span(0, 60)]


@pytest.mark.parametrize(("taken", "left"), [((0, 20), [(20, 60)]), ((40, 60), [(0, 40)])])
def test_it_removes_exactly_the_exception_at_an_end(
    taken: tuple[int, int], left: list[tuple[int, int]]
) -> None:
    assert intervals.subtract([span(0, 60)], [span(*taken)]) == [span(*pair) for pair in left]


def test_it_keeps_the_second_of_two_equal_clock_times_after_the_first() -> None:
    chicago = ZoneInfo("America/Chicago")
    first = datetime(2026, 11, 1, 1, 45, tzinfo=chicago)
    second = datetime(2026, 11, 1, 1, 15, tzinfo=chicago, fold=1)

    night = Interval(first, second)

    assert night.end - night.start == timedelta(minutes=30)
    assert night.start.tzinfo is UTC


def test_it_refuses_an_empty_interval() -> None:
    with pytest.raises(ValueError, match="ends after it starts"):
        span(30, 30)


def test_it_refuses_times_without_a_zone_and_times_too_far_off() -> None:
    with pytest.raises(ValueError, match="needs a zone"):
        Interval(START.replace(tzinfo=None), START)
    with pytest.raises(ValueError, match="out of range"):
        Interval(START, datetime.max.replace(tzinfo=ZoneInfo("America/Chicago")))
