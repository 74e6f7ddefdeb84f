"""The pages of the waiting list, and the link to an offer."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from booking import offer_links, offering, waiting
from booking.models import Appointment, Offer, WaitingEntry
from patients.models import Patient
from tests import factories
from tests.booking.notice_help import BOOKED_AT
from tests.booking.wait_help import day, fill, make_nurse, offered_to, waits

pytestmark = pytest.mark.django_db
WAIT = "/wait/mood-40/"


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(BOOKED_AT, tick=False) as traveller:
        yield traveller


def signed_in(client: Client, patient: Patient | None = None) -> Patient:
    patient = patient or factories.make_patient()
    client.force_login(patient.user)
    return patient


def wishes(**changes: Any) -> dict[str, Any]:
    return {
        "first_day": day(3).isoformat(),
        "last_day": day(5).isoformat(),
        "part": "any",
        "weekdays": [],
        **changes,
    }


def test_a_day_that_was_found_full_is_filled_in_and_sent_once(client: Client) -> None:
    ada = signed_in(client)
    page = client.get(f"{WAIT}?day={day(6)}").content.decode()
    assert page.count(f'value="{day(6)}"') == 2
    once = re.findall(r'name="once" value="([^"]+)"', page)[0]
    for _ in range(2):
        answer = client.post(WAIT, wishes(once=once))
        assert (answer.status_code, answer.headers["Location"]) == (302, WAIT)
    assert waiting.of(ada)[0].last_day == day(5)
    assert "You are next in line" in client.get(WAIT).content.decode()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"first_day": ""}, "Please give the first day"),
        ({"last_day": "soon"}, "Please write the day"),
        ({"last_day": "2026-11-01"}, "This day has passed"),
        ({"first_day": "2027-09-01", "last_day": "2027-09-02"}, "too far ahead"),
        ({"first_day": "2026-11-21", "last_day": "2026-11-20"}, "before the first day"),
        ({"weekdays": ["0"]}, "None of these days"),
    ],
)
def test_what_cannot_be_is_said_at_its_field_and_the_rest_is_kept(
    client: Client, changes: dict[str, Any], said: str
) -> None:
    signed_in(client)
    answer = client.post(WAIT, wishes(part="morning", **changes))
    page = answer.content.decode()
    assert said in page
    assert re.search(r'value="morning"[^>]*checked', page)
    assert not WaitingEntry.objects.exists()


def test_whoever_leaves_can_come_back_at_the_end(client: Client) -> None:
    entry = waits()
    signed_in(client, entry.patient)
    page = client.post(f"{WAIT}leave/", follow=True).content.decode()
    assert "You are off the list" in page
    entry.refresh_from_db()
    assert entry.ending == "left"
    assert client.post(f"{WAIT}leave/").status_code == 302


def test_what_is_left_before_a_time_can_be_offered_is_said(client: Client) -> None:
    signed_in(client, factories.make_patient(ready=False))
    factories.therapies()
    assert "You can wait meanwhile" in client.get(WAIT).content.decode()
    assert client.get("/wait/nothing/").status_code == 404


def an_offer() -> tuple[Offer, str]:
    make_nurse()
    entry = waits()
    offering.sweep()
    offer = offered_to(entry)
    assert offer is not None
    return offer, reverse("offer", args=[offer_links.token(offer)])


def test_looking_changes_nothing_and_yes_is_one_visit(client: Client) -> None:
    offer, path = an_offer()
    for _ in range(2):
        page = client.get(path)
        assert page.status_code == 200
        assert "ood session" not in page.content.decode()
        assert page.headers["Referrer-Policy"] == "no-referrer"
    assert not Appointment.objects.exists()
    for _ in range(2):
        said = client.post(path, {"answer": "yes"}, follow=True).content.decode()
        assert "It is yours" in said
    assert Appointment.objects.get().starts_at == offer.starts_at


def test_no_keeps_the_place(client: Client) -> None:
    _, path = an_offer()
    said = client.post(path, {"answer": "no"}, follow=True).content.decode()
    assert "still on the list, and next in line" in said


def test_a_time_that_is_gone_is_said_kindly(client: Client) -> None:
    _, path = an_offer()
    fill(3)
    answer = client.post(path, {"answer": "yes"}, follow=True)
    assert answer.status_code == 410
    said = answer.content.decode()
    assert "This time is gone" in said
    assert "still on the list" in said


def test_an_offer_that_ran_out_says_so_before_any_sweep_has_seen_it(
    client: Client, clock: time_machine.Traveller
) -> None:
    _, path = an_offer()
    clock.shift(2 * 60 * 60)
    for answer in (client.get(path), client.post(path, {"answer": "yes"}, follow=True)):
        assert "The time to answer has run out" in answer.content.decode()
    assert not Appointment.objects.exists()


def test_what_stands_in_the_way_is_said_only_behind_the_sign_in(client: Client) -> None:
    offer, path = an_offer()
    Patient.objects.filter(pk=offer.entry.patient_id).update(escort_name="")
    answer = client.post(path, {"answer": "yes"})
    said = answer.content.decode()
    assert answer.status_code == 409
    assert "Something has to be done first" in said
    assert "adult" not in said.partition("<footer")[0].partition('role="alert"')[2][:700]


@pytest.mark.parametrize("text", ["1-aaaaaaaaaaaaaaaaaaaa", "x", "0-"])
def test_a_link_that_we_did_not_make_opens_nothing(client: Client, text: str) -> None:
    answer = client.get(f"/offers/{text}/")
    assert answer.status_code == 404
    assert "This link does not work" in answer.content.decode()


def test_staff_read_the_list_and_its_offers(client: Client) -> None:
    an_offer()
    client.force_login(factories.make_user(role="dispatcher", name="Dan Fox"))
    for name in ("waitingentry", "offer", "payment", "refund", "stripeevent"):
        page = client.get(reverse(f"admin:booking_{name}_changelist"))
        assert page.status_code == 200
    entry = WaitingEntry.objects.get()
    page = client.get(reverse("admin:booking_waitingentry_change", args=[entry.pk]))
    assert "1 of 1 who wait" in page.content.decode()
