"""What is reckoned of thousands of starts at once is what `clock` and `rules` say of each."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import example, given, settings, strategies as st

from booking import clock, grid, offers, rules
from booking.clock import ClockRules, Lengths
from patients.models import Order, Therapy
from scheduling import instants

CHICAGO = ZoneInfo("America/Chicago")
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")  # its clocks change by half an hour
HAVANA = ZoneInfo("America/Havana")  # at midnight
ZONES = st.sampled_from(
    [
        CHICAGO,
        LORD_HOWE,
        HAVANA,
        ZoneInfo("Europe/London"),
        ZoneInfo("America/Santiago"),
        ZoneInfo("Africa/Casablanca"),  # twice within a month
        ZoneInfo("Asia/Kathmandu"),
        ZoneInfo("Pacific/Kiritimati"),
        ZoneInfo("UTC"),
    ]
)
DAYS = st.dates(date(2025, 1, 1), date(2029, 12, 31))
# Around every change of clocks in these zones, more often than a date drawn at random.
CHANGES = st.sampled_from(
    [date(2027, 3, 14), date(2027, 11, 7), date(2027, 4, 4), date(2027, 10, 3), date(2027, 9, 5)]
)
FIRST = DAYS | CHANGES.flatmap(lambda day: st.integers(0, 6).map(lambda n: day - timedelta(days=n)))
HOURS = st.sampled_from(
    [
        (time(8), time(20)),
        (time(0), time(23, 59)),
        (time(0, 30), time(6, 30)),
        (time(8, 10), time(9)),
    ]
)
LENGTHS = st.builds(
    Lengths, prep=st.integers(0, 60), infusion=st.integers(1, 240), observation=st.integers(0, 120)
)


def hours(pair: tuple[time, time]) -> ClockRules:
    return ClockRules(opens=pair[0], closes=pair[1])


def step_by_step(
    *, day: date, lengths: Lengths, zone: ZoneInfo, figures: ClockRules
) -> list[datetime]:
    """Every minute of the day that is on the grid and inside service hours."""
    midnight = datetime.combine(day, time(), tzinfo=zone).astimezone(UTC)
    minutes = (midnight + timedelta(minutes=number) for number in range(26 * 60))
    return [
        start
        for start in minutes
        if clock.local_day(start, zone) == day
        and clock.on_grid(start, zone, figures)
        and clock.within_service_hours(
            starts_at=start,
            ends_at=start + timedelta(minutes=lengths.total),
            zone=zone,
            rules=figures,
        )
    ]


@settings(max_examples=40)
@given(zone=ZONES, day=FIRST, lengths=LENGTHS, opening=HOURS)
@example(zone=CHICAGO, day=date(2027, 3, 14), lengths=Lengths(0, 15, 0), opening=(time(0), time(6)))
@example(zone=HAVANA, day=date(2027, 3, 14), lengths=Lengths(0, 15, 0), opening=(time(0), time(6)))
@example(
    zone=LORD_HOWE, day=date(2027, 4, 4), lengths=Lengths(0, 15, 0), opening=(time(0), time(6))
)
def test_it_gives_the_starts_of_a_day_that_looking_at_every_minute_gives(
    zone: ZoneInfo, day: date, lengths: Lengths, opening: tuple[time, time]
) -> None:
    figures = hours(opening)
    starts = clock.grid_starts(day=day, lengths=lengths, zone=zone, rules=figures)

    assert starts == step_by_step(day=day, lengths=lengths, zone=zone, figures=figures)


@settings(max_examples=40)
@given(zone=ZONES, first=FIRST, days=st.integers(1, 10), lengths=LENGTHS, opening=HOURS)
def test_it_gives_the_starts_of_many_days_in_order(
    zone: ZoneInfo, first: date, days: int, lengths: Lengths, opening: tuple[time, time]
) -> None:
    figures = hours(opening)
    last = first + timedelta(days=days - 1)

    found = grid.starts(first=first, last=last, lengths=lengths, zone=zone, rules=figures)

    assert [instants.instant(start) for start in found.tolist()] == [
        start
        for number in range(days)
        for start in clock.grid_starts(
            day=first + timedelta(days=number), lengths=lengths, zone=zone, rules=figures
        )
    ]


@settings(max_examples=40)
@given(zone=ZONES, first=FIRST, days=st.integers(1, 40))
def test_it_reads_clocks_as_the_zone_does(zone: ZoneInfo, first: date, days: int) -> None:
    start = clock.at_local(first, time(8), zone)
    starts = np.arange(
        instants.micros(start), instants.micros(start) + days * instants.DAY, 15 * instants.MINUTE
    )

    shown = grid.wall_clock(zone=zone, starts=starts).local(starts)

    for at, local in zip(starts.tolist(), shown.tolist(), strict=True):
        wall = instants.instant(at).astimezone(zone)
        assert instants.instant(local).replace(tzinfo=None) == wall.replace(tzinfo=None)


@st.composite
def wishes(draw: st.DrawFn) -> tuple[rules.Wish, date]:
    """Somebody's wish, with other visits near the days they look at."""
    zone, first, lengths = draw(ZONES), draw(FIRST), draw(LENGTHS)
    opens = clock.at_local(first, time(8), zone)
    near = st.integers(-8 * 96, 12 * 96).map(lambda n: opens + timedelta(minutes=15 * n))
    therapy = Therapy(
        slug="any",
        prep_minutes=lengths.prep,
        infusion_minutes=lengths.infusion,
        observation_minutes=lengths.observation,
        min_interval_hours=draw(st.sampled_from([0, 20, 24, 48, 30, 168])),
        needs_order=draw(st.booleans()),
    )
    order = Order(min_interval_hours=draw(st.sampled_from([20, 48, 72])))
    visits = draw(st.lists(st.tuples(near, st.integers(10, 400)), max_size=4))
    diary = rules.Diary(
        taken=tuple((start, start + timedelta(minutes=length)) for start, length in visits),
        infusions=tuple(
            (start, draw(st.sampled_from([20, 24, 48, 96])))
            for start in draw(st.lists(near, max_size=3))
        ),
    )
    wish = rules.Wish(
        therapy=therapy,
        order=draw(st.sampled_from([order, None])) if therapy.needs_order else None,
        starts_at=opens,
        zone=zone,
        asked_at=opens + draw(st.timedeltas(timedelta(days=-62), timedelta(days=3))),
        diary=diary,
    )
    return wish, first


