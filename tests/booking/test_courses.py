"""Courses over the API: suggested, booked all or none, and what becomes of their visits."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from booking import courses
from booking.models import Appointment, Course, Notice
from booking.notices import ledger
from config.core.models import Role
from patients.models import Order, Patient
from scheduling.models import Leave, Nurse
from tests.factories import (
    CHICAGO,
    make_document,
    make_nurse,
    make_order,
    make_patient,
    make_user,
    therapy,
    use_up,
)

pytestmark = pytest.mark.django_db
ZONE = ZoneInfo(CHICAGO)
# A Monday noon in Chicago, far from any change of clocks.
MONDAY = datetime(2027, 2, 1, 18, tzinfo=UTC)
COURSES = "/api/v1/courses/"


def at(day: int, hour: int, minute: int = 0, *, month: int = 2) -> datetime:
    return datetime(2027, month, day, hour, minute, tzinfo=ZONE)


@pytest.fixture(autouse=True)
def _monday() -> Any:
    with time_machine.travel(MONDAY, tick=False):
        yield


@pytest.fixture
def ada() -> Patient:
    return make_patient(slug="pain-240")


@pytest.fixture
def client(ada: Patient) -> APIClient:
    return client_of(ada)


def client_of(patient: Patient) -> APIClient:
    client = APIClient()
    client.force_authenticate(patient.user)
    return client


def book(client: APIClient, starts: list[datetime], slug: str = "pain-240", **headers: str) -> Any:
    body = {"therapy": slug, "starts": [start.isoformat() for start in starts]}
    return client.post(COURSES, body, headers=headers)


def suggest(client: APIClient, slug: str = "pain-240", **asked: str) -> Any:
    return client.get(f"{COURSES}suggest/", {"therapy": slug, "from": "2027-02-03", **asked})


def five(hour: int = 9, *, first: int = 3) -> list[datetime]:
    return [at(day, hour) for day in range(first, first + 5)]


def refusals(answer: Any) -> list[tuple[str | None, str]]:
    assert answer.status_code == 409, answer.json()
    return [(error["attr"], error["code"]) for error in answer.json()["errors"]]


def away(nurse: Nurse, starts_at: datetime, ends_at: datetime) -> None:
    Leave.objects.create(nurse=nurse, starts_at=starts_at, ends_at=ends_at)


# -- book ----------------------------------------------------------------------------------------


def test_it_books_every_visit_of_a_course(client: APIClient, ada: Patient) -> None:
    make_nurse()
    answer = book(client, five())
    assert answer.status_code == 201, answer.json()
    body = answer.json()
    assert body["therapy"] == "pain-240"
    assert [visit["starts_at"] for visit in body["appointments"]] == [
        start.isoformat() for start in five()
    ]
    assert {visit["course"] for visit in body["appointments"]} == {body["id"]}
    assert {visit["nurse"]["first_name"] for visit in body["appointments"]} == {"Cleo"}
    assert ada.orders.get().sessions_reserved == 5
    assert client.get("/api/v1/appointments/").json() == body["appointments"]


def test_a_patient_finds_her_courses_again_and_nobody_else_s(client: APIClient) -> None:
    make_nurse()
    make_nurse(name="Dora Lee")
    assert client.get(COURSES).json() == []
    first = book(client, five()).json()
    ben = make_patient(name="Ben Wu", slug="pain-240")
    his = book(client_of(ben), five()[:2]).json()
    assert client.get(COURSES).json() == [first]
    assert client.get(f"{COURSES}{first['id']}/").json() == first
    assert client.get(f"{COURSES}{his['id']}/").status_code == 404
    assert client.get(f"{COURSES}none/").status_code == 404
    gone = first["appointments"][1]["id"]
    assert client.post(f"/api/v1/appointments/{gone}/cancel/", {}).status_code == 200
    shown = client.get(f"{COURSES}{first['id']}/").json()["appointments"]
    assert [visit["status"] for visit in shown] == ["booked", "cancelled", *["booked"] * 3]
    assert APIClient().get(COURSES).status_code == 401


def test_the_list_of_courses_asks_no_more_often_for_more_of_them(client: APIClient) -> None:
    make_nurse()

    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(COURSES).status_code == 200
        return len(queries)

    for start in five()[:2]:
        assert book(client, [start]).status_code == 201
    few = asked()
    for start in five()[2:]:
        assert book(client, [start]).status_code == 201
    assert len(client.get(COURSES).json()) == 5
    assert asked() == few


def test_it_answers_in_the_order_that_was_asked(client: APIClient) -> None:
    make_nurse()
    starts = five()[::-1]
    visits = book(client, starts).json()["appointments"]
    assert [visit["starts_at"] for visit in visits] == [start.isoformat() for start in starts]


def test_it_prepares_once_for_a_run(client: APIClient) -> None:
    make_nurse()
    visits = book(client, five(first=8)[::-1]).json()["appointments"]
    first = min(visits, key=lambda visit: visit["starts_at"])
    prepared = Notice.objects.filter(kind="prepare").values_list("appointment", flat=True)
    assert [str(pk) for pk in prepared] == [first["id"]]
    booked = Notice.objects.filter(kind="booked", channel="email", status="pending")
    assert booked.count() == 5


def test_it_books_nothing_where_one_start_is_refused(client: APIClient, ada: Patient) -> None:
    cleo = make_nurse()
    away(cleo, at(6, 0), at(7, 0))
    answer = book(client, five())
    assert refusals(answer) == [("starts.3", "not_offered")]
    assert not Appointment.objects.exists()
    assert not Course.objects.exists()
    assert not Notice.objects.exists()
    assert ada.orders.get().sessions_reserved == 0


def test_it_names_every_start_that_is_refused_and_why(client: APIClient, ada: Patient) -> None:
    cleo = make_nurse()
    ben = make_patient(name="Ben Okafor")
    away(cleo, at(5, 0), at(6, 0))
    taken = client_of(ben).post(
        "/api/v1/appointments/", {"therapy": "mood-40", "starts_at": at(9, 10).isoformat()}
    )
    assert taken.status_code == 201
    answer = book(client, [at(3, 9), at(4, 7), at(5, 9), at(9, 9), at(9, 13, 30), at(10, 8)])
    assert refusals(answer) == [
        ("starts.1", "too_late_at_night"),
        ("starts.2", "not_offered"),
        ("starts.3", "slot_taken"),
        ("starts.4", "interval_too_short"),
        ("starts.4", "patient_busy"),
        ("starts.5", "interval_too_short"),
    ]
    assert ada.orders.get().sessions_reserved == 0


def test_it_counts_the_sessions_that_the_course_itself_uses(
    client: APIClient, ada: Patient
) -> None:
    make_nurse()
    answer = book(client, [at(day, 9) for day in range(3, 11)])
    assert refusals(answer) == [("starts.6", "order_exhausted"), ("starts.7", "order_exhausted")]
    assert book(client, [at(day, 9) for day in range(3, 9)]).status_code == 201
    assert ada.orders.get().sessions_left == 0


def test_it_lets_a_course_rest_on_two_orders(client: APIClient, ada: Patient) -> None:
    make_nurse()
    first = ada.orders.get()
    Order.objects.filter(pk=first.pk).update(sessions_reserved=1)
    for _ in range(3):
        use_one(first)
    renewed = make_order(patient=ada, slug="pain-240", valid_until=date(2028, 12, 31))
    assert book(client, five()).status_code == 201
    assert [Order.objects.get(pk=o.pk).sessions_left for o in (first, renewed)] == [0, 3]


def use_one(order: Order) -> None:
    order.refresh_from_db()
    Order.objects.filter(pk=order.pk).update(sessions_reserved=order.sessions_reserved + 1)


def test_it_keeps_the_spacing_between_the_course_s_own_starts() -> None:
    make_nurse()
    client = client_of(make_patient())
    starts = [at(3, 10), at(5, 10), at(7, 9, 45), at(9, 10)]
    assert refusals(book(client, starts, "mood-40")) == [("starts.2", "interval_too_short")]
    assert refusals(book(client, [at(3, 10), at(3, 10)], "mood-40")) == [
        ("starts.1", "interval_too_short"),
        ("starts.1", "patient_busy"),
    ]


def test_it_offers_other_times_that_leave_the_rest_of_the_course_as_it_is(
    client: APIClient,
) -> None:
    cleo = make_nurse()
    away(cleo, at(5, 0), at(5, 12))
    answer = book(client, five())
    assert refusals(answer) == [("starts.2", "not_offered")]
    others = answer.json()["alternatives"]
    assert others[0]["starts_at"] == at(5, 12, 30).isoformat()
    better = five()
    better[2] = datetime.fromisoformat(others[0]["starts_at"])
    assert book(client, better).status_code == 201


def test_it_prefers_the_nurse_who_can_make_every_visit(client: APIClient) -> None:
    near = make_nurse(name="Cleo Marsh", home=(41.8850, -87.7845))  # Oak Park, as the patient
    make_nurse(name="Dee Park")
    away(near, at(7, 0), at(8, 0))
    visits = book(client, five()).json()["appointments"]
    assert {visit["nurse"]["first_name"] for visit in visits} == {"Dee"}


def test_it_has_as_few_nurses_as_it_can(client: APIClient) -> None:
    cleo, dee = make_nurse(name="Cleo Marsh"), make_nurse(name="Dee Park")
    away(cleo, at(7, 0), at(8, 0))
    away(dee, at(3, 0), at(6, 0))
    visits = book(client, five()).json()["appointments"]
    names = [visit["nurse"]["first_name"] for visit in visits]
    assert names == ["Cleo", "Cleo", "Cleo", "Cleo", "Dee"]


def test_it_names_each_closed_gate_for_each_start() -> None:
    make_nurse()
    nora = make_patient(name="Nora New", ready=False)
    make_document()
    answer = book(client_of(nora), five()[:2])
    gates = [
        "not_cleared",
        "order_missing",
        "consent_missing",
        "escort_missing",
        "outside_service_area",
    ]
    assert refusals(answer) == [(f"starts.{n}", code) for n in (0, 1) for code in gates]


def test_it_answers_a_key_sent_again_with_the_same_course(client: APIClient) -> None:
    make_nurse()
    first = book(client, five(), **{"Idempotency-Key": "once"})
    again = book(client, five(), **{"Idempotency-Key": "once"})
    assert (again.status_code, again.json()) == (201, first.json())
    assert Course.objects.count() == 1


def test_it_knows_no_course_of_consultations(client: APIClient) -> None:
    therapy("consultation")
    for answer in (book(client, five(), "consultation"), suggest(client, "consultation")):
        assert answer.status_code == 400
        error = answer.json()["errors"][0]
        assert (error["code"], error["attr"]) == ("no_course", "therapy")


@pytest.mark.parametrize(
    ("starts", "attr"),
    [
        ([], "starts"),
        ("2027-02-03T09:00:00-06:00", "starts"),
        (["2027-02-03T09:00:00-06:00", "2027-02-04T09:00:00"], "starts.1"),
        (["9999-12-31T23:59:59-23:59"], "starts.0"),
        ([{}], "starts.0"),
        (["2027-02-03T09:00:00-06:00"] * 32, "starts"),
        (None, "starts"),
    ],
)
def test_it_answers_a_malformed_course_with_400(client: APIClient, starts: Any, attr: str) -> None:
    answer = client.post(COURSES, {"therapy": "pain-240", "starts": starts}, format="json")
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["attr"] == attr


# -- afterwards ----------------------------------------------------------------------------------


def test_it_keeps_the_interval_when_one_visit_moves() -> None:
    make_nurse()
    client = client_of(make_patient())
    visits = book(client, [at(3, 10), at(5, 10), at(8, 10)], "mood-40").json()["appointments"]
    path = f"/api/v1/appointments/{visits[1]['id']}/reschedule/"
    near = client.post(path, {"starts_at": at(6, 11).isoformat()})
    assert [error["code"] for error in near.json()["errors"]] == ["interval_too_short"]
    moved = client.post(path, {"starts_at": at(6, 10).isoformat()})
    assert (moved.status_code, moved.json()["course"]) == (200, visits[1]["course"])


def test_it_frees_one_session_when_one_visit_is_cancelled(client: APIClient, ada: Patient) -> None:
    make_nurse()
    visits = book(client, five()).json()["appointments"]
    client.post(f"/api/v1/appointments/{visits[2]['id']}/cancel/", {})
    assert ada.orders.get().sessions_reserved == 4
    assert list(Appointment.objects.values_list("status", flat=True)) == [
        "booked", "booked", "cancelled", "booked", "booked",
    ]  # fmt: skip


def prepared() -> list[datetime]:
    waiting = Notice.objects.filter(kind="prepare").exclude(status="superseded")
    return sorted(notice.appointment.starts_at for notice in waiting if notice.appointment)


def test_it_prepares_for_the_next_visit_once_the_first_is_off(client: APIClient) -> None:
    make_nurse()
    visits = book(client, five(first=8)).json()["appointments"]
    assert prepared() == [at(8, 9)]
    client.post(f"/api/v1/appointments/{visits[0]['id']}/cancel/", {})
    assert prepared() == [at(9, 9)]
    moved = client.post(
        f"/api/v1/appointments/{visits[1]['id']}/reschedule/", {"starts_at": at(13, 9).isoformat()}
    )
    assert moved.status_code == 200
    assert prepared() == [at(10, 9)]


def test_it_prepares_nobody_twice_for_one_run(client: APIClient) -> None:
    make_nurse()
    visits = book(client, five(first=8)).json()["appointments"]
    with time_machine.travel(at(5, 10), tick=False):
        ledger.send_due()
        assert Notice.objects.get(kind="prepare").status == "sent"
        client.post(f"/api/v1/appointments/{visits[0]['id']}/cancel/", {})
    assert prepared() == [at(8, 9)]


def test_it_shows_courses_to_the_desk(client: APIClient) -> None:
    make_nurse()
    course = book(client, five()).json()["id"]
    desk = Client()
    desk.force_login(make_user(role=Role.DISPATCHER, name="Dan Reyes"))
    shown = desk.get(f"/admin/booking/course/{course}/change/")
    assert shown.status_code == 200
    assert shown.content.decode().count("/admin/booking/appointment/") >= 5
    assert desk.get("/admin/booking/course/add/").status_code == 403


# -- suggest -------------------------------------------------------------------------------------


def starts_of(answer: Any) -> list[datetime]:
    assert answer.status_code == 200, answer.json()
    return [datetime.fromisoformat(slot["starts_at"]) for slot in answer.json()["slots"]]


def test_it_suggests_a_course_that_can_be_booked_at_once(client: APIClient) -> None:
    make_nurse()
    answer = suggest(client)
    body = answer.json()
    starts = starts_of(answer)
    assert starts == five(8)
    assert {name: body[name] for name in body if name != "slots"} == {
        "therapy": "pain-240",
        "time_zone": CHICAGO,
        "visits": 5,
        "whole_course": 5,
        "limited_by": None,
        "same_time": True,
        "same_nurse": True,
        "summary": "5 visits on consecutive days, each at 8:00 AM, one nurse throughout.",
    }
    offered = client.get(
        "/api/v1/slots/", {"therapy": "pain-240", "from": "2027-02-03", "to": "2027-02-07"}
    ).json()["slots"]
    assert all(slot in offered for slot in body["slots"])
    assert book(client, starts).status_code == 201


def test_it_suggests_the_hour_that_suits(client: APIClient) -> None:
    make_nurse()
    assert starts_of(suggest(client, time="12:15")) == [at(day, 12, 15) for day in range(3, 8)]
    assert starts_of(suggest(client, time="23:00"))[0] == at(3, 13, 30)


def test_it_says_when_the_hour_or_the_nurse_cannot_be_the_same(client: APIClient) -> None:
    cleo, dee = make_nurse(name="Cleo Marsh"), make_nurse(name="Dee Park")
    away(dee, at(1, 0), at(1, 0, month=5))
    for day in range(62):  # early on one day, late on the next
        midnight = at(1, 0) + timedelta(days=day)
        begins, ends = ((16, 24), (0, 10))[day % 2]
        away(cleo, midnight + timedelta(hours=begins), midnight + timedelta(hours=ends))
    body = suggest(client).json()
    assert (body["same_time"], body["same_nurse"]) == (False, True)
    assert "not all at one time of day" in body["summary"]
    dee.leaves.all().delete()
    for day in range(1, 61, 2):
        away(dee, at(1, 0) + timedelta(days=day), at(2, 0) + timedelta(days=day))
    body = suggest(client).json()
    assert (body["same_time"], body["same_nurse"]) == (True, False)
    assert "more than one nurse" in body["summary"]
    starts = [datetime.fromisoformat(slot["starts_at"]) for slot in body["slots"]]
    assert book(client, starts).status_code == 201


def test_it_suggests_no_more_than_the_order_holds(client: APIClient, ada: Patient) -> None:
    make_nurse()
    order = ada.orders.get()
    for _ in range(3):
        use_one(order)
    body = suggest(client).json()
    assert (body["visits"], body["whole_course"], body["limited_by"]) == (3, 5, "order")
    assert "A whole course is 5." in body["summary"]
    use_up(Order.objects.get())
    assert refusals(suggest(client)) == [(None, "order_exhausted")]
    Order.objects.update(withdrawn_at=MONDAY)
    assert refusals(suggest(client)) == [(None, "order_missing")]


def test_it_suggests_six_visits_over_two_to_three_weeks_around_the_patient_s_own() -> None:
    make_nurse()
    ada = make_patient()
    client = client_of(ada)
    booked = client.post(
        "/api/v1/appointments/", {"therapy": "mood-40", "starts_at": at(3, 10).isoformat()}
    )
    assert booked.status_code == 201
    make_order(patient=ada)
    starts = starts_of(suggest(client, "mood-40"))
    assert [start.day for start in starts] == [5, 7, 9, 11, 13, 16]
    assert {start.hour for start in starts} == {10}
    assert book(client, starts, "mood-40").status_code == 201


def test_it_says_how_many_visits_a_month_apart_fit_ahead(client: APIClient, ada: Patient) -> None:
    make_nurse()
    make_order(patient=ada, slug="maintenance-40")
    answer = suggest(client, "maintenance-40")
    starts, body = starts_of(answer), answer.json()
    assert [(start.month, start.day) for start in starts] == [(2, 3), (3, 3), (3, 31)]
    assert {start.hour for start in starts} == {8}  # clocks go forward on 14 March
    assert (body["visits"], body["whole_course"], body["limited_by"]) == (3, None, "horizon")
    assert "60 days ahead" in body["summary"]
    assert book(client, starts, "maintenance-40").status_code == 201


def test_it_calls_nothing_a_course_that_is_none(client: APIClient) -> None:
    cleo = make_nurse()
    for day in range(1, 70, 4):
        away(cleo, at(1, 0) + timedelta(days=day), at(1, 23) + timedelta(days=day))
    answer = suggest(client)
    assert refusals(answer) == [(None, "not_offered")]
    assert "The most that fit are 3." in answer.json()["errors"][0]["detail"]
    assert len(answer.json()["alternatives"]) == 5
    cleo.leaves.all().delete()
    away(cleo, at(1, 0), at(9, 0, month=5))
    nothing = suggest(client)
    assert "The most that fit are 0." in nothing.json()["errors"][0]["detail"]
    assert nothing.json()["alternatives"] == []


def test_it_suggests_nothing_beyond_what_can_be_booked(client: APIClient) -> None:
    make_nurse()
    beyond = suggest(client, **{"from": "2027-06-01"})
    assert refusals(beyond) == [(None, "not_offered")]
    assert starts_of(suggest(client, **{"from": "2020-01-01"}))[0] == at(2, 12)


@pytest.mark.parametrize(
    "asked",
    [
        {"from": "9999-12-31"},
        {"from": "soon"},
        {"time": "25:00"},
        {"time": "noon"},
        {"therapy": "nope"},
    ],
)
def test_it_answers_a_malformed_question_with_400(client: APIClient, asked: dict[str, str]) -> None:
    therapy("pain-240")
    query = {"therapy": "pain-240", "from": "2027-02-03", **asked}
    assert client.get(f"{COURSES}suggest/", query).status_code == 400


def test_it_looks_at_a_month_in_a_few_queries(
    client: APIClient, django_assert_max_num_queries: Any
) -> None:
    for name in ("Cleo Marsh", "Dee Park", "Mia Lund"):
        make_nurse(name=name)
    with django_assert_max_num_queries(20):
        assert suggest(client).status_code == 200


def test_it_keeps_staff_and_strangers_out(client: APIClient) -> None:
    assert APIClient().post(COURSES, {}).status_code == 401
    dan = APIClient()
    dan.force_authenticate(make_user(role=Role.DISPATCHER, name="Dan Reyes"))
    assert dan.post(COURSES, {}).status_code == 403
    assert dan.get(f"{COURSES}suggest/").status_code == 403


def test_it_may_be_asked_as_of_an_earlier_moment(ada: Patient) -> None:
    make_nurse()
    early = MONDAY - timedelta(days=2)
    course = courses.book(
        patient=ada, therapy=therapy("pain-240"), starts=[at(2, 9)], by=ada.user, asked_at=early
    )
    assert course.appointments.get().booked_at == early


# -- whatever the clinic looks like --------------------------------------------------------------

SPRING = datetime(2027, 3, 3, 18, tzinfo=UTC)  # clocks go forward on the 14th


@pytest.mark.parametrize("seed", [1, 3, 5])
def test_it_can_book_whatever_it_suggests_and_says_truly_what_that_keeps(seed: int) -> None:
    chance = random.Random(seed)
    with time_machine.travel(SPRING, tick=False):
        _fill(chance)
        ada = make_patient(slug="consultation")
        client = client_of(ada)
        for slug in chance.sample(["pain-240", "mood-40", "maintenance-40"], 2):
            make_order(patient=ada, slug=slug, sessions=chance.choice([2, 4, 6]))
            wanted = chance.choice([{}, {"time": "11:15"}])
            answer = suggest(client, slug, **{"from": "2027-03-05"}, **wanted)
            if answer.status_code == 409:
                assert refusals(answer) == [(None, "not_offered")]
                continue
            booked = book(client, starts_of(answer), slug)
            assert booked.status_code == 201, booked.json()
            visits = Appointment.objects.filter(course=booked.json()["id"])
            clocks = {visit.starts_at.astimezone(ZONE).time() for visit in visits}
            assert answer.json()["same_time"] == (len(clocks) == 1)
            assert answer.json()["same_nurse"] == (len({visit.nurse for visit in visits}) == 1)


def _fill(chance: random.Random) -> None:
    """Two nurses with days off at random, and other patients' visits."""
    first = SPRING.astimezone(ZONE).replace(hour=0)
    off = [(0, 24), (0, 10), (0, 11), (16, 24), (15, 24), None]
    for name in ("Cleo Marsh", "Dee Park"):
        nurse = make_nurse(name=name)
        for day in range(60):
            if hours := chance.choice(off):
                begins, ends = (first + timedelta(days=day, hours=hour) for hour in hours)
                away(nurse, begins, ends)
    ben = client_of(make_patient(name="Ben Okafor", place=(41.95, -87.7)))
    found = suggest(ben, "mood-40", **{"from": "2027-03-05"})
    if found.status_code == 200:
        assert book(ben, starts_of(found), "mood-40").status_code == 201
