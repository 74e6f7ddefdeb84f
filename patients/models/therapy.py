"""What can be booked."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


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
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def total_minutes(self) -> int:
        """How long a visit holds the nurse."""
        return self.prep_minutes + self.infusion_minutes + self.observation_minutes
