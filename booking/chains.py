"""Chains of visits on a calendar: the search behind a course, pure values in, values out.

The days of a course are looked for in sets of days held as the bits of an integer: bit `d` is the
d-th local day. What is preferred, and why, is said in `booking.series`.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
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

    @property
    def steps_at_one_time(self) -> tuple[int, ...]:
        """The steps that keep the spacing: at one clock time n days are n x 24 h by the rule."""
        return tuple(step for step in self.steps if 24 * step >= self.minimum_hours)

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
        able = _with_any(among, asked, window)
        if able:
            _, days, minute = _with_one_nurse(among, able, asked, window) or able[0]
            return [among[minute][day] for day in days]
    return None


# How far a clock time is from the one asked for, the dates, the clock time: the least is the best.
_Choice = tuple[int, Dates, int]


def _with_any(
    by_minute: Mapping[int, Mapping[int, Node]], asked: Asked, window: int
) -> list[_Choice]:
    """The earliest dates at each clock time, whoever comes; the best first."""
    steps = asked.steps_at_one_time
    found = (
        (minute, _dates(_bits(days), asked, window, steps)) for minute, days in by_minute.items()
    )
    return sorted((asked.distance(minute), days, minute) for minute, days in found if days)


def _with_one_nurse(
    by_minute: Mapping[int, Mapping[int, Node]],
    able: Iterable[_Choice],
    asked: Asked,
    window: int,
) -> _Choice | None:
    """The best choice that one nurse can make: never better than with any, so often soon known."""
    best: _Choice | None = None
    steps = asked.steps_at_one_time
    for bound in able:
        if best is not None and best <= bound:
            break
        distance, _, minute = bound
        for days in _days_of_each(by_minute[minute]):
            dates = _dates(days, asked, window, steps)
            if dates and (best is None or (distance, dates, minute) < best):
                best = (distance, dates, minute)
            if best == bound:
                break
    return best


def _days_of_each(nodes: Mapping[int, Node]) -> set[int]:
    """The sets of days on which one nurse could come, of every nurse."""
    sets: dict[int, int] = defaultdict(int)
    for day, node in nodes.items():
        for nurse in node.offer.nurses:
            sets[nurse] |= 1 << day
    return set(sets.values())


def _dates(days: int, asked: Asked, window: int, steps: tuple[int, ...]) -> Dates | None:
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


_Chain = tuple[Dates, int, tuple[Node, ...]]


def _rank(chain: _Chain) -> tuple[Dates, int]:
    return chain[:2]


def at_any_time(nodes: Sequence[Node], asked: Asked, window: int) -> list[Node] | None:
    """The best course where no clock time can be kept; with one nurse if any can be had so."""
    bound = _varied(nodes, asked, window)
    if bound is None:
        return None
    best = _varied_with_one_nurse(nodes, asked, window, bound=bound) or bound
    return list(best[-1])


def _varied_with_one_nurse(
    nodes: Sequence[Node], asked: Asked, window: int, *, bound: _Chain
) -> _Chain | None:
    """The best that one nurse can make, those first whose days would allow the earliest dates."""
    by_nurse: dict[int, list[Node]] = defaultdict(list)
    for node in nodes:
        for nurse in node.offer.nurses:
            by_nurse[nurse].append(node)
    hopes = (
        (_dates(_bits({node.day for node in theirs}), asked, window, asked.steps), nurse)
        for nurse, theirs in by_nurse.items()
    )
    best: _Chain | None = None
    for dates, nurse in sorted((dates, nurse) for dates, nurse in hopes if dates):
        if best is not None and (dates > best[0] or _rank(best) == _rank(bound)):
            break
        found = _varied(by_nurse[nurse], asked, window)
        if found and (best is None or _rank(found) < _rank(best)):
            best = found
    return best


def _varied(nodes: Sequence[Node], asked: Asked, window: int) -> _Chain | None:
    """The earliest dates, then the smallest change of hour, among some nodes."""
    by_day: dict[int, list[Node]] = defaultdict(list)
    for node in nodes:
        by_day[node.day].append(node)
    days = _bits(by_day)
    if not _dates(days, asked, window, asked.steps):
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
