"""A day under way to the solver: in its words, minutes from UTC's midnight and metres."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from django.conf import settings

from booking.models import Appointment
from nurses import workday
from nurses.workday import Workday, Working
from scheduling import engines, routing
from scheduling.intervals import Interval
from scheduling.routing.values import UNASSIGNED_METRES
from scheduling.travel import Matrix, Place

# To serve a visit that lost its nurse counts half of what leaving one out costs: enough to drive
# any distance for it, and never a reason to leave out one that has a nurse instead.
STRANDED_METRES = UNASSIGNED_METRES // 2
MINUTE = timedelta(minutes=1)
# A plan has time to ask for a whole table of drives.
TABLE_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Asked:
    """A day under way to the solver.

    Attributes
    ----------
    visits
        Those a nurse goes to or could, in the order of the matrix.
    is_minimal
        Only visits that lost their nurse may move.
    """

    work: Workday
    visits: tuple[Appointment, ...]
    travel: Matrix
    at: datetime
    is_minimal: bool
    last_nurses: Mapping[int, int]


def of(work: Workday, *, at: datetime, is_minimal: bool) -> Asked:
    """Read what a plan of the day asks besides."""
    visits = tuple(
        visit
        for visit in work.visits
        if visit.nurse_id is not None or not workday.is_fixed(visit, at=at)
    )
    places = [*(nurse.home for nurse in work.nurses), *(_place(visit) for visit in visits)]
    return Asked(
        work=work,
        visits=visits,
        travel=engines.configured(budget_seconds=TABLE_SECONDS).matrix(places),
        at=at,
        is_minimal=is_minimal,
        last_nurses=_last_nurses(work),
    )


def _place(visit: Appointment) -> Place:
    # A constraint gives every visit under an order its place.
    return Place(visit.latitude or 0.0, visit.longitude or 0.0)


def _last_nurses(work: Workday) -> dict[int, int]:
    """Return who was with each patient last before this day."""
    start = datetime.combine(work.date, time(), tzinfo=UTC)
    earlier = (
        Appointment.objects.occupying()
        .infusions()
        .filter(
            patient__in={visit.patient_id for visit in work.visits},
            nurse__isnull=False,
            starts_at__lt=start,
        )
    )
    newest = earlier.order_by("patient", "-starts_at").distinct("patient")
    return dict(newest.values_list("patient", "nurse"))


def day(asked: Asked) -> routing.Day:
    """Return the day as the solver takes it."""
    midnight = datetime.combine(asked.work.date, time(), tzinfo=UTC)
    return routing.Day(
        nurses=tuple(_nurse(nurse, midnight) for nurse in asked.work.nurses),
        visits=tuple(_visit(visit, asked, midnight) for visit in asked.visits),
        travel=asked.travel,
        uneven_metres=settings.DISPATCH_UNEVEN_METRES,
    )


def _nurse(nurse: Working, midnight: datetime) -> routing.NurseDay:
    windows = (_whole_minutes(window, midnight) for window in nurse.windows)
    lunches = ((minutes, _whole_minutes(within, midnight)) for minutes, within in nurse.lunches)
    return routing.NurseDay(
        id=str(nurse.nurse_id),
        home=nurse.home,
        windows=tuple(window for window in windows if window[0] < window[1]),
        lunches=tuple(routing.Lunch(minutes, *within) for minutes, within in lunches),
        max_driving=nurse.max_driving,
        max_working=nurse.max_working,
    )


def _whole_minutes(interval: Interval, midnight: datetime) -> tuple[int, int]:
    """Return the whole minutes inside an interval."""
    return -((midnight - interval.start) // MINUTE), (interval.end - midnight) // MINUTE


def _visit(visit: Appointment, asked: Asked, midnight: datetime) -> routing.Visit:
    start = (visit.starts_at - midnight) // MINUTE
    end = -((midnight - visit.ends_at) // MINUTE)
    is_pinned = visit.nurse_id is not None and (
        workday.is_fixed(visit, at=asked.at)
        or (asked.is_minimal and not asked.work.is_stranded(visit))
    )
    return routing.Visit(
        id=str(visit.pk),
        place=_place(visit),
        start=start,
        minutes=end - start,
        nurses=frozenset(map(str, asked.work.may_go[visit.pk])),
        pinned=str(visit.nurse_id) if is_pinned else None,
        costs={} if is_pinned else _costs(visit, asked),
    )


def _costs(visit: Appointment, asked: Asked) -> dict[str, int]:
    """Return what each nurse costs besides the drive: a change, and a stranger at the door."""
    may_go = asked.work.may_go[visit.pk]
    last = asked.last_nurses.get(visit.patient_id)
    is_stranded = asked.work.is_stranded(visit)
    costs = {}
    for nurse_id in may_go:
        costs[str(nurse_id)] = STRANDED_METRES if is_stranded else 0
        if not is_stranded and nurse_id != visit.nurse_id:
            costs[str(nurse_id)] += settings.DISPATCH_CHANGE_METRES
        if last in may_go and nurse_id != last:
            costs[str(nurse_id)] += settings.DISPATCH_CONTINUITY_METRES
    return costs


def start(asked: Asked) -> dict[str, list[str]]:
    """Return the routes as they are, less the visits that lost their nurse."""
    routes: dict[str, list[str]] = defaultdict(list)
    for visit in asked.visits:
        if visit.nurse_id is not None and not asked.work.is_stranded(visit):
            routes[str(visit.nurse_id)].append(str(visit.pk))
    return routes
