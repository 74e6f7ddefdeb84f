"""What routing servers said about drives."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from config.core.clock import now


class TravelTime(models.Model):
    """One drive as an engine told it; without seconds and metres there is no road.

    Places are numbers of `scheduling.engines.cache.codes`: five decimals of a degree.
    """

    engine = models.CharField(max_length=16)
    origin = models.BigIntegerField()
    destination = models.BigIntegerField()
    seconds = models.PositiveIntegerField(null=True)
    metres = models.PositiveIntegerField(null=True)
    # By how much it is longer than the straight estimate: a long drive's ratio, a short one's rest.
    ratio = models.FloatField(null=True)
    excess_seconds = models.IntegerField(null=True)
    fetched_at = models.DateTimeField(default=now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["engine", "origin", "destination"], name="travel_time_is_kept_once"
            ),
            models.CheckConstraint(
                condition=Q(seconds__isnull=True, metres__isnull=True)
                | Q(seconds__isnull=False, metres__isnull=False),
                name="travel_time_has_a_length_where_there_is_a_road",
            ),
        ]
        indexes = [
            # The largest of each is asked for whenever a drive must be estimated.
            models.Index(
                fields=["engine", "ratio"],
                condition=Q(ratio__isnull=False),
                name="travel_time_ratio",
            ),
            models.Index(
                fields=["engine", "excess_seconds"],
                condition=Q(excess_seconds__isnull=False),
                name="travel_time_excess",
            ),
            models.Index(fields=["fetched_at"], name="travel_time_fetched_at"),
        ]

    def __str__(self) -> str:
        return f"{self.engine}: {self.origin} to {self.destination}"
