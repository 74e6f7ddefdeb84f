"""Routes of small reduced cost, by labels pushed along a day's graph.

Labels of all nurses move together, one visit at a time; what can still follow is known from a
sweep backwards, so that labels which cannot come to less than asked are dropped (the completion
bounds of Baldacci, Christofides & Mingozzi 2008, Math. Prog. 115). The sweep leaves limits on
driving and work out of account, and counts unevenness low: its figures are lower bounds.
"""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from scheduling.routing.drives import NEVER
from scheduling.routing.graph import Graph
from scheduling.routing.routes import Routes, joined

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

AT_ONCE = 1 << 18
"""Drives looked at together, for memory's sake."""
FAR = 1e15
"""Reduced cost of what cannot be done."""


def completions(graph: Graph, duals: Floats) -> Floats:
    """Return what can follow each node in each state, (nodes, states): least reduced cost.

    Parameters
    ----------
    duals
        (visits,) metres that covering a visit is worth.
    """
    weight = graph.metres + graph.uneven + (graph.extra - duals[graph.visit])[graph.target]
    rests = np.full((len(graph.nurse), graph.states), FAR)
    for state in range(graph.states):
        ends = graph.may_close(slice(None), state) & (graph.closes < NEVER)
        rests[ends, state] = graph.closes[ends]
    while True:
        before = rests.copy()
        for low, high in zip(graph.levels[-2::-1], graph.levels[:0:-1], strict=True):
            _sweep(graph, weight, rests, int(low), int(high))
        # Each visit takes time, so even where arcs lead back the sweeps come to an end.
        if graph.acyclic or np.array_equal(before, rests):
            return rests


def _sweep(graph: Graph, weight: Floats, rests: Floats, low: int, high: int) -> None:
    """Settle nodes `low` to `high` from those their arcs lead to."""
    for bundle in (graph.loose, graph.tight):
        first = bundle.first[low : high + 1]
        nodes = low + np.flatnonzero(np.diff(first))
        if not len(nodes):
            continue
        arcs = bundle.arcs[first[0] : first[-1]]
        cuts = bundle.first[nodes] - first[0]
        target, cost = graph.target[arcs], weight[arcs]
        if bundle is graph.loose:
            least = np.minimum.reduceat(cost + rests[target, 0], cuts)
            rests[nodes] = np.minimum(rests[nodes], least[:, None])
            continue
        step = graph.step[arcs]
        for state in range(graph.states):
            after = graph.stepped(state, step)
            value = cost + rests[target, np.minimum(after, graph.states - 1)]
            value[after >= graph.states] = FAR
            least = np.minimum.reduceat(value, cuts)
            rests[nodes, state] = np.minimum(rests[nodes, state], least)


@dataclass(frozen=True, slots=True)
class _Labels:
    """Beginnings of routes, each (labels,): its last node, what it has used, where it came from.

    `visited` is a number for its set of visits, the same in whatever order.
    """

    node: Ints
    state: Ints
    metres: Ints
    cost: Ints
    reduced: Floats
    driving: Ints
    working: Ints
    parent: Ints
    visited: NDArray[np.uint64]

    def take(self, rows: Ints | Bools) -> "_Labels":
        return _Labels(*(getattr(self, field.name)[rows] for field in fields(self)))

    def __len__(self) -> int:
        return len(self.node)


def routes_below(
    graph: Graph,
    duals: Floats,
    limit: Floats,
    *,
    rests: Floats | None = None,
    beam: int | None = None,
    most: int | None = None,
) -> tuple[Routes, bool]:
    """Return routes of at most a reduced cost, and whether they are all.

    Parameters
    ----------
    duals
        (visits,) metres that covering a visit is worth; nurses' duals do not count here.
    limit
        (nurses,) reduced cost at most.
    rests
        `completions` under these duals, if known.
    beam
        Beginnings to pursue per nurse and number of visits, the most promising ones.
    most
        Give up beyond so many routes.
    """
    return _Pricing(graph, duals, limit, completions(graph, duals) if rests is None else rests).run(
        NEVER if beam is None else beam, NEVER if most is None else most
    )


