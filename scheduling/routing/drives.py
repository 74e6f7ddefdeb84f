"""What one nurse may do in a day: visits within reach, drives between them, breaks on the way."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from scheduling.routing.lunch import AGES, Gap, held, held_late, to_keep
from scheduling.routing.routes import Routes, none
from scheduling.routing.values import Day, Lunch

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

NEVER = 1 << 40
"""Metres of a drive that cannot be made."""


class Times:
    """A day's travel and starts as arrays, visits in order of their start.

    Attributes
    ----------
    order
        (visits,) the visits' own indices.
    minutes, metres
        (nurses + visits, nurses + visits) travel.
    starts, lasting
        (visits,) minutes.
    breaks
        Of each nurse, those that no stretch off work holds.
    states
        How many states a route can be in, see `Graph`.
    """

    def __init__(self, day: Day) -> None:
        nurses = len(day.nurses)
        order = sorted(range(len(day.visits)), key=lambda visit: (day.visits[visit].start, visit))
        places = np.array([*range(nurses), *(nurses + visit for visit in order)], dtype=np.int64)
        self.order = np.array(order, dtype=np.int64)
        self.minutes = -(-day.travel.seconds[np.ix_(places, places)].astype(np.int64) // 60)
        self.metres = day.travel.metres[np.ix_(places, places)].astype(np.int64)
        self.starts = np.array([day.visits[visit].start for visit in order], dtype=np.int64)
        self.lasting = np.array([day.visits[visit].minutes for visit in order], dtype=np.int64)
        self.breaks = [to_keep(nurse) for nurse in day.nurses]
        bits = 1 << max((len(breaks) for breaks in self.breaks), default=0)
        self.states = 2 * day.slack_minutes + 1 if day.slack_minutes else bits


@dataclass(frozen=True, slots=True)
class Drives:
    """One nurse's part of a `Graph`, with visits by their rank in the order of starts."""

    nodes: dict[str, Ints]
    arcs: dict[str, Ints]
    forced: Routes


@dataclass(frozen=True, slots=True)
class Reach:
    """The visits a nurse may make, in order of their start.

    Attributes
    ----------
    rank, pinned
        (reach,) which visits, and which of them are hers whatever the rules say.
    window, on, off
        (reach,) the stretch of work each lies in (-1 and all time if none), its start and end.
    begin, ready
        (reach,) minutes: earliest start, and when she can leave after that.
    there, back
        (reach,) minutes from and to home.
    opens, closes
        (reach,) a stretch of work may begin or end with it.
    """

    rank: Ints
    pinned: Bools
    window: Ints
    on: Ints
    off: Ints
    begin: Ints
    ready: Ints
    there: Ints
    back: Ints
    opens: Bools
    closes: Bools


def drives_of(day: Day, times: Times, nurse: int) -> Drives:
    """Return what a nurse (an index) may do.

    A route has every visit pinned to her: drives that pass one over are not there.
    """
    reach = _reach(day, times, nurse)
    slack = day.slack_minutes
    legs = _moving(reach, times, slack) if slack else _fixed(reach, times, nurse)
    seen = np.cumsum(reach.pinned)
    opens = reach.opens & (seen - reach.pinned == 0)
    closes = reach.closes & (seen == reach.pinned.sum())
    name, place = day.nurses[nurse].id, len(day.nurses) + reach.rank
    extra = [day.visits[visit].costs.get(name, 0) for visit in times.order[reach.rank]]
    nodes = {
        "visit": reach.rank,
        "opens": np.where(opens, times.metres[nurse, place], NEVER),
        "closes": np.where(closes, times.metres[place, nurse], NEVER),
        "opens_driving": reach.there,
        "closes_driving": reach.back,
        "opens_state": legs.opened,
        "last_state": legs.last,
        "extra": np.array(extra, dtype=np.int64),
        "minutes": times.lasting[reach.rank],
    }
    arcs = {
        "source": legs.source,
        "target": legs.target,
        "metres": legs.metres,
        "driving": legs.driving,
        "step": legs.step,
    }
    return Drives(nodes, arcs, _forced(day, times, nurse, reach, legs))


def _reach(day: Day, times: Times, nurse: int) -> Reach:
    one, slack = day.nurses[nurse], day.slack_minutes
    visits = [day.visits[visit] for visit in times.order]
    mine = np.array([visit.pinned == one.id for visit in visits], dtype=bool)
    may = np.array(
        [visit.pinned is None and one.id in visit.nurses for visit in visits], dtype=bool
    )
    window = np.full(len(visits), -1)
    for number, (start, end) in enumerate(one.windows):
        inside = np.maximum(times.starts - slack, start) + times.lasting <= end
        window[inside & (times.starts + slack >= start)] = number
    rank = np.flatnonzero(mine | (may & (window >= 0)))
    window, pinned = window[rank], mine[rank]
    edges = np.array([*one.windows, (-AGES, AGES)], dtype=np.int64)
    on, off = edges[window, 0], edges[window, 1]
    begin = times.starts[rank] - slack
    ready = begin + times.lasting[rank]
    # One pinned visit may outlast the next; she can leave when all so far are over.
    over = np.maximum.accumulate(np.where(pinned, ready, -AGES))
    ready = np.where(pinned, over, ready)
    there = times.minutes[nurse, len(day.nurses) + rank]
    back = times.minutes[len(day.nurses) + rank, nurse]
    opens = (on + there <= begin + 2 * slack) | pinned
    closes = (ready + back <= off) | pinned
    return Reach(rank, pinned, window, on, off, begin, ready, there, back, opens, closes)


