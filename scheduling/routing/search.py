"""Dispatching a day: relaxation, first plan, better plans, and the proof."""

from collections.abc import Mapping, Sequence

import numpy as np

from scheduling.routing.clock import Clock
from scheduling.routing.diving import dive
from scheduling.routing.explain import reasons
from scheduling.routing.generation import generate
from scheduling.routing.graph import Graph, build
from scheduling.routing.master import Master, Sizes
from scheduling.routing.neighbourhood import improve
from scheduling.routing.packing import Packing, cost_of, pack
from scheduling.routing.pricing import routes_below
from scheduling.routing.routes import Routes, distinct, joined
from scheduling.routing.values import UNASSIGNED_METRES, Day, Plan
from scheduling.routing.verify import routes_of

MANY = 30_000
"""With more routes than this the best choice is not looked for in one go."""


def solve(
    day: Day,
    *,
    seconds: float,
    seed: int,
    start: Mapping[str, Sequence[str]] | None = None,
) -> Plan:
    """Give a day's visits to nurses.

    Parameters
    ----------
    seconds
        Time to take at most; an easy day takes less.
    seed
        The same seed gives the same plan wherever time was enough.
    start
        Known routes, visit ids in order by nurse id. Those that break a rule are not used; the
        rest are kept where nothing better is found.
    """
    clock = Clock(seconds)
    graph = build(day)
    sizes = Sizes(graph.optional, graph.must)
    master = Master(sizes)
    master.add(routes_of(day, start or {}))
    bound = generate(graph, master, clock)
    plans = [dive(graph, master, clock), routes_of(day, start or {})]
    best = min((completed(graph, plan) for plan in plans), key=lambda plan: cost_of(sizes, plan))
    rng = np.random.default_rng(seed)
    low = bound.metres
    while True:
        gap = cost_of(sizes, best) - low
        if gap < 1 or clock.over():
            break
        reach = min(gap, 15_000.0)
        table, _ = routes_below(graph, bound.visit_duals, bound.floors + reach, best=bound.rests)
        table = distinct(joined([table, best, *master.routes]))
        known = {key: row for row, key in enumerate(table.keys())}
        rows = np.array(sorted(known[key] for key in best.keys()), dtype=np.int64)
        likely = table.reduced(bound.visit_duals, bound.floors)
        if len(table) <= MANY:
            packing = pack(sizes, table, rows, clock=clock, likely=likely)
            low = max(low, min(packing.bound, bound.metres + reach))
            rows = packing.rows
        else:
            rows = improve(sizes, table, rows, likely, clock, rng)
        again = table.take(rows)
        settled = cost_of(sizes, again) >= cost_of(sizes, best) and len(table) <= MANY
        best = again
        if settled:
            break
    return planned(day, graph, best, low, clock, seed)


def completed(graph: Graph, plan: Routes) -> Routes:
    """Return a plan with the routes that pinned visits force."""
    lacking = np.setdiff1d(graph.forced.nurse, plan.nurse)
    return joined([plan, graph.forced.take(np.isin(graph.forced.nurse, lacking))])


def planned(day: Day, graph: Graph, plan: Routes, low: float, clock: Clock, seed: int) -> Plan:
    """Return the plan in the day's own names."""
    routes: dict[str, tuple[str, ...]] = {nurse.id: () for nurse in day.nurses}
    for nurse, stops in plan.keys():
        routes[day.nurses[nurse].id] = tuple(day.visits[stop].id for stop in stops)
    carried = {visit for route in routes.values() for visit in route}
    left = tuple(visit.id for visit in day.visits if visit.id not in carried)
    cost = int(plan.cost.sum()) + UNASSIGNED_METRES * len(left)
    bound = min(cost, int(np.ceil(low - 0.5)))
    gap = 100 * (cost - bound) / cost if cost else 0.0
    return Plan(
        routes=routes,
        unassigned=left,
        metres=int(plan.metres.sum()),
        cost_metres=cost,
        lower_bound_metres=bound,
        gap_percent=gap,
        proven=gap <= 0.001,
        seconds=clock.spent(),
        seed=seed,
        why=reasons(day, routes),
    )
