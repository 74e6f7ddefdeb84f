"""A day as a graph: a node is a visit one nurse may make, an arc her drive to the next."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scheduling.routing.drives import NEVER, Drives, Times, drives_of
from scheduling.routing.routes import Routes, joined
from scheduling.routing.values import Day

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Bundle:
    """Some arcs: their numbers, and (nodes + 1,) where each node's begin among them."""

    arcs: Ints
    first: Ints


@dataclass(frozen=True, slots=True)
class Graph:
    """Every drive that can be part of a route, for all nurses at once.

    Nodes are sorted by their visit's start, arcs by the node they leave. What a route has used up
    is its state, 0 <= state < states: minutes its last visit begins after its earliest where
    starts may move, else the set of breaks held so far, as bits.

    Attributes
    ----------
    moving, acyclic
        Starts may move; no arc leads to a visit that begins earlier.
    uneven
        Metres by which each further visit of a route costs more than the one before.
    max_driving, max_working, must
        (nurses,) minutes at most; whether she has pinned visits, so goes in any case.
    optional
        (visits,) not pinned.
    forced
        The routes of just the pinned visits.
    nurse, visit
        (nodes,) indices into the day.
    opens, closes
        (nodes,) metres from and to home; `NEVER` where a route cannot begin or end there.
    opens_driving, closes_driving
        (nodes,) minutes of the same.
    opens_state
        (nodes,) state in which a route begins there.
    last_state
        (nodes,) a route may end there in states up to this where starts may move, else in states
        that hold all breaks together with this.
    extra, minutes
        (nodes,) metres that nurse costs at that visit beyond driving; how long it takes.
    source, target, metres, driving, step
        (arcs,) from node to node; `step` is added to the state, as minutes or as bits.
    first
        (nodes + 1,) where each node's arcs begin.
    levels
        Bounds of runs of nodes that have no arcs among them, unless there are cycles.
    loose, tight
        Arcs after which the state is 0 whatever it was, and the others.
    """

    nurses: int
    visits: int
    states: int
    moving: bool
    acyclic: bool
    uneven: int
    max_driving: Ints
    max_working: Ints
    must: Bools
    optional: Bools
    forced: Routes
    nurse: Ints
    visit: Ints
    opens: Ints
    closes: Ints
    opens_driving: Ints
    closes_driving: Ints
    opens_state: Ints
    last_state: Ints
    extra: Ints
    minutes: Ints
    source: Ints
    target: Ints
    metres: Ints
    driving: Ints
    step: Ints
    first: Ints
    levels: Ints
    loose: Bundle
    tight: Bundle

    def stepped(self, state: Ints | int, step: Ints) -> Ints:
        """Return the states after arcs of these steps; `states` and more is too late."""
        if self.moving:
            return np.maximum(0, state + step)
        return np.bitwise_or(state, step)

    def may_close(self, node: Ints | slice, state: Ints | int) -> Bools:
        """Tell whether routes may end at these nodes in these states."""
        if self.moving:
            return np.asarray(state <= self.last_state[node])
        return np.asarray(np.bitwise_or(state, self.last_state[node]) == self.states - 1)


def build(day: Day) -> Graph:
    """Return a day's graph."""
    times = Times(day)
    parts = [drives_of(day, times, nurse) for nurse in range(len(day.nurses))]
    sizes = np.array([len(part.nodes["visit"]) for part in parts], dtype=np.int64)
    base = np.cumsum(sizes) - sizes
    nodes = {name: _joined([part.nodes[name] for part in parts]) for name in NODES}
    nurse = np.repeat(np.arange(len(parts)), sizes)
    order = np.lexsort((nurse, nodes["visit"]))
    number = np.empty_like(order)
    number[order] = np.arange(len(order))
    nodes = {name: values[order] for name, values in nodes.items()}
    arcs = _arcs(parts, base, number)
    source, target = arcs.pop("source"), arcs.pop("target")
    rank = nodes.pop("visit")
    late = times.states - 1 if day.slack_minutes else 0
    loose = (arcs["step"] <= -late) & (day.slack_minutes > 0 or times.states == 1)
    pinned = {visit.pinned for visit in day.visits}
    return Graph(
        nurses=len(parts),
        visits=len(day.visits),
        states=times.states,
        moving=day.slack_minutes > 0,
        acyclic=bool((rank[source] < rank[target]).all()),
        uneven=day.uneven_metres,
        max_driving=_limits([one.max_driving for one in day.nurses]),
        max_working=_limits([one.max_working for one in day.nurses]),
        must=np.array([one.id in pinned for one in day.nurses], dtype=bool),
        optional=np.array([visit.pinned is None for visit in day.visits], dtype=bool),
        forced=joined(part.forced for part in parts),
        nurse=nurse[order],
        visit=times.order[rank],
        source=source,
        target=target,
        first=np.searchsorted(source, np.arange(len(rank) + 1)),
        loose=_bundle(source, loose, len(rank)),
        tight=_bundle(source, ~loose, len(rank)),
        levels=np.searchsorted(rank, _levels(len(day.visits), rank[source], rank[target])),
        **nodes,
        **arcs,
    )


def _arcs(parts: list[Drives], base: Ints, number: Ints) -> dict[str, Ints]:
    """Return all nurses' arcs, sorted, between nodes by their number in the graph."""
    ends = {
        end: number[_joined([part.arcs[end] + b for part, b in zip(parts, base, strict=True)])]
        for end in ("source", "target")
    }
    sorting = np.lexsort((ends["target"], ends["source"]))
    arcs = {name: _joined([part.arcs[name] for part in parts]) for name in ARCS}
    return {name: values[sorting] for name, values in (ends | arcs).items()}


def _bundle(source: Ints, which: Bools, nodes: int) -> Bundle:
    arcs = np.flatnonzero(which)
    return Bundle(arcs, np.searchsorted(source[arcs], np.arange(nodes + 1)))


NODES = (
    *("visit", "opens", "closes", "opens_driving", "closes_driving"),
    *("opens_state", "last_state", "extra", "minutes"),
)
ARCS = ("metres", "driving", "step")


def _joined(parts: list[Ints]) -> Ints:
    return np.concatenate([np.zeros(0, dtype=np.int64), *parts])


def _limits(minutes: list[int | None]) -> Ints:
    return np.array([NEVER if limit is None else limit for limit in minutes], dtype=np.int64)


def _levels(visits: int, source: Ints, target: Ints) -> Ints:
    """Return bounds of runs of visits (by rank) such that drives only lead to later runs."""
    nearest = np.full(visits, visits)
    np.minimum.at(nearest, source, np.where(target > source, target, visits))
    bounds, end = [0], visits
    for rank in range(visits):
        if rank >= end:
            bounds.append(rank)
            end = visits
        end = min(end, int(nearest[rank]))
    return np.array([*bounds, visits])
