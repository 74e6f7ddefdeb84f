"""A first plan by diving: take the routes the relaxation likes best, solve it again, and so on."""

import numpy as np

from scheduling.routing.clock import Clock
from scheduling.routing.graph import Graph
from scheduling.routing.master import Master
from scheduling.routing.pricing import routes_below
from scheduling.routing.routes import Routes, joined

SURE = 0.7
"""Every route with at least this share is taken at once."""


def dive(graph: Graph, master: Master, clock: Clock, *, beam: int = 3, rounds: int = 3) -> Routes:
    """Return a plan's routes; the master keeps the columns met on the way."""
    taken: list[int] = []
    gone_visits = np.zeros(graph.visits, dtype=bool)
    gone_nurses = np.zeros(graph.nurses, dtype=bool)
    while not clock.over():
        for _ in range(rounds):
            relaxed = master.solve()
            duals = np.where(gone_visits, -1e9, relaxed.visit_duals)
            limit = np.where(gone_nurses, -1e12, np.minimum(relaxed.nurse_duals, 0.0) - 1.0)
            found, _ = routes_below(graph, duals, limit, beam=beam)
            if not master.add(found):
                break
        share = relaxed.share.copy()
        share[taken] = 0
        order = np.argsort(-share, kind="stable")
        liked = order[share[order] > 1e-6]
        if not len(liked):
            break
        sure = liked[share[liked] >= SURE]
        routes = joined(master.routes)
        for column in sure if len(sure) else liked[:1]:
            master.fix(int(column), 1.0)
            taken.append(int(column))
            gone_nurses[routes.nurse[column]] = True
            stops = routes.stops[column]
            gone_visits[stops[stops >= 0]] = True
    for column in taken:
        master.fix(column, None)
    return joined(master.routes).take(np.array(sorted(taken), dtype=np.int64))
