"""A day's plans, the routes that were published, and when the day was last looked at."""

from __future__ import annotations

from datetime import date
from typing import Self

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q

from config.core.clock import now
from config.core.models import append_only, never_deleted
from config.core.triggers import changed, refused
from scheduling.models import Nurse

DAY_FIELDS = (
    *("day", "purpose", "is_minimal", "made_at", "made_by", "seconds", "took_seconds", "seed"),
    *("fingerprint", "leads_to", "moves", "unassigned", "metres_before", "metres_after"),
    *("lower_bound_metres", "gap_percent", "proven"),
)


class Plan(models.Model):
    """An answer to who should go where on a day; until it is applied it changes nothing."""

    class Purpose(models.TextChoices):
        """Why the day was planned."""

        NIGHTLY = "nightly", "Every night"
        CHANGED = "changed", "The day changed"
        LEAVE = "leave", "A visit lost its nurse"
        ASKED = "asked", "Somebody asked"

    class Status(models.TextChoices):
        """What became of it."""

        PROPOSED = "proposed", "Proposed"
        APPLIED = "applied", "Applied to a draft"
        PUBLISHED = "published", "Published"

    day = models.DateField(help_text="Local to the visits")
    purpose = models.CharField(max_length=8, choices=Purpose.choices)
    status = models.CharField(max_length=12, choices=Status.choices, default=Status.PROPOSED)
    is_minimal = models.BooleanField(
        default=False, help_text="Only visits that had lost their nurse were free to move"
    )
    made_at = models.DateTimeField(default=now)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    seconds = models.FloatField(help_text="What the search was given")
    took_seconds = models.FloatField()
    seed = models.PositiveIntegerField()
    fingerprint = models.CharField(max_length=64, help_text="Of the day it was made for")
    leads_to = models.CharField(max_length=64, help_text="Of the day once its moves are made")
    moves = models.JSONField(default=list, help_text="Visit, nurse before and after")
    unassigned = models.JSONField(default=list, help_text="Visits nobody can go to, and why")
    metres_before = models.PositiveIntegerField()
    metres_after = models.PositiveIntegerField()
    lower_bound_metres = models.PositiveIntegerField()
    gap_percent = models.FloatField()
    proven = models.BooleanField()

    class Meta:
        ordering = ("-made_at", "-pk")
        indexes = [models.Index(fields=["day", "-made_at"], name="plan_newest_of_a_day")]
        constraints = [
            models.CheckConstraint(
                condition=Q(lower_bound_metres__lte=F("metres_after")),
                name="plan_drives_no_less_than_its_bound",
            ),
        ]
        triggers = [
            never_deleted("plan_is_never_deleted"),
            pgtrigger.FSM(
                name="plan_status_moves_forward",
                field="status",
                transitions=[
                    ("proposed", "applied"),
                    ("proposed", "published"),
                    ("applied", "published"),
                ],
            ),
            refused(
                "plan_says_what_it_said",
                "What a plan says never changes.",
                condition=changed(*DAY_FIELDS),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.day}, {self.get_purpose_display().lower()}"

    @property
    def km_before(self) -> float:
        """What the day drove when the plan was made."""
        return self.metres_before / 1000

    @property
    def km_after(self) -> float:
        """What it drives once the moves are made."""
        return self.metres_after / 1000

    @property
    def lower_bound_km(self) -> float:
        """What no plan that changes and leaves out as little can drive less than."""
        return self.lower_bound_metres / 1000


class RouteQuerySet(models.QuerySet["Route"]):
    """Reads of published routes."""

    def newest(self, *, day: date) -> Self:
        """Return the newest copy of each nurse's route of a day."""
        return self.filter(day=day).order_by("nurse_id", "-version").distinct("nurse_id")


class Route(models.Model):
    """A nurse's route of a day as it was published; a change is a new version."""

    nurse = models.ForeignKey(Nurse, on_delete=models.PROTECT, related_name="published_routes")
    day = models.DateField()
    version = models.PositiveIntegerField(default=1)
    plan = models.ForeignKey(
        Plan, on_delete=models.PROTECT, null=True, blank=True, related_name="routes"
    )
    stops = models.JSONField(help_text="Visit, times and drive of each stop, in order")
    metres = models.PositiveIntegerField(help_text="The drive home included")
    published_at = models.DateTimeField(default=now)
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    objects = RouteQuerySet.as_manager()

    class Meta:
        ordering = ("-day", "nurse", "-version")
        constraints = [
            models.UniqueConstraint(
                fields=["nurse", "day", "version"], name="route_is_published_once_per_version"
            ),
        ]
        triggers = [append_only("route_never_changes")]

    def __str__(self) -> str:
        return f"{self.nurse}, {self.day}, version {self.version}"

    @property
    def subject(self) -> str:
        """What a message says it is about."""
        return f"route/{self.pk}"


class Watch(models.Model):
    """What the sweep last saw of a day to come; planned once it has been still for a while."""

    day = models.DateField(primary_key=True)
    mark = models.CharField(max_length=64, help_text="Of the rows a change of the day shows in")
    changed_at = models.DateTimeField(null=True, help_text="When a change was last seen")
    restless_since = models.DateTimeField(null=True, help_text="When the first of them was")
    night = models.DateField(null=True, help_text="The night it was last planned in")
    tries = models.PositiveSmallIntegerField(
        default=0, help_text="Searches begun that gave no plan, since the day last changed"
    )
    tried_at = models.DateTimeField(null=True, help_text="When the last of them began")

    def __str__(self) -> str:
        return str(self.day)
