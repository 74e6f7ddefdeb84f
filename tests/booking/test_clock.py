"""The times around a visit: the domain's vectors, then properties over zones and days."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, strategies as st

from booking import clock
from booking.clock import ClockRules, Lengths

MOOD = Lengths(prep=30, infusion=40, observation=120)
PAIN = Lengths(prep=30, infusion=240, observation=120)
CHICAGO = ZoneInfo("America/Chicago")
NEW_YORK = ZoneInfo("America/New_York")
ST_JOHNS = ZoneInfo("America/St_Johns")
PHOENIX = ZoneInfo("America/Phoenix")

ZONES = st.sampled_from(
    [
        ZoneInfo(name)
        for name in (
            "America/Chicago",
            "America/New_York",
            "America/Los_Angeles",
            "America/Phoenix",
            "America/St_Johns",
            "Pacific/Honolulu",
            "America/Anchorage",
            "Pacific/Guam",
            "Australia/Lord_Howe",
            "Antarctica/Troll",
            "Asia/Kathmandu",
            "UTC",
        )
    ]
)
DAYS = st.dates(date(2024, 1, 1), date(2036, 12, 31))
INSTANTS = DAYS.flatmap(
    lambda day: st.integers(0, 24 * 60 - 1).map(
        lambda minute: datetime.combine(day, time(), UTC) + timedelta(minutes=minute)
    )
)
LENGTHS = st.sampled_from([MOOD, PAIN, Lengths(prep=0, infusion=30, observation=0)])


def local(zone: ZoneInfo, *parts: int, fold: int = 0) -> datetime:
    year, month, day, hour, minute = parts
    return datetime(year, month, day, hour, minute, tzinfo=zone, fold=fold).astimezone(UTC)


def assert_says(
    instant: datetime, zone: ZoneInfo, *, utc: str, wall: str, name: str, fold: int
) -> None:
    here = instant.astimezone(zone)
    assert instant == datetime.fromisoformat(utc)
    assert f"{here:%H:%M}" == wall
    assert here.tzname() == name
    assert here.fold == fold


@pytest.mark.parametrize(
    ("zone", "start", "utc", "wall", "name", "fold"),
    [
        (NEW_YORK, (2027, 3, 14, 8, 0), "2027-03-14T06:00Z", "01:00", "EST", 0),
        (NEW_YORK, (2026, 11, 1, 7, 30), "2026-11-01T06:30Z", "01:30", "EST", 1),
        (ST_JOHNS, (2027, 3, 14, 8, 0), "2027-03-14T04:30Z", "01:00", "NST", 0),
        (PHOENIX, (2027, 3, 14, 8, 0), "2027-03-14T09:00Z", "02:00", "MST", 0),
    ],
)
def test_it_stops_food_six_elapsed_hours_before(
    *, zone: ZoneInfo, start: tuple[int, ...], utc: str, wall: str, name: str, fold: int
) -> None:
    times = clock.times_around(starts_at=local(zone, *start), lengths=MOOD, zone=zone)

    assert_says(times.fast_from, zone, utc=utc, wall=wall, name=name, fold=fold)


def test_it_forbids_driving_for_twenty_four_elapsed_hours() -> None:
    end = local(NEW_YORK, 2027, 3, 13, 15, 30)

    free = clock.drive_after(observation_end=end, zone=NEW_YORK)

    assert_says(free, NEW_YORK, utc="2027-03-14T20:30Z", wall="16:30", name="EDT", fold=0)


def test_it_counts_six_elapsed_hours_over_the_hour_that_happens_twice() -> None:
    end = local(NEW_YORK, 2027, 11, 6, 20, 0)
    rules = ClockRules(driving_hours=6, driving_not_before=time(0))

    free = clock.drive_after(observation_end=end, zone=NEW_YORK, rules=rules)

    assert_says(free, NEW_YORK, utc="2027-11-07T06:00Z", wall="01:00", name="EST", fold=1)


def test_it_forbids_driving_until_eight_the_next_day_when_that_is_later() -> None:
    rules = ClockRules(driving_hours=6)
    end = local(CHICAGO, 2026, 11, 23, 16, 30)

    free = clock.drive_after(observation_end=end, zone=CHICAGO, rules=rules)

    assert free == local(CHICAGO, 2026, 11, 24, 8, 0)


def test_it_gives_ada_every_time_of_an_ordinary_visit() -> None:
    start = local(CHICAGO, 2026, 11, 23, 13, 20)

    times = clock.times_around(starts_at=start, lengths=MOOD, zone=CHICAGO)

    assert times.starts_at == start
    assert times.ends_at == local(CHICAGO, 2026, 11, 23, 16, 30)
    assert times.heavy_meal_until == local(CHICAGO, 2026, 11, 23, 5, 20)
    assert times.fast_from == local(CHICAGO, 2026, 11, 23, 7, 20)
    assert times.liquids_until == local(CHICAGO, 2026, 11, 23, 11, 20)
    assert times.drive_after == local(CHICAGO, 2026, 11, 24, 16, 30)
    assert clock.say_moment(times.drive_after, CHICAGO) == "Tue 24 Nov, 4:30 PM CST"


@pytest.mark.parametrize(("lengths", "wall"), [(PAIN, "13:30"), (MOOD, "16:50")])
def test_it_starts_no_later_than_the_evening_allows(lengths: Lengths, wall: str) -> None:
    last = clock.latest_start(day=date(2026, 11, 23), lengths=lengths, zone=CHICAGO)

    assert f"{last.astimezone(CHICAGO):%H:%M}" == wall


@pytest.mark.parametrize(
    ("start", "end", "allowed"),
    [
        ((8, 0), (20, 0), True),
        ((7, 59), (12, 0), False),
        ((16, 51), (20, 1), False),
        ((19, 0), (8, 0), False),
    ],
)
def test_it_keeps_the_whole_visit_inside_service_hours(
    start: tuple[int, int], end: tuple[int, int], *, allowed: bool
) -> None:
    starts_at = local(CHICAGO, 2026, 11, 23, *start)
    ends_at = local(CHICAGO, 2026, 11, 23, *end)
    if ends_at < starts_at:
        ends_at += timedelta(days=1)

    inside = clock.within_service_hours(starts_at=starts_at, ends_at=ends_at, zone=CHICAGO)

    assert inside is allowed


def test_it_offers_quarter_hours_from_opening_to_the_latest_start() -> None:
    starts = clock.grid_starts(day=date(2026, 11, 23), lengths=MOOD, zone=CHICAGO)

    assert starts[0] == local(CHICAGO, 2026, 11, 23, 8, 0)
    assert starts[-1] == local(CHICAGO, 2026, 11, 23, 16, 45)
    assert len(starts) == 36


@pytest.mark.parametrize(("day", "hours"), [(date(2027, 3, 14), 5), (date(2027, 11, 7), 7)])
def test_it_counts_the_real_hours_of_a_window_across_a_change(day: date, hours: int) -> None:
    rules = ClockRules(opens=time(0, 30), closes=time(6, 30))
    short = Lengths(prep=0, infusion=15, observation=0)

    starts = clock.grid_starts(day=day, lengths=short, zone=NEW_YORK, rules=rules)

    assert len(starts) == hours * 4
    assert {later - start for start, later in pairwise(starts)} == {timedelta(minutes=15)}


@given(zone=ZONES, day=DAYS, lengths=LENGTHS)
@example(zone=NEW_YORK, day=date(2027, 3, 14), lengths=MOOD)
@example(zone=NEW_YORK, day=date(2027, 11, 7), lengths=MOOD)
def test_it_only_offers_starts_that_the_rules_accept(
    zone: ZoneInfo, day: date, lengths: Lengths
) -> None:
    starts = clock.grid_starts(day=day, lengths=lengths, zone=zone)

    assert starts
    assert starts == sorted(set(starts))
    for start in starts:
        end = start + timedelta(minutes=lengths.total)
        assert clock.local_day(start, zone) == day
        assert clock.on_grid(start, zone)
        assert clock.within_service_hours(starts_at=start, ends_at=end, zone=zone)


@given(zone=ZONES, day=DAYS, lengths=LENGTHS)
def test_it_misses_no_start_that_the_rules_accept(
    zone: ZoneInfo, day: date, lengths: Lengths
) -> None:
    starts = set(clock.grid_starts(day=day, lengths=lengths, zone=zone))
    midnight = datetime.combine(day, time(), tzinfo=zone).astimezone(UTC)

    for quarter in range(25 * 4):
        start = midnight + timedelta(minutes=15 * quarter)
        end = start + timedelta(minutes=lengths.total)
        inside = clock.within_service_hours(starts_at=start, ends_at=end, zone=zone)
        here = clock.local_day(start, zone) == day
        assert (start in starts) == (inside and here and clock.on_grid(start, zone))


@given(zone=ZONES, starts_at=INSTANTS, lengths=LENGTHS)
def test_it_measures_every_time_in_elapsed_hours(
    zone: ZoneInfo, starts_at: datetime, lengths: Lengths
) -> None:
    times = clock.times_around(starts_at=starts_at.astimezone(zone), lengths=lengths, zone=zone)

    assert times.starts_at == starts_at
    assert times.ends_at - times.starts_at == timedelta(minutes=lengths.total)
    assert times.starts_at - times.heavy_meal_until == timedelta(hours=8)
    assert times.starts_at - times.fast_from == timedelta(hours=6)
    assert times.starts_at - times.liquids_until == timedelta(hours=2)
    assert times.drive_after - times.ends_at >= timedelta(hours=24)
    free = times.drive_after.astimezone(zone)
    assert free.date() > times.ends_at.astimezone(zone).date()
    assert all(value.tzinfo is UTC for value in (times.ends_at, times.fast_from, times.drive_after))


@given(zone=ZONES, end=INSTANTS, minutes=st.integers(0, 600))
def test_it_never_lets_a_later_end_free_anyone_earlier(
    zone: ZoneInfo, end: datetime, minutes: int
) -> None:
    late = end + timedelta(minutes=minutes)

    assert clock.drive_after(observation_end=late, zone=zone) >= clock.drive_after(
        observation_end=end, zone=zone
    )


@pytest.mark.parametrize(
    ("earlier", "later", "hours", "accepted"),
    [
        # The clocks go forward on 14 March: 47 elapsed hours, the same clock time.
        ((2027, 3, 13, 9, 0), (2027, 3, 15, 9, 0), 48, True),
        ((2027, 3, 13, 9, 0), (2027, 3, 15, 8, 45), 48, False),
        # They go back on 7 November: 48 elapsed hours end an hour earlier by the clock.
        ((2027, 11, 6, 9, 0), (2027, 11, 8, 8, 0), 48, True),
        ((2027, 11, 6, 9, 0), (2027, 11, 8, 7, 45), 48, False),
        ((2026, 11, 23, 13, 0), (2026, 11, 24, 9, 0), 20, True),
        ((2026, 11, 23, 13, 0), (2026, 11, 24, 8, 45), 20, False),
        # A minimum that is not whole days gets no leave from the clock.
        ((2027, 3, 13, 13, 0), (2027, 3, 14, 9, 0), 20, False),
        ((2027, 3, 13, 13, 0), (2027, 3, 14, 10, 0), 20, True),
        # Never two on one day, however small the minimum.
        ((2026, 11, 23, 8, 0), (2026, 11, 23, 16, 0), 4, False),
    ],
)
def test_it_spaces_infusions_from_start_to_start(
    earlier: tuple[int, ...], later: tuple[int, ...], hours: int, *, accepted: bool
) -> None:
    one, other = local(NEW_YORK, *earlier), local(NEW_YORK, *later)

    for first, second in ((one, other), (other, one)):
        ok = clock.spacing_ok(earlier=first, later=second, minimum_hours=hours, zone=NEW_YORK)
        assert ok is accepted


@given(zone=ZONES, start=INSTANTS, days=st.integers(1, 40))
def test_it_accepts_the_same_clock_time_days_later(
    zone: ZoneInfo, start: datetime, days: int
) -> None:
    wall = start.astimezone(zone)
    later = datetime.combine(wall.date() + timedelta(days=days), wall.timetz()).astimezone(UTC)
    if later.astimezone(zone).timetz() == wall.timetz():  # the clock time exists on that day
        assert clock.spacing_ok(earlier=start, later=later, minimum_hours=24 * days, zone=zone)


@pytest.mark.parametrize(
    ("hour", "minute", "said"),
    [(0, 0, "12:00 AM"), (9, 30, "9:30 AM"), (12, 5, "12:05 PM"), (13, 0, "1:00 PM")],
)
def test_it_always_says_the_minutes(hour: int, minute: int, said: str) -> None:
    assert clock.say_time(local(CHICAGO, 2026, 11, 23, hour, minute), CHICAGO) == said


def test_it_tells_the_two_half_past_ones_apart() -> None:
    first = local(NEW_YORK, 2026, 11, 1, 1, 30)
    second = local(NEW_YORK, 2026, 11, 1, 1, 30, fold=1)

    assert clock.say_moment(first, NEW_YORK) == "Sun 1 Nov, 1:30 AM EDT"
    assert clock.say_moment(second, NEW_YORK) == "Sun 1 Nov, 1:30 AM EST"


@pytest.mark.parametrize("year", [1, 1969, 2200, 9999])
@pytest.mark.parametrize("zone", [UTC, NEW_YORK, ZoneInfo("Pacific/Kiritimati")])
def test_it_refuses_far_dates_before_any_arithmetic(year: int, zone: ZoneInfo) -> None:
    for month, day in ((1, 1), (12, 31)):
        far = datetime(year, month, day, tzinfo=zone)
        with pytest.raises(ValueError, match="out of range"):
            clock.check_range(far)
        with pytest.raises(ValueError, match="out of range"):
            clock.times_around(starts_at=far, lengths=MOOD, zone=NEW_YORK)
        with pytest.raises(ValueError, match="out of range"):
            clock.grid_starts(day=far.date(), lengths=MOOD, zone=NEW_YORK)


def test_it_refuses_an_instant_without_a_zone() -> None:
    with pytest.raises(ValueError, match="needs a zone"):
        clock.check_range(local(CHICAGO, 2026, 11, 23, 9, 0).replace(tzinfo=None))


def test_it_refuses_a_visit_of_no_length() -> None:
    with pytest.raises(ValueError, match="zero"):
        Lengths(prep=0, infusion=0, observation=0)
