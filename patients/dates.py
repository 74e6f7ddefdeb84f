"""Instants on documents and lists: with their year and zone, in the language of the page."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils import dateformat, translation

MOMENTS = {"en": "j M Y, g:i A T", "es": r"j \d\e F \d\e Y, g:i a T"}
DAYS = {"en": "j M Y", "es": r"j \d\e F \d\e Y"}
SHORT_DAYS = {"en": "j M Y", "es": "j b Y"}


def say_moment(at: datetime, zone: ZoneInfo) -> str:
    """A moment in a zone: ``3 Mar 2027, 9:30 AM CST``."""
    return dateformat.format(at.astimezone(zone), _in_force(MOMENTS))


def say_day(at: datetime, zone: ZoneInfo) -> str:
    """The day of a moment in a zone: ``3 Mar 2027``."""
    return dateformat.format(at.astimezone(zone), _in_force(DAYS))


def say_short_day(at: datetime, zone: ZoneInfo) -> str:
    """The day of a moment where there is little room: ``3 Mar 2027``."""
    return dateformat.format(at.astimezone(zone), _in_force(SHORT_DAYS))


def _in_force(formats: dict[str, str]) -> str:
    return formats.get((translation.get_language() or "en").partition("-")[0], formats["en"])
