"""Say in templates where a visit stands, and a telephone number."""

from __future__ import annotations

from datetime import datetime

from django import template

from booking.models import Appointment
from booking.pages import visits_states
from patients.fields import in_groups

register = template.Library()


@register.filter
def state_at(visit: Appointment, at: datetime) -> visits_states.State:
    """Return where a visit stands at an instant, in words."""
    return visits_states.state_of(visit, at=at)


register.filter("telephone", in_groups)
