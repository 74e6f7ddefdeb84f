"""A course: visits that were promised together, all or none."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models

from config.core.clock import now
from config.core.models import never_deleted
from config.core.triggers import changed, refused
from patients.models import Patient, Therapy


class Course(models.Model):
    """Visits of one patient and therapy, promised together, all or none.

    It holds nothing that its visits do not say: what became of each is read from the visit.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="courses")
    therapy = models.ForeignKey(Therapy, on_delete=models.PROTECT, related_name="courses")
    booked_at = models.DateTimeField(default=now)
    booked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )

    class Meta:
        ordering = ("-booked_at",)
        triggers = [
            never_deleted("course_is_never_deleted"),
            refused(
                "course_is_for_one_patient_and_therapy",
                "A course is not handed on.",
                condition=changed("patient", "therapy", "booked_at", "booked_by"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.therapy_id} for {self.patient}"
