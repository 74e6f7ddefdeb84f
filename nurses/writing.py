"""Each row of the visit record is written once.

A client sends each row with an id of its own. Sent again, the row it made is returned and nothing
changes, whatever else the second copy says: an offline device may repeat itself at any time.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from django.db import models, transaction

from booking.delivery import paging
from booking.locks import locked
from booking.models import Appointment
from booking.notices.words import first_name
from config.core.clock import now
from config.core.errors import Malformed
from config.core.models import User
from nurses.models import Happening

CLOCK_SKEW = timedelta(minutes=5)

Row = TypeVar("Row", bound=Happening)


class Told(NamedTuple):
    """Who says what happened when, under which id of the client's own."""

    by: User
    at: datetime
    client_id: str

    def fields(self, appointment: Appointment) -> dict[str, Any]:
        """Return what every row of the record carries."""
        return {
            "appointment": appointment,
            "recorded_by": self.by,
            "at": self.at,
            "client_id": self.client_id,
        }


def once(
    rows: models.Manager[Row],
    *,
    appointment_id: UUID,
    told: Told,
    write: Callable[[Appointment], Row],
) -> tuple[Row, bool]:
    """Return the row this client id made, or make it under the appointment's lock."""
    with transaction.atomic():
        appointment = locked(appointment_id)
        known = rows.filter(appointment=appointment, client_id=told.client_id).first()
        if known is not None:
            return known, False
        if told.at > now() + CLOCK_SKEW:
            raise Malformed("in_the_future", "That has not happened yet: check the clock.", "at")
        return write(appointment), True


def page(row: Happening, *, appointment: Appointment, **facts: str) -> None:
    """Tell on-call about a row, once."""
    paging.page(
        kind="adverse_event",
        subject_of=row.subject,
        detail_facts={**facts, "recorded_by": first_name(row.recorded_by.name)},
        appointment=appointment,
    )