@dataclass(frozen=True, slots=True)
class _Legs:
    """Drives between visits within reach (arcs), and states at either end (reach)."""

    source: Ints
    target: Ints
    metres: Ints
    driving: Ints
    step: Ints
    opened: Ints
    last: Ints


def _between(reach: Reach, times: Times) -> tuple[Ints, Ints]:
    """Return (reach, reach) minutes and metres."""
    places = times.minutes.shape[0] - len(times.order) + reach.rank
    square = np.ix_(places, places)
    return times.minutes[square], times.metres[square]


def _moving(reach: Reach, times: Times, slack: int) -> _Legs:
    """Drives where starts may move: a step is how much later the next visit begins."""
    minutes, metres = _between(reach, times)
    later = reach.ready[:, None] - reach.begin[None, :] + minutes
    can = later <= 2 * slack
    np.fill_diagonal(can, val=False)
    source, target = np.nonzero(can)
    opened = np.clip(reach.on + reach.there - reach.begin, 0, 2 * slack)
    last = np.clip(reach.off - reach.back - reach.ready, 0, 2 * slack)
    way = source, target
    return _Legs(source, target, metres[way], minutes[way], later[way], opened, last)


def _fixed(reach: Reach, times: Times, nurse: int) -> _Legs:
    """Drives where starts are fixed: by way of home between stretches of work."""
    minutes, metres = _between(reach, times)
    places = times.minutes.shape[0] - len(times.order) + reach.rank
    some, other = reach.window[:, None], reach.window[None, :]
    direct = (some == other) | (some < 0) | (other < 0)
    minutes = np.where(direct, minutes, reach.back[:, None] + reach.there[None, :])
    home = times.metres[places, nurse][:, None] + times.metres[nurse, places][None, :]
    metres = np.where(direct, metres, home)
    in_time = reach.ready[:, None] + minutes <= reach.begin[None, :]
    by_home = (some < other) & reach.closes[:, None] & reach.opens[None, :]
    both = reach.pinned[:, None] & reach.pinned[None, :]
    seen = np.cumsum(reach.pinned)
    passed = seen[None, :] - reach.pinned[None, :] - seen[:, None] > 0
    can = np.triu(~passed & (both | (in_time & (direct | by_home))), 1)
    source, target = np.nonzero(can)
    way = source, target
    breaks = times.breaks[nurse]
    between = _between_visits(breaks, reach, way, np.where(direct[way], minutes[way], -1))
    each = np.arange(len(reach.rank))
    # Breaks other nurses have and she has not count as held.
    opened = times.states - (1 << len(breaks)) | _head(breaks, reach, each, -AGES + 0 * each)
    last = _tail(breaks, reach, each, AGES + 0 * each)
    return _Legs(source, target, metres[way], minutes[way], between, opened, last)


def _between_visits(
    breaks: tuple[Lunch, ...], reach: Reach, way: tuple[Ints, Ints], driving: Ints
) -> Ints:
    """Return the breaks that can be held on each drive; `driving` is -1 where it leads home."""
    source, target = way
    leaves, begins = reach.ready[source], reach.begin[target]
    direct = held(breaks, Gap(leaves, begins, leaves, begins, driving))
    tail = _tail(breaks, reach, source, reach.on[target])
    head = _head(breaks, reach, target, reach.off[source])
    return np.where(driving >= 0, direct, tail | head)


def _head(breaks: tuple[Lunch, ...], reach: Reach, visit: Ints, after: Ints) -> Ints:
    """Return the breaks that can be held before a visit, having driven from home."""
    begin = reach.begin[visit]
    return held(breaks, Gap(after, begin, reach.on[visit], begin, reach.there[visit]))


def _tail(breaks: tuple[Lunch, ...], reach: Reach, visit: Ints, before: Ints) -> Ints:
    """Return the breaks that can be held after a visit, before she is home or later."""
    ready = reach.ready[visit]
    return held_late(breaks, Gap(ready, before, ready, reach.off[visit], reach.back[visit]))


def _forced(day: Day, times: Times, nurse: int, reach: Reach, legs: _Legs) -> Routes:
    """Return the route of just the pinned visits, which breaks no rule."""
    at = np.flatnonzero(reach.pinned)
    if not len(at):
        return none()
    places = len(day.nurses) + reach.rank[at]
    metres = times.metres[nurse, places[0]] + times.metres[places[-1], nurse]
    for here, there in pairwise(at):
        metres += legs.metres[(legs.source == here) & (legs.target == there)][0]
    stops = times.order[reach.rank[at]]
    name, count = day.nurses[nurse].id, len(stops)
    extra = sum(day.visits[stop].costs.get(name, 0) for stop in stops)
    cost = metres + extra + day.uneven_metres * count * (count - 1) // 2
    return Routes(np.array([nurse]), np.array([cost]), np.array([metres]), stops[None, :])
