"""Where people live, and whether the clinic goes there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from math import asin, cos, radians, sin, sqrt
from zoneinfo import ZoneInfo

import zipcodes

from config.core.clock import now
from config.core.postgres import prepared
from patients.models import Patient

EARTH_RADIUS_KM = 6371.0088
# Each open area, or one row of none, and whether the state has a permit.
ALLOWED = """
    SELECT area.latitude, area.longitude, area.radius_km, permitted.yes
    FROM (
        SELECT EXISTS (SELECT FROM patients_permit WHERE state = %s AND is_permitted) AS yes
    ) AS permitted LEFT JOIN patients_servicearea AS area ON area.is_open
"""
_ZIP = re.compile(r"[0-9]{5}(-[0-9]{4})?")


@dataclass(frozen=True, slots=True)
class ZipPlace:
    """The middle of a ZIP code, in degrees; `time_zone` is an IANA name."""

    city: str
    state: str
    latitude: float
    longitude: float
    time_zone: str


def look_up_zip(postal_code: str) -> ZipPlace | None:
    """Return the place of a ZIP or ZIP+4 code; None where it or its time zone is unknown."""
    place = find_zip(postal_code)
    return place if place and place.time_zone else None


def is_zip(postal_code: str) -> bool:
    """Whether it is written as a ZIP or ZIP+4 code is."""
    return _ZIP.fullmatch(postal_code) is not None


@lru_cache(maxsize=4096)
def find_zip(postal_code: str) -> ZipPlace | None:
    """Return the place of a ZIP code, with an empty time zone where the table has no real one."""
    if not is_zip(postal_code):  # the table's own check panics at letters beyond ASCII
        return None
    rows = zipcodes.matching(postal_code)  # type: ignore[no-untyped-call]
    if not rows:
        return None
    row = rows[0]
    place = ZipPlace(row["city"], row["state"], float(row["lat"]), float(row["long"]), "")
    return replace(place, time_zone=row["timezone"]) if is_time_zone(row["timezone"]) else place


def is_time_zone(name: str) -> bool:
    """Whether the IANA database knows the name; some rows of the ZIP table name none or a town."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True


def kilometres(from_: tuple[float, float], to: tuple[float, float]) -> float:
    """Return the great-circle distance between two points in degrees (haversine)."""
    (lat1, long1), (lat2, long2) = ((radians(a), radians(b)) for a, b in (from_, to))
    half = sin((lat2 - lat1) / 2) ** 2 + cos(lat1) * cos(lat2) * sin((long2 - long1) / 2) ** 2
    return 2 * EARTH_RADIUS_KM * asin(min(1.0, sqrt(half)))


def allowed(state: str) -> list[prepared.Row]:
    """Read the open areas, and in each row whether the state permits infusions at home."""
    return prepared.rows(ALLOWED, [state])


def is_near(point: tuple[float, float], allowed: Iterable[prepared.Row]) -> bool:
    """Whether the clinic drives to a point."""
    return any(
        kilometres(point, (area[0], area[1])) <= area[2] for area in allowed if area[0] is not None
    )


def is_permitted(allowed: Sequence[prepared.Row]) -> bool:
    """Whether a nurse may give the infusion at home there; a state without a row says no."""
    return bool(allowed[0][-1])


def rules_changed() -> None:
    """Have every patient's gates asked again: a permit or a service area was changed."""
    Patient.objects.update(changed_at=now())
