"""Cheapest insertion: each visit left over goes where it lengthens the day least.

Solomon (1987), Operations Research 35. Quick rather than good; what it returns keeps every rule.
"""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from scheduling.routing.drives import NEVER
from scheduling.routing.graph import Graph
from scheduling.routing.routes import Routes
from scheduling.routing.values import Day
from scheduling.routing.verify import Walk, tabled, walk

Ints = NDArray[np.int64]

TRIES = 12
"""Places tried for a visit, the cheapest first."""
HOME = -1


def fill(day: Day, graph: Graph, plan: Routes, order: Iterable[int]) -> Routes:
    """Return a plan with visits (indices) inserted in this order where that is possible."""
    return _Insertion(day, graph, plan).run(order)


class _Insertion:
    def __init__(self, day: Day, graph: Graph, plan: Routes) -> None:
        self.day = day
        self.graph = graph
        self.routes: dict[int, list[int]] = {nurse: list(stops) for nurse, stops in plan.named()}
        self.walks: dict[int, Walk] = {
            nurse: walk(day, nurse, stops) for nurse, stops in self.routes.items()
        }
        self.arcs = graph.source * len(graph.nurse) + graph.target
        self.node = np.full((graph.nurses, graph.visits), HOME)
        self.node[graph.nurse, graph.visit] = np.arange(len(graph.nurse))

    def run(self, order: Iterable[int]) -> Routes:
        done = {stop for stops in self.routes.values() for stop in stops}
        for visit in order:
            if visit not in done:
                self.insert(visit)
        return tabled(self.routes, self.walks)

    def insert(self, visit: int) -> None:
        """Put a visit where it adds least, if anywhere."""
        nurse, place, before, after = self.places(visit)
        node = self.node[nurse, visit]
        added = self.legs(before, node) + self.legs(node, after) - self.legs(before, after)
        has = np.array([len(self.routes.get(int(one), ())) for one in nurse], dtype=np.int64)
        added += self.graph.extra[node] + self.graph.uneven * has
        for slot in np.argsort(added, kind="stable")[:TRIES]:
            if added[slot] >= NEVER // 2:
                return
            one, at = int(nurse[slot]), int(place[slot])
            stops = self.routes.get(one, [])
            longer = [*stops[:at], visit, *stops[at:]]
            walked = walk(self.day, one, longer)
            if walked.broken is None:
                self.routes[one], self.walks[one] = longer, walked
                return

    def places(self, visit: int) -> tuple[Ints, Ints, Ints, Ints]:
        """Return the places a visit may go: nurse, position, nodes before and after."""
        slots: list[tuple[int, int, int, int]] = []
        for nurse in np.flatnonzero(self.node[:, visit] != HOME):
            nodes = [HOME, *self.node[nurse, self.routes.get(int(nurse), [])], HOME]
            slots += [(int(nurse), at, nodes[at], nodes[at + 1]) for at in range(len(nodes) - 1)]
        table: Ints = np.array(slots, dtype=np.int64).reshape(-1, 4)
        return table[:, 0], table[:, 1], table[:, 2], table[:, 3]

    def legs(self, source: Ints, target: Ints) -> Ints:
        """Return the metres from nodes to nodes, `NEVER` where there is no way; HOME is home."""
        graph = self.graph
        if not len(graph.source):
            metres = np.full(len(source), NEVER)
        else:
            key = source * len(graph.nurse) + target
            at = np.minimum(np.searchsorted(self.arcs, key), len(self.arcs) - 1)
            metres = np.where(self.arcs[at] == key, graph.metres[at], NEVER)
        metres = np.where(source == HOME, graph.opens[target], metres)
        metres = np.where(target == HOME, graph.closes[source], metres)
        return np.where((source == HOME) & (target == HOME), 0, metres)
