"""The dispatcher's board: a day to scale, a plan to be looked at, and a nurse for one visit."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django import Settings

from booking.models import Appointment
from config.core.models import Role, User
from nurses import board, dispatch
from nurses.models import Plan, Route
from scheduling import routing
from scheduling.models import Leave, Nurse, Shift
from tests.factories import OAK_PARK, make_nurse, make_patient, make_user
from tests.nurses.story import START
from tests.nurses.test_route import EVANSTON, book

DAY = START.date()
BOARD = f"/staff/dispatch/?date={DAY}"
PLAN = f"/staff/dispatch/{DAY}/plan/"
ASSIGN = f"/staff/dispatch/{DAY}/assign/"
BEFORE = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def clock(db: None, settings: Settings) -> Any:
    settings.DISPATCH_SECONDS = 2
    with time_machine.travel(BEFORE, tick=False) as still:
        yield still


@pytest.fixture
def dan() -> Client:
    client = Client()
    client.force_login(make_user(role=Role.DISPATCHER, name="Dan Reyes"))
    return client


def later(client: Client, clock: time_machine.Traveller, at: datetime) -> None:
    """Move to another day, on which Dan signs in again."""
    clock.move_to(at)
    client.force_login(User.objects.get(role=Role.DISPATCHER))


def page(client: Client, address: str = BOARD) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def holder(visit: Appointment) -> int | None:
    return Appointment.objects.get(pk=visit.pk).nurse_id


def planned(client: Client, **asked: Any) -> Plan:
    answer = client.post(PLAN, asked)
    plan = Plan.objects.latest("pk")
    assert answer.headers["location"] == reverse("board-plan", args=[str(DAY), plan.pk])
    return plan


def preview_of(plan: Plan) -> str:
    return reverse("board-plan", args=[str(plan.day), plan.pk])


def publish(client: Client, plan: Plan, **more: Any) -> Any:
    address = reverse("board-publish", args=[str(plan.day), plan.pk])
    return client.post(address, {"confirmed": "yes"} | more, follow=True)


# -- who may come in -----------------------------------------------------------------------------


def test_it_is_for_dispatchers_and_administrators() -> None:
    client = Client()
    assert client.get(BOARD).status_code == 302
    assert "/login" in client.get(BOARD).headers["location"]
    users = [
        make_patient(ready=False).user,
        make_nurse().user,
        *(make_user(role=role) for role in (Role.CLINICIAN, Role.DISPATCHER, Role.ADMINISTRATOR)),
    ]
    codes = []
    for user in users:
        client.force_login(user)
        codes.append(client.get(BOARD).status_code)
        assert (client.post(PLAN).status_code == 403) == (codes[-1] == 403)
    assert codes == [403, 403, 403, 200, 200]


@pytest.mark.parametrize(("role", "shown"), [(Role.DISPATCHER, True), (Role.CLINICIAN, False)])
def test_it_is_found_by_whom_it_lets_in(client: Client, role: Role, shown: bool) -> None:
    visit = book(None)
    client.force_login(make_user(role=role))
    start = page(client, "/admin/")
    assert (">Dispatch board</a>" in start) == shown
    assert (f"/staff/dispatch/?date={visit.starts_at:%Y-%m-%d}" in start) == shown
    assert ("visit without a nurse in the next days" in start) == shown


# -- a day ---------------------------------------------------------------------------------------


def test_it_says_of_each_nurse_where_she_goes_and_what_is_wrong(dan: Client) -> None:
    cleo = make_nurse()
    book(cleo)
    Leave.objects.create(
        nurse=cleo, starts_at=START - timedelta(hours=1), ends_at=START + timedelta(hours=1)
    )
    Shift.objects.update(lunch_minutes=30, lunch_from=time(12), lunch_until=time(14))
    shown = page(dan)
    assert "The nurse is on leave at that time." in shown
    assert "30 min lunch, 12 PM–2 PM" in shown
    assert re.search(r'aria-label="Ada Byrne, .* min drive, leave by ', shown)
    assert re.search(r'<rect class="drive" x="[\d.]+%" width="[\d.]+%"', shown)
    assert "<strong>1</strong> visit" in re.sub(r"\s+", " ", shown)


def test_it_draws_a_day_to_scale() -> None:
    cleo = make_nurse()
    visit = book(cleo)
    (row,) = board.of(DAY).rows
    axis = board.of(DAY).axis
    hours = (axis.end - axis.start) / timedelta(hours=1)
    (drawn,) = row.visits
    share = (visit.starts_at - axis.start) / (axis.end - axis.start)
    assert float(drawn.span.x.rstrip("%")) == pytest.approx(100 * share, abs=0.001)
    assert len(axis.ticks) == hours + 1
    for bar in row.bars:
        left, wide = (float(text.rstrip("%")) for text in bar.span)
        assert left >= 0
        assert left + wide <= 100.001


def test_it_draws_two_visits_behind_one_door(dan: Client) -> None:
    cleo = make_nurse(home=OAK_PARK)
    book(cleo)
    book(cleo, 5)
    assert 'class="drive" x' not in page(dan)


@pytest.mark.parametrize("day", ["2026-03-08", "2026-11-01"])
def test_it_draws_days_on_which_clocks_change(dan: Client, day: str) -> None:
    make_nurse(starts=time(0, 30), ends=time(23, 30))
    assert "Works 12:30 AM–11:30 PM" in page(dan, f"/staff/dispatch/?date={day}")


def test_it_says_what_will_be_here_where_nothing_is(dan: Client) -> None:
    assert "Nobody is on the road on this day." in page(dan)
    make_nurse()
    shown = page(dan)
    assert "No visits on this day yet." in shown
    assert "Plan this day" not in shown


def test_it_opens_on_today_and_leads_to_the_days_beside(dan: Client) -> None:
    shown = page(dan, "/staff/dispatch/")
    assert "Friday 20 November 2026" in shown
    assert "?date=2026-11-19" in shown
    assert "?date=2026-11-21" in shown


@pytest.mark.parametrize(
    "date",
    [
        "x",
        "2026-02-30",
        "9999-12-31",
        "1970-01-01",
        "2199-12-31",
        "2026-1-1",
        "%00",
        "2026-11-24%00",
    ],
)
def test_it_knows_no_other_days(dan: Client, date: str) -> None:
    assert dan.get(f"/staff/dispatch/?date={date}").status_code in (400, 404)
    for what in ("plan", "assign", "plans/1/publish"):
        assert dan.post(f"/staff/dispatch/{date}/{what}/").status_code == 404


def test_it_escapes_what_people_are_called(dan: Client) -> None:
    bad = '<script>alert("1")</script>'
    cleo = make_nurse(name=f"{bad} Marsh")
    visit = book(cleo)
    user = visit.patient.user
    user.name = f"{bad}'\"&"
    user.save()
    lost = book(None, 1)
    lost.patient.user.name = bad
    lost.patient.user.save()
    shown = page(dan) + page(dan, preview_of(planned(dan)))
    assert "<script>alert" not in shown
    assert "&lt;script&gt;alert" in shown


def test_it_asks_the_database_no_more_often_for_more_nurses(dan: Client) -> None:
    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            page(dan)
        return len(queries)

    def add(first: int, last: int) -> None:
        for number in range(first, last):
            book(make_nurse(name=f"Nurse {number}"), number % 6)

    add(0, 3)
    dispatch.plan(day=DAY, seconds=1)
    few = asked()
    add(3, 9)
    dispatch.plan(day=DAY, seconds=1)
    assert asked() == few


# -- a nurse for one visit -----------------------------------------------------------------------


def test_it_sends_a_nurse_to_a_visit_nobody_goes_to(dan: Client) -> None:
    cleo, visit = make_nurse(), book(None)
    assert "1 visit nobody goes to" in page(dan)
    answer = dan.post(ASSIGN, {"visit": visit.pk, "nurse": cleo.pk}, follow=True)
    assert "Cleo Marsh goes to Ada Byrne." in answer.content.decode()
    assert holder(visit) == cleo.pk


@pytest.mark.parametrize("held", [False, True])
def test_it_says_why_a_nurse_cannot_go_and_keeps_the_choice(dan: Client, held: bool) -> None:
    cleo, ben = make_nurse(), make_nurse(name="Ben Wu")
    book(ben)
    visit = book(cleo if held else None, 1)
    answer = dan.post(ASSIGN, {"visit": visit.pk, "nurse": ben.pk})
    shown = answer.content.decode()
    assert answer.status_code == 409
    assert shown.count("Ben Wu has something else then, or too little time to drive.") == 2
    assert shown.count('id="refused"') == shown.count('href="#refused"') == 1
    assert shown.count(f'<option value="{ben.pk}" selected>') == 1
    assert (f'<option value="{visit.pk}" selected>' in shown) == held
    assert holder(visit) == (cleo.pk if held else None)


@pytest.mark.parametrize("nurse", ["", "x", "-1", "9" * 30, "\x00", "1.5"])
def test_it_asks_for_a_nurse_where_none_is_chosen(dan: Client, nurse: str) -> None:
    make_nurse()
    visit = book(None)
    answer = dan.post(ASSIGN, {"visit": visit.pk, "nurse": nurse})
    assert answer.status_code == 400
    assert "Choose a nurse." in answer.content.decode()
    assert holder(visit) is None


def test_it_sends_nobody_to_a_visit_of_another_day(dan: Client) -> None:
    cleo, other = make_nurse(), book(None, 24)
    for visit, code in ((other.pk, 409), (uuid4(), 409), ("x", 400), ("", 400)):
        assert dan.post(ASSIGN, {"visit": visit, "nurse": cleo.pk}).status_code == code
    assert holder(other) is None


# -- a plan --------------------------------------------------------------------------------------


def crossed() -> tuple[Nurse, Nurse, Appointment, Appointment]:
    """Cleo lives beside Ben's patient, and Ben beside hers."""
    cleo, ben = make_nurse(), make_nurse(name="Ben Wu", home=EVANSTON)
    return cleo, ben, book(cleo, place=EVANSTON), book(ben)


