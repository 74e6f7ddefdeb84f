"""Cases that other booking tools got wrong once, asked of this one from the outside."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from booking import appointments
from booking.models import Appointment
from nurses import dispatch
from patients.models import Patient
from scheduling import roster
from scheduling.gaps import Available, Busy, gaps
from scheduling.intervals import Interval
from scheduling.models import Leave, Nurse, Shift, ShiftException
from tests.factories import CHICAGO, OAK_PARK, make_nurse, make_patient
from tests.scheduling import reference
from tests.scheduling.line import LINE, at_km

pytestmark = pytest.mark.django_db
ZONE = ZoneInfo(CHICAGO)
THURSDAY = date(2027, 2, 4)
SPRING, FALL = date(2027, 3, 14), date(2026, 11, 1)  # Sundays: 2:00 is 3:00; 2:00 is 1:00 again


def at(day: date, hours: str) -> datetime:
    return datetime.combine(day, time.fromisoformat(hours), tzinfo=ZONE)


def span(day: date, begin: str, end: str) -> Interval:
    return Interval(at(day, begin), at(day, end))


@pytest.fixture(autouse=True)
def _monday() -> Any:
    with time_machine.travel(datetime(2027, 2, 1, 12, tzinfo=ZONE), tick=False):
        yield


def client_of(patient: Patient) -> APIClient:
    client = APIClient()
    client.force_authenticate(patient.user)
    return client


@pytest.fixture
def ada() -> APIClient:
    return client_of(make_patient())


def desk_nurse(begin: str = "09:00", end: str = "12:00") -> Nurse:
    begins, ends = time.fromisoformat(begin), time.fromisoformat(end)
    return make_nurse(starts=begins, ends=ends, kind=Shift.Kind.DESK)


def shift_on(day: date, begin: str, end: str) -> list[Interval]:
    make_nurse(starts=time.fromisoformat(begin), ends=time.fromisoformat(end))
    [cleo] = roster.on_shift(kind=Shift.Kind.FIELD, first=day, last=day)
    return list(cleo.windows)


def offered(client: APIClient, day: date, slug: str = "consultation") -> list[str]:
    """Local times of a day's slots."""
    asked = {"therapy": slug, "from": str(day), "to": str(day)}
    answer = client.get("/api/v1/slots/", asked)
    assert answer.status_code == 200, answer.json()
    starts = (datetime.fromisoformat(slot["starts_at"]) for slot in answer.json()["slots"])
    return [start.astimezone(ZONE).strftime("%H:%M") for start in starts]


def book(client: APIClient, starts_at: datetime, slug: str = "consultation") -> Any:
    body = {"therapy": slug, "starts_at": starts_at.isoformat()}
    return client.post("/api/v1/appointments/", body)


def codes(answer: Any) -> list[str]:
    return [error["code"] for error in answer.json()["errors"]]


# -- clocks ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("day", "hours"), [(SPRING, 5), (FALL, 7), (SPRING - timedelta(1), 6)])
def test_it_works_the_hours_that_really_pass_when_clocks_change(day: date, hours: int) -> None:
    [night] = shift_on(day, "00:30", "06:30")

    assert night.end - night.start == timedelta(hours=hours)


def test_it_takes_the_earlier_of_two_equal_clock_times() -> None:
    [night] = shift_on(FALL, "01:30", "06:30")

    assert night.start == datetime(2026, 11, 1, 6, 30, tzinfo=UTC)  # the later one is 7:30


def test_it_holds_a_shift_over_midnight_as_one_interval() -> None:
    last_night, tonight = shift_on(THURSDAY, "22:00", "06:00")

    assert tonight == Interval(at(THURSDAY, "22:00"), at(THURSDAY + timedelta(1), "06:00"))
    assert last_night.end == at(THURSDAY, "06:00")


def test_it_keeps_local_hours_after_clocks_change(ada: APIClient) -> None:
    desk_nurse()

    with time_machine.travel(datetime(2027, 3, 1, 12, tzinfo=ZONE), tick=False):
        before = offered(ada, SPRING - timedelta(days=2))
        after = offered(ada, SPRING + timedelta(days=1))

    assert before[0] == "09:00"
    assert after == before


# -- neighbours ------------------------------------------------------------------------------------


def test_it_lets_one_talk_begin_as_another_ends(ada: APIClient) -> None:
    desk_nurse()
    ben = client_of(make_patient(name="Ben Okafor"))
    eve = client_of(make_patient(name="Eve Ito"))

    assert book(ben, at(THURSDAY, "10:00")).status_code == 201
    assert codes(book(ada, at(THURSDAY, "10:15"))) == ["slot_taken"]
    assert book(ada, at(THURSDAY, "10:30")).status_code == 201
    assert book(eve, at(THURSDAY, "09:30")).status_code == 201


