"""How a patient says they are, as often as they like."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from config.core.clock import now
from config.core.models import append_only
from config.core.triggers import refused_where
from patients.models.patient import Patient

# An instrument's total is the sum of its answers, and there is none unless all of them are there.
TOTAL = """
    (SELECT CASE WHEN count(*) = {count} THEN sum(value::int) END
     FROM jsonb_each_text(NEW.answers) WHERE starts_with(key, '{prefix}'))
"""
ADDED_UP = {"phq9": 9, "gad7": 7, "pain": 1}


class CheckIn(models.Model):
    """Answers to the PHQ-9, with GAD-7 and pain where given; never changed afterwards."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="check_ins")
    client_id = models.UUIDField(help_text="Of the form that was shown: sent twice it is one")
    answers = models.JSONField(help_text="Each question's answer by its id")
    phq9 = models.PositiveSmallIntegerField("PHQ-9", help_text="0 to 27")
    gad7 = models.PositiveSmallIntegerField("GAD-7", null=True, help_text="0 to 21")
    pain = models.PositiveSmallIntegerField(null=True, help_text="0 to 10")
    self_harm = models.PositiveSmallIntegerField("item 9", help_text="Of the PHQ-9, 0 to 3")
    at = models.DateTimeField(default=now)

    class Meta:
        ordering = ("-at", "-pk")
        indexes = [
            models.Index(fields=["patient", "-at"], name="check_in_newest"),
            models.Index(
                fields=["at"], name="check_in_to_call_about", condition=Q(self_harm__gt=0)
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["patient", "client_id"], name="check_in_is_sent_once"),
            models.CheckConstraint(
                condition=Q(phq9__lte=27, self_harm__lte=3)
                & (Q(gad7__isnull=True) | Q(gad7__lte=21))
                & (Q(pain__isnull=True) | Q(pain__lte=10)),
                name="check_in_stays_on_its_scales",
            ),
        ]
        triggers = [
            append_only("check_in_never_changes"),
            refused_where(
                "check_in_scores_are_of_its_answers",
                "The scores are not those of the answers.",
                sql=" OR ".join(
                    f"NEW.{name} IS DISTINCT FROM {TOTAL.format(count=count, prefix=name)}"
                    for name, count in ADDED_UP.items()
                )
                + " OR NEW.self_harm IS DISTINCT FROM (NEW.answers->>'phq9_9')::int"
                + " OR EXISTS (SELECT FROM jsonb_each_text(NEW.answers)"
                " WHERE value::int NOT BETWEEN 0 AND 3 AND key <> 'pain')",
            ),
        ]

    def __str__(self) -> str:
        return f"Check-in {self.pk}: PHQ-9 {self.phq9}"