def test_it_shows_what_a_plan_would_change_and_changes_nothing(dan: Client) -> None:
    cleo, ben, far, near = crossed()
    plan = planned(dan)
    shown = page(dan, preview_of(plan))
    assert "2 visits would move" in shown
    assert re.search(r'"To">Ben Wu</td>', shown)
    for figure in ("km_before", "km_after", "lower_bound_km"):
        assert f"{getattr(plan, figure):.1f} km" in shown
    assert "of up to 2 seconds" in shown
    assert (holder(far), holder(near)) == (cleo.pk, ben.pk)
    assert not Route.objects.exists()


def test_it_says_what_stops_everybody(dan: Client) -> None:
    cleo = make_nurse()
    book(cleo)
    book(None)
    shown = page(dan, preview_of(planned(dan)))
    assert "1 visit nobody can go to" in shown
    assert "On another visit: Cleo Marsh" in shown
    assert "On another visit: Cleo Marsh" in page(dan)


def test_it_says_how_long_it_may_take_and_takes_no_longer(dan: Client) -> None:
    crossed()
    assert "Takes up to 2 seconds" in page(dan)
    for seconds in ("0", "61", "nan", "x"):
        assert dan.post(PLAN, {"seconds": seconds}).status_code == 400
    assert planned(dan, seconds="3").seconds == 3
    assert Plan.objects.count() == 1


