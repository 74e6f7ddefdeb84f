"""How the pages of booking say days, times and zones, in the language in force."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import dateformat
from django.utils.translation import get_language, gettext as _, gettext_lazy

from booking import clock, datewords
from booking.models import Appointment

# What Americans call the clock that these abbreviations stand for.
ZONES = {
    "EST": gettext_lazy("Eastern Time"),
    "EDT": gettext_lazy("Eastern Time"),
    "CST": gettext_lazy("Central Time"),
    "CDT": gettext_lazy("Central Time"),
    "MST": gettext_lazy("Mountain Time"),
    "MDT": gettext_lazy("Mountain Time"),
    "PST": gettext_lazy("Pacific Time"),
    "PDT": gettext_lazy("Pacific Time"),
    "AKST": gettext_lazy("Alaska Time"),
    "AKDT": gettext_lazy("Alaska Time"),
    "HST": gettext_lazy("Hawaii Time"),
}


def say_day(day: date) -> str:
    """`Tuesday 24 November`."""
    return _("%(weekday)s %(day)s %(month)s") % {
        "weekday": dateformat.format(day, "l"),
        "day": day.day,
        "month": dateformat.format(day, "F"),
    }


def say_short(at: datetime, zone: ZoneInfo) -> str:
    """`Tue 24 Nov, 10:30 AM`."""
    language = get_language() or settings.LANGUAGE_CODE
    day = datewords.of(language).say_day(clock.check_range(at).astimezone(zone), in_full=False)
    return f"{day}, {say_time(at, zone)}"


def say_time(at: datetime, zone: ZoneInfo) -> str:
    """`10:30 AM`."""
    return clock.say_time(at, zone, language=get_language() or settings.LANGUAGE_CODE)


def say_clock(hour: time) -> str:
    """`8:00 PM`, of a time of any day."""
    return say_time(datetime.combine(date(2000, 1, 1), hour, tzinfo=UTC), ZoneInfo("UTC"))


def say_start(at: datetime, zone: ZoneInfo) -> str:
    """`Tuesday 24 November, 10:30 AM`."""
    return f"{say_day(clock.local_day(at, zone))}, {say_time(at, zone)}"


def say_zone(zone: ZoneInfo, *, at: datetime) -> str:
    """`Central Time`; where people have no such name for it, its abbreviation."""
    abbreviation = at.astimezone(zone).tzname() or zone.key
    return str(ZONES.get(abbreviation, abbreviation))


def say_zone_of(visit: Appointment) -> str:
    """The name of the clock that a promised visit is told by."""
    return say_zone(ZoneInfo(visit.time_zone), at=visit.starts_at)


def short_weekday(day: date) -> str:
    """`Tue`."""
    return dateformat.format(day, "D")


def short_month(day: date) -> str:
    """`Nov`."""
    return dateformat.format(day, "M")


def write_at(at: datetime) -> str:
    """An instant as addresses carry it: `2026-11-24T16:30Z`."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%MZ}"
