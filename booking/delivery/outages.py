"""What runs beside us and has fallen silent: a person is asked about each outage once."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

from django.conf import settings

from booking import attention
from booking.clock import say_moment
from booking.models import StaffTask
from config.core import heartbeats
from config.core.clock import now
from scheduling.engines.road import SILENT

KIND = "travel_engine_silent"
SINCE = "travel_engine_silent_since"
# A server that was only started anew answers again by then.
ASK_AFTER = timedelta(minutes=10)
# At night nobody asks the engine anything: silence is over only when nobody met it for so long.
OVER_AFTER = timedelta(hours=12)


def sweep() -> int:
    """Ask for a person where the travel engine stays silent; return whether that is new.

    It is silent from the first drive that nobody told us to the next answer; the task closes then.
    """
    met = heartbeats.last(SILENT) if settings.TRAVEL_URL else None
    if met is None or now() - met > OVER_AFTER:
        return _over()
    since = heartbeats.first(SINCE)
    if met - since < ASK_AFTER:
        return 0
    when = say_moment(since, ZoneInfo(settings.CLINIC_TIME_ZONE))
    return attention.ask_once(
        kind=KIND,
        key=f"travel/{since.isoformat()}",
        detail=f"The travel engine has not answered since {when}. Drives not known yet are "
        "estimated, never too short, so fewer times are offered. Look whether its server runs.",
    )


def _over() -> int:
    if heartbeats.last(SINCE) is not None:
        attention.solved(StaffTask.objects.filter(kind=KIND))
        heartbeats.forget(SINCE)
    return 0
