"""A course warns per patient, not per day."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from itertools import pairwise

from hypothesis import given, settings, strategies as st

from booking import clock
from booking.clock import at_local, local_day
from booking.notices.plan import Kind, PlannedNotice, Preferences, Recipient, Visit
from tests.booking.plan_help import (
    AFTERWARDS,
    CHICAGO,
    MOOD,
    PAIN,
    ZONES,
    infusion,
    kinds,
    local,
    planned,
)

Course = list[tuple[Visit, list[PlannedNotice]]]
WEEK = timedelta(days=7)


def linked(visits: list[Visit]) -> Course:
    """Each visit knows the one before and the one after it, as those of a patient do."""
    befores = [None, *visits[:-1]]
    afters = [*visits[1:], None]
    course = [
        replace(
            visit,
            first_of_run=before is None or visit.starts_at - before.starts_at >= WEEK,
            next_infusion=after.starts_at if after else None,
        )
        for before, visit, after in zip(befores, visits, afters, strict=True)
    ]
    return [(visit, planned(visit, Preferences(escort_sms=True))) for visit in course]


@st.composite
def courses(draw: st.DrawFn) -> Course:
    """Two to six infusions of one patient, days apart, booked together early enough."""
    zone, lengths = draw(ZONES), draw(st.sampled_from([MOOD, PAIN]))
    day = draw(st.dates(date(2026, 1, 1), date(2029, 1, 1)))
    gaps = draw(st.lists(st.integers(1, 9) | st.integers(28, 42), min_size=1, max_size=5))
    booked_at = at_local(day - timedelta(days=10), time(12), zone)
    visits = []
    for gap in [0, *gaps]:
        day += timedelta(days=gap)
        start = draw(st.sampled_from(clock.grid_starts(day=day, lengths=lengths, zone=zone)))
        visits.append(infusion(start, booked_at, zone, lengths))
    return linked(visits)


def sent(course: Course, kind: Kind) -> list[tuple[Visit, PlannedNotice]]:
    return [(visit, n) for visit, notices in course for n in notices if n.kind is kind]


@settings(max_examples=25)
@given(course=courses())
def test_it_prepares_and_sends_to_rest_once_a_run(course: Course) -> None:
    visits = [visit for visit, _ in course]
    runs = 1 + sum(b.starts_at - a.starts_at >= WEEK for a, b in pairwise(visits))

    assert len(sent(course, Kind.prepare)) == runs
    assert len(sent(course, Kind.coming_days)) == 2 * runs
    assert [visit for visit, _ in sent(course, Kind.maintenance)] == [visits[-1]] * 2


@settings(max_examples=25)
@given(course=courses())
def test_it_asks_how_the_patient_is_on_no_day_with_a_visit(course: Course) -> None:
    days = {local_day(visit.starts_at, visit.zone) for visit, _ in course}

    asked = {local_day(n.send_from, visit.zone) for visit, n in sent(course, Kind.how_are_you)}
    assert not asked & days
    assert asked == {day + timedelta(days=1) for day in days} - days


@settings(max_examples=25)
@given(course=courses())
def test_it_gives_driving_free_only_while_no_dose_forbids_it(course: Course) -> None:
    visits = [visit for visit, _ in course]

    free = sent(course, Kind.driving_ended)
    for _, notice in free:
        for visit in visits:
            assert visit.drive_after is not None
            assert not visit.starts_at <= notice.send_from < visit.drive_after
            assert notice.not_after is not None
            assert not notice.send_from < visit.starts_at < notice.not_after
    assert visits[-1] in [visit for visit, _ in free]


@settings(max_examples=25)
@given(course=courses())
def test_it_warns_after_each_visit_until_later_and_later(course: Course) -> None:
    warnings = sent(course, Kind.driving_warning)
    untils = [n.not_after for _, n in warnings if n.not_after]

    assert {visit.starts_at for visit, _ in warnings} == {visit.starts_at for visit, _ in course}
    assert untils == sorted(untils)


def test_it_tells_a_course_of_five_days_each_thing_where_it_belongs() -> None:
    starts: list[datetime] = [local(11, 23 + n, 10) for n in range(5)]
    course = linked([infusion(start, local(11, 10, 10), CHICAGO, PAIN) for start in starts])

    daily = {Kind.confirm_escort, Kind.evening_before, Kind.driving_warning, Kind.no_discharge}
    for _, notices in course:
        assert daily <= kinds(notices)
    assert [Kind.prepare in kinds(notices) for _, notices in course] == [True, *[False] * 4]
    assert [kinds(notices) & AFTERWARDS for _, notices in course] == [*[set()] * 4, AFTERWARDS]
    escorts = [n for _, notices in course for n in notices if n.recipient is Recipient.escort]
    assert len(escorts) == 5
