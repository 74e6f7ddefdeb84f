"""What stands in the way of a visit that is booked already, and what its patient can do about it.

The time stays held whatever it is.
"""

from __future__ import annotations

from dataclasses import replace

from django.utils.translation import gettext as _

from booking.models import Appointment
from booking.pages import steps
from booking.pages.steps import State, Step

OF_THE_ORDER = ("order_missing", "order_exhausted")


def blocking(visit: Appointment) -> list[Step]:
    """Return the steps that are open before a booked visit, each once."""
    found = (_step(visit, code) for code in visit.blocked)
    return list({step.name: step for step in found}.values())


def _step(visit: Appointment, code: str) -> Step:
    step = steps.step_for(patient=visit.patient, code=code)
    if code in OF_THE_ORDER:
        detail = _("Nothing to do now. Our clinicians are renewing your order.")
        return replace(step, state=State.WITH_US, detail=detail, url="", action="")
    if code == "not_permitted_here":
        detail = _("Nothing to do now. We will call you about the place.")
        return replace(step, state=State.WITH_US, detail=detail, url="", action="")
    return step
