"""Whom the journeys meet: a clinic that comes to homes, its free times, and what was booked."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from django.urls import reverse

from booking import search
from booking.models import Appointment
from config.core.clock import now
from patients.models import Patient
from tests import factories


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


def hour_of(at: datetime) -> str:
    """The time of day at a home in Oak Park, as pages say it."""
    return at.astimezone(ZoneInfo(factories.CHICAGO)).strftime("%-I:%M %p")


def visits_of(patient: Patient) -> list[tuple[str, datetime]]:
    rows = Appointment.objects.filter(patient=patient).order_by("starts_at")
    return list(rows.values_list("status", "starts_at"))
