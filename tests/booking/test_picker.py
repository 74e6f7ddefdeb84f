"""The picker of a time: its days, its times, what one means, and what it does with nonsense."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext
from hypothesis import given, strategies as st

from booking.models import Appointment
from booking.pages import picker
from booking.pages.picker_times import nearest, parts_of
from config.core.errors import Refused
from patients.models import Order, Patient
from scheduling.models import Nurse
from tests.factories import (
    CHICAGO,
    make_appointment,
    make_nurse,
    make_order,
    make_patient,
    therapy,
)

pytestmark = pytest.mark.django_db
ZONE = ZoneInfo(CHICAGO)
# A Monday noon in Chicago.
MONDAY = datetime(2027, 2, 1, 18, tzinfo=UTC)


def at(day: int, hour: int, minute: int = 0, *, month: int = 2) -> datetime:
    return datetime(2027, month, day, hour, minute, tzinfo=ZONE)


@pytest.fixture(autouse=True)
def _monday() -> Any:
    with time_machine.travel(MONDAY, tick=False):
        yield


@pytest.fixture
def ada() -> Patient:
    return make_patient()


def shown(patient: Patient, slug: str = "mood-40", **query: str) -> picker.Picker:
    return picker.of(patient=patient, therapy=therapy(slug), query=query)


def fill(day: int, *, month: int = 2) -> Appointment:
    """Somebody else's long day takes all of the only nurse's."""
    ben = make_patient(name="Ben Okafor", slug="pain-240")
    return make_appointment(
        patient=ben,
        nurse=Nurse.objects.get(),
        starts_at=at(day, 8, month=month),
        slug="pain-240",
        ends_at=at(day, 20, month=month),
        drive_after=at(day, 20, month=month) + timedelta(hours=24),
    )


def test_it_shows_a_week_from_the_first_day_that_can_be_booked(ada: Patient) -> None:
    make_nurse()
    found = shown(ada)
    assert [day.date.day for day in found.days] == [2, 3, 4, 5, 6, 7, 8]
    assert found.day.date == date(2027, 2, 2)
    assert (found.earlier, found.later) == ("", "?day=2027-02-09")
    assert found.zone == "Central Time"
    assert found.town == "Oak Park"


def test_it_counts_what_can_be_had_of_each_day(ada: Patient) -> None:
    make_nurse()
    fill(3)
    found = shown(ada)
    first, second, *_ = found.days
    # From noon on, a day from now, until the last start that ends by eight.
    assert (first.count, first.says) == (20, "20 times")
    assert (second.is_full, second.says) == (True, "full")
    assert second.label == "Wednesday 3 February: full"


def test_it_sets_the_quarter_hours_of_a_free_day_apart(ada: Patient) -> None:
    make_nurse()
    morning, afternoon = shown(ada, day="2027-02-04").parts
    assert [time.label for time in morning.times][:3] == ["8:00 AM", "8:30 AM", "9:00 AM"]
    assert [time.label for time in morning.between][:2] == ["8:15 AM", "8:45 AM"]
    assert afternoon.times[-1].label == "4:30 PM"
    assert afternoon.between[-1].label == "4:45 PM"


def test_it_opens_the_quarter_hours_where_one_of_them_is_chosen(ada: Patient) -> None:
    make_nurse()
    morning, afternoon = shown(ada, at="2027-02-04T14:15Z").parts
    assert morning.is_open
    assert not afternoon.is_open


def test_it_says_what_a_time_means(ada: Patient) -> None:
    make_nurse()
    chosen = shown(ada, at="2027-02-04T16:30Z").chosen
    assert chosen is not None
    assert chosen.said == "Thursday 4 February, 10:30 AM"
    assert chosen.clock is not None
    marks = {mark.kind: mark.time for mark in chosen.clock.marks}
    assert (marks["food"], marks["liquids"]) == ("4:30 AM", "8:30 AM")
    assert "No driving or machinery before" in chosen.clock.sentence


def test_it_has_no_clock_for_a_talk_and_asks_for_no_home() -> None:
    ben = make_patient(name="Ben Okafor", ready=False)
    make_nurse(kind="desk")
    found = shown(ben, "consultation")
    assert found.day.date == date(2027, 2, 1)  # an hour from now
    evening = shown(ben, "consultation", at="2027-02-03T00:00Z")
    assert evening.chosen is not None
    assert evening.chosen.clock is None
    assert [part.id for part in evening.parts] == ["morning", "afternoon", "evening"]


def test_it_refuses_to_look_for_visits_to_nowhere() -> None:
    ben = make_patient(name="Ben Okafor", ready=False)
    with pytest.raises(Refused):
        shown(ben)


def test_it_offers_the_next_days_where_one_is_full(ada: Patient) -> None:
    make_nurse()
    fill(3)
    found = shown(ada, day="2027-02-03")
    assert found.parts == ()
    assert [day.date.day for day in found.next_free] == [4, 5, 6]


def test_it_tells_a_full_day_from_one_on_which_no_visit_can_be(ada: Patient) -> None:
    nurse = make_nurse()
    make_appointment(patient=ada, nurse=nurse, starts_at=at(4, 10))
    days = {day.date.day: day for day in shown(ada).days}
    # Two days apart: neither the day itself, nor the day before nor after.
    assert [days[number].says for number in (3, 4, 5)] == ["no visits"] * 3
    assert days[6].count > 0


def test_it_says_when_nothing_is_free_at_all(ada: Patient) -> None:
    found = shown(ada)
    assert found.is_empty
    assert found.last_day == "Friday 2 April"


def test_it_offers_what_is_nearest_to_a_time_that_is_gone(ada: Patient) -> None:
    nurse = make_nurse()
    ben = make_patient(name="Ben Okafor")
    make_appointment(patient=ben, nurse=nurse, starts_at=at(4, 12))
    found = shown(ada, at="2027-02-04T18:00Z")
    assert found.chosen is None
    assert found.gone == "Thursday 4 February, 12:00 PM"
    today = [time for time in found.others if time.starts_at.astimezone(ZONE).day == 4]
    assert len(today) == 3
    other_days = [time for time in found.others if time not in today]
    assert {time.label for time in other_days} == {"12:00 PM"}
    assert found.day.date == date(2027, 2, 4)


def test_it_goes_no_further_than_can_be_booked(ada: Patient) -> None:
    make_nurse()
    found = shown(ada, day="2199-12-31")
    assert found.day.date == date(2027, 4, 2)
    assert found.later == ""
    assert shown(ada, day="1971-01-01").day.date == date(2027, 2, 2)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("day", "tomorrow"),
        ("day", "2027-02-30"),
        ("day", "9999-12-31"),
        ("day", "0001-01-01"),
        ("day", "\x00"),
        ("day", "２０２７-02-04"),
        ("at", "2027-02-04T16:30"),
        ("at", "9999-12-31T23:59Z"),
        ("at", "0001-01-01T00:00Z"),
        ("at", "2027-02-04T16:30+99:99"),
        ("at", "'; DROP TABLE"),
        ("at", ""),
    ],
)
def test_it_leaves_out_what_it_does_not_understand(ada: Patient, name: str, text: str) -> None:
    make_nurse()
    found = shown(ada, **{name: text})
    assert found.chosen is None
    assert found.gone == ""
    assert found.day.date.year in (2027,)


def test_it_keeps_the_hour_of_a_day_on_which_clocks_change(ada: Patient) -> None:
    make_nurse()
    with time_machine.travel(datetime(2027, 3, 10, 18, tzinfo=UTC), tick=False):
        before, after = (shown(ada, day=f"2027-03-{day}") for day in (13, 14))
    assert before.parts[0].times[0].at == "2027-03-13T14:00Z"
    assert after.parts[0].times[0].at == "2027-03-14T13:00Z"
    assert {page.parts[0].times[0].label for page in (before, after)} == {"8:00 AM"}
    assert [day.date.day for day in after.days] == [11, 12, 13, 14, 15, 16, 17]


def test_it_thinks_the_visit_away_that_is_to_be_moved(ada: Patient) -> None:
    nurse = make_nurse()
    visit = make_appointment(patient=ada, nurse=nurse, starts_at=at(4, 10))
    found = picker.of(
        patient=ada, therapy=visit.therapy, query={"day": "2027-02-04"}, without=visit
    )
    assert found.day.count == 36


def ordered(*spans: tuple[date, date]) -> Patient:
    """A patient whose orders reach from the first to the last of these days."""
    patient = make_patient(slug="consultation")
    for first, last in spans:
        make_order(patient=patient, valid_from=first, valid_until=last)
    return patient


def feb(day: int) -> date:
    return date(2027, 2, day)


def test_it_marks_the_days_after_the_end_of_an_order() -> None:
    make_nurse()
    ada = ordered((feb(1), feb(4)))
    found = shown(ada, day="2027-02-05")
    by_day = {day.date.day: day for day in found.days}
    assert [by_day[4].is_full, by_day[5].is_full] == [False, True]
    assert by_day[5].label == "Friday 5 February: no order"
    assert found.order_ended == "Thursday 4 February"
    assert found.parts, "times can be looked at all the same"
    assert shown(ada, day="2027-02-04").order_ended == ""


def test_it_marks_nothing_that_another_order_covers_or_where_there_is_none() -> None:
    make_nurse()
    ada = ordered((feb(1), feb(4)), (feb(6), feb(28)))
    by_day = {day.date.day: day.is_ordered for day in shown(ada).days}
    assert [by_day[day] for day in (4, 5, 6, 7)] == [True, False, True, True]
    for _ in range(6):  # one by one: nobody takes more than a session at once
        Order.objects.filter(patient=ada).update(sessions_reserved=F("sessions_reserved") + 1)
    assert all(day.is_ordered for day in shown(ada).days)


def test_it_leads_first_to_a_day_that_an_order_covers() -> None:
    make_nurse()
    assert shown(ordered((feb(10), feb(12)))).day.date == feb(10)
    assert shown(ordered((date(2027, 1, 25), feb(1)))).day.date == feb(2)


def test_a_visit_that_is_moved_keeps_its_own_order() -> None:
    ada = ordered((feb(1), feb(6)))
    visit = make_appointment(patient=ada, nurse=make_nurse(), starts_at=at(4, 10))
    make_order(patient=ada)
    query = {"day": "2027-02-07"}
    assert picker.of(patient=ada, therapy=visit.therapy, query=query).order_ended == ""
    moving = picker.of(patient=ada, therapy=visit.therapy, query=query, without=visit)
    assert moving.order_ended == "Saturday 6 February"


def test_it_looks_at_the_database_a_few_times_however_many_nurses(ada: Patient) -> None:
    for number in range(12):
        make_nurse(name=f"Cleo {number}")
    with CaptureQueriesContext(
        connection,
    ) as queries:
        shown(ada, at="2027-02-04T16:30Z")
    assert len(queries) <= 6


# -- pure ----------------------------------------------------------------------------------------

QUARTERS = st.sets(st.integers(min_value=0, max_value=47), max_size=48)


@given(QUARTERS)
def test_it_shows_every_time_once_and_hides_none_that_has_no_neighbour(places: set[int]) -> None:
    starts = [at(4, 8) + timedelta(minutes=15 * place) for place in sorted(places)]
    parts = list(parts_of(starts, zone=ZONE, chosen=None))
    every = [time.starts_at for part in parts for time in (*part.times, *part.between)]
    assert sorted(every) == starts
    quarter = timedelta(minutes=15)
    for part in parts:
        seen = {time.starts_at for time in part.times}
        assert all({t.starts_at - quarter, t.starts_at + quarter} & seen for t in part.between)


@given(QUARTERS, st.integers(min_value=0, max_value=47))
def test_it_offers_the_nearest_first_of_the_same_day(places: set[int], asked: int) -> None:
    starts = [at(4, 8) + timedelta(minutes=15 * place) for place in sorted(places - {asked})]
    wanted = at(4, 8) + timedelta(minutes=15 * asked)
    offered = [time.starts_at for time in nearest([starts], at=wanted, zone=ZONE)]
    left = set(starts) - set(offered)
    farthest = max((abs(start - wanted) for start in offered), default=timedelta(0))
    assert len(offered) == min(3, len(starts))
    assert all(abs(start - wanted) >= farthest for start in left)
