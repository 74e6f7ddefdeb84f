"""The calendar entry: the same one through every change, and neutral."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.test import Client
from django.urls import reverse
from icalendar import Calendar, Component

from booking import calendars, feeds
from booking.models import Appointment, Status
from tests import factories
from tests.booking.notice_help import STARTS_AT

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


def visit() -> Appointment:
    return factories.make_appointment(
        patient=factories.make_patient(), nurse=factories.make_nurse(), starts_at=STARTS_AT
    )


def entry(ics: bytes) -> Component:
    return Calendar.from_ical(ics).walk("VEVENT")[0]


def test_an_entry_says_when_and_nothing_of_what_or_where() -> None:
    ics = calendars.ics_for(visit())
    found = entry(ics)
    assert found["SUMMARY"] == "Visit"
    assert found.decoded("DTSTART") == STARTS_AT
    assert found["STATUS"] == "CONFIRMED"
    assert b"DTSTART:20261124T153000Z" in ics
    assert "LOCATION" not in found
    assert "DESCRIPTION" not in found
    assert all(word not in ics.lower() for word in (b"mood", b"lake", b"ada", b"infusion"))
    assert ics.endswith(b"END:VCALENDAR\r\n")
    assert all(len(line) <= 75 for line in ics.split(b"\r\n"))


def test_a_moved_visit_keeps_its_entry_and_counts_up() -> None:
    appointment = visit()
    before = entry(calendars.ics_for(appointment))
    appointment.version = 2
    after = entry(calendars.ics_for(appointment))
    assert before["UID"] == after["UID"]
    assert (before["SEQUENCE"], after["SEQUENCE"]) == (1, 2)


def test_a_cancelled_visit_strikes_the_entry_out() -> None:
    appointment = visit()
    appointment.status = Status.CANCELLED
    ics = calendars.ics_for(appointment)
    assert entry(ics)["STATUS"] == "CANCELLED"
    assert b"METHOD:CANCEL" in ics
    assert entry(ics)["SEQUENCE"] == appointment.version + 1


# -- the feed -------------------------------------------------------------------------------------


def feed_of(appointment: Appointment) -> str:
    return feeds.url(feeds.renew(patient=appointment.patient)).removeprefix(settings.SITE_URL)


def test_a_feed_holds_every_visit_of_its_patient_and_of_nobody_else(client: Client) -> None:
    appointment = visit()
    moved = factories.make_appointment(
        patient=appointment.patient, nurse=None, starts_at=STARTS_AT + DAY, version=3
    )
    gone = factories.make_appointment(
        patient=appointment.patient,
        nurse=None,
        starts_at=STARTS_AT + 2 * DAY,
        status=Status.CANCELLED,
    )
    visit()
    with time_machine.travel(STARTS_AT, tick=False):
        answer = client.get(feed_of(appointment))
    assert answer.status_code == 200
    calendar = Calendar.from_ical(answer.content)
    assert (calendar["METHOD"], calendar["X-WR-CALNAME"]) == ("PUBLISH", "Visits")
    assert b"REFRESH-INTERVAL;VALUE=DURATION:PT4H" in answer.content
    shown = {str(one["UID"]).split("@")[0]: one for one in calendar.walk("VEVENT")}
    assert set(shown) == {str(one.pk) for one in (appointment, moved, gone)}
    assert shown[str(moved.pk)]["SEQUENCE"] == 3
    assert shown[str(gone.pk)]["STATUS"] == "CANCELLED"
    assert shown[str(gone.pk)]["SEQUENCE"] == 2


def test_a_feed_says_nothing_of_what_the_visits_are_for(client: Client) -> None:
    content = client.get(feed_of(visit())).content.lower()
    for word in (b"mood", b"ketamine", b"infusion", b"lake", b"ada", b"cleo", b"therap"):
        assert word not in content


def test_a_feed_is_read_without_signing_in_and_kept_nowhere(client: Client) -> None:
    answer = client.get(feed_of(visit()))
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert "no-store" in answer.headers["Cache-Control"]
    assert "noindex" in answer.headers["X-Robots-Tag"]
    assert "sessionid" not in answer.cookies


def test_a_feed_speaks_the_language_of_its_patient(client: Client) -> None:
    appointment = visit()
    appointment.patient.language = "es"
    appointment.patient.save()
    content = client.get(feed_of(appointment)).content.decode()
    assert "SUMMARY:Visita" in content


def test_a_new_address_closes_the_one_before(client: Client) -> None:
    appointment = visit()
    before = feed_of(appointment)
    after = feed_of(appointment)
    assert client.get(before).status_code == 404
    assert client.get(after).status_code == 200
    assert feeds.of(appointment.patient)
    feeds.close(patient=appointment.patient)
    assert client.get(after).status_code == 404


def test_the_address_of_a_closed_account_is_dead(client: Client) -> None:
    appointment = visit()
    address = feed_of(appointment)
    appointment.patient.user.is_active = False
    appointment.patient.user.save()
    assert client.get(address).status_code == 404


@pytest.mark.parametrize("change", ["a", "2"])
def test_an_address_that_was_guessed_opens_nothing(client: Client, change: str) -> None:
    address = feed_of(visit()).removesuffix(".ics")
    other = "b" if address.endswith(change) else change
    assert client.get(f"{address[:-1]}{other}.ics").status_code == 404
    assert client.get(f"{address[:-20]}{'a' * 20}.ics").status_code == 404
    assert client.get("/visits/calendar/nonsense.ics").status_code == 404


def test_a_feed_is_not_asked_for_without_end(client: Client) -> None:
    address = feed_of(visit())
    codes = [client.get(address).status_code for _ in range(61)]
    assert codes == [200] * 60 + [429]


def test_a_patient_gets_an_address_renews_it_and_stops_it(client: Client) -> None:
    patient = visit().patient
    client.force_login(patient.user)
    page = reverse("visits-subscribe")
    assert "Give me my address" in client.get(page).content.decode()
    client.post(reverse("visits-feed-renew"), {"want": "new"})
    first = feeds.of(patient)
    assert first
    shown = client.get(page).content.decode()
    assert feeds.url(first) in shown
    assert f'href="webcal{feeds.url(first)[feeds.url(first).index(":") :]}"' in shown
    client.post(reverse("visits-feed-renew"), {"want": "new"})
    assert feeds.of(patient) != first
    client.post(reverse("visits-feed-renew"), {"want": "none"})
    assert feeds.of(patient) is None


def test_an_old_key_still_opens_what_it_signed(client: Client, settings: Any) -> None:
    address = feed_of(visit())
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another"
    assert client.get(address).status_code == 200
    settings.SECRET_KEY_FALLBACKS = []
    assert client.get(address).status_code == 404
