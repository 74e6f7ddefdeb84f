"""A promise: this nurse is with this patient at this time."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Self

import pgtrigger
from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import Deferrable, F, Func, Q

from config.core.clock import now
from config.core.models import never_deleted
from patients.models import Order, Patient, Therapy
from scheduling.models import Nurse


class Status(models.TextChoices):
    """Where a visit stands."""

    BOOKED = "booked", "Booked"
    EN_ROUTE = "en_route", "Nurse on the way"
    ON_SITE = "on_site", "Nurse on site"
    INFUSING = "infusing", "Infusing"
    OBSERVING = "observing", "Observing"
    DISCHARGED = "discharged", "Discharged"
    COMPLETED = "completed", "Completed"
    CANCELLED = "cancelled", "Cancelled"
    NO_SHOW = "no_show", "No show"
    ABORTED = "aborted", "Aborted"
    TRANSFERRED = "transferred", "Transferred to emergency care"


# The promise holds the nurse's and the patient's time in all but these.
FREED = (Status.CANCELLED, Status.NO_SHOW, Status.ABORTED)


OCCUPYING = tuple(status for status in Status if status not in FREED)


UNDER_WAY = (Status.EN_ROUTE, Status.ON_SITE, Status.INFUSING, Status.OBSERVING)


ENDED = (Status.DISCHARGED, Status.COMPLETED, *FREED, Status.TRANSFERRED)


TRANSITIONS = [
    ("booked", "en_route"),
    ("booked", "on_site"),
    ("booked", "cancelled"),
    ("booked", "no_show"),
    ("booked", "aborted"),
    ("booked", "completed"),
    ("en_route", "on_site"),
    ("en_route", "cancelled"),
    ("en_route", "no_show"),
    ("en_route", "aborted"),
    ("on_site", "infusing"),
    ("on_site", "cancelled"),
    ("on_site", "no_show"),
    ("on_site", "aborted"),
    ("on_site", "completed"),
    ("on_site", "transferred"),
    ("infusing", "observing"),
    ("infusing", "aborted"),
    ("infusing", "transferred"),
    ("observing", "discharged"),
    ("observing", "transferred"),
]


class AppointmentQuerySet(models.QuerySet["Appointment"]):
    """Reads of appointments."""

    def occupying(self) -> Self:
        """Return those that hold the nurse's and the patient's time."""
        return self.filter(status__in=OCCUPYING)

    def overlapping(self, *, start: datetime, end: datetime) -> Self:
        """Return those whose promised period overlaps a stretch of time."""
        return self.filter(period__overlap=(start, end))

    def infusions(self) -> Self:
        """Return visits under an order."""
        return self.filter(order__isnull=False)

    def of(self, *, patient: Patient) -> Self:
        """Return the patient's own, soonest first."""
        return self.filter(patient=patient).order_by("starts_at")

    def to_come(self, *, at: datetime) -> Self:
        """Return promised visits that have not begun."""
        return self.filter(status=Status.BOOKED, starts_at__gt=at)