def test_it_offers_more_time_only_where_that_could_help(dan: Client, monkeypatch: Any) -> None:
    crossed()
    assert "Search longer" not in page(dan, preview_of(planned(dan)))

    def unproven(*_: Any, **asked: Any) -> Any:
        return replace(solve(*_, **asked), proven=False)

    solve = routing.solve
    monkeypatch.setattr(routing, "solve", unproven)
    assert "Search longer" in page(dan, preview_of(planned(dan)))


def test_it_publishes_what_was_looked_at(dan: Client) -> None:
    cleo, ben, far, near = crossed()
    plan = planned(dan)
    shown = publish(dan, plan).content.decode()
    assert "2 visits moved. 2 routes published" in shown
    assert (holder(far), holder(near)) == (ben.pk, cleo.pk)
    assert "2 of 2 routes were told to their nurses" in re.sub(r"\s+", " ", shown)
    assert "<strong>Published.</strong>" in page(dan, preview_of(plan))


def test_it_publishes_nothing_that_nobody_confirmed(dan: Client) -> None:
    cleo, _, far, _ = crossed()
    answer = publish(dan, planned(dan), confirmed="")
    assert answer.status_code == 400
    assert board_says(answer, "Say first that the moves are as you want them.")
    assert holder(far) == cleo.pk


