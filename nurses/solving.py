"""A day put to the solver, and its answer as visits, nurses and kilometres."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

from django.conf import settings

from booking.assignments import Move
from booking.models import Appointment
from booking.search import travel
from config.core.errors import Reason, Refused
from nurses import workday
from nurses.workday import Holders, Workday, Working
from scheduling import routing
from scheduling.intervals import Interval
from scheduling.routing.values import UNASSIGNED_METRES
from scheduling.travel import Matrix, Place

# To serve a visit that lost its nurse counts half of what leaving one out costs: enough to drive
# any distance for it, and never a reason to leave out one that has a nurse instead.
STRANDED_METRES = UNASSIGNED_METRES // 2
MINUTE = timedelta(minutes=1)

# The solver underneath keeps its threads for the whole process: one day at a time.
_one_at_a_time = threading.Lock()


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


@dataclass(frozen=True, slots=True)
class Answer:
    """Who should go where, and how good that is.

    Attributes
    ----------
    holders
        Who goes to each visit once the moves are made.
    unassigned
        Visits nobody can go to, each with what stops the nearest nurses.
    lower_bound_metres
        What no plan drives less than that leaves as few visits out and changes as little.
    """

    moves: tuple[Move, ...]
    holders: dict[UUID, int | None]
    unassigned: list[dict[str, Any]]
    metres_before: int
    metres_after: int
    lower_bound_metres: int
    gap_percent: float
    proven: bool
    seconds: float


def ask(*, work: Workday, at: datetime, seconds: float, seed: int, is_minimal: bool) -> Answer:
    """Have a day solved.

    Parameters
    ----------
    at
        Visits that have begun by then stay with their nurse.
    is_minimal
        Whether only visits that lost their nurse may move.

    Raises
    ------
    Refused
        `not_solved` where the solver underneath gives up.
    """
    asked = _asked(work, at=at, is_minimal=is_minimal)
    if not asked.visits:
        return _nothing(work)
    try:
        with _one_at_a_time:
            plan = routing.solve(_day(asked), seconds=seconds, seed=seed, start=_start(asked))
    except routing.Unsolvable as error:
        raise Refused(
            [Reason("not_solved", "No plan was found; the day stays as it is.")]
        ) from error
    return _answer(asked, plan)


def _nothing(work: Workday) -> Answer:
    """Return the answer to a day without visits that anybody could go to."""
    return Answer(
        moves=(),
        holders=work.holders,
        unassigned=[{"appointment": str(visit.pk), "reasons": []} for visit in work.visits],
        metres_before=0,
        metres_after=0,
        lower_bound_metres=0,
        gap_percent=0.0,
        proven=True,
        seconds=0.0,
    )


def _asked(work: Workday, *, at: datetime, is_minimal: bool) -> Asked:
    visits = tuple(
        visit
        for visit in work.visits
        if visit.nurse_id is not None or not workday.is_fixed(visit, at=at)
    )
    places = [*(nurse.home for nurse in work.nurses), *(_place(visit) for visit in visits)]
    return Asked(
        work=work,
        visits=visits,
        travel=travel().matrix(places),
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


# -- the question --------------------------------------------------------------------------------


def _day(asked: Asked) -> routing.Day:
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


def _start(asked: Asked) -> dict[str, list[str]]:
    """Return the routes as they are, less the visits that lost their nurse."""
    routes: dict[str, list[str]] = defaultdict(list)
    for visit in asked.visits:
        if visit.nurse_id is not None and not asked.work.is_stranded(visit):
            routes[str(visit.nurse_id)].append(str(visit.pk))
    return routes


# -- the answer ----------------------------------------------------------------------------------


def _answer(asked: Asked, plan: routing.Plan) -> Answer:
    goes = {visit: int(nurse) for nurse, visits in plan.routes.items() for visit in visits}
    holders: dict[UUID, int | None] = dict(asked.work.holders)
    for visit in asked.visits:
        nurse_id = goes.get(str(visit.pk))
        # A visit nobody can go to stays with the nurse who cannot either: staff see whose it was.
        if nurse_id is not None or not asked.work.is_stranded(visit):
            holders[visit.pk] = nurse_id
    after = _metres(asked, holders)
    bound = _bound(plan)
    return Answer(
        moves=tuple(
            Move(visit.pk, holders[visit.pk])
            for visit in asked.visits
            if holders[visit.pk] != visit.nurse_id
        ),
        holders=holders,
        unassigned=_unassigned(plan),
        metres_before=_metres(asked, asked.work.holders),
        metres_after=after,
        lower_bound_metres=min(bound, after),
        gap_percent=100 * (plan.metres - bound) / plan.metres if plan.metres else 0.0,
        proven=plan.proven,
        seconds=plan.seconds,
    )


def _bound(plan: routing.Plan) -> int:
    """Return what the bound on all costs says of driving alone.

    Any plan whose other costs are no higher than this one's drives at least the bound less those
    costs; a plan that drives less therefore leaves more visits out, or changes more.
    """
    other_costs = plan.cost_metres - plan.metres
    return min(max(int(plan.lower_bound_metres) - other_costs, 0), plan.metres)


def _metres(asked: Asked, holders: Holders) -> int:
    """Return what all nurses drive when these go: from home, along their visits, and home."""
    metres = asked.travel.metres
    stops: dict[int, list[int]] = defaultdict(list)
    for place, visit in enumerate(asked.visits, start=len(asked.work.nurses)):
        nurse_id = holders[visit.pk]
        if nurse_id is not None:
            stops[nurse_id].append(place)
    homes = {nurse.nurse_id: place for place, nurse in enumerate(asked.work.nurses)}
    return sum(
        int(metres[here, there])
        for nurse_id, places in stops.items()
        for here, there in pairwise([homes[nurse_id], *places, homes[nurse_id]])
    )


def _unassigned(plan: routing.Plan) -> list[dict[str, Any]]:
    return [
        {
            "appointment": visit,
            "reasons": [
                {"nurse": int(why.nurse), "rule": why.rule} for why in plan.why.get(visit, ())
            ],
        }
        for visit in plan.unassigned
    ]
