"""What somebody told us by a link in a message."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from booking.models.appointment import Appointment
from booking.models.notice import Notice
from config.core.clock import now
from config.core.models import append_only
from config.core.triggers import refused_where


class VisitAnswer(models.Model):
    """What somebody told us of a visit by a link in a message; written once, never changed."""

    class Purpose(models.TextChoices):
        """What the link asked."""

        ESCORT = "escort", "Is the adult ready?"
        ATE = "ate", "I ate or drank something"
        VISIT = "visit", "Cancelled"
        WARNING = "warning", "Has read until when not to drive"
        UNWELL = "unwell", "I feel unwell"
        FEELING = "feeling", "How are you?"

    appointment = models.ForeignKey(Appointment, on_delete=models.PROTECT, related_name="answers")
    notice = models.ForeignKey(Notice, on_delete=models.PROTECT, related_name="answers")
    purpose = models.CharField(max_length=16, choices=Purpose.choices)
    version = models.PositiveIntegerField(help_text="Of the visit, when it was said")
    revision = models.PositiveIntegerField()
    client_id = models.UUIDField(help_text="One for each form that was shown")
    facts = models.JSONField(default=dict)
    at = models.DateTimeField(default=now)

    class Meta:
        ordering = ("at", "pk")
        constraints = [
            models.UniqueConstraint(
                fields=["notice", "purpose", "client_id"], name="visit_answer_is_given_once"
            ),
            models.CheckConstraint(
                condition=Q(purpose__in=["escort", "ate", "visit", "warning", "unwell", "feeling"]),
                name="visit_answer_has_a_known_purpose",
            ),
        ]
        triggers = [
            append_only("visit_answer_is_never_changed"),
            refused_where(
                "visit_answer_is_to_a_message_of_its_visit",
                "An answer is to a message about the same visit.",
                sql="""
                    NOT EXISTS (
                        SELECT FROM booking_notice WHERE id = NEW.notice_id
                        AND appointment_id = NEW.appointment_id
                    )
                """,
            ),
        ]

    def __str__(self) -> str:
        return self.get_purpose_display()
