"""A day put to the solver, and its answer as visits, nurses and kilometres."""

from __future__ import annotations

import threading
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any
from uuid import UUID

from booking.assignments import Move
from config.core.errors import Reason, Refused
from nurses import question
from nurses.question import Asked
from nurses.workday import Holders, Workday
from scheduling import routing

# The solver underneath keeps its threads for the whole process: one day at a time.
_one_at_a_time = threading.Lock()


@dataclass(frozen=True, slots=True)
class Answer:
    """Who should go where, and how good that is.

    Attributes
    ----------
    holders
        Who goes to each visit once the moves are made.
    unassigned
        Visits nobody can go to, each with what stops the nearest nurses.
    metres_before, metres_after
        Driving as it is and once the moves are made, less what is driven to visits that stay with
        a nurse who cannot go.
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
    asked = question.of(work, at=at, is_minimal=is_minimal)
    if not asked.visits:
        return _nothing(work)
    try:
        with _one_at_a_time:
            plan = routing.solve(
                question.day(asked), seconds=seconds, seed=seed, start=question.start(asked)
            )
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


def _answer(asked: Asked, plan: routing.Plan) -> Answer:
    goes = {visit: int(nurse) for nurse, visits in plan.routes.items() for visit in visits}
    holders: dict[UUID, int | None] = dict(asked.work.holders)
    for visit in asked.visits:
        nurse_id = goes.get(str(visit.pk))
        # A visit nobody can go to stays with the nurse who cannot either: staff see whose it was.
        if nurse_id is not None or not asked.work.is_stranded(visit):
            holders[visit.pk] = nurse_id
    strays = _strays(asked, plan)
    after = _metres(asked, holders | strays)
    bound = min(_bound(plan), after)
    return Answer(
        moves=tuple(
            Move(visit.pk, holders[visit.pk])
            for visit in asked.visits
            if holders[visit.pk] != visit.nurse_id
        ),
        holders=holders,
        unassigned=_unassigned(plan),
        metres_before=_metres(asked, asked.work.holders | strays),
        metres_after=after,
        lower_bound_metres=bound,
        gap_percent=100 * (after - bound) / after if after else 0.0,
        proven=plan.proven,
        seconds=plan.seconds,
    )


def _strays(asked: Asked, plan: routing.Plan) -> dict[UUID, int | None]:
    """Return, as visits nobody drives to, those left with a nurse who cannot go either.

    No figure counts them: the bound knows nothing of such drives.
    """
    left = set(plan.unassigned)
    return {
        visit.pk: None
        for visit in asked.visits
        if str(visit.pk) in left and asked.work.is_stranded(visit)
    }


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
