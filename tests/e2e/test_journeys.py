"""Journeys of patients in a real browser: on a phone and at a desk, with and without a script."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.sessions.models import Session

from booking import appointments
from booking.models import Status
from config.core.models import User
from patients import accounts
from patients.models import Intake
from tests import factories
from tests.e2e.stage import clinic, hour_of, starts, time_page, visits_of
from tests.e2e.walking import (
    answer_everything,
    enter,
    press,
    reach,
    send,
    sign_papers,
    sign_up,
    tell_home_and_escort,
    title,
)
from tests.e2e.window import Watched

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

Drive = Callable[..., Any]


def test_somebody_new_gets_from_the_first_page_to_a_booked_course(either_way: Drive) -> None:
    clinic()
    email = f"new-{uuid4().hex}@example.com"  # the cache counts what is sent to each

    def to_the_order(watched: Watched) -> list[str]:
        watched.open("/")
        sign_up(watched, email=email)
        answer_everything(watched)
        sign_papers(watched)
        tell_home_and_escort(watched)
        watched.open("/visits/")
        return watched.complaints

    assert either_way(to_the_order) == []
    user = User.objects.get(email=email)
    ada = accounts.patient_of(user)
    assert Intake.objects.get(patient=ada).status == Intake.Status.CLEARED
    factories.make_order(patient=ada, slug="pain-240", sessions=5)

    def to_the_course(watched: Watched) -> list[str]:
        page = watched.page
        watched.open("/book/")
        press(page, re.compile("^Choose all 5 visits"), exact=False)
        assert title(page) == "These days fit"
        press(page, "Continue with these 5 visits")
        assert title(page) == "Is everything right?"
        press(page, "Book all 5 visits")
        page.wait_for_url("**/booked/")
        assert title(page) == "Your 5 visits are booked"
        return watched.complaints + watched.strangers

    assert either_way(to_the_course, user=user) == []
    held = visits_of(ada)
    assert [status for status, _ in held] == [Status.BOOKED] * 5
    assert {(later - one).days for (_, one), (_, later) in pairwise(held)} == {1}


def test_a_free_talk_takes_two_screens_and_the_keyboard_alone(drive: Drive) -> None:
    clinic()
    ada = factories.make_patient(ready=False)
    at = starts(ada, slug="consultation")[2]

    def journey(watched: Watched) -> str:
        page = watched.page
        watched.open(time_page("consultation", at).partition("?")[0] + f"?day={at.date()}")
        reach(watched, re.compile(r"^\d+:\d\d [AP]M$"))
        page.keyboard.press("Enter")
        page.locator("#chosen").wait_for()
        reach(watched, re.compile("^Book "))
        page.keyboard.press("Enter")
        page.wait_for_url("**/booked/")
        return title(page)

    assert drive(journey, user=ada.user).startswith("Booked: ")
    assert [status for status, _ in visits_of(ada)] == [Status.BOOKED]


def test_a_session_is_booked_by_the_keyboard_alone(drive: Drive) -> None:
    clinic()
    ada = factories.make_patient()

    def journey(watched: Watched) -> list[str]:
        page = watched.page
        watched.open("/book/")
        enter(watched, re.compile("^(Choose a time|Just one visit) ?:"))
        seen = [title(page)]
        reach(watched, re.compile(r"^\d+:\d\d [AP]M$"))
        page.keyboard.press("Enter")
        page.locator("#chosen").wait_for()
        enter(watched, re.compile("^Continue with"))
        seen.append(title(page))
        enter(watched, re.compile("^Book "))
        return [*seen, title(page)]

    asked, checked, booked = drive(journey, user=ada.user, size="desk")
    assert (asked, checked) == ("When should the nurse come?", "Is everything right?")
    ((status, at),) = visits_of(ada)
    assert status == Status.BOOKED
    assert booked.startswith("Booked: ")
    assert hour_of(at) in booked


def test_who_loses_a_race_is_offered_the_nearest_times(either_way: Drive) -> None:
    clinic()
    ada, ben = factories.make_patient(), factories.make_patient(name="Ben Ortiz")
    at = starts(ada)[8]

    def journey(watched: Watched) -> list[str]:
        page = watched.page
        watched.open(time_page("mood-40", at))
        press(page, re.compile("^Continue with"), exact=False)
        appointments.book(patient=ben, therapy=factories.therapy(), starts_at=at, by=ben.user)
        page.get_by_role("button", name=re.compile("^Book ")).click()
        page.get_by_text("Nothing was booked").first.wait_for()
        said = [title(page), page.locator(".slots.wide .slot").first.inner_text()]
        page.locator(".slots.wide .slot").first.click()
        page.get_by_role("button", name=re.compile("^Book ")).click()
        page.wait_for_url("**/booked/")
        return [*said, title(page)]

    gone, offered, booked = either_way(journey, user=ada.user)
    assert gone == "This time is gone"
    assert booked == f"Booked: {offered}"
    ((status, mine),) = visits_of(ada)
    assert status == Status.BOOKED
    assert mine != at


def test_nothing_is_doubled_by_two_clicks_two_tabs_or_going_back(either_way: Drive) -> None:
    clinic()
    ada = factories.make_patient()
    at = starts(ada)[4]

    def journey(watched: Watched) -> list[str]:
        page = watched.page
        watched.open(time_page("mood-40", at))
        press(page, re.compile("^Continue with"), exact=False)
        other = Watched(page.context.new_page(), watched.home)
        other.page.goto(page.url)
        page.get_by_role("button", name=re.compile("^Book ")).dblclick()
        # The second click ends the way that the first began: what is waited for is where it ends.
        page.get_by_role("heading", name=re.compile("^Booked: ")).wait_for()
        first = page.url
        other.page.get_by_role("button", name=re.compile("^Book ")).click()
        other.page.wait_for_url("**/booked/")
        page.go_back()
        again = page.get_by_role("button", name=re.compile("^Book "))
        if again.count():
            again.click()
        page.wait_for_url("**/booked/")
        return [first, other.page.url, page.url]

    seen = either_way(journey, user=ada.user)
    assert len(set(seen)) == 1
    assert len(visits_of(ada)) == 1


def test_who_was_signed_out_meanwhile_signs_in_and_loses_nothing(either_way: Drive) -> None:
    clinic()
    ada = factories.make_patient()
    at = starts(ada)[4]

    def journey(watched: Watched) -> list[str]:
        page = watched.page
        watched.open(time_page("mood-40", at))
        press(page, re.compile("^Continue with"), exact=False)
        Session.objects.all().delete()
        send(page, re.compile("^Book "), exact=False)
        seen = [title(page)]
        with page.context.expect_page() as opened:
            press(page, "Sign in (opens another tab)")
        other = opened.value
        other.get_by_label("E-mail").fill(ada.user.email)
        other.locator("input[type=password]").fill(factories.PASSWORD)
        with other.expect_navigation():
            other.locator("main").get_by_role("button", name="Sign in", exact=True).click()
        send(page, "I have signed in: send it")
        seen.append(title(page))
        send(page, "Send it now")  # the form was made before the sign-in: asked for once more
        return [*seen, title(page)]

    out, again, booked = either_way(journey, user=ada.user)
    assert (out, again) == ("You were signed out", "Please send it once more")
    assert booked.startswith("Booked: ")
    assert visits_of(ada) == [(Status.BOOKED, at)]
