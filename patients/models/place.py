"""Where the clinic goes, and what each state allows."""

from __future__ import annotations

from django.core.validators import MinValueValidator
from django.db import models


class ServiceArea(models.Model):
    """A circle the clinic drives to."""

    name = models.CharField(max_length=100, unique=True)
    latitude = models.FloatField()
    longitude = models.FloatField()
    radius_km = models.FloatField(validators=[MinValueValidator(1)])
    is_open = models.BooleanField(default=True)

    def __str__(self) -> str:
        return self.name


class Permit(models.Model):
    """Whether a nurse may give the infusion at home in a state; no row means no."""

    state = models.CharField(max_length=2, unique=True)
    is_permitted = models.BooleanField(default=False)
    licence_kind = models.CharField(max_length=40, default="RN")
    supervision = models.CharField(max_length=200, blank=True)
    is_example = models.BooleanField(
        default=False, help_text="Seeded, not checked by the clinic's counsel"
    )

    class Meta:
        ordering = ("state",)

    def __str__(self) -> str:
        return self.state
