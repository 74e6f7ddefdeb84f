"""The providers behind the channels: one that fails is left alone for a while, and asked again.

While a channel rests nothing of it is claimed, so an outage costs no message its tries and keeps
no worker waiting; whoever finds the rest over tries a single message.
"""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.db.models import F, Q, QuerySet

from booking.models import Line, Notice, NoticeStatus
from config.core.clock import now

STRIKES = 3
FIRST_REST = timedelta(seconds=10)
LONGEST_REST = timedelta(seconds=60)


def failures(channel: str) -> int:
    """Return how often in a row a channel's provider has failed."""
    found = Line.objects.filter(channel=channel).values_list("failures", flat=True)
    return found.first() or 0


def room(*, channel: str, failures: int, most: int) -> int:
    """Return how many messages may be tried now: all, one to find out, or none."""
    if failures < STRIKES:
        return most
    at = now()
    # Whoever moves the end of the rest on is the one who tries. A rest longer than any was begun
    # while the clock was wrong.
    over = Q(rests_until__lte=at) | Q(rests_until__gt=at + LONGEST_REST)
    mine = Line.objects.filter(over, channel=channel, failures__gte=STRIKES)
    return min(mine.update(rests_until=at + _rest(failures)), most)


@transaction.atomic
def failed(*, channel: str, notice: int, problem: str, is_down: bool) -> bool:
    """Count a failure and say whether the channel rests now.

    Parameters
    ----------
    is_down
        It was the provider's. One that may be the recipient's counts once for each message.
    """
    at = now()
    Line.objects.get_or_create(channel=channel)
    line = Line.objects.select_for_update().get(channel=channel)
    if is_down or line.last_notice != notice:
        line.failures += 1
    line.failures = max(line.failures, 1)
    line.failing_since = line.failing_since or at
    line.last_notice, line.problem = notice, problem[:300]
    if line.failures >= STRIKES:
        line.rests_until = at + _rest(line.failures)
    line.save()
    return line.failures >= STRIKES


@transaction.atomic
def answered(*, channel: str) -> None:
    """Take note that the provider took a message: what waited because it did not may go at once."""
    line = Line.objects.select_for_update().filter(channel=channel, failures__gt=0).first()
    if line is None:
        return
    if line.failures >= STRIKES:
        waiting = Notice.objects.filter(
            channel=channel,
            status=NoticeStatus.PENDING,
            held_at__isnull=True,
            attempts__gt=0,
            next_try_at__gt=now(),
        )
        free = waiting.select_for_update(skip_locked=True).values_list("pk", flat=True)
        Notice.objects.filter(pk__in=list(free)).update(next_try_at=None)
    line.failures, line.failing_since, line.rests_until = 0, None, None
    line.last_notice, line.problem = None, ""
    line.save()


def is_failing(channel: str) -> bool:
    """Whether nothing was taken lately, so that a refusal says little about its message."""
    return failing().filter(channel=channel).exists()


def failing() -> QuerySet[Line]:
    """Return the channels whose providers take nothing, the longest first."""
    return Line.objects.filter(failures__gte=STRIKES).order_by(F("failing_since"))


def _rest(failures: int) -> timedelta:
    return min(FIRST_REST * 2.0 ** min(max(failures - STRIKES, 0), 10), LONGEST_REST)
