"""A look at all days to come: in which of them something may be due, before any is opened."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time as clock_time, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings

from booking.clock import at_local, local_day
from booking.models import Appointment, StaffTask, Status
from config.core.clock import now
from nurses import copies, route
from nurses.models import Route, Watch
from nurses.sweeps import LOST_NURSE
from scheduling.models import Leave, ShiftException

NIGHT = clock_time(2)


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen of all days to come, before any is looked at closely.

    Attributes
    ----------
    marks
        Day -> a hash of the rows in which a change of it shows.
    watches
        What was known of each day before.
    to_come
        Days with a visit on the road that has not begun.
    published
        Days whose routes are frozen.
    stranded
        Days with an open task about a visit that lost its nurse.
    """

    marks: Mapping[date, str]
    watches: Mapping[date, Watch]
    to_come: frozenset[date]
    published: frozenset[date]
    stranded: frozenset[date]

    def needs_a_look(self, day: date) -> bool:
        """Whether anything may be due on a day; most days need none at most times."""
        if day not in self.to_come and day not in self.published:
            return False
        watch = self.watches.get(day)
        if watch is None or watch.mark != self.marks[day] or watch.restless_since is not None:
            return True
        if day in self.stranded:
            return True
        is_due = now() >= copies.publish_hour(day) or watch.night != night(now())
        return day not in self.published and is_due


def see(days: list[date]) -> Seen:
    """Read the days in as few questions as one day would take."""
    start = datetime.combine(days[0], clock_time(), tzinfo=UTC) - route.BEFORE
    end = datetime.combine(days[-1], clock_time(), tzinfo=UTC) + route.AFTER
    rows: dict[date, list[str]] = defaultdict(list)
    to_come = set()
    at = now()
    visits = Appointment.objects.occupying().infusions().filter(starts_at__range=(start, end))
    fields = ("starts_at", "time_zone", "status", "pk", "version", "nurse")
    for starts_at, zone, status, *facts in visits.order_by("pk").values_list(*fields):
        day = local_day(starts_at, ZoneInfo(zone))
        rows[day].append(f"{starts_at} {facts}")
        if status == Status.BOOKED and starts_at > at:
            to_come.add(day)
    leaves = Leave.objects.touching(period=(start, end)).order_by("pk")
    for pk, starts_at, ends_at in leaves.values_list("pk", "starts_at", "ends_at"):
        for day in _touched(starts_at, ends_at, days):
            rows[day].append(f"leave {pk} {starts_at} {ends_at}")
    exceptions = ShiftException.objects.filter(day__in=days).order_by("pk")
    for day, *facts in exceptions.values_list("day", "pk", "effect", "kind", "starts", "ends"):
        rows[day].append(f"exception {facts}")
    marks = {day: hashlib.sha256("\n".join(rows[day]).encode()).hexdigest() for day in days}
    return Seen(
        marks=marks,
        watches=Watch.objects.in_bulk(days),
        to_come=frozenset(to_come),
        published=frozenset(Route.objects.filter(day__in=days).values_list("day", flat=True)),
        stranded=frozenset(_stranded()),
    )


def _touched(starts_at: datetime, ends_at: datetime, days: list[date]) -> Iterator[date]:
    for day in days:
        midnight = datetime.combine(day, clock_time(), tzinfo=UTC)
        if starts_at < midnight + route.AFTER and midnight - route.BEFORE < ends_at:
            yield day


def _stranded() -> set[date]:
    tasks = StaffTask.objects.filter(
        kind__in=LOST_NURSE, done_at__isnull=True, appointment__starts_at__gt=now()
    )
    rows = tasks.values_list("appointment__starts_at", "appointment__time_zone")
    return {local_day(starts_at, ZoneInfo(zone)) for starts_at, zone in rows}


def night(at: datetime) -> date:
    """Return the day whose small hours came last."""
    zone = ZoneInfo(settings.CLINIC_TIME_ZONE)
    today = local_day(at, zone)
    return today if at >= at_local(today, NIGHT, zone) else today - timedelta(days=1)
