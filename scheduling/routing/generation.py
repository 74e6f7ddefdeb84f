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
    """Fill the master until no route improves its relaxation; return the bound proven.

    First rounds at low prices for visits left over bring the duals near where they belong.
    """
    trip = typical(graph)
    generation = _Generation(graph, master, clock, beam)
    for times, enough in ((4, 0.003), (8, 0.003), (np.inf, 0.0)):
        best = generation.run(min(times * trip, float(UNASSIGNED_METRES)), enough)
    return best


def typical(graph: Graph) -> float:
    """Return the metres of going to one visit and nowhere else, as a middling one takes."""
    trips = np.full(graph.visits, NEVER)
    nodes = np.flatnonzero((graph.opens < NEVER) & (graph.closes < NEVER))
    np.minimum.at(trips, graph.visit[nodes], (graph.opens + graph.closes)[nodes])
    within = trips[trips < NEVER]
    return float(np.median(within)) + 1.0 if len(within) else float(UNASSIGNED_METRES)


class _Generation:
    def __init__(self, graph: Graph, master: Master, clock: Clock, beam: int) -> None:
        self.graph = graph
        self.master = master
        self.clock = clock
        self.beam = beam

    def run(self, price: float, enough: float) -> Bound:
        """Add routes until the relaxation is within a share of the bound; return the bound."""
        self.master.price(price)
        best = bound_of(self.graph, np.zeros(self.graph.visits), price=price)
        while True:
            relaxed = self.master.solve()
            halfway = (best.visit_duals + relaxed.visit_duals) / 2
            added, best, _ = self.priced(relaxed, halfway, price, best)
            if not added:
                added, best, complete = self.priced(relaxed, relaxed.visit_duals, price, best)
                if not added and complete:
                    return best
                self.beam *= 1 if added else 4
            close = relaxed.metres - best.metres <= enough * relaxed.metres
            if close or self.clock.over():
                return best

    def priced(
        self, relaxed: Relaxed, duals: Floats, price: float, best: Bound
    ) -> tuple[int, Bound, bool]:
        """Add routes found under some duals; return how many, the best bound, whether all."""
        bound = bound_of(self.graph, duals, price=price)
        limit = np.minimum(relaxed.nurse_duals, 0.0) - TINY
        routes, complete = routes_below(
            self.graph, bound.visit_duals, limit, rests=bound.rests, beam=self.beam
        )
        if complete:
            bound = _raised(self.graph, bound, limit, routes)
        reduced = routes.reduced(relaxed.visit_duals, relaxed.nurse_duals)
        added = self.master.add(routes.take(np.flatnonzero(reduced < -TINY)))
        return added, max(best, bound, key=lambda one: one.metres), complete


def _raised(graph: Graph, bound: Bound, limit: Floats, routes: Routes) -> Bound:
    """Raise the floors to what is known when these are all routes of at most `limit`."""
    lowest = limit.copy()
    np.minimum.at(lowest, routes.nurse, routes.reduced(bound.visit_duals, np.zeros(graph.nurses)))
    floors = np.maximum(bound.floors, lowest)
    return replace(bound, metres=float(bound.visit_duals.sum() + floors.sum()), floors=floors)
