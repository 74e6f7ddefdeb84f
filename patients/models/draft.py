"""A questionnaire that is being filled in, on whatever device."""

from __future__ import annotations

from typing import Self

import pgtrigger
from django.db import models
from django.db.models import Q

from config.core.clock import now
from config.core.models import never_deleted
from config.core.triggers import changed, refused, refused_where, written
from patients.models.intake import Intake
from patients.models.patient import Patient


class DraftQuerySet(models.QuerySet["Draft"]):
    """Reads of drafts."""

    def unsent(self, *, patient: Patient) -> Self:
        """Narrow to the one a patient is filling in."""
        return self.filter(patient=patient, sent_at__isnull=True)


class Draft(models.Model):
    """Answers on their way to an intake; once sent they are the intake's and no longer here.

    `answered` says when each answer was given, by question. `crisis_at` is when an answer last
    came to say that somebody has to call now; it is never taken back, whatever is answered later.
    """

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="drafts")
    version = models.CharField(max_length=20)
    answers = models.JSONField(default=dict)
    answered = models.JSONField(default=dict)
    begun_at = models.DateTimeField(default=now)
    updated_at = models.DateTimeField(default=now)
    crisis_at = models.DateTimeField(null=True, editable=False)
    sent_at = models.DateTimeField(null=True, editable=False)
    intake = models.OneToOneField(
        Intake, on_delete=models.PROTECT, null=True, editable=False, related_name="draft"
    )

    objects = DraftQuerySet.as_manager()

    class Meta:
        ordering = ("-begun_at", "-pk")
        indexes = [
            models.Index(
                fields=["crisis_at"],
                name="draft_in_crisis",
                condition=Q(crisis_at__isnull=False),
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["patient"],
                condition=Q(sent_at__isnull=True),
                name="draft_is_one_at_a_time_per_patient",
            ),
            models.CheckConstraint(
                condition=Q(sent_at__isnull=True, intake__isnull=True)
                | Q(sent_at__isnull=False, intake__isnull=False),
                name="draft_is_sent_as_an_intake",
            ),
        ]
        triggers = [
            never_deleted("draft_is_never_deleted"),
            pgtrigger.Protect(
                name="draft_is_sent_once",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__sent_at__isnull=False),
            ),
            refused(
                "draft_is_one_patients",
                "Answers are not handed on to another patient.",
                condition=changed("patient"),
            ),
            refused(
                "draft_crisis_is_never_forgotten",
                "That a call for help was heard is not taken back.",
                condition=pgtrigger.Q(old__crisis_at__isnull=False)
                & (
                    pgtrigger.Q(new__crisis_at__isnull=True)
                    | pgtrigger.Q(new__crisis_at__lt=pgtrigger.F("old__crisis_at"))
                ),
            ),
            refused_where(
                "draft_is_sent_as_its_patients_intake",
                "A draft becomes an intake of the same patient.",
                sql="""EXISTS (
                    SELECT FROM patients_intake
                    WHERE id = NEW.intake_id AND patient_id <> NEW.patient_id
                )""",
                operation=written("intake_id"),
            ),
        ]

    def __str__(self) -> str:
        return f"Draft {self.pk}"
