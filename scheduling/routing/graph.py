"""A day as a graph: a node is a visit one nurse may make, an arc her drive to the next."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from scheduling.routing.lunch import AGES, Gap, held, held_late, to_keep
from scheduling.routing.routes import Routes, joined, none
from scheduling.routing.values import Day

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

NEVER = 1 << 40


@dataclass(frozen=True, slots=True)
class Graph:
    """Every drive that can be part of a route, for all nurses at once.

    Nodes are sorted by their visit's start, arcs by the node they leave. What a route has used up
    is its state, 0 <= state < states: minutes a visit begins after its earliest where starts may
    move, else the set of breaks held so far, as bits.

    Attributes
    ----------
    nurse, visit
        (nodes,) indices into the day.
    opens, closes
        (nodes,) metres from and to home; `NEVER` where a route cannot begin or end there.
    opens_driving, closes_driving
        (nodes,) minutes of the same.
    opens_state
        (nodes,) state in which a route begins there.
    last_state
        (nodes,) a route may end there in states up to this (moving starts), or in states that
        hold together with it all breaks (fixed ones).
    extra, minutes
        (nodes,) metres that nurse costs at that visit beyond driving; minutes it takes.
    source, target, metres, driving, step
        (arcs,) from node to node; `step` shifts the state (moving starts) or adds to it.
    first
        (nodes + 1,) where each node's arcs begin.
    levels
        Bounds of runs of nodes that have no arcs among them.
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

    def with_arcs(self, keep: Bools) -> "Graph":
        """Return the same graph with only these arcs."""
        source = self.source[keep]
        return replace(
            self,
            source=source,
            target=self.target[keep],
            metres=self.metres[keep],
            driving=self.driving[keep],
            step=self.step[keep],
            first=np.searchsorted(source, np.arange(len(self.nurse) + 1)),
        )


