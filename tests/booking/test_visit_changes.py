"""Another time, and giving a visit up: what is lost is said first, and nothing is lost twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from booking import appointments
from booking.clock import say_moment
from booking.models import Appointment, Course, Status
from patients.models import Patient
from tests.factories import (
    make_appointment,
    make_intake,
    make_nurse,
    make_order,
    make_patient,
    therapies,
)

pytestmark = pytest.mark.django_db

CHICAGO = ZoneInfo("America/Chicago")
MONDAY = datetime(2026, 11, 23, 16, tzinfo=UTC)
THURSDAY = datetime(2026, 11, 26, 16, 30, tzinfo=UTC)  # 10:30 AM
FRIDAY = datetime(2026, 11, 27, 18, tzinfo=UTC)  # 12:00 PM
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _catalogue() -> None:
    therapies()


@pytest.fixture
def ada(client: Client) -> Patient:
    """Ada, signed in on a Monday, with everything in place and nurse Cleo on shift."""
    with time_machine.travel(MONDAY, tick=False):
        patient = make_patient()
        make_nurse()
        client.force_login(patient.user)
    return patient


def visit_of(patient: Patient, *, starts_at: datetime = THURSDAY, **more: Any) -> Appointment:
    fields = {"nurse": None, "patient": patient, "starts_at": starts_at, **more}
    return make_appointment(**fields)


def move(client: Client, visit: Appointment, starts_at: datetime, **more: Any) -> Any:
    sent = {"starts_at": starts_at.isoformat(), "version": visit.version, **more}
    return client.post(reverse("visit-move", args=[visit.pk]), sent)


def cancel(client: Client, visit: Appointment, **more: Any) -> Any:
    sent = {"version": visit.version, **more}
    return client.post(reverse("visit-cancel", args=[visit.pk]), sent)


def page(client: Client, visit: Appointment, name: str, **query: str) -> str:
    answer = client.get(reverse(name, args=[visit.pk]), query)
    assert answer.status_code == 200
    return str(answer.content.decode())


def now_at(visit: Appointment) -> tuple[datetime, int, str]:
    visit.refresh_from_db()
    return visit.starts_at, visit.version, visit.status


# -- another time ---------------------------------------------------------------------------------


@time_machine.travel(MONDAY, tick=False)
def test_it_offers_times_and_says_what_the_chosen_one_means(
    client: Client, ada: Patient, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    visit = visit_of(ada)
    with django_assert_max_num_queries(15):
        assert "stays yours until you move it" in page(client, visit, "visit-move")
    shown = page(client, visit, "visit-move", at="2026-11-27T18:00Z")
    assert "<s>Thu 26 Nov, 10:30 AM CST</s>" in shown
    assert "Nothing to eat from 6:00 AM." in shown
    assert 'name="starts_at" value="2026-11-27T18:00Z"' in shown
    assert 'name="version" value="1"' in shown


@time_machine.travel(MONDAY, tick=False)
def test_it_moves_a_visit_once_however_often_it_is_sent(client: Client, ada: Patient) -> None:
    visit = visit_of(ada)
    for _ in range(2):
        answer = move(client, visit, FRIDAY)
        assert answer.headers["Location"] == reverse("visit", args=[visit.pk])
    assert now_at(visit) == (FRIDAY, 2, "booked")
    shown = page(client, visit, "visit")
    assert "Moved. Your visit is now on Fri 27 Nov, 12:00 PM CST." in shown


@time_machine.travel(MONDAY, tick=False)
def test_a_page_that_grew_old_in_another_tab_says_so_and_moves_nothing(
    client: Client, ada: Patient
) -> None:
    visit = visit_of(ada)
    move(client, visit, FRIDAY)
    answer = move(client, visit, FRIDAY + DAY)
    assert answer.status_code == 409
    shown = answer.content.decode()
    assert "This visit was changed in the meantime" in shown
    assert "It is booked for Fri 27 Nov, 12:00 PM CST" in shown
    assert now_at(visit) == (FRIDAY, 2, "booked")


@time_machine.travel(MONDAY, tick=False)
def test_a_time_lost_to_somebody_else_keeps_the_old_one_and_shows_others(
    client: Client, ada: Patient
) -> None:
    visit = visit_of(ada)
    with time_machine.travel(MONDAY - DAY, tick=False):
        ben = make_patient(name="Ben Osei")
    with time_machine.travel(MONDAY, tick=False):
        therapy = visit.therapy
        appointments.book(patient=ben, therapy=therapy, starts_at=FRIDAY, by=ben.user)
    answer = move(client, visit, FRIDAY)
    assert answer.status_code == 409
    shown = answer.content.decode()
    assert "Your visit stays as it is until another time is held for you." in shown
    assert "is not free any more" in shown
    assert shown.count("?at=2026-11-") + shown.count("&amp;at=2026-11-") >= 3
    assert now_at(visit) == (THURSDAY, 1, "booked")


@time_machine.travel(MONDAY, tick=False)
def test_it_keeps_the_distance_from_the_visits_beside_it(client: Client, ada: Patient) -> None:
    course = Course.objects.create(patient=ada, therapy=visit_of(ada).therapy)
    visits = [visit_of(ada, starts_at=THURSDAY + days * DAY, course=course) for days in (2, 4, 6)]
    shown = page(client, visits[1], "visit-move")
    assert "It is part of a course." in shown
    assert "Sat 28 Nov, 10:30 AM CST; Wed 2 Dec, 10:30 AM CST" in shown
    answer = move(client, visits[1], THURSDAY + 5 * DAY)
    assert answer.status_code == 409
    assert "too close to another of your visits" in answer.content.decode()
    assert now_at(visits[1]) == (THURSDAY + 4 * DAY, 1, "booked")


@pytest.mark.parametrize("hours", [23, 1])
def test_within_a_day_another_time_is_found_by_phone(
    client: Client, ada: Patient, hours: int
) -> None:
    visit = visit_of(ada)
    with time_machine.travel(THURSDAY - timedelta(hours=hours), tick=False):
        client.force_login(ada.user)
        shown = page(client, visit, "visit-move")
        assert "we find another time together, by phone" in shown
        assert 'name="starts_at"' not in shown
        answer = move(client, visit, FRIDAY + 3 * DAY)
    assert answer.status_code == 409
    assert "It is too late to change this visit here." in answer.content.decode()
    assert now_at(visit) == (THURSDAY, 1, "booked")


@time_machine.travel(MONDAY, tick=False)
def test_a_cancelled_visit_is_not_moved(client: Client, ada: Patient) -> None:
    visit = visit_of(ada)
    cancel(client, visit)
    answer = move(client, visit, FRIDAY)
    assert answer.status_code == 409
    assert "This visit is not to come any more." in answer.content.decode()


@pytest.mark.parametrize("said", ["", "soon", "2026-11-27T18:00", "99999-01-01T00:00Z", "\x00"])
@time_machine.travel(MONDAY, tick=False)
def test_what_is_no_time_is_asked_for_again(client: Client, ada: Patient, said: str) -> None:
    visit = visit_of(ada)
    answer = client.post(
        reverse("visit-move", args=[visit.pk]), {"starts_at": said, "version": "1"}
    )
    assert answer.status_code == 400
    assert 'class="errors"' in answer.content.decode()
    assert now_at(visit) == (THURSDAY, 1, "booked")


def test_across_the_change_of_clocks_the_page_and_the_visit_say_the_same(
    client: Client, ada: Patient
) -> None:
    friday = datetime(2027, 3, 12, 14, 30, tzinfo=UTC)  # 8:30 AM CST
    sunday = datetime(2027, 3, 14, 13, 30, tzinfo=UTC)  # 8:30 AM CDT, 47 hours later
    with time_machine.travel(friday - 9 * DAY, tick=False):
        client.force_login(ada.user)
        make_intake(patient=ada)
        make_order(patient=ada, slug="pain-240", sessions=5)
        visit = visit_of(ada, slug="pain-240", starts_at=friday)
        shown = page(client, visit, "visit-move", at=sunday.isoformat())
        assert "Nothing to eat from Sun 14 Mar, 1:30 AM CST" in shown
        assert move(client, visit, sunday).status_code == 302
        said = page(client, visit, "visit")
    visit.refresh_from_db()
    assert visit.fast_from is not None
    assert say_moment(visit.fast_from, CHICAGO) == "Sun 14 Mar, 1:30 AM CST"
    assert "Sun 14 Mar, 8:30 AM CDT" in said
    assert "1:30 AM CST" in said


# -- giving it up ---------------------------------------------------------------------------------


@time_machine.travel(MONDAY, tick=False)
def test_it_says_what_is_lost_before_it_is_lost(client: Client, ada: Patient) -> None:
    visit = visit_of(ada)
    shown = page(client, visit, "visit-cancel")
    for said in (
        "Cancel your visit?",
        "cannot be taken back",
        "The session goes back on your order",
        "Would another time help instead?",
        "Keep my visit",
    ):
        assert said in shown
    assert "What would you like to cancel?" not in shown
    assert now_at(visit)[2] == "booked"


@time_machine.travel(MONDAY, tick=False)
def test_it_cancels_once_and_says_how_to_book_again(client: Client, ada: Patient) -> None:
    visit = visit_of(ada)
    for _ in range(2):
        answer = cancel(client, visit, reason="A wedding\x07")
        assert answer.headers["Location"] == reverse("visit", args=[visit.pk])
    visit.refresh_from_db()
    assert (visit.status, visit.cancel_reason) == (Status.CANCELLED, "A wedding")
    assert visit.order is not None
    assert visit.order.sessions_reserved == 0
    shown = page(client, visit, "visit")
    assert "1 visit is cancelled." in shown
    assert "The time is free again, and the session is back on your order." in shown
    assert f'href="{reverse("book")}"' in shown
    assert client.get(reverse("visit-cancel", args=[visit.pk])).status_code == 302


@pytest.mark.parametrize(("which", "left"), [("this", 2), ("later", 1)])
@time_machine.travel(MONDAY, tick=False)
def test_of_a_course_it_cancels_one_or_that_and_the_later_ones(
    client: Client,
    ada: Patient,
    which: str,
    left: int,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    alone = visit_of(ada, starts_at=THURSDAY + 20 * DAY)
    course = Course.objects.create(patient=ada, therapy=alone.therapy)
    visits = [visit_of(ada, starts_at=THURSDAY + days * DAY, course=course) for days in (0, 2, 4)]
    with django_assert_max_num_queries(15):
        shown = page(client, visits[1], "visit-cancel")
    assert "Cancelling the later visits now costs nothing." in shown
    assert "This visit and the later ones of the course" in shown
    assert "Mon 30 Nov, 10:30 AM CST" in shown
    cancel(client, visits[1], which=which)
    assert course.appointments.filter(status=Status.BOOKED).count() == left
    assert now_at(visits[0])[2] == now_at(alone)[2] == "booked"


@time_machine.travel(MONDAY, tick=False)
def test_a_visit_moved_in_another_tab_is_not_cancelled_unseen(client: Client, ada: Patient) -> None:
    visit = visit_of(ada)
    move(client, visit, FRIDAY)
    answer = cancel(client, visit, reason="Not then")
    assert answer.status_code == 409
    shown = answer.content.decode()
    assert "This visit was changed in the meantime" in shown
    assert "Fri 27 Nov, 12:00 PM CST" in shown
    assert "Not then</textarea>" in shown
    assert 'name="version" value="2"' in shown
    assert now_at(visit) == (FRIDAY, 2, "booked")


@pytest.mark.parametrize("status", ["en_route", "on_site", "discharged"])
@time_machine.travel(THURSDAY, tick=False)
def test_once_the_nurse_set_off_it_is_stopped_by_phone(
    client: Client, ada: Patient, status: str
) -> None:
    client.force_login(ada.user)
    visit = visit_of(ada, status=status, departed_at=THURSDAY)
    shown = page(client, visit, "visit-cancel")
    assert "It cannot be cancelled here any more." in shown
    assert "Cancel for good" not in shown
    assert cancel(client, visit).status_code == 409
    assert now_at(visit)[2] == status


@time_machine.travel(MONDAY, tick=False)
def test_too_long_a_reason_is_shown_again_and_nothing_is_cancelled(
    client: Client, ada: Patient
) -> None:
    visit = visit_of(ada)
    answer = cancel(client, visit, reason="x" * 301)
    assert answer.status_code == 400
    assert "x" * 301 in answer.content.decode()
    assert now_at(visit)[2] == "booked"


@time_machine.travel(MONDAY, tick=False)
def test_a_form_sent_after_the_session_ended_changes_nothing_and_keeps_what_was_typed(
    client: Client, ada: Patient
) -> None:
    visit = visit_of(ada)
    answer = cancel(Client(), visit, reason="A wedding")
    assert answer.status_code == 403
    assert "A wedding" in answer.content.decode()
    assert now_at(visit)[2] == "booked"
