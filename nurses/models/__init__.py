"""What happened at the home, and the plans and published routes of a day."""

from nurses.models.day import Plan, Route, Watch
from nurses.models.visit import FAR_METRES, AdverseEvent, Check, Dose, Event, Happening, Observation

__all__ = [
    "FAR_METRES",
    "AdverseEvent",
    "Check",
    "Dose",
    "Event",
    "Happening",
    "Observation",
    "Plan",
    "Route",
    "Watch",
]
