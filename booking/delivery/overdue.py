"""For how long messages that are due have waited."""

from __future__ import annotations

from datetime import datetime

from booking.delivery import providers
from booking.models import Notice
from booking.models.notice import DUE_AT
from booking.notices.planned import Channel, NoticeClass
from config.core.clock import now


def oldest_overdue_seconds() -> float:
    """Return for how long the longest-waiting due notice has waited.

    What waits because its provider takes nothing is told by that, and left out here. A message
    that came about after its time, as when a visit is recorded late, has waited since then.
    """
    at = now()
    resting = set(providers.failing().values_list("channel", flat=True))
    firsts = [
        first
        for channel in Channel
        if channel not in resting
        for notice_class in NoticeClass
        if (first := _first(channel, notice_class, at=at)) is not None
    ]
    return (at - min(firsts)).total_seconds() if firsts else 0.0


def _first(channel: Channel, notice_class: NoticeClass, *, at: datetime) -> datetime | None:
    """Look up since when the soonest of a class waits: one step down an index."""
    rows = Notice.objects.in_line(channel=channel, notice_class=notice_class, at=at)
    found: tuple[datetime, datetime] | None = rows.values_list(DUE_AT, "created_at").first()
    if found is None:
        return None
    due, came_about = found
    # A row of the future was written while the clock was wrong.
    return max(due, came_about) if came_about <= at else due
