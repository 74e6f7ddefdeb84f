"""What the tests of notices share: a booked visit, and what went out."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.db import transaction

from booking.models import Appointment, Notice, Status
from booking.notices import ledger
from tests import factories

BOOKED_AT = datetime(2026, 11, 16, 15, 0, tzinfo=UTC)  # a Monday, 9 AM in Chicago
STARTS_AT = datetime(2026, 11, 24, 15, 30, tzinfo=UTC)  # Tuesday week, 9:30 AM


def utc(month: int, day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


@transaction.atomic
def booked(*, starts_at: datetime = STARTS_AT, **changes: Any) -> Appointment:
    """Ada's visit with nurse Cleo, its notices planned."""
    appointment = factories.make_appointment(
        patient=factories.make_patient(),
        nurse=factories.make_nurse(),
        starts_at=starts_at,
        **changes,
    )
    ledger.plan_for(appointment=appointment)
    return appointment


@transaction.atomic
def replanned(appointment: Appointment, **changes: Any) -> Appointment:
    """Change the visit as the rules would, and plan again."""
    for field, value in changes.items():
        setattr(appointment, field, value)
    appointment.save()
    ledger.plan_for(appointment=appointment)
    return appointment


def moved(appointment: Appointment, *, by: Any, at: datetime) -> Appointment:
    """Move the whole visit, as `appointments.reschedule` does."""
    fields = (
        "starts_at", "ends_at", "heavy_meal_until", "fast_from", "liquids_until", "drive_after"
    )  # fmt: skip
    times = {field: getattr(appointment, field) + by for field in fields}
    return replanned(appointment, **times, version=appointment.version + 1, changed_at=at)


def cancelled(appointment: Appointment, *, at: datetime) -> Appointment:
    return replanned(appointment, status=Status.CANCELLED, cancelled_at=at, changed_at=at)


def rows(**wanted: Any) -> list[Notice]:
    return list(Notice.objects.filter(**wanted).order_by("pk"))


def row(**wanted: Any) -> Notice:
    return Notice.objects.get(**wanted)


def texts(folder: Path) -> list[str]:
    """Every SMS that was written, oldest first."""
    return [path.read_text(encoding="utf-8") for path in sorted(folder.glob("*-sms-*.txt"))]
