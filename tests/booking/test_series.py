"""A course that is suggested keeps its pattern, and says truly what it keeps."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise, product
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings, strategies as st

from booking.clock import at_local, local_day, spacing_ok
from booking.series import PATTERNS, Offer, Pattern, Series, longest, suggest

CHICAGO = ZoneInfo("America/Chicago")
MONDAY = date(2027, 2, 1)
CLEO, DEE = 1, 2
PAIN, MOOD, MAINTENANCE = (PATTERNS[s] for s in ("pain-240", "mood-40", "maintenance-40"))


def at(day: int, hour: int, minute: int = 0, *, first: date = MONDAY) -> datetime:
    return at_local(first + timedelta(days=day), time(hour, minute), CHICAGO)


def offer(day: int, hour: int, *nurses: int) -> Offer:
    return Offer(at(day, hour), frozenset(nurses or (CLEO,)))


def every_day(days: int, *hours: int, nurses: tuple[int, ...] = (CLEO,)) -> list[Offer]:
    return [offer(day, hour, *nurses) for day, hour in product(range(days), hours)]


def pain(offers: list[Offer], *, visits: int = 5, wanted: time | None = None) -> Series | None:
    return suggest(
        offers=offers,
        zone=CHICAGO,
        pattern=PAIN,
        visits=visits,
        minimum_hours=20,
        wanted=wanted,
    )


def mood(offers: list[Offer], *, minimum_hours: int = 48) -> Series | None:
    return suggest(offers=offers, zone=CHICAGO, pattern=MOOD, visits=6, minimum_hours=minimum_hours)


def days_of(found: Series | None) -> list[int]:
    assert found is not None
    return [(local_day(start, CHICAGO) - MONDAY).days for start in found.starts]


def test_it_takes_the_first_five_days_at_one_hour_with_one_nurse() -> None:
    found = pain(every_day(10, 8, 10, 12))
    assert found == Series(tuple(at(day, 8) for day in range(5)), True, frozenset([CLEO]))


def test_it_waits_for_one_nurse_rather_than_have_two() -> None:
    offers = [offer(day, 9, CLEO if day < 3 else DEE) for day in range(10)]
    found = pain(offers)
    assert days_of(found) == [3, 4, 5, 6, 7]
    assert found is not None
    assert found.nurses == {DEE}


def test_it_keeps_the_hour_rather_than_the_nurse() -> None:
    hours = {0: 9, 1: 9, 2: 10, 3: 9, 4: 9}
    offers = [offer(day, hour, CLEO) for day, hour in hours.items()] + [offer(2, 9, DEE)]
    found = pain(offers)
    assert found is not None
    assert (found.same_time, found.nurses) == (True, frozenset())
    assert found.starts[2] == at(2, 9)


def test_it_changes_the_hour_least_where_no_hour_can_be_kept() -> None:
    offers = [offer(day, hour) for day, hour in [(0, 9), (0, 13), (1, 12), (2, 12), (3, 13)]]
    found = pain([*offers, offer(4, 8), offer(4, 13)])
    assert found is not None
    assert not found.same_time
    assert [start.astimezone(CHICAGO).hour for start in found.starts] == [13, 12, 12, 13, 13]


def test_it_takes_the_time_asked_for_before_an_earlier_date_or_one_nurse() -> None:
    offers = every_day(12, 8) + [offer(day, 13, CLEO + day % 2) for day in range(3, 12)]
    found = pain(offers, wanted=time(13))
    assert found is not None
    assert days_of(found) == [3, 4, 5, 6, 7]
    assert (found.starts[0], found.same_time, found.nurses) == (at(3, 13), True, frozenset())


def test_it_takes_the_nearest_time_to_one_that_cannot_be_had() -> None:
    found = pain(every_day(6, 8, 11, 16), wanted=time(12, 30))
    assert found is not None
    assert found.starts[0] == at(0, 11)


def test_it_keeps_the_clock_time_over_a_change_of_clocks() -> None:
    friday = date(2027, 3, 12)  # clocks go forward on the 14th
    offers = [Offer(at(day, 9, first=friday), frozenset([CLEO])) for day in range(5)]
    found = pain(offers)
    assert found is not None
    assert found.same_time
    assert {start.astimezone(CHICAGO).hour for start in found.starts} == {9}
    assert found.starts[2] - found.starts[1] == timedelta(hours=23)


def test_it_never_calls_one_instant_of_a_week_one_time_of_day() -> None:
    friday = date(2027, 3, 12)
    first = at(0, 9, first=friday)
    offers = [Offer(first + timedelta(days=n), frozenset([CLEO])) for n in range(5)]
    found = pain(offers)
    assert found is not None
    assert not found.same_time


def test_it_spreads_six_visits_over_two_to_three_weeks() -> None:
    assert days_of(mood(every_day(30, 9))) == [0, 2, 4, 6, 8, 11]


def test_it_comes_on_monday_wednesday_and_friday_where_nobody_works_at_weekends() -> None:
    offers = [one for one in every_day(30, 9) if one.starts_at.weekday() < 5]
    assert days_of(mood(offers)) == [0, 2, 4, 7, 9, 11]


def test_it_keeps_the_order_s_wider_spacing() -> None:
    assert days_of(mood(every_day(30, 9), minimum_hours=72)) == [0, 3, 6, 9, 12, 15]
    assert mood(every_day(30, 9), minimum_hours=120) is None


def test_it_has_no_course_where_a_day_is_missing() -> None:
    offers = [one for one in every_day(9, 9) if local_day(one.starts_at, CHICAGO).day != 5]
    assert pain(offers) is None
    assert longest(offers=offers, zone=CHICAGO, pattern=PAIN, visits=4, minimum_hours=20) == 4
    assert pain([]) is None
    assert longest(offers=[], zone=CHICAGO, pattern=PAIN, visits=4, minimum_hours=20) == 0


def test_it_begins_later_where_no_course_fits_at_first() -> None:
    offers = [one for one in every_day(40, 9) if local_day(one.starts_at, CHICAGO).day % 3]
    assert pain(offers) is None
    later = [*offers, *(offer(day, 9) for day in range(30, 36))]
    assert days_of(pain(later)) == [27, 28, 29, 30, 31]


def test_it_comes_back_every_four_to_six_weeks() -> None:
    found = suggest(
        offers=every_day(60, 9), zone=CHICAGO, pattern=MAINTENANCE, visits=3, minimum_hours=672
    )
    assert days_of(found) == [0, 28, 56]


def test_it_refuses_a_course_of_no_visits() -> None:
    with pytest.raises(ValueError, match="at least one"):
        pain(every_day(3, 9), visits=0)


# -- what holds for every clinic -----------------------------------------------------------------

SPRING = date(2027, 3, 8)
HOURS = st.sampled_from([time(8), time(9, 15), time(11), time(14)])
ENTRIES = st.lists(
    st.tuples(st.integers(0, 16), HOURS, st.frozensets(st.integers(1, 3), min_size=1)),
    max_size=45,
)


def _offers(entries: list[tuple[int, time, frozenset[int]]]) -> list[Offer]:
    rows = {(day, hour): nurses for day, hour, nurses in entries}
    return [
        Offer(at_local(SPRING + timedelta(days=day), hour, CHICAGO), nurses)
        for (day, hour), nurses in rows.items()
    ]


def _keeps(found: Series, offers: list[Offer], pattern: Pattern, hours: int) -> bool:
    nurses = {one.starts_at: one.nurses for one in offers}
    days = [local_day(start, CHICAGO) for start in found.starts]
    return (
        all(start in nurses for start in found.starts)
        and all((later - day).days in pattern.steps for day, later in pairwise(days))
        and all(
            spacing_ok(earlier=a, later=b, minimum_hours=hours, zone=CHICAGO)
            for a, b in pairwise(found.starts)
        )
        and found.nurses == frozenset.intersection(*(nurses[start] for start in found.starts))
        and found.same_time
        == (len({start.astimezone(CHICAGO).time() for start in found.starts}) == 1)
    )


@settings(max_examples=60, deadline=None)
@given(
    ENTRIES,
    st.sampled_from([(PAIN, 3, 20), (PAIN, 5, 20), (MOOD, 3, 48), (MOOD, 4, 71)]),
    st.none() | HOURS,
)
def test_it_keeps_every_rule_and_its_word(
    entries: list[tuple[int, time, frozenset[int]]],
    course: tuple[Pattern, int, int],
    wanted: time | None,
) -> None:
    offers, (pattern, visits, hours) = _offers(entries), course
    found = suggest(
        offers=offers,
        zone=CHICAGO,
        pattern=pattern,
        visits=visits,
        minimum_hours=hours,
        wanted=wanted,
    )
    if found is None:
        assert not _some_course(offers, pattern, visits, hours)
    else:
        assert len(found.starts) == visits
        assert _keeps(found, offers, pattern, hours)


def _some_course(offers: list[Offer], pattern: Pattern, visits: int, hours: int) -> bool:
    """Whether any chain of starts would do, tried one by one."""
    chains = [[one.starts_at] for one in offers]
    for _ in range(visits - 1):
        chains = [
            [*chain, one.starts_at]
            for chain in {chain[-1]: chain for chain in chains}.values()
            for one in offers
            if (local_day(one.starts_at, CHICAGO) - local_day(chain[-1], CHICAGO)).days
            in pattern.steps
            and spacing_ok(
                earlier=chain[-1], later=one.starts_at, minimum_hours=hours, zone=CHICAGO
            )
        ]
    return bool(chains)


@settings(max_examples=40, deadline=None)
@given(ENTRIES)
def test_it_never_leaves_the_hour_or_the_nurse_without_need(
    entries: list[tuple[int, time, frozenset[int]]],
) -> None:
    offers = _offers(entries)
    found = pain(offers, visits=3)
    if found is None:
        return
    alike = [
        [one for one in offers if one.starts_at.astimezone(CHICAGO).time() == hour]
        for hour in {one.starts_at.astimezone(CHICAGO).time() for one in offers}
    ]
    window = timedelta(days=14)
    first = min(local_day(one.starts_at, CHICAGO) for one in offers)

    def begins_soon(course: Series | None) -> bool:
        return course is not None and local_day(course.starts[0], CHICAGO) - first < window

    kept = [course for theirs in alike if begins_soon(course := pain(theirs, visits=3))]
    if begins_soon(found):
        assert found.same_time == bool(kept)
        assert bool(found.nurses) or not any(course and course.nurses for course in kept)


def test_it_reads_offers_in_any_order_and_of_any_zone() -> None:
    offers = every_day(6, 9, 10)
    shuffled = [
        Offer(one.starts_at.astimezone(CHICAGO if place % 2 else UTC), one.nurses)
        for place, one in enumerate(reversed(offers))
    ]
    assert pain(shuffled) == pain(offers)
