"""A prescriber's order for a number of sessions."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Self

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q

from config.core.clock import now
from config.core.models import never_deleted
from config.core.triggers import changed, changed_once_set, refused, refused_where
from patients.models.patient import Patient
from patients.models.therapy import Therapy

# What the columns hold; PostgreSQL sorts "not a number" above every number.
MOST_MG = Decimal("99999.99")
MOST_KG = Decimal("9999.9")
EARLIEST_DAY = date(2000, 1, 1)


class OrderQuerySet(models.QuerySet["Order"]):
    """Reads of orders."""

    def in_force(self, *, at: datetime, zone_date: date) -> Self:
        """Return the orders that stand at the instant, whose local date is `zone_date`."""
        return self.filter(
            valid_from__lte=zone_date, valid_until__gte=zone_date, withdrawn_at__isnull=True
        ).order_by("valid_until", "pk")

    def usable(self, *, from_day: date) -> Self:
        """Return those with a session left for a day from `from_day` on, earliest to end first."""
        return self.filter(
            withdrawn_at__isnull=True,
            valid_until__gte=from_day,
            sessions_reserved__lt=F("sessions"),
        ).order_by("valid_until", "pk")


class Order(models.Model):
    """A prescriber's order for a number of sessions."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="orders")
    therapy = models.ForeignKey(Therapy, on_delete=models.PROTECT, related_name="orders")
    prescriber = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="orders"
    )
    second_prescriber = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="countersigned_orders",
    )
    sessions = models.PositiveSmallIntegerField("sessions in all")
    sessions_reserved = models.PositiveSmallIntegerField(default=0, editable=False)
    dose_mg = models.DecimalField(max_digits=7, decimal_places=2)
    rate_mg_per_hour = models.DecimalField(max_digits=7, decimal_places=2)
    weight_kg = models.DecimalField(max_digits=5, decimal_places=1)
    weighed_on = models.DateField()
    min_interval_hours = models.PositiveSmallIntegerField()
    valid_from = models.DateField()
    valid_until = models.DateField()
    evaluated_on = models.DateField("in-person evaluation on")
    created_at = models.DateTimeField(default=now, editable=False)
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="withdrawn_orders",
    )
    withdrawn_reason = models.TextField(blank=True)

    objects = OrderQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at", "-pk")
        constraints = [
            models.CheckConstraint(
                condition=Q(sessions_reserved__lte=F("sessions")),
                name="order_reserves_no_more_than_it_holds",
            ),
            models.CheckConstraint(
                condition=Q(sessions__gte=1)
                & Q(dose_mg__gt=0)
                & Q(rate_mg_per_hour__gt=0)
                & Q(weight_kg__gt=0),
                name="order_figures_are_positive",
            ),
            models.CheckConstraint(
                condition=Q(dose_mg__lte=MOST_MG)
                & Q(rate_mg_per_hour__lte=MOST_MG)
                & Q(weight_kg__lte=MOST_KG),
                name="order_figures_are_numbers",
            ),
            models.CheckConstraint(
                condition=Q(evaluated_on__gte=EARLIEST_DAY)
                & Q(weighed_on__gte=EARLIEST_DAY)
                & Q(weighed_on__lte=date.max)
                & Q(valid_until__lte=date.max),
                name="order_dates_can_be",
            ),
            models.CheckConstraint(
                condition=Q(evaluated_on__lte=F("valid_from")),
                name="order_begins_after_the_evaluation",
            ),
            models.CheckConstraint(
                condition=Q(valid_until__gte=F("valid_from")), name="order_ends_after_it_begins"
            ),
            models.CheckConstraint(
                condition=Q(second_prescriber__isnull=True) | ~Q(second_prescriber=F("prescriber")),
                name="order_second_prescriber_is_another_person",
            ),
        ]
        triggers = [
            never_deleted("order_is_never_deleted"),
            refused(
                "order_figures_never_change",
                "An order is never changed: withdraw it and write another.",
                condition=changed(
                    "patient",
                    "therapy",
                    "prescriber",
                    "second_prescriber",
                    "sessions",
                    "dose_mg",
                    "rate_mg_per_hour",
                    "weight_kg",
                    "weighed_on",
                    "min_interval_hours",
                    "valid_from",
                    "valid_until",
                    "evaluated_on",
                    "created_at",
                ),
            ),
            refused(
                "order_withdrawn_stays_withdrawn",
                "An order that was withdrawn stays so.",
                condition=changed_once_set("withdrawn_at", "withdrawn_by")
                | (pgtrigger.Q(old__withdrawn_at__isnull=False) & changed("withdrawn_reason")),
            ),
            refused_where(
                "order_sessions_are_counted_one_by_one",
                "Sessions are reserved and given back one by one.",
                operation=pgtrigger.Update,
                condition=changed("sessions_reserved"),
                sql="abs(NEW.sessions_reserved - OLD.sessions_reserved) <> 1",
            ),
            pgtrigger.Trigger(
                name="order_dose_within_limits",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                declare=[("t", "patients_therapy%ROWTYPE")],
                func="""
                    SELECT * INTO t FROM patients_therapy WHERE slug = NEW.therapy_id;
                    IF (t.max_mg_per_kg IS NOT NULL AND (
                            NEW.rate_mg_per_hour > NEW.dose_mg * 60 / t.infusion_minutes
                            OR (NEW.second_prescriber_id IS NULL
                                AND NEW.dose_mg > t.max_mg_per_kg * NEW.weight_kg)))
                       OR (t.max_mg_per_kg_hour IS NOT NULL AND (
                            NEW.rate_mg_per_hour > LEAST(t.max_mg_per_kg_hour * NEW.weight_kg,
                                                         t.max_mg_per_hour)
                            OR NEW.dose_mg > NEW.rate_mg_per_hour * t.infusion_minutes / 60))
                    THEN
                        RAISE EXCEPTION 'The dose or rate is above the limit for this weight.'
                            USING ERRCODE = 'check_violation',
                                  CONSTRAINT = 'order_dose_within_limits';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.therapy_id} for {self.patient}"

    @property
    def sessions_left(self) -> int:
        """How many sessions may still be booked."""
        return self.sessions - self.sessions_reserved