class Appointment(models.Model):
    """A promise: this nurse is with this patient at this time."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="appointments")
    therapy = models.ForeignKey(Therapy, on_delete=models.PROTECT, related_name="appointments")
    order = models.ForeignKey(
        Order, on_delete=models.PROTECT, null=True, blank=True, related_name="appointments"
    )
    nurse = models.ForeignKey(
        Nurse, on_delete=models.PROTECT, null=True, blank=True, related_name="appointments"
    )
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.BOOKED)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    period = models.GeneratedField(
        expression=Func(
            F("starts_at"),
            F("ends_at"),
            function="TSTZRANGE",
            output_field=DateTimeRangeField(),
        ),
        output_field=DateTimeRangeField(),
        db_persist=True,
    )
    prep_minutes = models.PositiveSmallIntegerField()
    infusion_minutes = models.PositiveSmallIntegerField()
    observation_minutes = models.PositiveSmallIntegerField()
    time_zone = models.CharField(max_length=64)
    heavy_meal_until = models.DateTimeField(null=True)
    fast_from = models.DateTimeField(null=True)
    liquids_until = models.DateTimeField(null=True)
    drive_after = models.DateTimeField(null=True)
    line1 = models.CharField(max_length=200, blank=True)
    line2 = models.CharField(max_length=200, blank=True)
    city = models.CharField(max_length=100, blank=True)
    state = models.CharField(max_length=2, blank=True)
    postal_code = models.CharField(max_length=10, blank=True)
    latitude = models.FloatField(null=True)
    longitude = models.FloatField(null=True)
    version = models.PositiveIntegerField(default=1)
    revision = models.PositiveIntegerField(default=0)
    blocked = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    gate_asked_at = models.DateTimeField(default=now)
    first_of_run = models.BooleanField(default=True)
    booked_at = models.DateTimeField(default=now)
    booked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    changed_at = models.DateTimeField(null=True)
    cancelled_at = models.DateTimeField(null=True)
    cancel_reason = models.CharField(max_length=500, blank=True)
    departed_at = models.DateTimeField(null=True, help_text="When the nurse set off")
    dosed_at = models.DateTimeField(null=True, help_text="When the first dose was given")
    discharged_at = models.DateTimeField(null=True)

    objects = AppointmentQuerySet.as_manager()

    class Meta:
        ordering = ("starts_at",)
        indexes = [
            models.Index(fields=["nurse", "starts_at"]),
            models.Index(fields=["patient", "starts_at"]),
            models.Index(
                fields=["gate_asked_at"],
                name="appointment_gate_queue",
                condition=Q(status="booked"),
            ),
        ]
        constraints = [
            ExclusionConstraint(
                name="appointment_one_at_a_time_per_nurse",
                expressions=[("nurse", RangeOperators.EQUAL), ("period", RangeOperators.OVERLAPS)],
                condition=Q(status__in=OCCUPYING),
                deferrable=Deferrable.IMMEDIATE,
            ),
            ExclusionConstraint(
                name="appointment_one_at_a_time_per_patient",
                expressions=[
                    ("patient", RangeOperators.EQUAL),
                    ("period", RangeOperators.OVERLAPS),
                ],
                condition=Q(status__in=OCCUPYING),
                deferrable=Deferrable.IMMEDIATE,
            ),
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")), name="appointment_ends_after_it_starts"
            ),
            models.CheckConstraint(
                condition=Q(status__in=Status.values), name="appointment_has_a_known_status"
            ),
            models.CheckConstraint(
                condition=Q(order__isnull=True)
                | Q(
                    heavy_meal_until__isnull=False,
                    fast_from__isnull=False,
                    liquids_until__isnull=False,
                    drive_after__isnull=False,
                    latitude__isnull=False,
                    longitude__isnull=False,
                ),
                name="appointment_for_an_infusion_has_its_clock_and_place",
            ),
            models.CheckConstraint(
                condition=Q(order__isnull=True) | Q(drive_after__gt=F("ends_at")),
                name="appointment_forbids_driving_after_it",
            ),
        ]
        triggers = [
            never_deleted("appointment_is_never_deleted"),
            pgtrigger.FSM(
                name="appointment_status_moves_forward", field="status", transitions=TRANSITIONS
            ),
            pgtrigger.Trigger(
                name="appointment_drive_after_only_moves_later",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(
                    old__dosed_at__isnull=False,
                    new__drive_after__lt=pgtrigger.F("old__drive_after"),
                ),
                func="""
                    RAISE EXCEPTION 'After a dose "do not drive before" only moves later.'
                        USING ERRCODE = 'check_violation',
                              CONSTRAINT = 'appointment_drive_after_only_moves_later';
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.patient}, {self.starts_at:%Y-%m-%d %H:%M} UTC"

    @property
    def is_consultation(self) -> bool:
        """Whether this is the free talk, held from a desk."""
        return self.order_id is None
