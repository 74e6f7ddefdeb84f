"""When something is, as said from now: today, tomorrow, else the whole moment."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from booking import presenting
from booking.clock import local_day


def say_near(instant: datetime, *, at: datetime, zone: ZoneInfo) -> str:
    """`today, 2:00 PM`, `tomorrow, 7:00 PM`, else the whole moment; seen from another instant."""
    days = (local_day(instant, zone) - local_day(at, zone)).days
    near = {-1: _("yesterday, %(time)s"), 0: _("today, %(time)s"), 1: _("tomorrow, %(time)s")}
    if days not in near:
        return presenting.say_moment(instant, zone)
    return near[days] % {"time": presenting.say_time(instant, zone)}
