"""Slots a nurse can really drive to: days told by hand, then against a pairwise check."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, strategies as st

from scheduling.gaps import Available, Busy, Gap, Lunch, gaps
from scheduling.intervals import Interval, overlaps, subtract
from scheduling.slots import Feasible
from scheduling.travel import Haversine, Place
from tests.scheduling import reference
from tests.scheduling.columns import feasible_starts

TRAVEL = Haversine()
MORNING = datetime(2026, 11, 23, 14, tzinfo=UTC)  # 8:00 in Chicago
HOME = Place(41.88, -87.63)
ADA = Place(41.95, -87.70)
BEN = Place(41.79, -87.60)
CLEO, DAN = 1, 2
CHICAGO, KARACHI = ZoneInfo("America/Chicago"), ZoneInfo("Asia/Karachi")  # midnight: minute 300


def at(minute: int) -> datetime:
    return MORNING + timedelta(minutes=minute)


def span(first: int, stop: int) -> Interval:
    return Interval(at(first), at(stop))


def nurse(*windows: Interval, nurse_id: int = CLEO, home: Place = HOME) -> Available:
    return Available(nurse_id=nurse_id, home=home, zone=CHICAGO, windows=windows)


def day(visits: list[Busy], *windows: Interval) -> list[Gap]:
    return gaps(nurse=nurse(*windows or (span(0, 720),)), visits=visits, drive=TRAVEL.minutes)


def overlaps_any(one: Interval, others: Sequence[Interval]) -> bool:
    return any(overlaps(one, other) for other in others)


def starts_for(found: list[Gap], here: Place | None, minutes: int, step: int = 1) -> Feasible:
    return feasible_starts(
        gaps=found,
        here=here,
        minutes=minutes,
        starts=[at(minute) for minute in range(0, 721, step)],
        travel=TRAVEL,
    )


def test_it_leaves_home_at_the_start_and_is_home_by_the_end() -> None:
    drive = TRAVEL.minutes(HOME, ADA)

    found = starts_for(day([]), ADA, minutes=190).open_starts()

    assert drive > 0
    assert found[0] == at(drive)
    assert found[-1] == at(720 - 190 - drive)
    assert len(found) == 720 - 190 - 2 * drive + 1


def test_it_drives_from_the_visit_before_and_to_the_visit_after() -> None:
    visits = [Busy(span(60, 250), ADA), Busy(span(500, 690), BEN)]

    found = [s for s in starts_for(day(visits), HOME, minutes=60).open_starts() if s > at(250)]

    assert found[0] == at(250 + TRAVEL.minutes(ADA, HOME))
    assert found[-1] == at(500 - 60 - TRAVEL.minutes(HOME, BEN))


def test_it_offers_nothing_when_the_drive_leaves_one_minute_too_few() -> None:
    drives = TRAVEL.minutes(ADA, HOME) + TRAVEL.minutes(HOME, BEN)
    before = Busy(span(0, 200), ADA)
    just = day([before, Busy(span(200 + 60 + drives, 720), BEN)])
    short = day([before, Busy(span(200 + 60 + drives - 1, 720), BEN)])

    assert starts_for(just, HOME, minutes=60).open_starts() == [at(200 + TRAVEL.minutes(ADA, HOME))]
    assert starts_for(short, HOME, minutes=60).open_starts() == []


def test_it_spends_leave_and_consultations_at_home() -> None:
    before, after = day([Busy(span(300, 360))])

    assert (before.before, before.after, before.due) == (HOME, HOME, at(300))
    assert (after.before, after.after, after.ready) == (HOME, HOME, at(360))


def test_it_keeps_only_the_part_of_a_visit_that_is_inside_the_window() -> None:
    early, late = Busy(span(-60, 60), ADA), Busy(span(700, 800), BEN)

    [gap] = day([early, late])

    assert (gap.ready, gap.due, gap.before, gap.after) == (at(60), at(700), ADA, BEN)


def test_it_need_not_go_home_between_windows_that_touch() -> None:
    assert len(day([], span(0, 300), span(300, 720))) == 1
    assert len(day([], span(0, 300), span(301, 720))) == 2


def test_it_leaves_from_the_visit_that_ends_last_when_two_overlap() -> None:
    # A leave was recorded over a booked visit: the visit waits for another nurse.
    before, after = day([Busy(span(100, 290), ADA), Busy(span(200, 400))])

    assert (before.due, before.after) == (at(100), ADA)
    assert (after.ready, after.before) == (at(400), HOME)


def test_it_has_no_gap_when_the_whole_window_is_leave() -> None:
    assert day([Busy(span(0, 720))]) == []
    assert day([Busy(span(-10, 800), ADA)]) == []


def test_it_counts_no_travel_at_the_desk() -> None:
    found = starts_for(day([Busy(span(300, 330))]), None, minutes=30).open_starts()

    assert found[0] == at(0)
    assert found[-1] == at(690)
    assert at(270) in found
    assert at(271) not in found
    assert at(330) in found


def test_it_names_every_nurse_who_can_take_a_start() -> None:
    dan = gaps(nurse=nurse(span(0, 400), nurse_id=DAN, home=ADA), visits=[], drive=TRAVEL.minutes)
    found = starts_for(day([]) + dan, ADA, minutes=190)

    assert found.nurses(at(0)) == [DAN]
    assert found.nurses(at(100)) == [CLEO, DAN]
    assert found.nurses(at(211)) == [CLEO]
    assert found.nurses(at(719)) == []
    assert found.counts[[0, 100, 211, 719]].tolist() == [1, 2, 1, 0]


def test_it_reads_a_nurse_s_day_from_its_end_as_from_its_beginning() -> None:
    morning, afternoon = day([Busy(span(300, 360))])
    forward = starts_for([morning, afternoon], ADA, minutes=60)
    backward = starts_for([afternoon, morning], ADA, minutes=60)

    assert forward.nurses(at(60)) == backward.nurses(at(60)) == [CLEO]
    assert backward.counts.tolist() == forward.counts.tolist()


def test_it_names_nobody_for_a_start_that_was_not_asked() -> None:
    found = starts_for(day([]), ADA, minutes=190, step=15)

    assert found.nurses(at(60)) == [CLEO]
    assert found.nurses(at(61)) == []
    assert found.nurses(at(9999)) == []


def test_it_answers_nothing_for_no_gaps_and_for_no_starts() -> None:
    assert starts_for([], ADA, minutes=190).open_starts() == []
    nothing = feasible_starts(gaps=day([]), here=ADA, minutes=60, starts=[], travel=TRAVEL)
    assert nothing.open_starts() == []
    assert nothing.nurses(at(0)) == []


def test_it_refuses_starts_out_of_order() -> None:
    with pytest.raises(ValueError, match="ascending"):
        feasible_starts(gaps=day([]), here=ADA, minutes=60, starts=[at(15), at(0)], travel=TRAVEL)


PLACES = st.builds(Place, latitude=st.floats(41.5, 42.2), longitude=st.floats(-88.3, -87.5))
SPANS = st.tuples(st.integers(-60, 780), st.integers(1, 300)).map(
    lambda pair: span(pair[0], pair[0] + pair[1])
)
BUSY = st.builds(Busy, interval=SPANS, place=st.none() | PLACES)


@st.composite
def lunches(draw: st.DrawFn) -> Lunch:
    begins = draw(st.integers(-60, 700))
    length = draw(st.integers(15, 240))
    return Lunch(
        window=span(begins, begins + length),
        minutes=draw(st.integers(5, length)),
        shift=span(begins - draw(st.integers(0, 300)), begins + length + draw(st.integers(0, 300))),
    )


@st.composite
def nurses(draw: st.DrawFn, nurse_id: int = CLEO) -> Available:
    return Available(
        nurse_id=nurse_id,
        home=draw(PLACES),
        zone=draw(st.sampled_from([CHICAGO, KARACHI])),
        windows=tuple(draw(st.lists(SPANS, max_size=3))),
        lunches=tuple(draw(st.lists(lunches(), max_size=2))),
        max_driving=draw(st.none() | st.integers(0, 300)),
        max_working=draw(st.none() | st.integers(0, 900)),
    )


@st.composite
def rosters(draw: st.DrawFn) -> list[Gap]:
    return [
        gap
        for nurse_id in range(draw(st.integers(0, 4)))
        for gap in gaps(
            nurse=draw(nurses(nurse_id)),
            visits=draw(st.lists(BUSY, max_size=4)),
            drive=TRAVEL.minutes,
        )
    ]


@given(
    roster=rosters(),
    here=st.none() | PLACES,
    minutes=st.integers(1, 400),
    asked=st.sets(st.integers(-60, 800), max_size=30),
)
def test_it_answers_the_same_as_asking_pair_by_pair(
    roster: list[Gap], here: Place | None, minutes: int, asked: set[int]
) -> None:
    starts = [at(minute) for minute in sorted(asked)]
    found = feasible_starts(gaps=roster, here=here, minutes=minutes, starts=starts, travel=TRAVEL)

    for start, count in zip(starts, found.counts, strict=True):
        can_go = {
            gap.nurse_id
            for gap in roster
            if reference.feasible(
                gap=gap, here=here, starts_at=start, minutes=minutes, travel=TRAVEL
            )
        }
        assert found.nurses(start) == sorted(can_go)
        assert count == len(can_go)


@given(windows=st.lists(SPANS, max_size=3), visits=st.lists(BUSY, max_size=4))
def test_it_never_gives_away_time_that_is_taken_or_outside_the_shift(
    windows: list[Interval], visits: list[Busy]
) -> None:
    found = gaps(nurse=nurse(*windows), visits=visits, drive=TRAVEL.minutes)

    given_away = [Interval(gap.ready, gap.due) for gap in found]
    free = subtract(windows, [busy.interval for busy in visits])
    assert subtract(given_away, free) == []
    if all(overlaps_any(busy.interval, windows) for busy in visits):
        assert given_away == free
