"""Lunch, the limits of a day and visits outside the shift: told by hand, then tried one by one."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given, settings, strategies as st

from scheduling.gaps import Available, Busy, Gap, Lunch, gaps
from scheduling.intervals import Interval
from scheduling.travel import Place
from tests.scheduling.columns import feasible_starts
from tests.scheduling.line import LINE, at_km

CHICAGO = ZoneInfo("America/Chicago")
MIDNIGHT = datetime(2026, 11, 23, 6, tzinfo=UTC)  # in Chicago
HOME, HERE = at_km(0), at_km(10)  # ten minutes apart
EIGHT, NOON, SIX = 8 * 60, 12 * 60, 18 * 60
HALF_HOUR = (30, 11 * 60, 15 * 60)


def at(minute: int) -> datetime:
    return MIDNIGHT + timedelta(minutes=minute)


def span(first: int, stop: int) -> Interval:
    return Interval(at(first), at(stop))


def visit(first: int, stop: int, km: int = 10) -> Busy:
    return Busy(span(first, stop), at_km(km))


def cleo(
    *windows: tuple[int, int],
    lunch: tuple[int, int, int] | None = None,
    max_driving: int | None = None,
    max_working: int | None = None,
) -> Available:
    windows = windows or ((EIGHT, SIX),)
    shift = span(min(one[0] for one in windows), max(one[1] for one in windows))
    lunches = (Lunch(span(*lunch[1:]), lunch[0], shift),) if lunch else ()
    return Available(
        nurse_id=1,
        home=HOME,
        zone=CHICAGO,
        windows=tuple(span(*window) for window in windows),
        lunches=lunches,
        max_driving=max_driving,
        max_working=max_working,
    )


def rows(nurse: Available, *visits: Busy) -> list[Gap]:
    return gaps(nurse=nurse, visits=visits, drive=LINE.minutes)


def starts(
    nurse: Available, *visits: Busy, minutes: int = 60, here: Place | None = HERE
) -> list[int]:
    """Every minute from midnight at which a visit may start."""
    asked = [at(minute) for minute in range(-720, 2 * 1440)]
    found = feasible_starts(
        gaps=rows(nurse, *visits), here=here, minutes=minutes, starts=asked, travel=LINE
    )
    assert set(found.counts.tolist()) <= {0, 1}  # one nurse is counted once
    return [int((start - MIDNIGHT).total_seconds()) // 60 for start in found.open_starts()]


# -- lunch ---------------------------------------------------------------------------------------


def test_it_takes_a_visit_up_to_lunch_or_from_lunch_on_when_the_day_is_free() -> None:
    found = starts(cleo(lunch=HALF_HOUR), minutes=240)

    # By 14:30 she is done and has lunch; or she had it from 11:00 to 11:30 and starts after that.
    assert found == [
        *range(EIGHT + 10, 14 * 60 + 30 - 240 + 1),
        *range(11 * 60 + 30, SIX - 240 - 10 + 1),
    ]


def test_it_leaves_the_one_gap_that_can_hold_lunch_its_time() -> None:
    taken = visit(9 * 60, 12 * 60), visit(15 * 60, 17 * 60)

    found = [start for start in starts(cleo(lunch=HALF_HOUR), *taken) if start >= NOON]

    # From 12:00 to 15:00 at the door of both: 60 minutes of visit and 30 of lunch, either first.
    assert found == [*range(NOON, 15 * 60 - 60 - 30 + 1 + 30)]


def test_it_does_not_split_a_gap_when_another_holds_lunch() -> None:
    taken = visit(11 * 60 + 40, 12 * 60 + 20)

    assert len(rows(cleo(lunch=HALF_HOUR), taken)) == 2


def test_it_lets_driving_be_split_by_lunch() -> None:
    # 50 minutes: 20 of driving and 30 of lunch, which must lie from 12:10 to 12:40.
    nurse = cleo((11 * 60 + 50, SIX), lunch=(30, 12 * 60 + 10, 12 * 60 + 40))

    found = starts(nurse, minutes=60, here=at_km(20))

    assert found[0] == 12 * 60 + 40


def test_it_takes_no_gap_for_lunch_that_is_needed_for_the_drive() -> None:
    nurse = cleo(lunch=HALF_HOUR)
    taken = visit(EIGHT + 10, 12 * 60), visit(12 * 60 + 40, 14 * 60, km=25)

    # 40 minutes with 15 of driving hold no lunch: it must lie from 14:00 to 15:00.
    assert starts(nurse, *taken, here=at_km(25)) == [*range(14 * 60 + 30, SIX - 60 - 25 + 1)]
    nearer = taken[0], visit(12 * 60 + 40, 14 * 60, km=20)
    assert starts(nurse, *nearer, here=at_km(20)) == [*range(14 * 60, SIX - 60 - 20 + 1)]


def test_it_offers_nothing_more_in_a_shift_whose_lunch_has_no_time_left() -> None:
    broken = visit(10 * 60 + 50, 15 * 60 - 10)

    assert starts(cleo(lunch=HALF_HOUR)) != []
    assert starts(cleo(lunch=HALF_HOUR), broken) == []


def test_it_counts_leave_within_the_hours_of_lunch_as_lunch() -> None:
    with_leave = cleo((EIGHT, NOON), (NOON + 30, SIX), lunch=HALF_HOUR)

    too_short = cleo((EIGHT, NOON), (NOON + 29, SIX), lunch=HALF_HOUR)
    taken = visit(NOON + 40, SIX - 10)

    assert starts(with_leave, taken) == [*range(EIGHT + 10, NOON - 60 - 10 + 1)]
    assert starts(too_short, taken) == [*range(EIGHT + 10, NOON - 60 - 10 - 30 + 1)]


def test_it_keeps_lunch_free_of_consultations_too() -> None:
    nurse = cleo(lunch=(60, NOON, NOON + 60))

    found = starts(nurse, minutes=30, here=None)

    assert max(start for start in found if start < NOON) == NOON - 30
    assert min(start for start in found if start >= NOON) == NOON + 60


def test_it_keeps_two_lunches_of_a_long_day_apart() -> None:
    long_day = Available(
        nurse_id=1,
        home=HOME,
        zone=CHICAGO,
        windows=(span(6 * 60, NOON), span(NOON, 20 * 60)),
        lunches=(
            Lunch(span(9 * 60, 10 * 60), 60, span(6 * 60, NOON)),
            Lunch(span(15 * 60, 16 * 60), 60, span(NOON, 20 * 60)),
        ),
    )

    assert starts(long_day, minutes=240) == [
        *range(10 * 60, 15 * 60 - 240 + 1),
    ]
    assert starts(long_day, minutes=60) == [
        *range(6 * 60 + 10, 8 * 60 + 1),
        *range(10 * 60, 14 * 60 + 1),
        *range(16 * 60, 20 * 60 - 60 - 10 + 1),
    ]


# -- limits --------------------------------------------------------------------------------------


def test_it_counts_only_the_driving_that_a_visit_adds() -> None:
    at_the_door = visit(9 * 60, 10 * 60)

    assert starts(cleo(max_driving=19)) == []
    assert starts(cleo(max_driving=20)) == starts(cleo())
    assert starts(cleo(max_driving=20), at_the_door) == starts(cleo(), at_the_door)
    assert starts(cleo(max_driving=20), at_the_door, here=at_km(11)) == []


def test_it_counts_visits_and_driving_as_work() -> None:
    assert starts(cleo(max_working=79)) == []
    assert starts(cleo(max_working=80)) == starts(cleo())
    talk = Busy(span(9 * 60, 9 * 60 + 30))
    assert starts(cleo(max_working=109), talk) == []
    assert starts(cleo(max_working=110), talk) == starts(cleo(), talk)
    assert starts(cleo(max_working=79), talk, minutes=50, here=None) == []


def test_it_counts_no_driving_for_a_consultation() -> None:
    far = visit(9 * 60, 10 * 60, km=100)

    assert starts(cleo((12 * 60, SIX), max_driving=0), far, minutes=30, here=None) != []


def test_it_counts_the_local_day() -> None:
    # In UTC the evening visit is on the next day, with the visit of the next morning.
    nurse = cleo((EIGHT, 22 * 60), (1440 + EIGHT, 1440 + SIX), max_working=249)
    evening = visit(20 * 60, 22 * 60 - 10)

    found = starts(nurse, evening, minutes=120)

    assert [start for start in found if start < 1440] == []
    assert [start for start in found if start >= 1440] != []


def test_it_counts_a_visit_over_midnight_to_both_days() -> None:
    night = cleo((20 * 60, 1440 + 240), max_working=100)
    full_tomorrow = visit(1440 + EIGHT, 1440 + EIGHT + 60)

    found = starts(night, full_tomorrow, minutes=60)

    assert starts(night, minutes=60) == [*range(20 * 60 + 10, 1440 + 240 - 70 + 1)]
    assert found == [*range(20 * 60 + 10, 1440 - 60 + 1)]


def test_it_counts_a_drive_over_midnight_to_the_day_it_leads_to() -> None:
    night = cleo((20 * 60, 1440 + 600), max_driving=45)
    taken = visit(22 * 60, 23 * 60), visit(1440 + 120, 1440 + 180, km=30)

    # 10 minutes before midnight; then 20 on to the next and 30 home: that day is full.
    found = starts(night, *taken, minutes=60)

    assert found == [*range(20 * 60 + 10, 22 * 60 - 60 + 1), 23 * 60]


# -- visits outside the shift ----------------------------------------------------------------------


def test_it_drives_home_for_and_from_a_visit_that_the_shift_no_longer_holds() -> None:
    shortened = cleo((EIGHT, NOON))

    assert starts(shortened)[-1] == NOON - 60 - 10
    assert starts(shortened, visit(NOON + 5, NOON + 95))[-1] == NOON - 5 - 60 - 10
    assert starts(shortened, visit(EIGHT - 60, EIGHT - 5))[0] == EIGHT + 5 + 10
    assert starts(shortened, visit(NOON + 10, NOON + 95)) == starts(shortened)


def test_it_counts_visits_outside_the_shift_to_the_day() -> None:
    shortened = cleo((EIGHT, NOON), max_driving=60)
    afternoon = visit(15 * 60, 16 * 60, km=20), visit(16 * 60, 17 * 60, km=20)

    assert starts(shortened, *afternoon) == starts(shortened)  # one outing, 40 minutes
    assert starts(cleo((EIGHT, NOON), max_driving=59), *afternoon) == []


# -- one by one ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Diary:
    """A day on a line: windows, visits as (start, end, km), one lunch, limits."""

    windows: tuple[tuple[int, int], ...]
    visits: tuple[tuple[int, int, int], ...]
    lunch: tuple[int, int, int] | None
    max_driving: int | None
    max_working: int | None


@st.composite
def diaries(draw: st.DrawFn) -> Diary:
    cuts = sorted(draw(st.sets(st.integers(0, 60), min_size=2, max_size=6)))
    windows = tuple((10 * a, 10 * b) for a, b in zip(cuts[::2], cuts[1::2], strict=False))
    visits = []
    for start, end in windows:
        inside = sorted(draw(st.sets(st.integers(start // 5, end // 5), max_size=4)))
        for a, b in zip(inside[::2], inside[1::2], strict=False):
            visits.append((5 * a, 5 * b, draw(st.integers(0, 20))))
    begins = draw(st.integers(windows[0][0], windows[-1][1]))
    length = draw(st.integers(10, 200))
    lunch = (draw(st.integers(5, length)), begins, begins + length)
    return Diary(
        windows=windows,
        visits=tuple(visits),
        lunch=draw(st.none() | st.just(lunch)),
        max_driving=draw(st.none() | st.integers(0, 120)),
        max_working=draw(st.none() | st.integers(0, 600)),
    )


def legs(diary: Diary, visits: list[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    """Every stretch between stops as (from, until, minutes of driving)."""
    found = []
    for start, end in diary.windows:
        inside = sorted(one for one in visits if start <= one[0] and one[1] <= end)
        stops = [(start, start, 0), *inside, (end, end, 0)]
        found += [(a[1], b[0], abs(a[2] - b[2])) for a, b in pairwise(stops)]
    return found


def has_lunch(diary: Diary, visits: list[tuple[int, int, int]]) -> bool:
    """Whether some minute can begin a lunch: off, or between two stops with time for the drive."""
    if diary.lunch is None:
        return True
    minutes, earliest, latest = diary.lunch
    between = legs(diary, visits)
    for begins in range(earliest, latest - minutes + 1):
        ends = begins + minutes
        if not any(start < ends and begins < end for start, end in diary.windows):
            return True
        for start, end, drive in between:
            if start <= begins and ends <= end and end - start - minutes >= drive:
                return True
    return False


def may_start(diary: Diary, start: int, minutes: int, km: int) -> bool:
    """Try the visit on the whole day, from the words of the rules alone."""
    end = start + minutes
    if not any(opens <= start and end <= closes for opens, closes in diary.windows):
        return False
    if any(one[0] < end and start < one[1] for one in diary.visits):
        return False
    visits = [*diary.visits, (start, end, km)]
    after = legs(diary, visits)
    if any(
        until - since < drive for since, until, drive in after if end == since or start == until
    ):
        return False
    driving = sum(drive for _, _, drive in after)
    working = driving + sum(one[1] - one[0] for one in visits)
    within = (diary.max_driving is None or driving <= diary.max_driving) and (
        diary.max_working is None or working <= diary.max_working
    )
    return within and has_lunch(diary, visits)


@settings(max_examples=150)
@given(diary=diaries(), minutes=st.integers(1, 200), km=st.integers(0, 20))
def test_it_offers_exactly_what_trying_on_the_whole_day_allows(
    diary: Diary, minutes: int, km: int
) -> None:
    nurse = cleo(
        *diary.windows,
        lunch=diary.lunch,
        max_driving=diary.max_driving,
        max_working=diary.max_working,
    )
    taken = [visit(*one) for one in diary.visits]
    asked = range(0, 601, 3)
    found = feasible_starts(
        gaps=rows(nurse, *taken),
        here=at_km(km),
        minutes=minutes,
        starts=[at(start) for start in asked],
        travel=LINE,
    )

    assert found.counts.tolist() == [int(may_start(diary, start, minutes, km)) for start in asked]


@st.composite
def shortened(draw: st.DrawFn) -> tuple[Diary, Diary]:
    """A day she can drive, its shift cut after booking: with all visits, and those still inside."""
    diary = draw(diaries())
    kept: list[tuple[int, int, int]] = []
    for one in sorted(diary.visits):
        known = replace(diary, visits=(*kept, one))
        if all(until - since >= drive for since, until, drive in legs(known, [*kept, one])):
            kept.append(one)
    first = draw(st.integers(0, len(kept)))
    until = kept[first][0] - draw(st.integers(0, 60)) if first < len(kept) else 600
    windows = tuple((opens, min(closes, until)) for opens, closes in diary.windows if opens < until)
    inside = [
        one for one in kept if any(opens <= one[0] and one[1] <= end for opens, end in windows)
    ]
    # What the cut runs through is on the road either way; the cut is what this is about.
    outside = [
        one for one in kept if all(one[1] <= opens or end <= one[0] for opens, end in windows)
    ]
    cut = replace(diary, windows=windows or ((0, 1),))
    return replace(cut, visits=(*inside, *outside)), replace(cut, visits=tuple(inside))


@settings(max_examples=100)
@given(days=shortened(), minutes=st.integers(1, 200), km=st.integers(0, 20))
def test_it_never_offers_more_because_of_a_visit_outside_the_shift(
    days: tuple[Diary, Diary], minutes: int, km: int
) -> None:
    offered = [
        feasible_starts(
            gaps=rows(
                cleo(
                    *diary.windows,
                    lunch=diary.lunch,
                    max_driving=diary.max_driving,
                    max_working=diary.max_working,
                ),
                *(visit(*one) for one in diary.visits),
            ),
            here=at_km(km),
            minutes=minutes,
            starts=[at(start) for start in range(0, 601, 3)],
            travel=LINE,
        ).counts
        for diary in days
    ]

    assert (offered[0] <= offered[1]).all()