@settings(max_examples=60)
@given(wished=wishes(), days=st.integers(1, 6))
def test_it_keeps_the_starts_that_break_no_rule_and_no_other(
    wished: tuple[rules.Wish, date], days: int
) -> None:
    wish, first = wished
    starts = grid.starts(
        first=first,
        last=first + timedelta(days=days - 1),
        lengths=rules.lengths_of(wish.therapy),
        zone=wish.zone,
        rules=rules.clock_rules(),
    )

    kept = rules.keeps(wish, starts)

    for start, keeps in zip(starts.tolist(), kept.tolist(), strict=True):
        at = replace(wish, starts_at=instants.instant(start))
        assert keeps == (not list(rules.broken(at))), at.starts_at


@settings(max_examples=40)
@given(zone=ZONES, first=FIRST, days=st.integers(1, 5), lengths=LENGTHS, restful=st.booleans())
def test_it_writes_what_follows_from_each_start(
    zone: ZoneInfo, first: date, days: int, lengths: Lengths, *, restful: bool
) -> None:
    last = first + timedelta(days=days - 1)
    starts = grid.starts(
        first=first, last=last, lengths=lengths, zone=zone, rules=clock.DEFAULT_RULES
    )

    said = json.loads(
        offers.answer(
            starts, lengths=lengths, zone=zone, rules=clock.DEFAULT_RULES, restful=restful
        )
    )

    assert said["time_zone"] == zone.key
    assert len(said["slots"]) == len(starts)
    for start, slot in zip(starts.tolist(), said["slots"], strict=True):
        around = clock.times_around(starts_at=instants.instant(start), lengths=lengths, zone=zone)
        for number, name in enumerate(offers.NAMES):
            shown = getattr(around, name).astimezone(zone).isoformat().replace("+00:00", "Z")
            assert slot[name] == (shown if restful or number < 2 else None)


def test_it_writes_no_slots_and_both_kinds_of_offset() -> None:
    london = ZoneInfo("Europe/London")
    figures: dict[str, Any] = {
        "lengths": Lengths(0, 30, 0),
        "zone": london,
        "rules": clock.DEFAULT_RULES,
    }
    nothing = offers.answer(np.zeros(0, dtype="int64"), restful=True, **figures)
    assert nothing == b'{"time_zone":"Europe/London","slots":[]}'
    change = grid.starts(first=date(2027, 3, 27), last=date(2027, 3, 28), **figures)
    said = json.loads(offers.answer(change, restful=False, **figures))
    assert said["slots"][0]["starts_at"] == "2027-03-27T08:00:00Z"
    assert said["slots"][-1]["ends_at"] == "2027-03-28T20:00:00+01:00"


@pytest.mark.parametrize("day", [date(2027, 3, 14), date(2027, 11, 7)])
def test_it_says_the_offset_of_each_instant_on_a_day_that_clocks_change(day: date) -> None:
    figures: dict[str, Any] = {
        "lengths": Lengths(0, 60, 0),
        "zone": CHICAGO,
        "rules": ClockRules(opens=time(0)),
    }
    starts = grid.starts(first=day, last=day, **figures)
    said = json.loads(offers.answer(starts, restful=True, **figures))["slots"]
    assert {slot["starts_at"][-6:] for slot in said} == {"-06:00", "-05:00"}
    assert said[0]["fast_from"][-6:] != said[-1]["starts_at"][-6:]
