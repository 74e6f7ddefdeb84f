"""The clinic's policy: settings, each with a floor no setting may go below.

Figures are the medical director's; sources are in `docs/domain.md`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import time

from django.conf import settings

# setting -> the smallest value that is allowed
FLOORS: dict[str, int] = {
    "HEAVY_MEAL_HOURS": 4,
    "FOOD_HOURS": 4,
    "LIQUIDS_HOURS": 1,
    "DRIVING_HOURS": 6,
    "NOTICE_HOURS": 12,
    "OBSERVATION_FLOOR_MINUTES": 60,
    "TRAVEL_CACHE_DAYS": 1,
    "DISPATCH_SECONDS": 1,
    "DISPATCH_DAYS_AHEAD": 1,
    "DISPATCH_WAIT_MINUTES": 0,
    "DISPATCH_CONTINUITY_METRES": 0,
    "DISPATCH_CHANGE_METRES": 0,
    "DISPATCH_UNEVEN_METRES": 0,
}
LATEST_CLOSE = time(21)


def broken_floors() -> Iterator[str]:
    """Yield a sentence for each setting looser than its floor."""
    for name, floor in FLOORS.items():
        value = getattr(settings, name)
        if value < floor:
            yield f"{name} is {value}; it may not go below {floor}."
    if settings.SERVICE_CLOSES > LATEST_CLOSE:
        yield f"SERVICE_CLOSES is {settings.SERVICE_CLOSES}; visits end by {LATEST_CLOSE}."
    if settings.SERVICE_OPENS >= settings.SERVICE_CLOSES:
        yield "SERVICE_OPENS must be before SERVICE_CLOSES."
    if settings.HEAVY_MEAL_HOURS < settings.FOOD_HOURS:
        yield "HEAVY_MEAL_HOURS must not be less than FOOD_HOURS."
