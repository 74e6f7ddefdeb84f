"""The private address from which a patient's calendar reads their visits."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import F, Q

from config.core.clock import now
from config.core.models import never_deleted
from config.core.triggers import changed, changed_once_set, refused
from patients.models import Patient


class CalendarFeed(models.Model):
    """An address for a patient's calendar; a new one closes the one before for good."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="calendar_feeds")
    opened_at = models.DateTimeField(default=now)
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-opened_at",)
        constraints = [
            models.UniqueConstraint(
                fields=["patient"],
                condition=Q(closed_at__isnull=True),
                name="calendar_feed_is_open_once_per_patient",
            ),
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True) | Q(closed_at__gte=F("opened_at")),
                name="calendar_feed_is_closed_after_it_was_opened",
            ),
        ]
        triggers = [
            never_deleted("calendar_feed_is_never_deleted"),
            refused(
                "calendar_feed_is_for_one_patient",
                "An address is not handed on.",
                condition=changed("patient", "opened_at"),
            ),
            refused(
                "calendar_feed_stays_closed",
                "A closed address is never opened again.",
                condition=changed_once_set("closed_at"),
            ),
        ]

    def __str__(self) -> str:
        return f"Calendar of {self.patient}"
