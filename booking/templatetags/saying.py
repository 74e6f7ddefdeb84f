"""Say instants in templates as messages say them."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from django import template
from django.conf import settings

from booking import presenting
from booking.notices import words

register = template.Library()


@register.filter
def moment(instant: datetime, zone: str) -> str:
    """`Tue 24 Nov, 4:30 PM CST`, in the zone named."""
    return presenting.say_moment(instant, ZoneInfo(zone))


@register.filter
def hour(instant: datetime, zone: str) -> str:
    """`4:30 PM`, in the zone named."""
    return presenting.say_time(instant, ZoneInfo(zone))


@register.filter(name="words")
def in_words(kind: str) -> str:
    """`adverse_event` as a person says it."""
    return words.spoken(kind)


register.filter("one_stop", presenting.with_one_stop)


@register.simple_tag
def clock_advice() -> str:
    """The usual advice, and what this clinic asks for."""
    return presenting.advice(food_hours=settings.FOOD_HOURS)
