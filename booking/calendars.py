"""The visit as a calendar entry that says nothing of what it is for."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from email.utils import parseaddr

from django.conf import settings
from django.utils.translation import gettext_lazy
from icalendar import Calendar, Event, vCalAddress

from booking.models import Appointment, Status
from booking.notices import words
from config.core.clock import now

TITLE = gettext_lazy("Visit")
MANY = gettext_lazy("Visits")
LOOKED_AT_AGAIN = timedelta(hours=4)


def domain() -> str:
    """Return the domain that identifiers we give out belong to."""
    return parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"


def ics_for(appointment: Appointment) -> bytes:
    """Return the visit as an RFC 5545 calendar.

    The same visit keeps its UID through every version, so a calendar moves or strikes out the
    entry it already holds.
    """
    calendar = _calendar()
    calendar.add("method", "CANCEL" if _is_cancelled(appointment) else "PUBLISH")
    calendar.add_component(_entry(appointment, stamped_at=now()))
    return bytes(calendar.to_ical())


def ics_of(appointments: Iterable[Appointment]) -> bytes:
    """Return visits as one calendar that a phone looks at again by itself; gone ones struck out."""
    calendar = _calendar()
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", str(MANY))
    calendar.add("refresh-interval", LOOKED_AT_AGAIN, parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", "PT4H")
    for appointment in appointments:
        stamped_at = appointment.changed_at or appointment.booked_at
        calendar.add_component(_entry(appointment, stamped_at=stamped_at))
    return bytes(calendar.to_ical())


def _calendar() -> Calendar:
    calendar = Calendar()
    calendar.add("prodid", f"-//{words.clinic(settings.CLINIC_NAME) or TITLE}//Visits//EN")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    return calendar


def _is_cancelled(appointment: Appointment) -> bool:
    return appointment.status == Status.CANCELLED


def _entry(appointment: Appointment, *, stamped_at: datetime) -> Event:
    is_cancelled = _is_cancelled(appointment)
    entry = Event()
    entry.add("uid", f"{appointment.pk}@{domain()}")
    # Cancelling makes no new version of the promise; a calendar wants a later one all the same.
    entry.add("sequence", appointment.version + is_cancelled)
    entry.add("dtstamp", stamped_at.replace(microsecond=0))
    entry.add("dtstart", appointment.starts_at)
    entry.add("dtend", appointment.ends_at)
    entry.add("summary", str(TITLE))
    entry.add("class", "PRIVATE")
    entry.add("status", "CANCELLED" if is_cancelled else "CONFIRMED")
    entry.add("organizer", vCalAddress(f"mailto:{parseaddr(settings.DEFAULT_FROM_EMAIL)[1]}"))
    entry.add("url", settings.SITE_URL)
    return entry