def test_it_adds_the_drives_to_and_from_both_neighbours() -> None:
    cleo = Available(1, at_km(0), ZONE, (span(THURSDAY, "08:00", "20:00"),))
    held = [
        Busy(span(THURSDAY, "09:00", "10:00"), at_km(5)),
        Busy(span(THURSDAY, "12:00", "20:00"), at_km(20)),
    ]
    # From km 5 to km 12 and on to km 20 is 7 and 8 minutes: 105 of the 120 are left.
    free = gaps(nurse=cleo, visits=held, drive=LINE.minutes)

    def fits(start: str, minutes: int) -> bool:
        starts_at = at(THURSDAY, start)
        return any(
            reference.feasible(
                gap=gap, here=at_km(12), starts_at=starts_at, minutes=minutes, travel=LINE
            )
            for gap in free
        )

    assert fits("10:07", 105)
    assert not fits("10:07", 106)
    assert not fits("10:06", 30)


# -- exceptions ------------------------------------------------------------------------------------

ALL = ["09:00", "09:15", "09:30", "09:45", "10:00", "10:15", "10:30", "10:45"]
ALL += ["11:00", "11:15", "11:30"]


@pytest.mark.parametrize(
    ("begin", "end", "gone"),
    [
        (None, None, ALL),
        ("08:00", "09:30", ["09:00", "09:15"]),
        ("11:30", "13:00", ["11:15", "11:30"]),
        ("10:00", "10:30", ["09:45", "10:00", "10:15"]),
        ("12:00", "13:00", []),
    ],
)
def test_it_removes_exactly_the_slots_an_exception_touches(
    ada: APIClient, begin: str | None, end: str | None, gone: list[str]
) -> None:
    nurse = desk_nurse()
    assert offered(ada, THURSDAY) == ALL

    ShiftException.objects.create(
        nurse=nurse,
        day=THURSDAY,
        kind=Shift.Kind.DESK,
        starts=begin and time.fromisoformat(begin),
        ends=end and time.fromisoformat(end),
    )

    assert offered(ada, THURSDAY) == [one for one in ALL if one not in gone]
    assert offered(ada, THURSDAY + timedelta(days=1)) == ALL


def test_it_counts_a_nurse_s_limits_by_her_local_day(ada: APIClient) -> None:
    nurse = desk_nurse("09:00", "20:00")
    Nurse.objects.filter(pk=nurse.pk).update(max_working_minutes=30)
    ben = client_of(make_patient(name="Ben Okafor"))

    # 6:30 PM in Chicago is the next day in UTC.
    assert book(ben, at(THURSDAY, "18:30")).status_code == 201

    assert offered(ada, THURSDAY) == []
    assert codes(book(ada, at(THURSDAY, "09:00"))) == ["slot_taken"]
    assert offered(ada, THURSDAY + timedelta(days=1)) != []


# -- the search ------------------------------------------------------------------------------------


def test_it_writes_nothing_when_slots_are_listed_twice(ada: APIClient) -> None:
    desk_nurse()

    with CaptureQueriesContext(
        connection,
    ) as seen:
        assert offered(ada, THURSDAY) == offered(ada, THURSDAY) != []

    written = [row["sql"] for row in seen if not row["sql"].lstrip("( ").startswith("SELECT")]
    assert written == []


def test_it_refuses_what_lies_before_the_notice_and_behind_the_horizon(ada: APIClient) -> None:
    desk_nurse("08:00", "20:00")
    today = date(2027, 2, 1)

    assert offered(ada, today - timedelta(days=1)) == []
    assert offered(ada, today)[0] == "13:00"  # an hour's notice at noon
    assert offered(ada, today + timedelta(days=60))[-1] == "13:00"  # noon, before clocks change
    assert offered(ada, today + timedelta(days=61)) == []
    assert codes(book(ada, at(today, "11:00"))) == ["notice_too_short"]
    assert codes(book(ada, at(today + timedelta(days=61), "11:00"))) == ["beyond_horizon"]


def test_it_records_leave_over_a_visit_and_shows_it_stranded_until_another_nurse_goes() -> None:
    ada, cleo = client_of(make_patient(place=OAK_PARK)), make_nurse()
    assert book(ada, at(THURSDAY, "10:00"), "mood-40").status_code == 201
    visit = Appointment.objects.get()
    assert stranded() == []

    Leave.objects.create(nurse=cleo, starts_at=at(THURSDAY, "08:00"), ends_at=at(THURSDAY, "18:00"))
    visit.refresh_from_db()
    assert (visit.status, visit.nurse) == ("booked", cleo)
    assert stranded() == [visit]

    appointments.assign(appointment=visit, nurse=make_nurse(name="Dee Park"))
    assert stranded() == []


def stranded() -> list[Appointment]:
    """Visits that the day's routes warn of because the nurse is away."""
    concerns = [one for route in dispatch.on(THURSDAY).routes for one in route.warnings]
    return [one.appointment for one in concerns if one.code == "on_leave"]
