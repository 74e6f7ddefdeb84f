"""Chains of visits on a calendar: the search behind a course, pure values in, values out.

The days of a course are looked for in sets of days held as the bits of an integer: bit `d` is the
d-th local day. What is preferred, and why, is said in `booking.series`.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache

DAY = 24 * 60

Dates = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Offer:
    """A start that can be had, and the numbers of the nurses who could make it."""

    starts_at: datetime
    nurses: frozenset[int]


@dataclass(frozen=True, slots=True)
class Node:
    """An offer on the calendar: the day counted from the first one, clock and elapsed minutes."""

    day: int
    minute: int
    elapsed: int
    offer: Offer = field(compare=False)

    @property
    def clock(self) -> int:
        return self.day * DAY + self.minute


@dataclass(frozen=True, slots=True)
class Asked:
    """What the days of a course must keep, in local days."""

    visits: int
    steps: tuple[int, ...]
    span: range
    minimum_hours: int
    wanted: int | None

    def spaced(self, one: Node, other: Node) -> bool:
        """Whether a visit may follow another: as `clock.spacing_ok` has it, in minutes."""
        minutes = self.minimum_hours * 60
        by_clock = self.minimum_hours % 24 == 0 and other.clock - one.clock >= minutes
        return one.day < other.day and (other.elapsed - one.elapsed >= minutes or by_clock)

    def distance(self, minute: int) -> int:
        """Minutes from the clock time asked for."""
        return 0 if self.wanted is None else abs(minute - self.wanted)


# -- one clock time ------------------------------------------------------------------------------


def at_one_time(nodes: Sequence[Node], asked: Asked, window: int) -> list[Node] | None:
    """The best course at one clock time; with one nurse if any can be had so.

    The clock time asked for comes before the nurse: who asks for an hour has work or children.
    """
    by_minute: dict[int, dict[int, Node]] = defaultdict(dict)
    for node in nodes:
        by_minute[node.minute][node.day] = node
    exact = {minute: days for minute, days in by_minute.items() if minute == asked.wanted}
    for among in (exact, by_minute):
        for sets in (_with_one_nurse(among), _with_any(among)):
            found = _earliest(sets, asked, window)
            if found:
                minute, days = found
                return [among[minute][day] for day in days]
    return None


def _with_one_nurse(by_minute: dict[int, dict[int, Node]]) -> Iterator[tuple[int, int]]:
    """Each clock time with the days on which one nurse could come then, for every nurse."""
    for minute, days in by_minute.items():
        sets: dict[int, int] = defaultdict(int)
        for day, node in days.items():
            for nurse in node.offer.nurses:
                sets[nurse] |= 1 << day
        for days_of_one in set(sets.values()):
            yield minute, days_of_one


def _with_any(by_minute: dict[int, dict[int, Node]]) -> Iterator[tuple[int, int]]:
    for minute, days in by_minute.items():
        yield minute, _bits(days)


def _earliest(
    sets: Iterable[tuple[int, int]], asked: Asked, window: int
) -> tuple[int, Dates] | None:
    """The clock time and the dates that are best: nearest to what was asked, then earliest."""
    steps = tuple(step for step in asked.steps if 24 * step >= asked.minimum_hours)
    dates = cache(lambda days: _dates(days, asked, steps, window))
    found = ((minute, dates(days)) for minute, days in sets)
    able = [(asked.distance(minute), days, minute) for minute, days in found if days]
    if not able:
        return None
    _, days, minute = min(able)
    return minute, days


def _dates(days: int, asked: Asked, steps: tuple[int, ...], window: int) -> Dates | None:
    """The earliest dates in a set of days that keep steps and span, the first in the window."""
    for first in _days_of(days & window):
        lasts = days & _bits(range(first + asked.span.start, first + asked.span.stop))
        # ways[k]: the days from which k more visits can follow
        ways = [lasts]
        for _ in range(asked.visits - 1):
            before = 0
            for step in steps:
                before |= ways[-1] >> step
            ways.append(before & days)
        if ways[-1] >> first & 1:
            return _walk(first, ways[-2::-1], steps)
    return None


def _walk(first: int, ways: Sequence[int], steps: tuple[int, ...]) -> Dates:
    """Take the shortest step each time from which the rest can still follow."""
    dates = [first]
    for way in ways:
        dates.append(next(dates[-1] + step for step in steps if way >> (dates[-1] + step) & 1))
    return tuple(dates)


def _bits(days: Iterable[int]) -> int:
    return sum(1 << day for day in days)


def _days_of(days: int) -> Iterator[int]:
    while days:
        lowest = days & -days
        yield lowest.bit_length() - 1
        days ^= lowest


# -- different clock times -----------------------------------------------------------------------


def at_any_time(nodes: Sequence[Node], asked: Asked, window: int) -> list[Node] | None:
    """The best course where no clock time can be kept; with one nurse if any can be had so."""
    by_nurse: dict[int, list[Node]] = defaultdict(list)
    for node in nodes:
        for nurse in node.offer.nurses:
            by_nurse[nurse].append(node)
    distinct = {tuple(theirs) for theirs in by_nurse.values()}
    able = [found for theirs in distinct if (found := _varied(theirs, asked, window))]
    if able:
        return list(min(able, key=_rank)[-1])
    found = _varied(nodes, asked, window)
    return list(found[-1]) if found else None


_Chain = tuple[Dates, int, tuple[Node, ...]]


def _rank(chain: _Chain) -> tuple[Dates, int]:
    return chain[:2]


def _varied(nodes: Sequence[Node], asked: Asked, window: int) -> _Chain | None:
    """The earliest dates, then the smallest change of hour, among some nodes."""
    by_day: dict[int, list[Node]] = defaultdict(list)
    for node in nodes:
        by_day[node.day].append(node)
    days = _bits(by_day)
    if not _dates(days, asked, asked.steps, window):
        return None
    for first in _days_of(days & window):
        lasts = range(first + asked.span.start, first + asked.span.stop)
        best = _chains(by_day, asked, lasts)
        able = [chain for node in by_day[first] if (chain := best(node, asked.visits - 1))]
        if able:
            return min(able, key=_rank)
    return None


def _chains(
    by_day: dict[int, list[Node]], asked: Asked, lasts: range
) -> Callable[[Node, int], _Chain | None]:
    """How best to go on from a node with so many visits left, each way worked out once."""

    @cache
    def best(node: Node, left: int) -> _Chain | None:
        if left == 0:
            chain = ((node.day,), asked.distance(node.minute), (node,))
            return chain if node.day in lasts else None
        for step in asked.steps:
            there = by_day.get(node.day + step, ())
            tails = (best(other, left - 1) for other in there if asked.spaced(node, other))
            able = [_before(node, tail, asked) for tail in tails if tail]
            if able:
                return min(able, key=_rank)
        return None

    return best


def _before(node: Node, tail: _Chain, asked: Asked) -> _Chain:
    dates, cost, nodes = tail
    change = abs(nodes[0].minute - node.minute) + asked.distance(node.minute)
    return (node.day, *dates), cost + change, (node, *nodes)
