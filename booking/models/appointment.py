"""A promise: this nurse is with this patient at this time."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Self

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, RangeOperators
from django.db import models
from django.db.models import Deferrable, F, Func, Q
from django.db.models.expressions import RawSQL
from django.db.models.functions import Cast

from booking.clock import EARLIEST, LATEST
from booking.models.course import Course
from booking.models.guards import GUARDS
from booking.models.status import OCCUPYING, Status
from config.core.clock import now
from config.core.models import period_column
from config.core.policy import FLOORS
from patients.models import Order, Patient, Therapy
from scheduling.models import Nurse

# Who is taken from when to when, and where: what the search for slots reads of each promise, in the
# bytes it reads (`scheduling.packed`), so that PostgreSQL sends them as they are stored.
TAKEN = (
    "int8send(nurse_id) || timestamptz_send(starts_at) || timestamptz_send(ends_at)"
    r" || COALESCE(float8send(latitude), '\x7ff8000000000000'::bytea)"
    r" || COALESCE(float8send(longitude), '\x7ff8000000000000'::bytea)"
)
FOOD_FLOOR = timedelta(hours=FLOORS["FOOD_HOURS"])
LIQUIDS_FLOOR = timedelta(hours=FLOORS["LIQUIDS_HOURS"])
DRIVING_FLOOR = timedelta(hours=FLOORS["DRIVING_HOURS"])
MONTH = timedelta(days=30)


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
    course = models.ForeignKey(
        Course, on_delete=models.PROTECT, null=True, blank=True, related_name="appointments"
    )
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.BOOKED)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    period = period_column()
    taken = models.GeneratedField(
        expression=RawSQL(TAKEN, ()),  # noqa: S611  no input of anybody's
        output_field=models.BinaryField(null=True),
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
                fields=["ends_at", "starts_at"],
                include=["taken"],
                name="appointment_taken",
                condition=Q(status__in=OCCUPYING),
            ),
            models.Index(
                fields=["starts_at"],
                name="appointment_given_up",
                condition=Q(status__in=["cancelled", "no_show"]),
            ),
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
                condition=Q(drive_after__gte=F("ends_at") + DRIVING_FLOOR),
                name="appointment_forbids_driving_after_it",
            ),
            models.CheckConstraint(
                condition=Q(heavy_meal_until__lte=F("fast_from"))
                & Q(fast_from__lte=F("starts_at") - FOOD_FLOOR)
                & Q(liquids_until__lte=F("starts_at") - LIQUIDS_FLOOR),
                name="appointment_stops_food_and_drink_before_it",
            ),
            models.CheckConstraint(
                condition=Q(starts_at__gte=EARLIEST)
                & Q(ends_at__lt=LATEST)
                & (Q(drive_after__isnull=True) | Q(drive_after__lt=LATEST + MONTH)),
                name="appointment_lies_in_the_years_we_reckon_with",
            ),
            models.CheckConstraint(
                condition=Q(latitude__isnull=True)
                | (Q(latitude__range=(-90, 90)) & Q(longitude__range=(-180, 180))),
                name="appointment_lies_on_the_earth",
            ),
            models.CheckConstraint(
                condition=Q(dosed_at__isnull=True) | Q(order__isnull=False),
                name="appointment_with_a_dose_is_an_infusion",
            ),
            models.UniqueConstraint(
                "patient",
                Cast(
                    Func(
                        "time_zone",
                        "starts_at",
                        function="TIMEZONE",
                        output_field=models.DateTimeField(),
                    ),
                    models.DateField(),
                ),
                condition=Q(order__isnull=False, status__in=OCCUPYING),
                name="appointment_one_infusion_per_patient_and_day",
            ),
        ]
        triggers = GUARDS

    def __str__(self) -> str:
        return f"{self.patient}, {self.starts_at:%Y-%m-%d %H:%M} UTC"

    @property
    def is_consultation(self) -> bool:
        """Whether this is the free talk, held from a desk."""
        return self.order_id is None