class _Pricing:
    def __init__(self, graph: Graph, duals: Floats, limit: Floats, rests: Floats) -> None:
        self.graph = graph
        self.gain = duals[graph.visit] if len(graph.nurse) else np.zeros(0)
        self.limit = limit
        self.rests = rests
        self.layers: list[tuple[Ints, Ints]] = []
        self.marks = np.random.default_rng(0).integers(1 << 63, size=graph.visits, dtype=np.uint64)
        self.found: list[Routes] = []

    def run(self, beam: int, most: int) -> tuple[Routes, bool]:
        complete = True
        labels = self.opened()
        labels = labels.take(self.promising(labels))
        while True:
            if self.graph.moving:
                labels = labels.take(self.undominated(labels))
            chosen = self.fittest(labels, beam)
            if len(chosen) < len(labels):
                complete = False
                labels = labels.take(chosen)
            if not len(labels):
                return joined(self.found), complete
            self.layers.append((labels.node, labels.parent))
            self.found.append(self.closed(labels))
            if sum(len(routes) for routes in self.found) > most or len(labels) > 2 * most:
                return joined(self.found), False
            labels = self.extended(labels)

    def opened(self) -> _Labels:
        """Return the routes of one visit, not yet home."""
        graph = self.graph
        node = np.flatnonzero(graph.opens < NEVER)
        metres, driving = graph.opens[node], graph.opens_driving[node]
        cost = metres + graph.extra[node]
        nowhere = np.full(len(node), -1)
        return _Labels(
            node,
            graph.opens_state[node],
            metres,
            cost,
            cost - self.gain[node],
            driving,
            driving + graph.minutes[node],
            nowhere,
            self.marks[graph.visit[node]],
        )

    def promising(self, labels: _Labels) -> Bools:
        """Tell which can still come to no more than the limit."""
        nurse = self.graph.nurse[labels.node]
        least = labels.reduced + self.rests[labels.node, labels.state]
        lawful = labels.driving <= self.graph.max_driving[nurse]
        lawful &= labels.working <= self.graph.max_working[nurse]
        return np.asarray((least <= self.limit[nurse]) & lawful)

    def undominated(self, labels: _Labels) -> Bools:
        """Tell which are not beaten by the cheapest one of the same nurse, visits and last stop."""
        order = np.lexsort((labels.state, labels.reduced, labels.visited, labels.node))
        same = (labels.node[order][1:] == labels.node[order][:-1]) & (
            labels.visited[order][1:] == labels.visited[order][:-1]
        )
        first = np.maximum.accumulate(np.where(np.r_[True, ~same], np.arange(len(order)), 0))
        best = order[first]
        beaten = labels.state[order] >= labels.state[best]
        beaten &= labels.driving[order] >= labels.driving[best]
        keep = np.empty(len(order), dtype=bool)
        keep[order] = ~beaten | (order == best)
        return keep

    def fittest(self, labels: _Labels, beam: int) -> Ints:
        """Return the most promising of each nurse."""
        nurse = self.graph.nurse[labels.node]
        if len(nurse) <= beam:
            return np.arange(len(nurse))
        least = labels.reduced + self.rests[labels.node, labels.state]
        order = np.lexsort((least, nurse))
        place = np.arange(len(order)) - np.searchsorted(nurse[order], nurse[order])
        return np.sort(order[place < beam])

    def closed(self, labels: _Labels) -> Routes:
        """Return the routes that end here."""
        graph, node = self.graph, labels.node
        nurse, driving = graph.nurse[node], labels.driving + graph.closes_driving[node]
        working = labels.working + graph.closes_driving[node]
        ends = (graph.closes[node] < NEVER) & graph.may_close(node, labels.state)
        ends &= labels.reduced + graph.closes[node] <= self.limit[nurse]
        ends &= (driving <= graph.max_driving[nurse]) & (working <= graph.max_working[nurse])
        done = np.flatnonzero(ends)
        home = graph.closes[node[done]]
        return Routes(
            nurse[done], labels.cost[done] + home, labels.metres[done] + home, self.stops(done)
        )

    def stops(self, labels: Ints) -> Ints:
        """Return the visits of labels in the last layer, (labels, layers)."""
        stops = np.empty((len(labels), len(self.layers)), dtype=np.int64)
        for depth in range(len(self.layers) - 1, -1, -1):
            node, parent = self.layers[depth]
            stops[:, depth] = self.graph.visit[node[labels]]
            labels = parent[labels]
        return stops

    def extended(self, labels: _Labels) -> _Labels:
        """Return all promising routes with one visit more, made a share at a time."""
        first = self.graph.first
        arcs = np.cumsum(first[labels.node + 1] - first[labels.node])
        cuts = np.searchsorted(arcs, range(AT_ONCE, int(arcs[-1]), AT_ONCE))
        shares = np.split(np.arange(len(labels)), cuts)
        parts = [self.followed(labels, share) for share in shares]
        names = [field.name for field in fields(_Labels)]
        return _Labels(*(np.concatenate([getattr(one, name) for one in parts]) for name in names))

    def followed(self, labels: _Labels, rows: Ints) -> _Labels:
        """Return what promises to follow some labels."""
        graph = self.graph
        first = graph.first[labels.node[rows]]
        count = graph.first[labels.node[rows] + 1] - first
        parent = np.repeat(rows, count)
        arc = np.arange(len(parent)) - np.repeat(np.cumsum(count) - count - first, count)
        state = graph.stepped(labels.state[parent], graph.step[arc])
        can = state < graph.states
        if not graph.acyclic:
            can &= self.elementary(parent, graph.target[arc])
        arc, parent, state = arc[can], parent[can], state[can]
        target, driving = graph.target[arc], graph.driving[arc]
        cost = graph.metres[arc] + graph.extra[target] + len(self.layers) * graph.uneven
        longer = _Labels(
            target,
            state,
            labels.metres[parent] + graph.metres[arc],
            labels.cost[parent] + cost,
            labels.reduced[parent] + cost - self.gain[target],
            labels.driving[parent] + driving,
            labels.working[parent] + driving + graph.minutes[target],
            parent,
            labels.visited[parent] + self.marks[graph.visit[target]],
        )
        return longer.take(self.promising(longer))

    def elementary(self, labels: Ints, target: Ints) -> Bools:
        """Tell whether each target is new to its route."""
        new = np.ones(len(target), dtype=bool)
        for node, parent in reversed(self.layers):
            new &= self.graph.visit[node[labels]] != self.graph.visit[target]
            labels = parent[labels]
        return new
