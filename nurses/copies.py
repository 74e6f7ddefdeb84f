"""Routes as they were told to nurses: frozen copies, a new version where one changed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.urls import reverse

from booking.clock import at_local, local_day
from booking.models import Appointment, Status
from booking.notices import ledger
from config.core.clock import now
from config.core.models import User
from nurses import route
from nurses.models import Plan, Route

# Ended so at the door, a visit leaves the nurse's day by her own word: she need not be told.
ENDED_BY_HER = (Status.NO_SHOW, Status.ABORTED)


def today() -> date:
    """Return the day it is at the clinic."""
    return local_day(now(), ZoneInfo(settings.CLINIC_TIME_ZONE))


def publish_hour(day: date) -> datetime:
    """Return when the routes of a day freeze: at the publish hour of the day before."""
    zone = ZoneInfo(settings.CLINIC_TIME_ZONE)
    return at_local(day - timedelta(days=1), settings.DISPATCH_PUBLISH_HOUR, zone)


def is_frozen(day: date) -> bool:
    """Whether routes of the day were told to nurses, or should have been by now."""
    return now() >= publish_hour(day) or Route.objects.filter(day=day).exists()


def publish(
    *, day: date, routes: Iterable[route.Route], by: User | None, plan: Plan | None = None
) -> list[Route]:
    """Freeze the routes that are new or changed, tell their nurses, and return the copies.

    Whoever has no stops, and had none before, is told nothing.
    """
    newest = {row.nurse_id: row for row in Route.objects.newest(day=day).select_related("nurse")}
    ended = _ended_by_her(newest.values())
    written = []
    for one in routes:
        before = newest.get(one.nurse.pk)
        stops = [_stop(stop) for stop in one.stops]
        if before is not None and _promise(before.stops, ended) == _promise(stops, ended):
            continue
        row = Route(
            nurse=one.nurse,
            day=day,
            version=before.version + 1 if before else 1,
            plan=plan,
            stops=stops,
            metres=sum(drive.metres for drive in one.drives),
            published_by=by,
        )
        written.append(row)
    Route.objects.bulk_create(written)
    for row in written:
        before = newest.get(row.nurse_id)
        if row.stops or (before is not None and before.stops):
            _tell(row, before=before)
    return written


def _stop(stop: route.Stop) -> dict[str, Any]:
    """Return what was promised of a stop; who lives there stays with the visit."""
    return {
        "appointment": str(stop.appointment.pk),
        "sequence": stop.sequence,
        "leave_at": stop.leave_at.isoformat(),
        "starts_at": stop.appointment.starts_at.isoformat(),
        "ends_at": stop.appointment.ends_at.isoformat(),
        "travel_minutes": stop.drive.minutes,
        "travel_metres": stop.drive.metres,
    }


def _promise(stops: Sequence[dict[str, Any]], ended: set[str]) -> list[tuple[str, str]]:
    """Return what makes a route another one: which visits, and when."""
    return [
        (stop["appointment"], stop["starts_at"])
        for stop in stops
        if stop["appointment"] not in ended
    ]


def _ended_by_her(rows: Iterable[Route]) -> set[str]:
    told = {stop["appointment"] for row in rows for stop in row.stops}
    ended = Appointment.objects.filter(pk__in=told, status__in=ENDED_BY_HER)
    return {str(pk) for pk in ended.values_list("pk", flat=True)}


def _tell(row: Route, *, before: Route | None) -> None:
    """Have the nurse told, once per version, unless the day is over for her."""
    nurse = row.nurse
    if row.day < local_day(now(), ZoneInfo(nurse.time_zone)):
        return
    rows = Route.objects.filter(nurse=nurse, day=row.day, version__lt=row.version)
    ledger.tell_route(
        nurse=nurse,
        subject_of=row.subject,
        instead_of=[one.subject for one in rows] if before else [],
        day=row.day,
        facts={
            "is_change": before is not None,
            "route_day": f"{row.day:%A} {row.day.day} {row.day:%B}",
            "link": f"{settings.SITE_URL}{reverse('route')}?date={row.day}",
        },
    )
