"""The calendar entry: the same one through every change, and neutral."""

from __future__ import annotations

import pytest
from icalendar import Calendar, Component

from booking import calendars
from booking.models import Appointment, Status
from tests import factories
from tests.booking.notice_help import STARTS_AT

pytestmark = pytest.mark.django_db


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
