"""Say instants in templates as messages say them."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from django import template

from booking import clock

register = template.Library()


@register.filter
def moment(instant: datetime, zone: str) -> str:
    """`Tue 24 Nov, 4:30 PM CST`, in the zone named."""
    return clock.say_moment(instant, ZoneInfo(zone))
