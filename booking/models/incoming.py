"""A text that somebody sent to the clinic's number."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from config.core.clock import now
from config.core.models import never_deleted
from config.core.triggers import changed, changed_once_set, refused
from patients.models import Patient


class IncomingText(models.Model):
    """A text that somebody sent to the clinic's number."""

    class Keyword(models.TextChoices):
        """What a text of one word asks for."""

        STOP = "stop", "Stop"
        START = "start", "Start"
        HELP = "help", "Help"
        NONE = "", "No keyword"

    number = models.CharField(max_length=32)
    text = models.CharField(max_length=1600, blank=True)
    keyword = models.CharField(max_length=8, choices=Keyword.choices, blank=True)
    patient = models.ForeignKey(
        Patient, on_delete=models.PROTECT, null=True, blank=True, related_name="incoming_texts"
    )
    service_id = models.CharField(
        max_length=100, blank=True, help_text="The service's own name for it: told twice, kept once"
    )
    received_at = models.DateTimeField(default=now)
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-received_at", "-pk")
        indexes = [
            models.Index(
                fields=["received_at"],
                name="incoming_text_unanswered",
                condition=Q(answered_at__isnull=True),
            ),
            models.Index(fields=["number", "-answered_at"], name="incoming_text_by_number"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["service_id"],
                condition=~Q(service_id=""),
                name="incoming_text_is_kept_once",
            )
        ]
        triggers = [
            never_deleted("incoming_text_is_never_deleted"),
            refused(
                "incoming_text_is_kept_as_it_came",
                "What was received never changes.",
                condition=changed(
                    "number", "text", "keyword", "patient", "service_id", "received_at"
                ),
            ),
            refused(
                "incoming_text_is_answered_once",
                "A text is answered once.",
                condition=changed_once_set("answered_at"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number}: {self.text[:40]}"
