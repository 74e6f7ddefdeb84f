"""One submitted questionnaire and what became of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Self

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q

from config.core.clock import now
from config.core.models import never_deleted
from config.core.triggers import changed, refused, refused_where
from patients.models.patient import Patient


class IntakeQuerySet(models.QuerySet["Intake"]):
    """Reads of intakes."""

    def newest(self, *, patient: Patient) -> Intake | None:
        """Return the intake that speaks for the patient."""
        return self.filter(patient=patient).order_by("-submitted_at", "-pk").first()

    def awaiting_decision(self) -> Self:
        """Return those a clinician has to decide, most urgent first, then oldest."""
        urgency = models.Case(
            models.When(outcome=Intake.Outcome.CRISIS, then=0),
            models.When(outcome=Intake.Outcome.EXCLUDED, then=1),
            default=2,
        )
        waiting = self.filter(status=Intake.Status.AWAITING_REVIEW)
        return waiting.order_by(urgency, "submitted_at", "pk")


class Intake(models.Model):
    """One submitted questionnaire and what became of it."""

    class Status(models.TextChoices):
        """Where the decision stands."""

        AWAITING_REVIEW = "awaiting_review", "Awaiting review"
        CLEARED = "cleared", "Cleared"
        ASKED = "asked", "More was asked"
        DECLINED = "declined", "Declined"

    class Outcome(models.TextChoices):
        """What screening found."""

        ELIGIBLE = "eligible", "Eligible"
        REVIEW = "review", "Review"
        EXCLUDED = "excluded", "Excluded"
        CRISIS = "crisis", "Crisis"

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="intakes")
    version = models.CharField(max_length=20)
    answers = models.JSONField()
    outcome = models.CharField(max_length=16, choices=Outcome.choices)
    findings = models.JSONField(default=list)
    scores = models.JSONField(default=dict)
    status = models.CharField(max_length=16, choices=Status.choices)
    submitted_at = models.DateTimeField(default=now)
    valid_until = models.DateTimeField()
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="decided_intakes",
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    reason = models.TextField(blank=True)
    rechecks = models.OneToOneField(
        "self",
        on_delete=models.PROTECT,
        null=True,
        editable=False,
        related_name="rechecked_by",
        help_text="The one whose answers were asked about again in brief",
    )
    full_at = models.DateTimeField(
        null=True, editable=False, help_text="Of a re-check: when everything was asked last"
    )

    objects = IntakeQuerySet.as_manager()

    class Meta:
        ordering = ("-submitted_at", "-pk")
        indexes = [models.Index(fields=["patient", "-submitted_at"])]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=["awaiting_review", "cleared", "asked", "declined"]),
                name="intake_has_a_known_status",
            ),
            models.CheckConstraint(
                condition=~Q(status="cleared")
                | Q(outcome="eligible")
                | (Q(decided_by__isnull=False) & ~Q(reason="")),
                name="intake_with_findings_is_cleared_by_a_named_person_with_a_reason",
            ),
            models.CheckConstraint(
                condition=Q(decided_at__isnull=True, decided_by__isnull=True)
                | Q(decided_at__isnull=False, decided_by__isnull=False),
                name="intake_is_decided_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(rechecks__isnull=True, full_at__isnull=True)
                | Q(rechecks__isnull=False, full_at__isnull=False),
                name="intake_recheck_says_when_everything_was_asked",
            ),
        ]
        triggers = [
            never_deleted("intake_is_never_deleted"),
            pgtrigger.FSM(
                name="intake_status_moves_forward",
                field="status",
                transitions=[
                    ("awaiting_review", "cleared"),
                    ("awaiting_review", "asked"),
                    ("awaiting_review", "declined"),
                    ("asked", "cleared"),
                    ("asked", "declined"),
                    ("cleared", "declined"),
                ],
            ),
            refused(
                "intake_answers_never_change",
                "What was answered and what screening found never change.",
                condition=changed(
                    "patient",
                    "version",
                    "answers",
                    "findings",
                    "scores",
                    "outcome",
                    "submitted_at",
                    "valid_until",
                    "rechecks",
                    "full_at",
                ),
            ),
            refused_where(
                "intake_rechecks_one_of_the_same_patient",
                "A patient is asked again about their own answers.",
                sql="""EXISTS (
                    SELECT FROM patients_intake AS earlier
                    WHERE earlier.id = NEW.rechecks_id AND earlier.patient_id <> NEW.patient_id
                )""",
            ),
            refused(
                "intake_decision_changes_with_its_status",
                "A decision is replaced by another one, and never taken away.",
                condition=(
                    pgtrigger.Q(old__status=pgtrigger.F("new__status"))
                    & changed("decided_by", "decided_at", "reason")
                )
                | (
                    pgtrigger.Q(old__decided_at__isnull=False)
                    & pgtrigger.Q(new__decided_at__isnull=True)
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"Intake {self.pk} ({self.outcome})"


def intake_validity() -> timedelta:
    """Return how long an intake is good for."""
    return timedelta(days=settings.INTAKE_DAYS)
