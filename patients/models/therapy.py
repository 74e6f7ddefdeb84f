"""What can be booked."""

from __future__ import annotations

from decimal import Decimal

from django.db import models
from django.db.models import Q

from config.core.triggers import changed, refused

# What the columns hold; PostgreSQL sorts "not a number" above every number.
MOST_PER_KG = Decimal("99.999")
MOST_PER_HOUR = Decimal("9999.99")


class Therapy(models.Model):
    """What can be booked."""

    slug = models.SlugField(max_length=40, primary_key=True)
    name = models.CharField(max_length=100)
    prep_minutes = models.PositiveSmallIntegerField(default=0)
    infusion_minutes = models.PositiveSmallIntegerField()
    observation_minutes = models.PositiveSmallIntegerField(default=0)
    min_interval_hours = models.PositiveSmallIntegerField(default=0)
    price_cents = models.PositiveIntegerField(default=0)
    needs_order = models.BooleanField("is an infusion", default=True)
    max_mg_per_kg = models.DecimalField(max_digits=5, decimal_places=3, null=True, blank=True)
    max_mg_per_kg_hour = models.DecimalField(max_digits=5, decimal_places=3, null=True, blank=True)
    max_mg_per_hour = models.DecimalField(max_digits=6, decimal_places=2, null=True, blank=True)
    is_active = models.BooleanField(default=True)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ("position", "slug")
        verbose_name_plural = "therapies"
        constraints = [
            models.CheckConstraint(
                condition=Q(needs_order=False) | Q(observation_minutes__gte=60),
                name="therapy_is_observed_for_an_hour_at_least",
            ),
            models.CheckConstraint(
                condition=Q(needs_order=False)
                | Q(max_mg_per_kg__isnull=False)
                | Q(max_mg_per_kg_hour__isnull=False),
                name="therapy_given_by_order_has_a_dose_limit",
            ),
            models.CheckConstraint(
                condition=(Q(max_mg_per_kg__isnull=True) | Q(max_mg_per_kg__lte=MOST_PER_KG))
                & (Q(max_mg_per_kg_hour__isnull=True) | Q(max_mg_per_kg_hour__lte=MOST_PER_KG))
                & (Q(max_mg_per_hour__isnull=True) | Q(max_mg_per_hour__lte=MOST_PER_HOUR)),
                name="therapy_limits_are_numbers",
            ),
        ]
        triggers = [
            refused(
                "therapy_needs_an_order_or_never_does",
                "Visits were promised as what the therapy is: make another one.",
                condition=changed("needs_order"),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def total_minutes(self) -> int:
        """How long a visit holds the nurse."""
        return self.prep_minutes + self.infusion_minutes + self.observation_minutes
