"""The visit as a calendar entry that says nothing of what it is for."""

from __future__ import annotations

from email.utils import parseaddr

from django.conf import settings
from django.utils.translation import gettext_lazy
from icalendar import Calendar, Event, vCalAddress

from booking.models import Appointment, Status
from booking.notices import words
from config.core.clock import now

TITLE = gettext_lazy("Visit")


def domain() -> str:
    """Return the domain that identifiers we give out belong to."""
    return parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"


def ics_for(appointment: Appointment) -> bytes:
    """Return the visit as an RFC 5545 calendar.

    The same visit keeps its UID through every version, so a calendar moves or strikes out the
    entry it already holds.
    """
    is_cancelled = appointment.status == Status.CANCELLED
    calendar = Calendar()
    calendar.add("prodid", f"-//{words.clinic(settings.CLINIC_NAME) or TITLE}//Visits//EN")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", "CANCEL" if is_cancelled else "PUBLISH")
    calendar.add_component(_entry(appointment, is_cancelled=is_cancelled))
    return bytes(calendar.to_ical())


def _entry(appointment: Appointment, *, is_cancelled: bool) -> Event:
    entry = Event()
    entry.add("uid", f"{appointment.pk}@{domain()}")
    entry.add("sequence", appointment.version)
    entry.add("dtstamp", now().replace(microsecond=0))
    entry.add("dtstart", appointment.starts_at)
    entry.add("dtend", appointment.ends_at)
    entry.add("summary", str(TITLE))
    entry.add("class", "PRIVATE")
    entry.add("status", "CANCELLED" if is_cancelled else "CONFIRMED")
    entry.add("organizer", vCalAddress(f"mailto:{parseaddr(settings.DEFAULT_FROM_EMAIL)[1]}"))
    entry.add("url", settings.SITE_URL)
    return entry
