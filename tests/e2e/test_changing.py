"""What is booked is moved and cancelled, and what is not free is waited for, in a real browser."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
import time_machine
from django.urls import reverse

from booking import appointments, offer_links, offering, prices
from booking.models import Offer, Status
from tests import factories
from tests.booking import wait_help
from tests.e2e.stage import clinic, hour_of, starts, visits_of
from tests.e2e.walking import press, send, title
from tests.e2e.window import Watched

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

Drive = Callable[..., Any]


@time_machine.travel("2027-03-10 16:00:00+00:00")
def test_a_visit_is_moved_across_the_night_in_which_clocks_change(either_way: Drive) -> None:
    clinic()
    ada = factories.make_patient()
    before, after = starts(ada, days=3)[6], starts(ada, days=4)[0]  # Saturday 13, Sunday 14 March
    visit = appointments.book(
        patient=ada, therapy=factories.therapy(), starts_at=before, by=ada.user
    )

    def journey(watched: Watched) -> list[str]:
        page = watched.page
        watched.open(reverse("visit", args=[visit.pk]))
        press(page, "Change the time")
        page.locator("#day-2027-03-14").click()
        page.get_by_role("heading", name="Sunday").first.wait_for()
        page.get_by_role("link", name=hour_of(after), exact=True).click()
        said = page.locator("#chosen").inner_text()
        send(page, re.compile("^Move it to"), exact=False)
        return [said, page.locator("main").inner_text()]

    means, moved = either_way(journey, user=ada.user)
    visit.refresh_from_db()
    assert (visit.starts_at, visit.version) == (after, 2)
    assert visit.fast_from is not None
    # Six elapsed hours before 8:00 AM: 2:00 AM, as a subtraction on the clock has it, never comes.
    assert (hour_of(after), hour_of(visit.fast_from)) == ("8:00 AM", "1:00 AM")
    for said in (means, moved):
        assert re.search(r"\b1:00 AM", said)
        assert not re.search(r"\b2:00 AM", said)
    assert re.search(r"\b8:00 AM CDT", moved)


def test_a_visit_is_cancelled_once_and_says_before_what_it_costs(either_way: Drive) -> None:
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

    costs = prices.cancelling(visit)
    said, done = either_way(journey, user=ada.user)
    assert costs
    assert all(sentence in said for sentence in costs)
    assert hour_of(visit.starts_at) in done
    visit.refresh_from_db()
    assert visit.status == Status.CANCELLED


@time_machine.travel("2027-05-04 16:00:00+00:00")
def test_a_time_that_came_free_is_offered_to_who_waits_and_taken(either_way: Drive) -> None:
    factories.make_area()
    factories.make_document()
    wait_help.make_nurse()  # her mornings hold one visit each
    ada, taken = factories.make_patient(), wait_help.fill(3)

    def wait(watched: Watched) -> str:
        watched.open(reverse("book-time", args=["mood-40"]) + f"?day={wait_help.day(3)}")
        press(watched.page, "Ask to be told if a time comes free")
        send(watched.page, "Join the waiting list")
        return title(watched.page)

    assert either_way(wait, user=ada.user) == "You are next in line"
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

    offered, answered = either_way(take)
    assert hour_of(offer.starts_at) in offered
    assert answered == "It is yours"
    assert visits_of(ada) == [(Status.BOOKED, offer.starts_at)]