class _Times:
    """The day as arrays, visits in order of their start."""

    def __init__(self, day: Day) -> None:
        self.order = sorted(range(len(day.visits)), key=lambda v: (day.visits[v].start, v))
        n = len(day.nurses)
        places = np.array([*range(n), *(n + v for v in self.order)])
        self.minutes = -(-day.travel.seconds[np.ix_(places, places)].astype(np.int64) // 60)
        self.metres = day.travel.metres[np.ix_(places, places)].astype(np.int64)
        self.starts = np.array([day.visits[v].start for v in self.order])
        self.lasting = np.array([day.visits[v].minutes for v in self.order])


def build(day: Day) -> Graph:
    times = _Times(day)
    parts = [_nurse(day, times, n) for n in range(len(day.nurses))]
    sizes = np.array([len(p["visit"]) for p in parts])
    base = np.concatenate([[0], np.cumsum(sizes)])
    cat = lambda k: np.concatenate([p[k] for p in parts]).astype(np.int64)
    nodes = {
        k: cat(k)
        for k in (
            "visit",
            "opens",
            "closes",
            "opens_driving",
            "closes_driving",
            "opens_state",
            "last_state",
            "extra",
            "minutes",
        )
    }
    nurse = np.repeat(np.arange(len(parts)), sizes)
    rank = np.lexsort((nurse, nodes["visit"]))
    where = np.empty_like(rank)
    where[rank] = np.arange(len(rank))
    source = where[np.concatenate([p["source"] + b for p, b in zip(parts, base)]).astype(np.int64)]
    target = where[np.concatenate([p["target"] + b for p, b in zip(parts, base)]).astype(np.int64)]
    order = np.lexsort((target, source))
    arcs = {k: cat(k)[order] for k in ("metres", "driving", "step")}
    source, target = source[order], target[order]
    order_of = np.array(times.order)
    nodes = {k: v[rank] for k, v in nodes.items()}
    visit_rank = nodes["visit"]
    levels, acyclic = _levels(len(times.order), visit_rank, source, target)
    states = (
        2 * day.slack_minutes + 1
        if day.slack_minutes
        else 1 << max((len(to_keep(n)) for n in day.nurses), default=0)
    )
    nodes["visit"] = order_of[visit_rank] if len(order_of) else visit_rank
    must = np.zeros(len(parts), bool)
    index = {n.id: i for i, n in enumerate(day.nurses)}
    for v in day.visits:
        if v.pinned is not None:
            must[index[v.pinned]] = True
    far = lambda x: NEVER if x is None else x
    return Graph(
        nurses=len(parts),
        visits=len(day.visits),
        states=states,
        moving=day.slack_minutes > 0,
        acyclic=acyclic,
        uneven=day.uneven_metres,
        max_driving=np.array([far(n.max_driving) for n in day.nurses], dtype=np.int64),
        max_working=np.array([far(n.max_working) for n in day.nurses], dtype=np.int64),
        must=must,
        optional=np.array([v.pinned is None for v in day.visits], dtype=bool),
        forced=joined(p["forced"] for p in parts),
        nurse=nurse[rank],
        source=source,
        target=target,
        first=np.searchsorted(source, np.arange(len(rank) + 1)),
        levels=levels,
        **nodes,
        **arcs,
    )


def _levels(v, visit_rank, source, target):
    """Greedy runs of visits without arcs among them."""
    a, b = visit_rank[source], visit_rank[target]
    acyclic = bool((a < b).all())
    reach = np.full(v + 1, v)
    np.minimum.at(reach, a, b)  # earliest target of each visit
    bounds, nxt = [0], v
    for i in range(v):
        if i >= nxt:
            bounds.append(i)
            nxt = v
        nxt = min(nxt, reach[i]) if reach[i] > i else nxt
    bounds.append(v)
    return np.searchsorted(visit_rank, np.array(bounds)), acyclic


def _nurse(day: Day, t: _Times, n: int):
    nurse = day.nurses[n]
    N = len(day.nurses)
    lunches = to_keep(nurse)
    slack = day.slack_minutes
    S = 1 << max((len(to_keep(x)) for x in day.nurses), default=0)
    full = (1 << len(lunches)) - 1
    pinned = np.array([day.visits[v].pinned == nurse.id for v in t.order], dtype=bool)
    may = np.array(
        [nurse.id in day.visits[v].nurses and day.visits[v].pinned is None for v in t.order],
        dtype=bool,
    )
    trip = np.full(len(t.order), -1)
    for w, (a, b) in enumerate(nurse.windows):
        inside = (np.maximum(t.starts - slack, a) + t.lasting <= b) & (t.starts + slack >= a)
        trip[inside] = w
    r = np.flatnonzero(pinned | (may & (trip >= 0)))
    trip, pin = trip[r], pinned[r]
    wins = np.array([*nurse.windows, (-AGES, AGES)])
    on, off = wins[trip, 0], wins[trip, 1]
    a = t.starts[r] - slack
    b = t.starts[r] + slack
    mins = t.lasting[r]
    to, fro = t.minutes[n, N + r], t.minutes[N + r, n]
    ready = a + mins
    if pin.any():
        ready = np.where(pin, np.maximum.accumulate(np.where(pin, ready, -AGES)), ready)
    early = np.maximum(a, on + to)
    late = np.minimum(b, off - fro - (ready - a))
    opens_ok = (early <= b) | pin
    closes_ok = (late >= a) | pin
    seen = np.cumsum(pin)
    begins = opens_ok & (seen - pin == 0)
    ends = closes_ok & (seen == pin.sum())
    T = t.minutes[np.ix_(N + r, N + r)]
    K = t.metres[np.ix_(N + r, N + r)]
    same = (trip[:, None] == trip[None, :]) | (trip[:, None] < 0) | (trip[None, :] < 0)
    step = ready[:, None] - a[None, :] + T
    if slack:
        early_i = np.maximum(0, early - a)
        ok = (step + early_i[:, None] <= 2 * slack) & opens_ok[:, None] | (step <= 2 * slack)
        np.fill_diagonal(ok, False)
        drive, metres = T, K
    else:
        later = np.triu(np.ones_like(T, dtype=bool), 1)
        both = pin[:, None] & pin[None, :]
        skip = (seen[None, :] - pin[None, :] - seen[:, None]) == 0
        home = fro[:, None] + to[None, :]
        via = (
            (~same) & closes_ok[:, None] & opens_ok[None, :] & (ready[:, None] + home <= a[None, :])
        )
        ok = later & skip & (both | via | (same & (step <= 0)))
        drive = np.where(same, T, home)
        metres = np.where(same, K, t.metres[N + r, n][:, None] + t.metres[n, N + r][None, :])
    src, dst = np.nonzero(ok)
    if slack:
        steps = step[src, dst]
        open_state = np.clip(early - a, 0, 2 * slack)
        last_state = np.clip(late - a, 0, 2 * slack)
    else:
        steps = np.zeros(len(src), np.int64)
        open_state = np.full(len(r), (S - 1) & ~full)
        last_state = np.zeros(len(r), np.int64)
        if lunches:
            low, high = np.full(len(r), -AGES), np.full(len(r), AGES)
            head = lambda j, after: held(lunches, Gap(after, a[j], on[j], a[j], to[j]))
            tail = lambda i, before: held_late(
                lunches, Gap(ready[i], before, ready[i], off[i], fro[i])
            )
            allr = np.arange(len(r))
            open_state = open_state | head(allr, low)
            last_state = tail(allr, high)
            direct = held(lunches, Gap(ready[src], a[dst], ready[src], a[dst], T[src, dst]))
            steps = np.where(same[src, dst], direct, tail(src, on[dst]) | head(dst, off[src]))
    forced = _forced(day, t, n, r, pin, trip, metres)
    extra = np.array([day.visits[t.order[i]].costs.get(nurse.id, 0) for i in r], dtype=np.int64)
    return dict(
        forced=forced,
        visit=r,
        opens=np.where(begins, t.metres[n, N + r], NEVER),
        closes=np.where(ends, t.metres[N + r, n], NEVER),
        opens_driving=to,
        closes_driving=fro,
        opens_state=open_state,
        last_state=last_state,
        extra=extra,
        minutes=mins,
        source=src,
        target=dst,
        metres=metres[src, dst],
        driving=drive[src, dst],
        step=steps,
    )


def _forced(day, t, n, r, pin, trip, metres):
    at = np.flatnonzero(pin)
    if not len(at):
        return none()
    N = len(day.nurses)
    way = t.metres[n, N + r[at[0]]] + metres[at[:-1], at[1:]].sum() + t.metres[N + r[at[-1]], n]
    stops = [t.order[i] for i in r[at]]
    cost = (
        way
        + sum(day.visits[v].costs.get(day.nurses[n].id, 0) for v in stops)
        + day.uneven_metres * len(stops) * (len(stops) - 1) // 2
    )
    return Routes(np.array([n]), np.array([cost]), np.array([way]), np.array([stops]))
