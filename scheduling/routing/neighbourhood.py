"""Large-neighbourhood search: plans of neighbouring nurses are thrown away and chosen anew.

Shaw (1998), CP98, LNCS 1520; Ropke & Pisinger (2006), Transportation Science 40.
"""

import numpy as np
from numpy.typing import NDArray

from scheduling.routing.clock import Clock
from scheduling.routing.master import Sizes
from scheduling.routing.packing import cost_of, pack
from scheduling.routing.routes import Routes

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

NODES, MOST = 20, 13
"""How far a small choice is pursued: nodes, and routes in it per nurse."""
PATIENCE = 20


class Neighbours:
    """Who is near whom, by what routes could be exchanged."""

    def __init__(self, sizes: Sizes, routes: Routes, likely: NDArray[np.float64]) -> None:
        self.sizes = sizes
        self.routes = routes
        weight = np.exp(-np.maximum(likely, 0) / 3000.0)
        self.may = np.zeros((sizes.nurses, sizes.visits + 1))
        for k in range(routes.stops.shape[1]):
            np.add.at(self.may, (routes.nurse, routes.stops[:, k]), weight)
        self.may = self.may[:, :-1] / np.maximum(self.may[:, :-1].sum(axis=1, keepdims=True), 1e-9)

    def around(self, plan: Routes, size: int, rng: np.random.Generator) -> NDArray[np.bool_]:
        """Return (nurses,) who are torn up together."""
        holds = np.zeros((self.sizes.nurses, self.sizes.visits + 1))
        holds[plan.nurse[:, None], plan.stops] = 1
        holds = holds[:, :-1]
        near = self.may @ holds.T
        near = near + near.T
        np.fill_diagonal(near, 0)
        left = self.sizes.optional & ~holds.any(axis=0)
        chosen = np.zeros(self.sizes.nurses, dtype=bool)
        pull = np.zeros(self.sizes.nurses)
        if left.any() and rng.random() < 0.5:
            pull += self.may[:, rng.choice(np.flatnonzero(left))]
            pull += near @ pull
        else:
            first = int(rng.integers(self.sizes.nurses))
            chosen[first] = True
            pull += near[first]
        noise = rng.uniform(0.3, 1.0, self.sizes.nurses)
        while chosen.sum() < min(size, self.sizes.nurses):
            best = int(np.argmax(np.where(chosen, -1.0, (pull + 1e-9) * noise)))
            chosen[best] = True
            pull += near[best]
        return chosen


def part(
    sizes: Sizes, routes: Routes, plan: Ints, torn: NDArray[np.bool_]
) -> tuple[NDArray[np.bool_], Ints, Ints]:
    """Return visits in play, rows of the table that use only them and torn nurses, rows kept."""
    own = torn[routes.nurse[plan]]
    fixed = np.zeros(sizes.visits + 1, dtype=bool)
    fixed[routes.stops[plan[~own]]] = True
    fixed[-1] = False
    rows = np.flatnonzero(torn[routes.nurse] & ~fixed[routes.stops].any(axis=1))
    return ~fixed[:-1], rows, plan[~own]


def local(
    sizes: Sizes, routes: Routes, visits: NDArray[np.bool_], torn: NDArray[np.bool_]
) -> tuple[Sizes, Routes]:
    """Return the problem of these visits and nurses alone, renumbered."""
    number = np.append(np.cumsum(visits) - 1, -1)
    who = np.cumsum(torn) - 1
    return (
        Sizes(sizes.optional[visits], sizes.must[torn]),
        Routes(who[routes.nurse], routes.cost, routes.metres, number[routes.stops]),
    )


def improve(
    sizes: Sizes,
    table: Routes,
    plan: Ints,
    likely: Floats,
    *,
    clock: Clock,
    rng: np.random.Generator,
    size: int,
) -> Ints:
    """Return a plan at least as good, as rows of the same table.

    It ends when `PATIENCE` tries in a row bring nothing.
    """
    near = Neighbours(sizes, table, likely)
    idle = 0
    while idle < PATIENCE and not clock.over():
        torn = near.around(table.take(plan), size, rng)
        visits, rows, rest = part(sizes, table, plan, torn)
        small, routes = local(sizes, table.take(rows), visits, torn)
        start = np.searchsorted(rows, np.setdiff1d(plan, rest))
        before = cost_of(small, routes.take(start))
        packing = pack(
            small, routes, start, clock=clock, likely=likely[rows], nodes=NODES, most=MOST * size
        )
        plan = np.sort(np.concatenate([rest, rows[packing.rows]]))
        idle = 0 if packing.metres < before else idle + 1
    return plan
