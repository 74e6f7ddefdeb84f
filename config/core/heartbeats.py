"""Signs of life of the running parts, kept in rows."""

from __future__ import annotations

from datetime import datetime, timedelta

from config.core.clock import now
from config.core.models import Heartbeat

BEAT = "beat"
NOTICES = "notices"
WATCH = "watch"
WORKER = "worker"
DISPATCH = "dispatch"
STALE_AFTER = timedelta(seconds=60)


def beat(name: str) -> None:
    """Record that the part named is alive now."""
    Heartbeat.objects.update_or_create(name=name, defaults={"at": now()})


def first(name: str) -> datetime:
    """Record the beginning of something, and return when that was if it had begun already."""
    return Heartbeat.objects.get_or_create(name=name, defaults={"at": now()})[0].at


def forget(name: str) -> None:
    """Forget a sign that no longer holds."""
    Heartbeat.objects.filter(name=name).delete()


def last(name: str) -> datetime | None:
    """Return when the part last gave a sign of life."""
    return Heartbeat.objects.filter(name=name).values_list("at", flat=True).first()


def is_alive(name: str, *, within: timedelta = STALE_AFTER) -> bool:
    """Whether the part gave a sign of life lately."""
    at = last(name)
    return at is not None and now() - at < within
