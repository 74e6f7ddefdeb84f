"""Rows that a newer plan replaces."""

from __future__ import annotations

from django.db.models import Case, F, IntegerField, QuerySet, Value, When

from booking.models import OPEN, Notice, NoticeStatus


def supersede(rows: QuerySet[Notice]) -> None:
    """Close open rows; one that was being sent may have been."""
    lost = Case(
        When(status=NoticeStatus.SENDING, then=F("answers_lost") + 1),
        default=F("answers_lost"),
        output_field=IntegerField(),
    )
    rows.filter(status__in=OPEN).update(
        status=NoticeStatus.SUPERSEDED,
        answers_lost=lost,
        problem=Value("replaced by a newer plan"),
        claimed_by="",
        lease_until=None,
    )
