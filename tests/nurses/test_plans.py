"""A dispatcher has a day planned, looks at it, and publishes it."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
import time_machine
from django.db import DatabaseError, connection, transaction
from pytest_django import Settings
from rest_framework.test import APIClient

from booking import appointments
from booking.models import Appointment, Notice
from config.core.errors import constraint_of
from config.core.models import Role
from nurses import dispatch, workday
from nurses.models import Plan, Route
from scheduling.intervals import Interval
from scheduling.models import Leave, Nurse, Qualification
from tests.factories import (
    LOOP,
    OAK_PARK,
    make_appointment,
    make_nurse,
    make_patient,
    make_user,
    therapy,
)
from tests.nurses.story import START
from tests.nurses.test_assigning import holder
from tests.nurses.test_route import DAY, EVANSTON, book, drive, route

BEFORE = datetime(2026, 11, 20, 12, tzinfo=UTC)
THE_DAY = date(2026, 11, 24)
HALF = timedelta(minutes=30)


@pytest.fixture(autouse=True)
def clock(db: None) -> Any:
    with time_machine.travel(BEFORE, tick=False) as still:
        yield still


@pytest.fixture
def dan() -> APIClient:
    client = APIClient()
    client.force_authenticate(make_user(role=Role.DISPATCHER, name="Dan Reyes"))
    return client


def crossed() -> tuple[Nurse, Nurse, Appointment, Appointment]:
    """Two nurses who each drive to where the other lives, at overlapping times."""
    cleo = make_nurse(home=OAK_PARK)
    ben = make_nurse(name="Ben Wu", home=EVANSTON)
    return cleo, ben, book(cleo, place=EVANSTON), book(ben, 0.5, place=OAK_PARK)


def plan(client: APIClient, day: str = DAY, **asked: Any) -> Any:
    return client.post(f"/api/v1/dispatch/{day}/plan/", asked)


def publish(client: APIClient, plan: Any, day: str = DAY) -> Any:
    return client.post(f"/api/v1/dispatch/{day}/publish/", {"plan": plan})


def shown(client: APIClient) -> dict[str, Any]:
    body: dict[str, Any] = client.get(f"/api/v1/dispatch/{DAY}/").json()
    return body


def test_it_proposes_what_drives_less_and_changes_nothing(dan: APIClient) -> None:
    cleo, ben, hers, his = crossed()
    before = shown(dan)["totals"]["travel_km"]
    answer = plan(dan)
    assert answer.status_code == 200, answer.content
    body = answer.json()
    assert sorted(body["moves"], key=lambda move: move["from"]) == [
        {"appointment": str(hers.pk), "from": cleo.pk, "to": ben.pk},
        {"appointment": str(his.pk), "from": ben.pk, "to": cleo.pk},
    ]
    assert body["km_before"] == pytest.approx(before)
    assert body["km_after"] == 0
    assert (body["lower_bound_km"], body["gap_percent"], body["proven"]) == (0, 0, True)
    assert (body["unassigned"], body["seed"], body["status"]) == ([], 1, "proposed")
    assert (holder(hers), holder(his)) == (cleo.pk, ben.pk)
    assert not Route.objects.exists()


def test_it_publishes_an_exchange_of_visits_that_overlap(dan: APIClient) -> None:
    cleo, ben, hers, his = crossed()
    answer = publish(dan, plan(dan).json()["plan"])
    assert (answer.status_code, answer.json()["status"]) == (200, "published")
    assert (holder(hers), holder(his)) == (ben.pk, cleo.pk)
    day = shown(dan)
    assert [row["status"] for row in day["routes"]] == ["published", "published"]
    assert (day["lower_bound_km"], day["gap_percent"]) == (0, 0)
    assert day["plan"]["status"] == "published"
    for nurse, visit in ((cleo, his), (ben, hers)):
        copy = Route.objects.get(nurse=nurse)
        assert [stop["appointment"] for stop in copy.stops] == [str(visit.pk)]
        assert route(nurse)["status"] == "published"


def test_it_knows_of_no_bound_until_a_plan_ran_and_once_the_day_moved_on(dan: APIClient) -> None:
    cleo, _, _hers, _ = crossed()
    assert shown(dan)["lower_bound_km"] is None
    plan(dan)
    assert shown(dan)["lower_bound_km"] == 0
    book(cleo, 6)
    day = shown(dan)
    assert (day["lower_bound_km"], day["gap_percent"], day["plan"]) == (None, None, None)


def booked(cleo: Nurse, _: Appointment) -> None:
    book(cleo, 6)


def cancelled(_: Nurse, visit: Appointment) -> None:
    appointments.cancel(appointment=visit)


def moved(_: Nurse, visit: Appointment) -> None:
    Appointment.objects.filter(pk=visit.pk).update(
        starts_at=visit.starts_at + timedelta(minutes=15), version=visit.version + 1
    )


def assigned(cleo: Nurse, visit: Appointment) -> None:
    Appointment.objects.filter(pk=visit.pk).update(nurse=None)


def left(cleo: Nurse, _: Appointment) -> None:
    Leave.objects.create(nurse=cleo, starts_at=START, ends_at=START + timedelta(minutes=5))


def lost_licence(cleo: Nurse, _: Appointment) -> None:
    cleo.licences.all().delete()


def unqualified(cleo: Nurse, _: Appointment) -> None:
    Qualification.objects.filter(nurse=cleo).update(valid_until=date(2026, 11, 23))


def other_hours(cleo: Nurse, _: Appointment) -> None:
    cleo.shifts.update(ends="20:30")


def moved_house(cleo: Nurse, _: Appointment) -> None:
    Nurse.objects.filter(pk=cleo.pk).update(home_latitude=41.9)


@pytest.mark.parametrize(
    "meanwhile",
    [
        booked, cancelled, moved, assigned, left, lost_licence, unqualified, other_hours,
        moved_house,
    ],
)  # fmt: skip
def test_it_refuses_a_plan_of_a_day_that_has_moved_since(dan: APIClient, meanwhile: Any) -> None:
    cleo, _, _hers, his = crossed()
    number = plan(dan).json()["plan"]
    meanwhile(cleo, his)
    before = list(Appointment.objects.order_by("pk").values_list("pk", "nurse"))
    answer = publish(dan, number)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (409, "stale_plan")
    assert list(Appointment.objects.order_by("pk").values_list("pk", "nurse")) == before
    assert not Route.objects.exists()
    assert not Notice.objects.filter(kind="route").exists()


def test_it_refuses_a_plan_once_a_visit_it_moves_has_begun(dan: APIClient, clock: Any) -> None:
    _, _, _hers, _ = crossed()
    number = plan(dan).json()["plan"]
    clock.move_to(START)
    assert publish(dan, number).json()["errors"][0]["code"] == "stale_plan"


def test_it_publishes_the_same_plan_twice_and_tells_nobody_twice(dan: APIClient) -> None:
    crossed()
    number = plan(dan).json()["plan"]
    assert publish(dan, number).status_code == 200
    assert publish(dan, number).status_code == 200
    assert (Route.objects.count(), Notice.objects.filter(kind="route").count()) == (2, 2)


def test_it_refuses_a_full_plan_made_before_another_was_published(dan: APIClient) -> None:
    _, _, _hers, _his = crossed()
    old = dispatch.plan(day=THE_DAY)
    dispatch.publish_as_it_is(THE_DAY)
    assert publish(dan, old.pk).json()["errors"][0]["code"] == "stale_plan"


def test_it_gives_the_same_plan_for_the_same_seed() -> None:
    crossed()
    one, other = (dispatch.plan(day=THE_DAY, seed=7) for _ in range(2))
    assert (one.moves, one.metres_after, one.seed) == (other.moves, other.metres_after, 7)


def test_it_prefers_the_nurse_whom_the_patient_knows() -> None:
    cleo, ben = make_nurse(), make_nurse(name="Ben Wu")
    ada = make_patient()
    earlier = appointments.book(
        patient=ada, therapy=therapy(), starts_at=START - timedelta(days=3), by=ada.user, nurse=ben
    )
    assert earlier.nurse == ben
    visit = appointments.book(
        patient=ada, therapy=therapy(), starts_at=START, by=ada.user, nurse=cleo
    )
    found = dispatch.plan(day=THE_DAY)
    assert [(move["appointment"], move["to"]) for move in found.moves] == [(str(visit.pk), ben.pk)]
    # The cost of a change is no driving: the bound is one on driving alone.
    assert found.metres_after == found.metres_before == found.lower_bound_metres


def test_it_changes_no_nurse_where_that_saves_little() -> None:
    cleo = make_nurse(home=(LOOP[0], LOOP[1]))
    make_nurse(name="Ben Wu", home=(LOOP[0], LOOP[1] - 0.002))
    book(cleo)
    assert dispatch.plan(day=THE_DAY).moves == []


def test_it_evens_the_load_where_that_costs_little(settings: Settings) -> None:
    cleo = make_nurse()
    ben = make_nurse(name="Ben Wu")
    for hour in (-3.25, 0.75, 4.75):
        book(cleo, hour, place=LOOP)
    settings.DISPATCH_UNEVEN_METRES = settings.DISPATCH_CHANGE_METRES - 1
    assert len(dispatch.plan(day=THE_DAY).moves) == 1
    settings.DISPATCH_UNEVEN_METRES = 0
    assert dispatch.plan(day=THE_DAY).moves == []
    settings.DISPATCH_UNEVEN_METRES = settings.DISPATCH_CHANGE_METRES
    assert [move["to"] for move in dispatch.plan(day=THE_DAY).moves] == [ben.pk]


def test_it_finds_a_nurse_for_a_visit_that_has_none(dan: APIClient) -> None:
    visit, cleo = book(None), make_nurse()
    body = plan(dan).json()
    assert body["moves"] == [{"appointment": str(visit.pk), "from": None, "to": cleo.pk}]
    assert publish(dan, body["plan"]).status_code == 200
    assert holder(visit) == cleo.pk


def test_it_says_which_rule_stops_each_near_nurse(dan: APIClient) -> None:
    cleo, ben, dora = (make_nurse(name=name) for name in ("Cleo Marsh", "Ben Wu", "Dora Lee"))
    book(cleo)
    ben.licences.all().delete()
    dora.shifts.update(starts="15:00")
    visit = book(None, 0.5)
    (row,) = plan(dan).json()["unassigned"]
    assert row["appointment"] == str(visit.pk)
    assert {(one["nurse"]["first_name"], one["rule"]) for one in row["reasons"]} == {
        ("Cleo", "busy"),
        ("Ben", "papers"),
        ("Dora", "shift"),
    }
    assert "Ben Wu: no licence or qualification for it" in row["why"]
    (same,) = shown(dan)["unassigned"]
    assert same["why"] == row["why"]


def test_it_leaves_out_no_visit_that_has_a_nurse_for_one_that_has_none() -> None:
    cleo = make_nurse(home=EVANSTON)
    kept = book(cleo, place=OAK_PARK)
    book(None, 0.5, place=EVANSTON)
    found = dispatch.plan(day=THE_DAY)
    assert found.moves == []
    assert str(kept.pk) not in str(found.unassigned)


@pytest.mark.parametrize("status", ["en_route", "on_site", "infusing", "observing", "discharged"])
def test_it_never_moves_a_visit_under_way_or_over(clock: Any, status: str) -> None:
    _cleo, _ben, hers, _his = crossed()
    Appointment.objects.filter(pk=hers.pk).update(status="en_route")
    if status not in ("en_route",):
        Appointment.objects.filter(pk=hers.pk).update(status="on_site")
    if status in ("infusing", "observing", "discharged"):
        Appointment.objects.filter(pk=hers.pk).update(status="infusing")
    if status in ("observing", "discharged"):
        Appointment.objects.filter(pk=hers.pk).update(status="observing")
    if status == "discharged":
        Appointment.objects.filter(pk=hers.pk).update(status="discharged")
    assert str(hers.pk) not in str(dispatch.plan(day=THE_DAY).moves)


def test_it_never_moves_a_visit_that_should_have_begun(clock: Any) -> None:
    _, _, hers, _his = crossed()
    clock.move_to(hers.starts_at)
    found = dispatch.plan(day=THE_DAY, is_minimal=False)
    assert str(hers.pk) not in str(found.moves)


def test_it_moves_only_what_must_once_routes_are_published(dan: APIClient) -> None:
    cleo, ben, hers, _his = crossed()
    dispatch.publish_as_it_is(THE_DAY)
    dora = make_nurse(name="Dora Lee")
    assert plan(dan).json()["moves"] == []
    Leave.objects.create(nurse=cleo, starts_at=START, ends_at=START + timedelta(hours=9))
    body = plan(dan).json()
    assert body["is_minimal"]
    assert body["moves"] == [{"appointment": str(hers.pk), "from": cleo.pk, "to": dora.pk}]
    assert publish(dan, body["plan"]).status_code == 200
    versions = {row.nurse_id: row.version for row in Route.objects.newest(day=THE_DAY)}
    assert versions == {cleo.pk: 2, ben.pk: 1, dora.pk: 1}
    told = Notice.objects.filter(kind="route").exclude(status="superseded")
    assert sorted(row.facts["nurse"] for row in told) == [cleo.pk, ben.pk, dora.pk]
    assert {row.facts["nurse"]: row.facts["is_change"] for row in told} == {
        cleo.pk: True,
        ben.pk: False,
        dora.pk: False,
    }


def test_a_day_that_is_over_is_not_published_afterwards(dan: APIClient, clock: Any) -> None:
    crossed()
    found = plan(dan).json()["plan"]
    clock.move_to(START + timedelta(days=2))
    for one in (found, plan(dan).json()["plan"]):
        answer = publish(dan, one)
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (409, "wrong_state")
    assert not Route.objects.exists()


def test_no_figure_counts_the_drive_to_a_visit_that_stays_without_its_nurse(dan: APIClient) -> None:
    cleo = make_nurse()
    book(cleo, place=EVANSTON)
    Leave.objects.create(nurse=cleo, starts_at=START, ends_at=START + timedelta(hours=2))
    left = plan(dan).json()
    assert (left["moves"], len(left["unassigned"])) == ([], 1)
    assert (left["km_before"], left["km_after"], left["lower_bound_km"]) == (0, 0, 0)
    kept = book(cleo, 6, place=OAK_PARK)
    body = plan(dan).json()
    _, there = drive(LOOP, OAK_PARK)
    assert body["km_before"] == body["km_after"] == body["lower_bound_km"] == 2 * there
    assert (body["gap_percent"], holder(kept)) == (0, cleo.pk)


def test_a_step_of_a_visit_under_way_makes_no_plan_stale(dan: APIClient, clock: Any) -> None:
    _, _, hers, _ = crossed()
    Appointment.objects.filter(pk=hers.pk).update(status="en_route")
    found = plan(dan).json()["plan"]
    Appointment.objects.filter(pk=hers.pk).update(status="on_site")
    assert publish(dan, found).status_code == 200


def test_a_consultation_is_neither_lunch_nor_leisure(dan: APIClient) -> None:
    cleo = make_nurse(starts=time(8), ends=time(20))
    cleo.shifts.update(lunch_minutes=30, lunch_from=time(12), lunch_until=time(13))
    Nurse.objects.update(max_working_minutes=480)
    noon = datetime(2026, 11, 24, 18, tzinfo=UTC)
    talk = make_appointment(
        patient=make_patient(), nurse=cleo, starts_at=noon, slug="consultation", ends_at=noon + HALF
    )
    (shown,) = workday.read(THE_DAY).nurses
    assert shown.lunches == ((30, Interval(noon + HALF, noon + 2 * HALF)),)
    assert shown.max_working == 480 - 30
    Appointment.objects.filter(pk=talk.pk).update(ends_at=noon + 2 * HALF, version=2)
    nobodys = book(None, 4)
    body = plan(dan).json()
    assert [one["appointment"] for one in body["unassigned"]] == [str(nobodys.pk)]
    assert [one["rule"] for one in body["unassigned"][0]["reasons"]] == ["lunch"]


def test_a_day_without_visits_is_planned_and_published_to_nobody(dan: APIClient) -> None:
    make_nurse()
    body = plan(dan).json()
    assert (body["moves"], body["km_after"], body["lower_bound_km"]) == ([], 0, 0)
    assert body["proven"]
    assert publish(dan, body["plan"]).status_code == 200
    assert not Notice.objects.filter(kind="route").exists()
    assert plan(dan, day="2150-01-01").status_code == 200


def test_a_consultation_is_no_part_of_any_route() -> None:
    nurse = make_nurse()
    ada = make_patient(slug="consultation")
    make_nurse(name="Desk Nurse", kind="desk")
    appointments.book(patient=ada, therapy=therapy("consultation"), starts_at=START, by=ada.user)
    found = dispatch.plan(day=THE_DAY)
    assert (found.moves, found.unassigned, found.metres_before) == ([], [], 0)
    assert nurse.pk in [one.nurse.pk for one in dispatch.on(THE_DAY).routes]


@pytest.mark.parametrize(
    ("day", "starts_at"),
    [
        (date(2027, 3, 14), datetime(2027, 3, 14, 15, tzinfo=UTC)),
        (date(2026, 11, 1), datetime(2026, 11, 1, 16, tzinfo=UTC)),
    ],
)
def test_a_day_on_which_clocks_change_is_planned_by_its_own_hours(
    clock: Any, day: date, starts_at: datetime
) -> None:
    clock.move_to(starts_at - timedelta(days=4))
    cleo = make_nurse(starts=datetime.min.time().replace(hour=9, minute=15))
    ben = make_nurse(name="Ben Wu", starts=datetime.min.time().replace(hour=9, minute=45))
    # 10 AM by the clock of the day, which is an hour off that of the day before.
    visit = book(None, (starts_at - START).total_seconds() / 3600)
    visit.refresh_from_db()
    assert dispatch.plan(day=day).moves == [
        {"appointment": str(visit.pk), "from": None, "to": cleo.pk}
    ]
    assert ben.pk not in [move["to"] for move in dispatch.plan(day=day).moves]


@pytest.mark.parametrize(
    ("change", "guard"),
    [
        ("UPDATE nurses_plan SET metres_after = 1", "plan_says_what_it_said"),
        ("UPDATE nurses_plan SET status = 'proposed'", "Invalid transition"),
        ("DELETE FROM nurses_plan", "Cannot delete"),
        ("UPDATE nurses_route SET stops = '[]'", "Cannot update"),
        ("DELETE FROM nurses_route", "Cannot update or delete"),
    ],
)
def test_the_database_keeps_what_was_planned_and_published(change: str, guard: str) -> None:
    crossed()
    dispatch.publish(plan=dispatch.plan(day=THE_DAY), by=None)
    with pytest.raises(DatabaseError) as no, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(change)
    assert guard in f"{no.value} {constraint_of(no.value)}"


# -- what is no question -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "day", ["x", "2026-02-30", "9999-12-31", "1970-01-01", "2199-12-31", "2026-1-1", "%00", "١"]
)
def test_it_refuses_what_is_no_date(dan: APIClient, day: str) -> None:
    for answer in (plan(dan, day=day), publish(dan, 1, day=day)):
        assert answer.status_code == 400
        assert answer.json()["errors"][0]["attr"] == "date"


@pytest.mark.parametrize(
    "seconds", [0, -1, 61, 1_000_000, 1e308, "nan", "inf", "-inf", "x", None, [], {}, True, "\x00"]
)
def test_it_searches_no_shorter_or_longer_than_is_sensible(dan: APIClient, seconds: Any) -> None:
    answer = plan(dan, seconds=seconds)
    if seconds is True:  # one second, as JSON's numbers go in Python
        assert answer.status_code == 200
        return
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["attr"] == "seconds"
    assert not Plan.objects.exists()


@pytest.mark.parametrize("seed", [-1, 2**31, 10**30, "x", 1.5, None, [], "\x00"])
def test_it_refuses_what_is_no_seed(dan: APIClient, seed: Any) -> None:
    answer = plan(dan, seed=seed)
    assert (answer.status_code, answer.json()["errors"][0]["attr"]) == (400, "seed")


@pytest.mark.parametrize("number", [None, "x", -1, 0, 10**30, 1.5, [], {}, "\x00", 999_999])
def test_it_refuses_what_is_no_plan(dan: APIClient, number: Any) -> None:
    answer = publish(dan, number)
    assert (answer.status_code, answer.json()["errors"][0]["attr"]) == (400, "plan")


def test_it_publishes_no_plan_of_another_day(dan: APIClient) -> None:
    number = plan(dan).json()["plan"]
    assert publish(dan, number, day="2026-11-25").status_code == 400


@pytest.mark.parametrize("body", [[], "x", 1, None])
def test_it_reads_only_objects(dan: APIClient, body: Any) -> None:
    for what in ("plan", "publish"):
        answer = dan.post(f"/api/v1/dispatch/{DAY}/{what}/", body, format="json")
        assert answer.status_code in (200, 400)


@pytest.mark.parametrize("role", [Role.PATIENT, Role.NURSE, Role.CLINICIAN])
def test_it_is_for_dispatchers_and_administrators(role: Role) -> None:
    client = APIClient()
    assert plan(client).status_code == publish(client, 1).status_code == 401
    client.force_login(make_user(role=role))
    assert plan(client).status_code == publish(client, 1).status_code == 403
    client.force_login(make_user(role=Role.ADMINISTRATOR))
    assert plan(client).status_code == 200
