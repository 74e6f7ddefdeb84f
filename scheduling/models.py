"""Who can be sent, when and where."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Q

from config.core.clock import now
from config.core.models import never_deleted, period_column


class Nurse(models.Model):
    """A certified nurse who visits, or holds consultations from a desk."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="nurse"
    )
    home_latitude = models.FloatField()
    home_longitude = models.FloatField()
    time_zone = models.CharField(max_length=64, default="America/Chicago")
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ("user__name", "pk")
        triggers = [never_deleted("nurse_is_never_deleted")]
        constraints = [
            models.CheckConstraint(
                condition=Q(home_latitude__range=(-90, 90)) & Q(home_longitude__range=(-180, 180)),
                name="nurse_lives_on_the_earth",
            ),
        ]

    def __str__(self) -> str:
        return str(self.user)


class Licence(models.Model):
    """A nurse's licence in one state."""

    nurse = models.ForeignKey(Nurse, on_delete=models.PROTECT, related_name="licences")
    state = models.CharField(max_length=2)
    kind = models.CharField(max_length=40, default="RN")
    number = models.CharField(max_length=40)
    valid_from = models.DateField()
    valid_until = models.DateField()

    class Meta:
        ordering = ("state", "-valid_until")
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_until__gte=F("valid_from")), name="licence_ends_after_it_begins"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.state} {self.number}"


class Qualification(models.Model):
    """A therapy the nurse is qualified for; `consultation` is one of them."""

    nurse = models.ForeignKey(Nurse, on_delete=models.PROTECT, related_name="qualifications")
    therapy = models.ForeignKey(
        "patients.Therapy", on_delete=models.PROTECT, related_name="qualifications"
    )
    valid_until = models.DateField()

    class Meta:
        ordering = ("therapy_id",)
        constraints = [
            models.UniqueConstraint(
                fields=["nurse", "therapy"], name="qualification_is_held_once_per_therapy"
            )
        ]

    def __str__(self) -> str:
        return f"{self.therapy_id} until {self.valid_until}"


class Shift(models.Model):
    """A weekly pattern, in the nurse's own zone."""

    class Kind(models.TextChoices):
        """Where the shift is worked."""

        FIELD = "field", "On the road"
        DESK = "desk", "At a desk"

    class Weekday(models.IntegerChoices):
        """As `date.weekday()` counts."""

        MONDAY = 0, "Monday"
        TUESDAY = 1, "Tuesday"
        WEDNESDAY = 2, "Wednesday"
        THURSDAY = 3, "Thursday"
        FRIDAY = 4, "Friday"
        SATURDAY = 5, "Saturday"
        SUNDAY = 6, "Sunday"

    nurse = models.ForeignKey(Nurse, on_delete=models.PROTECT, related_name="shifts")
    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.FIELD)
    weekday = models.PositiveSmallIntegerField(choices=Weekday.choices)
    starts = models.TimeField()
    ends = models.TimeField()
    valid_from = models.DateField()
    valid_until = models.DateField(null=True, blank=True)

    class Meta:
        ordering = ("nurse", "weekday", "starts")
        constraints = [
            models.CheckConstraint(
                condition=Q(ends__gt=F("starts")), name="shift_ends_after_it_starts"
            ),
            models.CheckConstraint(
                condition=Q(valid_until__isnull=True) | Q(valid_until__gte=F("valid_from")),
                name="shift_pattern_ends_after_it_begins",
            ),
            models.CheckConstraint(condition=Q(weekday__lte=6), name="shift_weekday_is_known"),
        ]

    def __str__(self) -> str:
        return f"{self.get_weekday_display()} {self.starts:%H:%M}-{self.ends:%H:%M}"


class LeaveQuerySet(models.QuerySet["Leave"]):
    """Reads of leave."""

    def touching(self, *, period: tuple[datetime, datetime]) -> Self:
        """Return leave that overlaps a period."""
        return self.filter(period__overlap=period)


class Leave(models.Model):
    """Time a nurse is away."""

    nurse = models.ForeignKey(Nurse, on_delete=models.PROTECT, related_name="leaves")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    reason = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(default=now, editable=False)
    period = period_column()

    objects = LeaveQuerySet.as_manager()

    class Meta:
        ordering = ("-starts_at",)
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")), name="leave_ends_after_it_starts"
            ),
            ExclusionConstraint(
                name="leave_is_entered_once",
                expressions=[("nurse", RangeOperators.EQUAL), ("period", RangeOperators.OVERLAPS)],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.nurse} away"
