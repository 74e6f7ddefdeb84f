"""Say in templates where a visit stands, and a telephone number."""

from __future__ import annotations

import re
from datetime import datetime

from django import template

from booking.models import Appointment
from booking.pages import visits_states

register = template.Library()

AMERICAN = re.compile(r"\+1(\d{3})(\d{3})(\d{4})")


@register.filter
def state_at(visit: Appointment, at: datetime) -> visits_states.State:
    """Return where a visit stands at an instant, in words."""
    return visits_states.state_of(visit, at=at)


@register.filter
def telephone(number: str) -> str:
    """`+1 312 555 0123`, where it is such a number."""
    return AMERICAN.sub(r"+1 \1 \2 \3", number)
