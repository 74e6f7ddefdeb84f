"""Booking what a page has shown, once; and where to go then."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.http import Http404

from booking import appointments, courses, payments
from config.core.models import User
from patients import catalogue
from patients.models import Patient, Therapy


def therapy_or_404(slug: str) -> Therapy:
    """Return a therapy that can be booked."""
    found = catalogue.offered(slug)
    if found is None:
        raise Http404
    return found


def book(*, patient: Patient, therapy: Therapy, starts: Sequence[datetime], by: User) -> str:
    """Book the visit, or all visits of the course, and return the address to go to.

    Raises
    ------
    Refused
        With a reason for each start that cannot be had; then nothing is booked.
    """
    if len(starts) == 1:
        visit = appointments.book(patient=patient, therapy=therapy, starts_at=starts[0], by=by)
        return payments.after_booking(visit)
    course = courses.book(patient=patient, therapy=therapy, starts=starts, by=by)
    return payments.after_booking(course.appointments.order_by("starts_at")[:1].get())
