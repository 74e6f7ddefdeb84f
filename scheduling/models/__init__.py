"""Who can be sent, when and where."""

from scheduling.models.closure import Closure, ClosureQuerySet
from scheduling.models.nurse import Licence, Nurse, Qualification
from scheduling.models.shift import Leave, LeaveQuerySet, Shift, ShiftException
from scheduling.models.travel import TravelTime

__all__ = [
    "Closure",
    "ClosureQuerySet",
    "Leave",
    "LeaveQuerySet",
    "Licence",
    "Nurse",
    "Qualification",
    "Shift",
    "ShiftException",
    "TravelTime",
]
