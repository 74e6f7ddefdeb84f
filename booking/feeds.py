"""A patient's own visits as a calendar that a phone reads by itself, from a private address.

The address is made of a row and a code that only this service can make: whoever reads the table
cannot read the calendar. A new address closes the one before.
"""

from __future__ import annotations

import re
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import translation

from booking import calendars
from booking.locks import lock_patient
from booking.models import Appointment, CalendarFeed
from config.core import proofs
from config.core.clock import now
from patients.models import Patient

USE = "booking.feeds"
SHAPE = re.compile(rf"([0-9a-f]{{32}})({proofs.CODE})")
SHOWN_SINCE = timedelta(days=365)


class NoSuchFeed(Exception):
    """We gave out no such address, or it was closed."""


def of(patient: Patient) -> CalendarFeed | None:
    """Return the address that is open now."""
    return CalendarFeed.objects.filter(patient=patient, closed_at__isnull=True).first()


@transaction.atomic
def renew(*, patient: Patient) -> CalendarFeed:
    """Open a new address; the one before is dead from now on."""
    patient = lock_patient(patient)
    close(patient=patient)
    return CalendarFeed.objects.create(patient=patient)


def close(*, patient: Patient) -> None:
    """Close the address that is open, if there is one."""
    CalendarFeed.objects.filter(patient=patient, closed_at__isnull=True).update(closed_at=now())


def url(feed: CalendarFeed) -> str:
    """Return the whole address."""
    address: str = settings.SITE_URL + reverse("visits-feed", args=[token(feed)])
    return address


def token(feed: CalendarFeed) -> str:
    """Return what names the row and proves that we gave it out."""
    return f"{feed.pk.hex}{proofs.code(USE, feed.pk.hex)}"


def read(text: str) -> bytes:
    """Return the calendar behind an address.

    Raises
    ------
    NoSuchFeed
        If it was not made here, or is closed, or its account is.
    """
    found = SHAPE.fullmatch(text)
    if found is None or not proofs.holds(found[2], USE, found[1]):
        raise NoSuchFeed
    rows = CalendarFeed.objects.select_related("patient__user")
    feed = rows.filter(pk=UUID(found[1]), closed_at__isnull=True).first()
    if feed is None or not feed.patient.user.is_active:
        raise NoSuchFeed
    visits = Appointment.objects.of(patient=feed.patient)
    with translation.override(feed.patient.language):
        return calendars.ics_of(visits.filter(ends_at__gt=now() - SHOWN_SINCE))
