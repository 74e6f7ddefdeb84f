"""Other times for a promised visit: a few starts that can really be had, one a day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import groupby, islice
from zoneinfo import ZoneInfo

from booking import appointments, assignments, search
from booking.clock import local_day
from booking.models import Appointment, Status

DAYS = 21
OFFERED = 5


def offered(*, visit: Appointment, at: datetime) -> list[datetime]:
    """Return a start a day, the nearest to the hour of the visit; none once it is too late to move.

    Nothing is held for whoever looks: the rules are asked when one is chosen.
    """
    if visit.status != Status.BOOKED or visit.starts_at - at < appointments.RESCHEDULE_UNTIL:
        return []
    zone = ZoneInfo(visit.time_zone)
    wish = search.wish_for(
        patient=visit.patient,
        therapy=visit.therapy,
        starts_at=visit.starts_at,
        asked_at=at,
        without=visit,
    )
    first = local_day(at, zone)
    starts = search.open_starts(
        wish=wish,
        at=assignments.where_booked(visit),
        first=first,
        last=first + timedelta(days=DAYS),
        without=visit,
    )
    return list(islice(_one_a_day(starts, visit=visit, zone=zone), OFFERED))


def _one_a_day(starts: list[datetime], *, visit: Appointment, zone: ZoneInfo) -> Iterator[datetime]:
    wanted = visit.starts_at.astimezone(zone)
    others = (start for start in starts if start != visit.starts_at)
    for _, day in groupby(others, key=lambda start: local_day(start, zone)):
        yield min(day, key=lambda start: _apart(start.astimezone(zone), wanted))


def _apart(one: datetime, other: datetime) -> int:
    """Return by how many minutes two clocks differ, whatever their days."""
    return abs((one.hour - other.hour) * 60 + one.minute - other.minute)
