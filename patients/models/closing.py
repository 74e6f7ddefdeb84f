"""That a patient wants their account closed, and what became of it."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from config.core.clock import now
from config.core.models import never_deleted
from config.core.triggers import changed, changed_once_set, refused
from patients.models.patient import Patient

# Long enough to think again, or to notice that somebody else asked.
COOLING_OFF = timedelta(days=7)


class AccountClosure(models.Model):
    """That a patient wants their account closed: who said so and when, and what became of it."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="closures")
    asked_at = models.DateTimeField(default=now)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    closes_at = models.DateTimeField(help_text="Until then it can be taken back")
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-asked_at", "-pk")
        constraints = [
            models.UniqueConstraint(
                fields=["patient"],
                condition=Q(withdrawn_at__isnull=True),
                name="account_is_closed_once",
            ),
            models.CheckConstraint(
                condition=Q(closes_at__gte=F("asked_at") + COOLING_OFF),
                name="account_stays_open_for_a_week_after_the_wish",
            ),
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True) | Q(closed_at__gte=F("closes_at")),
                name="account_is_not_closed_before_its_time",
            ),
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True) | Q(withdrawn_at__isnull=True),
                name="account_is_closed_or_kept",
            ),
        ]
        triggers = [
            never_deleted("account_closure_is_never_deleted"),
            refused(
                "account_closure_says_one_thing",
                "Who wanted an account closed, and when, never changes.",
                condition=changed("patient", "asked_at", "asked_by", "closes_at"),
            ),
            refused(
                "account_closure_is_settled_once",
                "What became of it never changes.",
                condition=changed_once_set("withdrawn_at", "withdrawn_by", "closed_at"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.patient}: closes {self.closes_at:%d %b %Y}"
