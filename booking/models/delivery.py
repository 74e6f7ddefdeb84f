"""How delivery itself fares: a channel's provider, an outage somebody was told of, a restore."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from config.core.clock import now
from config.core.models import never_deleted
from config.core.triggers import changed, changed_once_set, refused


class Line(models.Model):
    """How a channel's provider has answered lately; no row until it first did not."""

    channel = models.CharField(max_length=8, primary_key=True)
    failures = models.PositiveIntegerField(default=0, help_text="In a row, since the last success")
    failing_since = models.DateTimeField(null=True, blank=True)
    last_notice = models.BigIntegerField(null=True, blank=True, help_text="That failed")
    rests_until = models.DateTimeField(
        null=True, blank=True, help_text="Nothing is tried before this"
    )
    problem = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(failures=0, failing_since__isnull=True)
                | Q(failures__gt=0, failing_since__isnull=False),
                name="line_that_fails_says_since_when",
            ),
        ]

    def __str__(self) -> str:
        return self.channel


class Outage(models.Model):
    """A time in which messages did not go out, told to staff once, and once more when over."""

    kind = models.CharField(max_length=40)
    detail = models.CharField(max_length=500)
    began_at = models.DateTimeField(default=now)
    told_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    told_over_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-began_at", "-pk")
        constraints = [
            models.UniqueConstraint(
                fields=["kind"], condition=Q(ended_at__isnull=True), name="outage_is_open_once"
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True) | Q(ended_at__gte=F("began_at")),
                name="outage_ends_after_it_began",
            ),
        ]
        triggers = [
            never_deleted("outage_is_never_deleted"),
            refused(
                "outage_is_told_once",
                "What was told, and when, never changes.",
                condition=changed("kind", "detail", "began_at")
                | changed_once_set("told_at", "ended_at", "told_over_at"),
            ),
        ]

    def __str__(self) -> str:
        return self.detail


class Restoration(models.Model):
    """A backup was restored: what had been open in it waits for a person."""

    at = models.DateTimeField(default=now)
    backup_at = models.DateTimeField(help_text="Until when the backup knows what was sent")
    held = models.PositiveIntegerField(help_text="How many messages wait for a person since")

    class Meta:
        ordering = ("-at", "-pk")
        constraints = [
            models.CheckConstraint(
                condition=Q(backup_at__lte=F("at")), name="restoration_follows_its_backup"
            ),
        ]
        triggers = [never_deleted("restoration_is_never_deleted")]

    def __str__(self) -> str:
        return f"Backup of {self.backup_at:%Y-%m-%d %H:%M} UTC"
