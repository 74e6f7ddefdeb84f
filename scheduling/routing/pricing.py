"""Routes of small reduced cost."""

from dataclasses import dataclass

import numpy as np

from scheduling.routing.graph import NEVER, Bools, Floats, Graph, Ints
from scheduling.routing.routes import Routes, joined

FAR = 1e15


def completions(graph: Graph, duals: Floats) -> Floats:
    """Least reduced cost of what can follow each node in each state, (nodes, states)."""
    gain = duals[graph.visit]
    weight = graph.metres + graph.uneven + (graph.extra - gain)[graph.target]
    best = np.full((len(graph.nurse), graph.states), FAR)
    for state in range(graph.states):
        ok = graph.may_close(slice(None), state) & (graph.closes < NEVER)
        best[ok, state] = graph.closes[ok]
    for _ in range(1 if graph.acyclic else 50):
        before = None if graph.acyclic else best.copy()
        for low, high in zip(graph.levels[-2::-1], graph.levels[:0:-1]):
            first = graph.first[low : high + 1]
            begin, end = first[0], first[-1]
            if begin == end:
                continue
            node = low + np.flatnonzero(np.diff(first))
            cuts = graph.first[node] - begin
            target, step, w = graph.target[begin:end], graph.step[begin:end], weight[begin:end]
            for state in range(graph.states):
                if graph.states == 1:
                    value = w + best[target, 0]
                else:
                    after = graph.stepped(state, step)
                    late = after >= graph.states
                    value = w + best[target, np.minimum(after, graph.states - 1)]
                    value[late] = FAR
                best[node, state] = np.minimum(best[node, state], np.minimum.reduceat(value, cuts))
        if before is not None and np.array_equal(before, best):
            break
    return best


@dataclass(slots=True)
class _Labels:
    node: Ints
    state: Ints
    metres: Ints
    cost: Ints
    reduced: Floats
    driving: Ints
    working: Ints
    parent: Ints


def routes_below(
    graph: Graph,
    duals: Floats,
    threshold: Floats,
    *,
    best: Floats | None = None,
    beam: int | None = None,
    limit: int = 1 << 62,
):
    """All routes whose reduced cost (nurse dual not counted) is at most threshold[nurse].

    Returns Routes and whether it is complete.
    """
    if best is None:
        best = completions(graph, duals)
    complete = True
    gain = duals[graph.visit]
    nodes = np.flatnonzero(graph.opens < NEVER)
    opens = graph.opens[nodes]
    labels = _Labels(
        nodes,
        graph.opens_state[nodes],
        opens,
        opens + graph.extra[nodes],
        opens + graph.extra[nodes] - gain[nodes],
        graph.opens_driving[nodes],
        graph.opens_driving[nodes] + graph.minutes[nodes],
        np.full(len(nodes), -1),
    )
    layers = []
    found = []
    depth = 0
    total = 0
    while True:
        keep = _promising(graph, labels, best, threshold)
        labels = _take(labels, keep)
        if beam is not None:
            chosen = _fittest(graph, labels, best, beam)
            if chosen is not None:
                complete = False
                labels = _take(labels, chosen)
        if not len(labels.node):
            break
        layers.append((labels.node, labels.parent))
        done = _closed(graph, labels, threshold)
        if len(done):
            found.append((depth, done, labels))
        total += len(done)
        if total > limit or len(labels.node) > 4 * limit:
            return None, False
        labels = _extended(graph, labels, gain, depth + 1)
        if not graph.acyclic:
            labels = _take(labels, _elementary(graph, labels, layers))
        depth += 1
    return _collect(graph, layers, found), complete


def _take(l: _Labels, k) -> _Labels:
    return _Labels(
        l.node[k],
        l.state[k],
        l.metres[k],
        l.cost[k],
        l.reduced[k],
        l.driving[k],
        l.working[k],
        l.parent[k],
    )


def _promising(graph, l, best, threshold):
    nurse = graph.nurse[l.node]
    keep = l.reduced + best[l.node, l.state] <= threshold[nurse]
    return keep & (l.driving <= graph.max_driving[nurse]) & (l.working <= graph.max_working[nurse])


def _fittest(graph, l, best, beam):
    nurse = graph.nurse[l.node]
    if len(nurse) <= beam or np.bincount(nurse).max() <= beam:
        return None
    bound = l.reduced + best[l.node, l.state]
    order = np.lexsort((bound, nurse))
    s = nurse[order]
    start = np.searchsorted(s, s)
    return np.sort(order[np.arange(len(s)) - start < beam])


def _closed(graph, l, threshold):
    node = l.node
    nurse = graph.nurse[node]
    driving = graph.closes_driving[node]
    ok = (
        (graph.closes[node] < NEVER)
        & graph.may_close(node, l.state)
        & (l.reduced + graph.closes[node] <= threshold[nurse])
        & (l.driving + driving <= graph.max_driving[nurse])
        & (l.working + driving <= graph.max_working[nurse])
    )
    return np.flatnonzero(ok)


def _extended(graph, l, gain, depth):
    first, last = graph.first[l.node], graph.first[l.node + 1]
    count = last - first
    parent = np.repeat(np.arange(len(count)), count)
    arc = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count - first, count)
    target = graph.target[arc]
    state = l.state[parent]
    if graph.states > 1:
        state = graph.stepped(state, graph.step[arc])
        ok = np.flatnonzero(state < graph.states)
        arc, parent, target, state = arc[ok], parent[ok], target[ok], state[ok]
    cost = graph.metres[arc] + graph.extra[target] + depth * graph.uneven
    driving = graph.driving[arc]
    return _Labels(
        target,
        state,
        l.metres[parent] + graph.metres[arc],
        l.cost[parent] + cost,
        l.reduced[parent] + cost - gain[target],
        l.driving[parent] + driving,
        l.working[parent] + driving + graph.minutes[target],
        parent,
    )


def _elementary(graph, l, layers):
    ok = np.ones(len(l.node), bool)
    at = l.parent
    for node, parent in reversed(layers):
        ok &= graph.visit[node[at]] != graph.visit[l.node]
        at = parent[at]
    return ok


def _collect(graph, layers, found):
    out = []
    for depth, done, l in found:
        stops = np.full((len(done), depth + 1), -1)
        at = done
        for k in range(depth, -1, -1):
            node, parent = layers[k]
            stops[:, k] = graph.visit[node[at]]
            at = parent[at]
        node = l.node[done]
        close = graph.closes[node]
        out.append(Routes(graph.nurse[node], l.cost[done] + close, l.metres[done] + close, stops))
    return joined(out)
