"""When a nurse works: weekly shifts, what one day changes about them, and leave."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Func, Q
from django.db.models.expressions import RawSQL
from django.db.models.functions import Cast
from django.db.models.lookups import LessThanOrEqual

from config.core.clock import now
from config.core.models import period_column
from scheduling.models.nurse import Nurse

# The columns that a search reads of each pattern, in the order and in the bytes in which it reads
# them (`entries.SHIFT`): thousands are sent as they are stored.
PACKED = (
    "int8send(nurse_id) || int8send(weekday::bigint) || time_send(starts) || time_send(ends)"
    " || int8send(lunch_minutes::bigint)"
    r" || COALESCE(time_send(lunch_from), '\x8000000000000000'::bytea)"
    r" || COALESCE(time_send(lunch_until), '\x8000000000000000'::bytea)"
    " || int8send((valid_from - DATE '1970-01-01')::bigint)"
    " || int8send(COALESCE((valid_until - DATE '1970-01-01')::bigint, -9223372036854775808))"
)


def _seconds_into_shift(field: str) -> Func:
    """Return how long after the shift's start a time of day comes, over midnight or not."""
    moments = (Cast(name, models.TimeField()) for name in (field, "starts"))
    return Func(
        *moments,
        arg_joiner=" - ",  # in the order of the migration, which compares it
        template="MOD(EXTRACT(EPOCH FROM (%(expressions)s))::integer + 86400, 86400)",
        output_field=models.IntegerField(),
    )


class Shift(models.Model):
    """A weekly pattern, in the nurse's own zone; one that ends before it starts ends next day."""

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
    lunch_minutes = models.PositiveSmallIntegerField(default=0)
    lunch_from = models.TimeField(null=True, blank=True)
    lunch_until = models.TimeField(null=True, blank=True)
    valid_from = models.DateField()
    valid_until = models.DateField(null=True, blank=True)
    packed = models.GeneratedField(
        expression=RawSQL(PACKED, ()),  # noqa: S611  no input of anybody's
        output_field=models.BinaryField(),
        db_persist=True,
    )

    class Meta:
        ordering = ("nurse", "weekday", "starts")
        constraints = [
            models.CheckConstraint(
                condition=~Q(ends=F("starts")),
                name="shift_has_length",
                violation_error_message="A shift ends at another time than it starts.",
            ),
            models.CheckConstraint(
                condition=Q(valid_until__isnull=True) | Q(valid_until__gte=F("valid_from")),
                name="shift_pattern_ends_after_it_begins",
                violation_error_message="The pattern ends before it begins: look at its dates.",
            ),
            models.CheckConstraint(condition=Q(weekday__lte=6), name="shift_weekday_is_known"),
            models.CheckConstraint(
                condition=Q(lunch_minutes=0, lunch_from__isnull=True, lunch_until__isnull=True)
                | Q(lunch_minutes__gt=0, lunch_from__isnull=False, lunch_until__isnull=False),
                name="shift_lunch_has_length_and_hours",
                violation_error_message="Lunch has its minutes and both its times, or none.",
            ),
            models.CheckConstraint(
                condition=Q(lunch_minutes=0)
                | Q(
                    LessThanOrEqual(_seconds_into_shift("lunch_until"), _seconds_into_shift("ends"))
                ),
                name="shift_lunch_lies_within_it",
                violation_error_message="Lunch lies within the shift: look at its times.",
            ),
            models.CheckConstraint(
                condition=Q(lunch_minutes=0)
                | Q(
                    LessThanOrEqual(
                        _seconds_into_shift("lunch_from") + 60 * F("lunch_minutes"),
                        _seconds_into_shift("lunch_until"),
                    )
                ),
                name="shift_lunch_fits_its_hours",
                violation_error_message="Lunch is longer than the time it may be taken in.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_weekday_display()} {self.starts:%H:%M}-{self.ends:%H:%M}"


class ShiftException(models.Model):
    """What one day changes about the pattern: hours off, or hours more, in the nurse's zone.

    Hours that end before they start end the next day. A day off has no hours: it takes that whole
    day, and all of a shift that begins on it.
    """

    class Effect(models.TextChoices):
        """What becomes of the hours."""

        OFF = "off", "Off"
        EXTRA = "extra", "Extra"

    nurse = models.ForeignKey(Nurse, on_delete=models.PROTECT, related_name="shift_exceptions")
    day = models.DateField()
    effect = models.CharField(max_length=8, choices=Effect.choices, default=Effect.OFF)
    kind = models.CharField(max_length=8, choices=Shift.Kind.choices, default=Shift.Kind.FIELD)
    starts = models.TimeField(null=True, blank=True)
    ends = models.TimeField(null=True, blank=True)
    reason = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(default=now, editable=False)

    class Meta:
        ordering = ("-day", "starts")
        constraints = [
            models.CheckConstraint(
                condition=Q(effect__in=["off", "extra"]), name="shift_exception_is_off_or_extra"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=Shift.Kind.values),
                name="shift_exception_is_on_the_road_or_at_a_desk",
            ),
            models.CheckConstraint(
                condition=Q(effect="off", starts__isnull=True, ends__isnull=True)
                | Q(starts__isnull=False, ends__isnull=False),
                name="shift_exception_has_hours_or_is_a_day_off",
                violation_error_message="Give both times; only a whole day off has none.",
            ),
            models.CheckConstraint(
                condition=Q(starts__isnull=True) | ~Q(ends=F("starts")),
                name="shift_exception_has_length",
                violation_error_message="It ends at another time than it starts.",
            ),
            models.UniqueConstraint(
                fields=["nurse", "day", "effect", "kind", "starts", "ends"],
                name="shift_exception_is_entered_once",
                nulls_distinct=False,
                violation_error_message="This is entered already.",
            ),
        ]

    def __str__(self) -> str:
        hours = f" {self.starts:%H:%M}-{self.ends:%H:%M}" if self.starts and self.ends else ""
        return f"{self.get_effect_display()} on {self.day:%Y-%m-%d}{hours}"


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
                condition=Q(ends_at__gt=F("starts_at")),
                name="leave_ends_after_it_starts",
                violation_error_message="The leave ends before it starts: look at its two times.",
            ),
            ExclusionConstraint(
                name="leave_is_entered_once",
                expressions=[("nurse", RangeOperators.EQUAL), ("period", RangeOperators.OVERLAPS)],
                violation_error_message="She is on leave then already.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.nurse} away"
