"""Column generation: the linear relaxation over every route there is.

Desaulniers, Desrosiers & Solomon (eds.), *Column Generation*, Springer 2005; duals are smoothed as
in Wentges (1997), Int. Trans. Oper. Res. 4.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from scheduling.routing.clock import Clock
from scheduling.routing.drives import NEVER
from scheduling.routing.graph import Graph
from scheduling.routing.master import Master, Relaxed
from scheduling.routing.pricing import completions, routes_below
from scheduling.routing.routes import Routes
from scheduling.routing.values import UNASSIGNED_METRES

Floats = NDArray[np.float64]
TINY = 0.01


@dataclass(frozen=True, slots=True)
class Bound:
    """What no plan can beat, and why.

    Attributes
    ----------
    metres
        sum of `visit_duals` and `floors`: a lower bound on the cost of any plan.
    visit_duals
        (visits,) at most `UNASSIGNED_METRES`.
    floors
        (nurses,) no route of the nurse has a smaller reduced cost, nor has staying at home.
    rests
        `completions` under these duals.
    """

    metres: float
    visit_duals: Floats
    floors: Floats
    rests: Floats


def bound_of(graph: Graph, duals: Floats, *, price: float = UNASSIGNED_METRES) -> Bound:
    """Return the Lagrangian bound of these duals.

    Any duals give one (Geoffrion 1974); nothing here rests on the solver's tolerances.
    """
    duals = np.minimum(duals, price)
    rests = completions(graph, duals)
    floors = np.where(graph.must, np.inf, 0.0)
    nodes = np.flatnonzero(graph.opens < NEVER)
    through = (graph.opens + graph.extra - duals[graph.visit])[nodes]
    np.minimum.at(floors, graph.nurse[nodes], through + rests[nodes, graph.opens_state[nodes]])
    forced = graph.forced.reduced(duals, np.zeros(graph.nurses))
    np.minimum.at(floors, graph.forced.nurse, forced)
    return Bound(float(duals.sum() + floors.sum()), duals, floors, rests)


def generate(graph: Graph, master: Master, clock: Clock, *, beam: int = 2) -> Bound:
    """Fill the master until no route can improve its relaxation; return the bound proven.

    A first round at a low price for visits left over brings the duals near where they belong.
    """
    master.add(graph.forced)
    best = bound_of(graph, np.zeros(graph.visits))
    typical = _trips(graph).mean() if graph.visits else 0.0
    for price, enough in ((4 * typical, 0.003), (8 * typical, 0.003), (UNASSIGNED_METRES, 0.0)):
        price = min(price, UNASSIGNED_METRES)
        master.price(price)
        best = _converged(graph, master, clock, price, enough, beam)
    return best


def _trips(graph: Graph) -> Floats:
    """Return (visits,) metres of going to a visit and nowhere else, by the nearest nurse."""
    trips = np.full(graph.visits, float(UNASSIGNED_METRES))
    nodes = np.flatnonzero((graph.opens < NEVER) & (graph.closes < NEVER))
    np.minimum.at(trips, graph.visit[nodes], (graph.opens + graph.closes)[nodes])
    return trips


def _converged(graph, master, clock, price, enough, beam):
    best: Bound | None = None
    while True:
        relaxed = master.solve()
        if best is not None:
            halfway = (best.visit_duals + relaxed.visit_duals) / 2
            found, bound, _ = _priced(graph, master, relaxed, halfway, price, beam)
            best = bound if bound.metres > best.metres else best
        if best is None or not found:
            found, bound, complete = _priced(
                graph, master, relaxed, relaxed.visit_duals, price, beam
            )
            best = bound if best is None or bound.metres > best.metres else best
            if not found:
                if complete:
                    return best
                beam *= 4
        if relaxed.metres - best.metres <= enough * relaxed.metres or clock.over():
            return best


def _priced(graph, master, relaxed, duals, price, beam):
    bound = bound_of(graph, duals, price=price)
    limit = np.minimum(relaxed.nurse_duals, 0.0) - TINY
    routes, complete = routes_below(graph, bound.visit_duals, limit, rests=bound.rests, beam=beam)
    if complete:
        bound = _raised(graph, bound, limit, routes)
    reduced = routes.reduced(relaxed.visit_duals, relaxed.nurse_duals)
    added = master.add(routes.take(np.flatnonzero(reduced < -TINY)))
    return added, bound, complete


def _raised(graph: Graph, bound: Bound, limit: Floats, routes: Routes) -> Bound:
    """Raise the floors to what is known of every route with at most `limit`."""
    lowest = limit.copy()
    np.minimum.at(lowest, routes.nurse, routes.reduced(bound.visit_duals, np.zeros(graph.nurses)))
    floors = np.maximum(bound.floors, lowest)
    return replace(bound, metres=float(bound.visit_duals.sum() + floors.sum()), floors=floors)
