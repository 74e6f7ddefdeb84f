"""A plan in the day's own names."""

import math

from scheduling.routing.explain import reasons
from scheduling.routing.routes import Routes
from scheduling.routing.values import UNASSIGNED_METRES, Day, Plan

CLOSED = 0.001
"""Percent of gap that counts as none."""


def planned(day: Day, best: Routes, low: float, seconds: float, seed: int) -> Plan:
    """Return the plan of these routes, with the bound `low` in metres."""
    routes: dict[str, tuple[str, ...]] = {nurse.id: () for nurse in day.nurses}
    for nurse, stops in best.named():
        routes[day.nurses[nurse].id] = tuple(day.visits[stop].id for stop in stops)
    carried = {visit for route in routes.values() for visit in route}
    left = tuple(visit.id for visit in day.visits if visit.id not in carried)
    cost = int(best.cost.sum()) + UNASSIGNED_METRES * len(left)
    # Costs are whole metres, so a bound between two of them is as good as the upper one.
    bound = min(cost, math.ceil(low - 0.5))
    gap = 100 * (cost - bound) / cost if cost else 0.0
    return Plan(
        routes=routes,
        unassigned=left,
        metres=int(best.metres.sum()),
        cost_metres=cost,
        lower_bound_metres=bound,
        gap_percent=gap,
        proven=gap <= CLOSED,
        seconds=seconds,
        seed=seed,
        why=reasons(day, routes),
    )
