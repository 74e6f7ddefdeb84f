"""Dispatch: who drives where on one day, with a bound on what any plan could save."""

from scheduling.routing.search import solve
from scheduling.routing.values import (
    UNASSIGNED_METRES,
    Day,
    Lunch,
    NurseDay,
    Plan,
    Unsolvable,
    Visit,
    Why,
)

__all__ = [
    "UNASSIGNED_METRES",
    "Day",
    "Lunch",
    "NurseDay",
    "Plan",
    "Unsolvable",
    "Visit",
    "Why",
    "solve",
]
