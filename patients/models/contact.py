"""Where a person may not be written to any more, and what they agreed to."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from config.core.clock import now
from config.core.models import append_only, never_deleted
from config.core.triggers import changed, changed_once_set, refused
from patients.models.patient import Patient


class ClosedContact(models.Model):
    """An e-mail address or telephone number that is not written to, until it is opened again."""

    class Reason(models.TextChoices):
        """Why it is closed."""

        BOUNCED = "bounced", "Messages came back"
        COMPLAINED = "complained", "Reported as unwanted"
        STOPPED = "stopped", "The person said stop"

    channel = models.CharField(max_length=8)
    address = models.CharField(max_length=254, help_text="In lower case, or as E.164")
    reason = models.CharField(max_length=12, choices=Reason.choices)
    told_by = models.CharField(max_length=40, help_text="Who said so: a provider, a text, staff")
    closed_at = models.DateTimeField(default=now)
    reopened_at = models.DateTimeField(null=True, blank=True)
    reopened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ("-closed_at",)
        constraints = [
            models.UniqueConstraint(
                fields=["channel", "address", "reason"],
                condition=Q(reopened_at__isnull=True),
                name="contact_is_closed_once_per_reason",
            ),
            models.CheckConstraint(
                condition=Q(channel__in=["email", "sms"]), name="closed_contact_channel_is_known"
            ),
            models.CheckConstraint(
                condition=Q(reopened_at__isnull=True) | Q(reopened_at__gte=models.F("closed_at")),
                name="contact_is_reopened_after_it_was_closed",
            ),
        ]
        triggers = [
            never_deleted("closed_contact_is_never_deleted"),
            refused(
                "closed_contact_says_one_thing",
                "What was closed, when and why never changes.",
                condition=changed("channel", "address", "reason", "told_by", "closed_at"),
            ),
            refused(
                "closed_contact_is_reopened_once",
                "A contact that was opened again is closed anew.",
                condition=changed_once_set("reopened_at", "reopened_by"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.address}: {self.get_reason_display().lower()}"


class TextConsent(models.Model):
    """Whether somebody agreed to texts at a number, as they said at the time."""

    class Whose(models.TextChoices):
        """Whose number it is."""

        PATIENT = "patient", "Patient"
        ESCORT = "escort", "Escort"

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="text_consents")
    whose = models.CharField(max_length=8, choices=Whose.choices)
    phone = models.CharField(max_length=16)
    agreed = models.BooleanField()
    wording = models.CharField(max_length=300, help_text="What was agreed to")
    told_by = models.CharField(max_length=40, help_text="The profile, or a text from the number")
    at = models.DateTimeField(default=now)

    class Meta:
        ordering = ("-at", "-pk")
        indexes = [models.Index(fields=["patient", "whose", "-at"], name="text_consent_newest")]
        triggers = [append_only("text_consent_is_never_changed")]

    def __str__(self) -> str:
        return f"{self.phone}: {'yes' if self.agreed else 'no'}"