def board_says(answer: Any, words: str) -> bool:
    return words in answer.content.decode()


def test_it_says_what_to_do_about_a_plan_that_is_stale(dan: Client) -> None:
    cleo, _, far, _ = crossed()
    plan = planned(dan)
    book(cleo, 6)
    shown = page(dan, preview_of(plan))
    assert shown.count("Plan this day again") == 1
    assert 'name="confirmed"' not in shown
    answer = publish(dan, plan)
    assert answer.status_code == 409
    assert board_says(answer, "The day has changed since: have it planned again.")
    assert board_says(answer, "Plan this day again")
    assert holder(far) == cleo.pk
    assert not Route.objects.exists()


def test_it_says_that_routes_are_frozen_after_the_publish_hour(
    dan: Client, clock: time_machine.Traveller
) -> None:
    cleo, _, far, _ = crossed()
    assert "<strong>Draft:</strong>" in page(dan)
    later(dan, clock, START - timedelta(hours=4))
    assert "has passed:</strong> routes are published any minute" in page(dan)
    shown = page(dan, preview_of(planned(dan)))
    assert "Only visits that lost their nurse were free to move" in shown
    assert "No visit would move" in shown
    assert holder(far) == cleo.pk


def test_it_reads_a_day_that_is_over_and_changes_nothing(
    dan: Client, clock: time_machine.Traveller
) -> None:
    cleo, _, far, _ = crossed()
    lost = book(None, 7)
    plan = planned(dan)
    later(dan, clock, START + timedelta(days=2))
    shown = page(dan) + page(dan, preview_of(plan))
    assert "This day is over" in shown
    assert '<form method="post" action="/staff' not in shown
    for answer in (
        dan.post(PLAN),
        dan.post(ASSIGN, {"visit": lost.pk, "nurse": cleo.pk}),
        publish(dan, plan),
    ):
        assert answer.status_code == 409
        assert board_says(answer, "That day is over: it can be read, not changed.")
    assert (holder(far), holder(lost)) == (cleo.pk, None)
    assert Plan.objects.count() == 1


@pytest.mark.parametrize("plan", [10**6, 10**30])
def test_it_knows_only_the_plans_of_the_day(dan: Client, plan: int) -> None:
    for address in ("", "publish/"):
        assert dan.post(f"/staff/dispatch/{DAY}/plans/{plan}/{address}").status_code in (404, 405)
    assert dan.get(f"/staff/dispatch/{DAY}/plans/{plan}/").status_code == 404


def test_it_leads_back_from_an_address_that_only_takes_forms(dan: Client) -> None:
    crossed()
    plan = planned(dan)
    assert dan.get(PLAN).headers["location"] == BOARD
    assert dan.get(ASSIGN).headers["location"] == BOARD
    address = reverse("board-publish", args=[str(DAY), plan.pk])
    assert dan.get(address).headers["location"] == preview_of(plan)
