"""Times as a person says them, and the ids that make a form safe to send twice."""

from __future__ import annotations

import uuid
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from django import template

from booking.clock import say_moment, say_time
from booking.models import Appointment
from nurses.presenting import say_near
from patients.fields import in_groups

register = template.Library()
register.filter("telephone", in_groups)


@register.simple_tag
def client_id() -> str:
    """Give a form an id of its own: sent twice, it is written down once."""
    return str(uuid.uuid4())


@register.filter
def clock_time(instant: datetime, zone: str) -> str:
    """Say a local time of day."""
    return say_time(instant, ZoneInfo(zone))


@register.filter
def clock_moment(instant: datetime, zone: str) -> str:
    """Say a local moment that cannot be mistaken."""
    return say_moment(instant, ZoneInfo(zone))


@register.filter
def clock_near(instant: datetime, visit: Appointment) -> str:
    """Say the hour, with the day where it is not the day of the visit."""
    return say_near(instant, visit)


@register.filter
def duration(minutes: int) -> str:
    """Say a length of time: `1 h 12 min`."""
    hours, rest = divmod(minutes, 60)
    if not hours:
        return f"{rest} min"
    return f"{hours} h {rest} min" if rest else f"{hours} h"


@register.filter
def plain(amount: Decimal) -> str:
    """Say an amount without needless zeros, and never as a power of ten."""
    return f"{amount.normalize():f}"
