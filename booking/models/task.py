"""Something a person at the clinic has to do."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from booking.models.appointment import Appointment
from config.core.clock import now
from config.core.models import never_deleted
from config.core.triggers import changed, changed_once_set, refused
from patients.models import Intake, Patient


class StaffTask(models.Model):
    """Something a person at the clinic has to do."""

    kind = models.CharField(max_length=40)
    appointment = models.ForeignKey(
        Appointment, on_delete=models.PROTECT, null=True, blank=True, related_name="tasks"
    )
    patient = models.ForeignKey(
        Patient, on_delete=models.PROTECT, null=True, blank=True, related_name="tasks"
    )
    intake = models.ForeignKey(
        Intake, on_delete=models.PROTECT, null=True, blank=True, related_name="tasks"
    )
    key = models.CharField(max_length=120, help_text="One open task per kind and key")
    detail = models.CharField(max_length=500)
    created_at = models.DateTimeField(default=now)
    done_at = models.DateTimeField(null=True, blank=True)
    done_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ("done_at", "-created_at")
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "key"],
                condition=Q(done_at__isnull=True),
                name="staff_task_is_open_once",
            ),
            # Done by nobody: what it asked for came about some other way.
            models.CheckConstraint(
                condition=Q(done_by__isnull=True) | Q(done_at__isnull=False),
                name="staff_task_that_somebody_did_is_done",
            ),
        ]
        triggers = [
            never_deleted("staff_task_is_never_deleted"),
            refused(
                "staff_task_asks_one_thing",
                "What a task asks for never changes.",
                condition=changed(
                    "kind", "appointment", "patient", "intake", "key", "detail", "created_at"
                ),
            ),
            refused(
                "staff_task_is_done_once",
                "A task that is done stays so.",
                condition=changed_once_set("done_at", "done_by"),
            ),
        ]

    def __str__(self) -> str:
        return self.detail
