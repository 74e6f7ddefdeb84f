"""A plan by diving: take the routes a relaxation likes best, solve it again, and so on."""

import numpy as np
from numpy.typing import NDArray

from scheduling.routing.clock import Clock
from scheduling.routing.graph import Graph
from scheduling.routing.master import Master
from scheduling.routing.pricing import routes_below
from scheduling.routing.routes import Routes, joined
from scheduling.routing.tightening import Tight

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

SURE = 0.7
"""Every route with at least this share is taken at once."""
HASTE = 3
"""A first plan takes at least so many routes at once."""
ROUNDS = 2
"""How often new routes are looked for between two decisions."""


def dive(graph: Graph, master: Master, clock: Clock, *, beam: int = 3) -> Routes:
    """Return a plan; the master keeps the routes met on the way."""
    taken: list[int] = []
    gone_visits = np.zeros(graph.visits, dtype=bool)
    gone_nurses = np.zeros(graph.nurses, dtype=bool)
    while not clock.over():
        for _ in range(ROUNDS):
            relaxed = master.solve()
            worth = np.where(gone_visits, -1e9, relaxed.visit_duals)
            limit = np.where(gone_nurses, -1e12, np.minimum(relaxed.nurse_duals, 0.0) - 1.0)
            found, _ = routes_below(graph, worth, limit, beam=beam)
            if not master.add(found):
                break
        liked = _liked(relaxed.share, np.array(taken, dtype=np.int64), least=HASTE)
        if not len(liked):
            break
        routes = joined(master.routes)
        for route in liked:
            stops = routes.stops[route][routes.stops[route] >= 0]
            if gone_nurses[routes.nurse[route]] or gone_visits[stops].any():
                continue
            master.fix(int(route), 1.0)
            taken.append(int(route))
            gone_nurses[routes.nurse[route]] = True
            gone_visits[stops] = True
    for route in taken:
        master.fix(route, None)
    return joined(master.routes).take(np.array(sorted(taken), dtype=np.int64))


def plunge(tight: Tight, clock: Clock, rng: np.random.Generator) -> Ints:
    """Return a plan, as rows of a tightened table, with some chance in what is taken.

    The table gains cuts on the way, which keeps the relaxation close to whole routes.
    """
    taken = np.zeros(0, dtype=np.int64)
    gone = np.zeros(tight.rows + 1, dtype=bool)
    while not clock.over():
        optimum = tight.solve()
        if tight.cut(optimum, rng, rounds=1):
            optimum = tight.solve()
        share = optimum.share
        liked = _liked(share, taken, noise=rng.uniform(0.7, 1.0, len(share)))
        if not len(liked):
            break
        taken = np.concatenate([taken, liked])
        tight.fix(liked, 1.0)
        gone[tight.members[liked]] = True
        gone[-1] = False
        tight.barred = np.asarray(gone[tight.members].any(axis=1))
    tight.fix(taken, None)
    tight.barred[:] = False
    tight.solve()
    tight.loosen()
    return np.sort(taken)


def _liked(share: Floats, taken: Ints, *, noise: Floats | None = None, least: int = 1) -> Ints:
    """Return the routes to take next: those that are sure, and no fewer than `least` if any."""
    open_ = share.copy()
    open_[taken] = 0.0
    order = np.argsort(-(open_ if noise is None else open_ * noise), kind="stable")
    order = order[open_[order] > 1e-6]
    sure = int((open_[order] >= SURE).sum())
    return order[: max(sure, least)]
