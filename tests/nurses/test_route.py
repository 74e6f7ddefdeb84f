"""The day on the road: where, when to leave, how far."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from rest_framework.test import APIClient

from booking.models import Appointment
from config.core.models import Role
from patients.models import Patient
from scheduling.models import Leave, Nurse
from scheduling.travel import Haversine, Place
from tests.factories import LOOP, OAK_PARK, make_appointment, make_nurse, make_patient, make_user
from tests.nurses.story import START

EVANSTON = (42.0451, -87.6877)
DAY = "2026-11-24"
BEFORE = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def clock(db: None) -> Any:
    with time_machine.travel(BEFORE, tick=False) as still:
        yield still


@pytest.fixture
def cleo() -> Nurse:
    return make_nurse()


def book(nurse: Nurse | None, hours: float = 0, **more: Any) -> Appointment:
    place = more.pop("place", OAK_PARK)
    return make_appointment(
        patient=make_patient(place=place),
        nurse=nurse,
        starts_at=START + timedelta(hours=hours),
        **more,
    )


def route(nurse: Nurse, query: str = f"?date={DAY}") -> dict[str, Any]:
    client = APIClient()
    client.force_login(nurse.user)
    answer = client.get(f"/api/v1/route/{query}")
    assert answer.status_code == 200, answer.content
    body: dict[str, Any] = answer.json()
    return body


def drive(here: tuple[float, float], there: tuple[float, float]) -> tuple[int, float]:
    maker, one, other = Haversine(), Place(*here), Place(*there)
    return maker.minutes(one, other), maker.metres(one, other) / 1000


def test_it_drives_from_home_along_the_visits_and_home_again(cleo: Nurse) -> None:
    second = book(cleo, 5, place=EVANSTON)
    first = book(cleo)
    day = route(cleo)
    assert [stop["appointment"] for stop in day["stops"]] == [str(first.pk), str(second.pk)]
    assert [stop["sequence"] for stop in day["stops"]] == [1, 2]
    legs = [drive(LOOP, OAK_PARK), drive(OAK_PARK, EVANSTON), drive(EVANSTON, LOOP)]
    for stop, (minutes, km) in zip(day["stops"], legs, strict=False):
        assert (stop["travel_minutes"], stop["travel_km"]) == (minutes, km)
        left = datetime.fromisoformat(stop["leave_at"])
        arrives = datetime.fromisoformat(stop["starts_at"])
        assert left == arrives - timedelta(minutes=minutes)
    assert day["totals"]["visits"] == 2
    assert day["totals"]["travel_minutes"] == sum(minutes for minutes, _ in legs)
    assert day["totals"]["travel_km"] == pytest.approx(sum(km for _, km in legs))
    assert (day["date"], day["status"], day["warnings"]) == (DAY, "draft", [])


def test_it_says_of_the_patient_only_what_the_visit_needs(cleo: Nurse) -> None:
    visit = book(cleo)
    Patient.objects.update(alerts="BP watch")
    stop = route(cleo)["stops"][0]
    assert stop["patient"] == {
        "first_name": "Ada",
        "phone": "+13125550123",
        "alerts": "BP watch",
    }
    assert stop["address"] == "1201 Lake St, Oak Park, IL 60301"
    assert (stop["latitude"], stop["longitude"]) == OAK_PARK
    assert visit.patient.user.email not in str(stop)


def test_it_stops_only_where_her_time_is_held(cleo: Nurse) -> None:
    other = make_nurse(name="Dora Lee")
    book(cleo, status="cancelled")
    book(cleo, 0.5, status="no_show")
    book(other, 1)
    book(cleo, 24)
    make_appointment(
        patient=make_patient(slug="consultation"),
        nurse=cleo,
        starts_at=START + timedelta(hours=6),
        slug="consultation",
    )
    kept = book(cleo, 2, status="discharged")
    day = route(cleo)
    assert [stop["appointment"] for stop in day["stops"]] == [str(kept.pk)]
    assert len(day["consultations"]) == 1


def test_it_shows_an_empty_day(cleo: Nurse) -> None:
    day = route(cleo)
    assert (day["stops"], day["totals"]) == (
        [],
        {"travel_minutes": 0, "travel_km": 0.0, "visits": 0},
    )


def test_it_shows_today_where_the_nurse_lives(cleo: Nurse, clock: Any) -> None:
    clock.move_to(datetime(2026, 11, 25, 5, 59, tzinfo=UTC))
    assert route(cleo, "")["date"] == DAY
    clock.move_to(datetime(2026, 11, 25, 6, 0, tzinfo=UTC))
    assert route(cleo, "")["date"] == "2026-11-25"


@pytest.mark.parametrize("starts_at", ["2026-11-24T06:00:00+00:00", "2026-11-25T02:00:00+00:00"])
def test_it_counts_days_where_the_visit_is(cleo: Nurse, starts_at: str) -> None:
    make_appointment(
        patient=make_patient(), nurse=cleo, starts_at=datetime.fromisoformat(starts_at)
    )
    assert len(route(cleo)["stops"]) == 1


@pytest.mark.parametrize(
    "date",
    ["", "x", "2026-02-30", "20261124", "2026-W48-2", "0001-01-01", "9999-12-31", "%00", "١"],
)
def test_it_refuses_what_is_no_date(cleo: Nurse, date: str) -> None:
    client = APIClient()
    client.force_login(cleo.user)
    answer = client.get(f"/api/v1/route/?date={date}")
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["attr"] == "date"


@pytest.mark.parametrize(
    ("minutes_between", "expected"), [(30, "gap_too_short"), (45, "gap_tight"), (120, None)]
)
def test_it_warns_of_gaps_she_cannot_or_hardly_drive(
    cleo: Nurse, minutes_between: int, expected: str | None
) -> None:
    assert drive(OAK_PARK, EVANSTON)[0] == 39
    book(cleo)
    late = book(cleo, (190 + minutes_between) / 60, place=EVANSTON)
    warned = [(row["code"], row["appointment"]) for row in route(cleo)["warnings"]]
    assert warned == ([(expected, str(late.pk))] if expected else [])


def test_it_warns_of_leave_and_of_closed_gates(cleo: Nurse) -> None:
    book(cleo, blocked=["consent_missing"])
    Leave.objects.create(nurse=cleo, starts_at=START, ends_at=START + timedelta(hours=1))
    warnings = route(cleo)["warnings"]
    assert [row["code"] for row in warnings] == ["on_leave", "blocked"]
    assert "consent missing" in warnings[1]["detail"]


@pytest.mark.parametrize("role", [Role.PATIENT, Role.DISPATCHER, Role.CLINICIAN])
def test_it_is_for_nurses(role: Role) -> None:
    client = APIClient()
    client.force_login(make_user(role=role))
    assert client.get("/api/v1/route/").status_code == 403
    assert APIClient().get("/api/v1/route/").status_code == 401
