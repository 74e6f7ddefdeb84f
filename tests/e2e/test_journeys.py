"""Journeys of patients in a real browser: on a phone and at a desk, with and without a script."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from urllib.parse import urlsplit

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.urls import reverse

from booking import appointments, offer_links, offering, search
from booking.models import Appointment, Offer, Status
from config.core.clock import now
from config.core.models import User
from patients import accounts
from patients.models import Intake, Patient
from tests import factories
from tests.booking import wait_help
from tests.e2e.walking import (
    answer_everything,
    press,
    send,
    sign_papers,
    sign_up,
    tell_home_and_escort,
    title,
)
from tests.e2e.window import Watched

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

Drive = Callable[..., Any]


def clinic() -> None:
    """A nurse for homes, one for talks, papers to sign, an area to serve."""
    factories.make_area()
    factories.make_nurse()
    factories.make_nurse(name="Dana Whitcomb", kind="desk")
    factories.make_document()


def starts(patient: Patient, *, slug: str = "mood-40", days: int = 3) -> list[datetime]:
    """Give the times that are free for a patient on a day."""
    day, therapy = now().date() + timedelta(days=days), factories.therapy(slug)
    found = json.loads(search.find(patient=patient, therapy=therapy, first=day, last=day))
    return [datetime.fromisoformat(slot["starts_at"]) for slot in found["slots"]]


def time_page(slug: str, at: datetime) -> str:
    """The address of a chosen time."""
    return reverse("book-time", args=[slug]) + f"?at={at.astimezone(UTC):%Y-%m-%dT%H:%MZ}"


def visits_of(patient: Patient) -> list[tuple[str, datetime]]:
    rows = Appointment.objects.filter(patient=patient).order_by("starts_at")
    return list(rows.values_list("status", "starts_at"))


@pytest.mark.parametrize(
    ("size", "javascript"), [("phone", True), ("desk", False)], ids=["phone", "desk-no-script"]
)
def test_somebody_new_gets_from_the_first_page_to_a_booked_course(
    drive: Drive, size: str, javascript: bool
) -> None:
    clinic()
    email = f"new-{size}@example.com"

    def to_the_order(watched: Watched) -> list[str]:
        watched.open("/")
        sign_up(watched, email=email)
        answer_everything(watched)
        sign_papers(watched)
        tell_home_and_escort(watched)
        watched.open("/visits/")
        return watched.complaints

    assert drive(to_the_order, size=size, javascript=javascript) == []
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

    assert drive(to_the_course, size=size, javascript=javascript, user=user) == []
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


FOCUSED = """() => {
    const one = document.activeElement, style = getComputedStyle(one)
    return [one.innerText || one.value || "", style.outlineStyle, parseFloat(style.outlineWidth)]
}"""


def reach(watched: Watched, name: re.Pattern[str], *, most: int = 120) -> None:
    """Press Tab until something with this name has the focus; all on the way show theirs."""
    for _ in range(most):
        watched.page.keyboard.press("Tab")
        text, outline, width = watched.page.evaluate(FOCUSED)
        if not text.strip():
            continue
        assert outline != "none", f"{text!r} does not show that it has the focus"
        assert width >= 2, f"{text!r} hardly shows that it has the focus"
        if name.match(" ".join(text.split())):
            return
    raise AssertionError(f"{name.pattern} cannot be reached by the keyboard")


@pytest.mark.parametrize("javascript", [True, False], ids=["script", "no-script"])
def test_who_loses_a_race_is_offered_the_nearest_times(drive: Drive, javascript: bool) -> None:
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

    gone, offered, booked = drive(journey, user=ada.user, javascript=javascript)
    assert gone == "This time is gone"
    assert booked == f"Booked: {offered}"
    ((status, mine),) = visits_of(ada)
    assert status == Status.BOOKED
    assert mine != at


def test_nothing_is_doubled_by_two_clicks_two_tabs_or_going_back(drive: Drive) -> None:
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
        page.wait_for_url("**/booked/")
        first = page.url
        other.page.get_by_role("button", name=re.compile("^Book ")).click()
        other.page.wait_for_url("**/booked/")
        page.go_back()
        again = page.get_by_role("button", name=re.compile("^Book "))
        if again.count():
            again.click()
        page.wait_for_url("**/booked/")
        return [first, other.page.url, page.url]

    seen = drive(journey, user=ada.user)
    assert len(set(seen)) == 1
    assert len(visits_of(ada)) == 1


def test_who_was_signed_out_meanwhile_signs_in_and_loses_nothing(drive: Drive) -> None:
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
            press(page, re.compile("^Sign in"), exact=False)
        other = opened.value
        other.get_by_label("E-mail").fill(ada.user.email)
        other.locator("input[type=password]").fill(factories.PASSWORD)
        send(other, "Sign in")
        send(page, "I have signed in: send it")
        seen.append(title(page))
        send(page, "Send it now")  # the form was made before the sign-in: asked for once more
        return [*seen, title(page)]

    out, again, booked = drive(journey, user=ada.user)
    assert (out, again) == ("You were signed out", "Please send it once more")
    assert booked.startswith("Booked: ")
    assert visits_of(ada) == [(Status.BOOKED, at)]


@time_machine.travel("2027-03-10 16:00:00+00:00")
def test_a_visit_is_moved_across_the_night_in_which_clocks_change(drive: Drive) -> None:
    clinic()
    ada = factories.make_patient()
    before, after = starts(ada, days=3)[6], starts(ada, days=4)[6]  # Saturday 13, Sunday 14 March
    visit = appointments.book(
        patient=ada, therapy=factories.therapy(), starts_at=before, by=ada.user
    )

    def journey(watched: Watched) -> list[str]:
        page = watched.page
        watched.open(reverse("visit", args=[visit.pk]))
        press(page, "Change the time")
        page.locator("#day-2027-03-14").click()
        page.get_by_role("heading", name="Sunday").first.wait_for()
        watched.open(
            reverse("visit-move", args=[visit.pk]) + f"?at={after.astimezone(UTC):%Y-%m-%dT%H:%MZ}"
        )
        said = page.locator("#chosen").inner_text()
        page.get_by_role("button", name=re.compile("^Move it to")).click()
        page.wait_for_url(f"**/visits/{visit.pk}/**")
        return [said, page.locator("main").inner_text()]

    means, moved = drive(journey, user=ada.user)
    # 24 elapsed hours: the hand of the clock stands an hour later than on other days.
    visit.refresh_from_db()
    assert (visit.starts_at, visit.version) == (after, 2)
    assert visit.fast_from == after - timedelta(hours=6)
    assert "CDT" in moved or "Central" in moved
    assert "nothing to eat" in means.lower()


def test_a_visit_is_cancelled_once_and_says_before_what_it_costs(drive: Drive) -> None:
    clinic()
    ada = factories.make_patient()
    visit = appointments.book(
        patient=ada, therapy=factories.therapy(), starts_at=starts(ada)[4], by=ada.user
    )

    def journey(watched: Watched) -> list[str]:
        page = watched.page
        watched.open(reverse("visit", args=[visit.pk]))
        press(page, "Cancel it")
        said = page.locator("main").inner_text()
        page.get_by_role("button", name="Cancel for good").dblclick()
        page.get_by_role("heading", name=re.compile("cancelled", re.I)).first.wait_for()
        return [said, title(page)]

    said, _ = drive(journey, user=ada.user)
    assert "What this means" in said
    assert re.search(r"free|nothing|\$", said)
    visit.refresh_from_db()
    assert visit.status == Status.CANCELLED


@time_machine.travel("2027-05-04 16:00:00+00:00")
def test_a_time_that_came_free_is_offered_to_who_waits_and_taken(drive: Drive) -> None:
    factories.make_area()
    factories.make_document()
    wait_help.make_nurse()  # her mornings hold one visit each
    ada, taken = factories.make_patient(), wait_help.fill(3)

    def wait(watched: Watched) -> str:
        watched.open(reverse("wait", args=["mood-40"]) + f"?day={wait_help.day(3)}")
        send(watched.page, "Join the waiting list")
        return title(watched.page)

    assert drive(wait, user=ada.user) == "You are next in line"
    assert offering.sweep() == 0
    appointments.cancel(appointment=taken)
    assert offering.sweep() == 1
    offer = Offer.objects.get(entry__patient=ada)
    link = urlsplit(offer_links.url(offer)).path

    def take(watched: Watched) -> list[str]:
        watched.open(link)
        offered = title(watched.page)
        send(watched.page, "Yes, book it")
        return [offered, title(watched.page)]

    assert drive(take, javascript=False)[1] == "It is yours"
    assert visits_of(ada) == [(Status.BOOKED, offer.starts_at)]
