"""One route, walked step by step: what it costs and which rule it breaks.

The plain reading of the rules. The search has its own, faster one; tests hold them together.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from scheduling.routing.lunch import AGES, Gap, held, held_late, to_keep
from scheduling.routing.routes import Routes, joined
from scheduling.routing.values import UNASSIGNED_METRES, Day, NurseDay, Plan, Visit


@dataclass(frozen=True, slots=True)
class Walk:
    """A nurse's route.

    Attributes
    ----------
    broken
        The first rule it breaks ("papers", "shift", "busy", "lunch", "driving", "hours"), if any.
    metres, minutes
        Driven.
    cost
        Metres, with costs and unevenness.
    """

    broken: str | None
    metres: int
    minutes: int
    cost: int


def walk(day: Day, nurse: int, stops: Sequence[int]) -> Walk:
    """Follow a nurse (her index) through visits (theirs), in the order given.

    A route of just her pinned visits breaks nothing.
    """
    return _Walker(day, nurse, stops).walk()


class _Walker:
    def __init__(self, day: Day, nurse: int, stops: Sequence[int]) -> None:
        self.day = day
        self.home = nurse
        self.nurse: NurseDay = day.nurses[nurse]
        self.stops = list(stops)
        self.visits: list[Visit] = [day.visits[stop] for stop in stops]
        self.own = {i for i, v in enumerate(day.visits) if v.pinned == self.nurse.id}
        self.broken: list[str] = []
        self.metres = 0
        self.minutes = 0
        self.bits = 0
        self.lunches = to_keep(self.nurse)

    def leg(self, here: int | None, there: int | None) -> int:
        """Drive from one visit (None is home) to another; return the minutes."""
        row = self.home if here is None else len(self.day.nurses) + here
        column = self.home if there is None else len(self.day.nurses) + there
        self.metres += int(self.day.travel.metres[row, column])
        minutes = -(-int(self.day.travel.seconds[row, column]) // 60)
        self.minutes += minutes
        return minutes

    def window(self, visit: Visit) -> tuple[int, int] | None:
        """Return the stretch of work a visit lies in."""
        slack = self.day.slack_minutes
        for start, end in self.nurse.windows:
            if (
                visit.start + slack >= start
                and max(visit.start - slack, start) + visit.minutes <= end
            ):
                return start, end
        return None

    def walk(self) -> Walk:
        if not self.stops:
            return Walk("busy" if self.own else None, 0, 0, 0)
        self.papers()
        self.drive()
        every = (1 << len(self.lunches)) - 1
        if self.bits != every:
            self.broken.append("lunch")
        if self.nurse.max_driving is not None and self.minutes > self.nurse.max_driving:
            self.broken.append("driving")
        worked = self.minutes + sum(visit.minutes for visit in self.visits)
        if self.nurse.max_working is not None and worked > self.nurse.max_working:
            self.broken.append("hours")
        extra = sum(visit.costs.get(self.nurse.id, 0) for visit in self.visits)
        uneven = self.day.uneven_metres * len(self.stops) * (len(self.stops) - 1) // 2
        forced = set(self.stops) == self.own and len(self.stops) == len(self.own)
        return Walk(
            None if forced or not self.broken else self.broken[0],
            self.metres,
            self.minutes,
            self.metres + extra + uneven,
        )

    def papers(self) -> None:
        if not self.own <= set(self.stops) or len(set(self.stops)) < len(self.stops):
            self.broken.append("busy")
        for visit in self.visits:
            if visit.pinned is None:
                if self.nurse.id not in visit.nurses:
                    self.broken.append("papers")
                elif self.window(visit) is None:
                    self.broken.append("shift")
            elif visit.pinned != self.nurse.id:
                self.broken.append("papers")

    def hold(
        self, begins: int, ends: int, on: int, off: int, drive: int, *, late: bool = False
    ) -> None:
        """Note the breaks that can be held in a gap."""
        gap = Gap(*(np.array([value]) for value in (begins, ends, on, off, drive)))
        self.bits |= int((held_late if late else held)(self.lunches, gap)[0])

    def drive(self) -> None:
        slack = self.day.slack_minutes
        ready = -AGES  # when she can leave the visit before
        before: int | None = None
        for stop, visit in zip(self.stops, self.visits, strict=True):
            pinned = visit.pinned is not None
            earliest = visit.start - (0 if pinned else slack)
            latest = visit.start + (0 if pinned else slack)
            if before is None:
                arrival = self.open(visit, stop, -AGES)
            else:
                arrival = self.go(before, ready, stop)
            begin = max(earliest, arrival)
            if begin > latest:
                if not pinned:
                    self.broken.append("shift" if before is None else "busy")
                elif before is not None and self.day.visits[before].pinned is None:
                    self.broken.append("busy")
                begin = latest
            end = begin + visit.minutes
            ready = max(ready, end) if pinned else end
            before = stop
        self.close(self.stops[-1], ready, AGES)

    def open(self, visit: Visit, stop: int, after: int) -> int:
        """Drive from home; return when she is there."""
        minutes = self.leg(None, stop)
        start, _ = self.window(visit) or (-AGES, AGES)
        self.hold(after, visit.start, start, visit.start, minutes)
        return start + minutes

    def close(self, stop: int, ready: int, before: int) -> None:
        """Drive home."""
        minutes = self.leg(stop, None)
        visit = self.day.visits[stop]
        _, end = self.window(visit) or (-AGES, AGES)
        self.hold(ready, before, ready, end, minutes, late=True)
        if ready + minutes > end and visit.pinned is None:
            self.broken.append("shift")

    def go(self, before: int, ready: int, stop: int) -> int:
        """Drive on to the next visit, by way of home where work stops in between."""
        last, visit = self.day.visits[before], self.day.visits[stop]
        here, there = self.window(last), self.window(visit)
        if here is None or there is None or here == there:
            minutes = self.leg(before, stop)
            self.hold(ready, visit.start, ready, visit.start, minutes)
            return ready + minutes
        if here > there:
            self.broken.append("busy")
        driven = self.minutes
        self.close(before, ready, there[0])
        home = ready + self.minutes - driven
        arrival = self.open(visit, stop, here[1])
        direct = home + arrival - there[0]
        return direct if visit.pinned is not None else max(arrival, direct)


def check(day: Day, plan: Plan) -> None:
    """Recompute a plan from nothing.

    Raises
    ------
    ValueError
        If a route breaks a rule or a figure is not what it claims to be.
    """
    number = {visit.id: stop for stop, visit in enumerate(day.visits)}
    metres = cost = 0
    seen: list[str] = list(plan.unassigned)
    for nurse, one in enumerate(day.nurses):
        route = plan.routes[one.id]
        seen += route
        walked = walk(day, nurse, [number[stop] for stop in route])
        if walked.broken:
            raise ValueError(f"{one.id}: {walked.broken}")
        metres += walked.metres
        cost += walked.cost
    cost += UNASSIGNED_METRES * len(plan.unassigned)
    if sorted(seen) != sorted(number):
        raise ValueError("not every visit is there once")
    if (metres, cost) != (plan.metres, plan.cost_metres):
        raise ValueError(f"{metres} and {cost} metres, not {plan.metres} and {plan.cost_metres}")
    if plan.lower_bound_metres > cost:
        raise ValueError("the bound lies above the cost")


def routes_of(day: Day, start: Mapping[str, Sequence[str]]) -> Routes:
    """Return known routes as a table, less the visits that would break a rule."""
    number = {visit.id: stop for stop, visit in enumerate(day.visits)}
    seen: set[int] = set()
    routes: dict[int, list[int]] = {}
    for nurse, one in enumerate(day.nurses):
        own = [stop for stop, visit in enumerate(day.visits) if visit.pinned == one.id]
        route = sorted(own, key=lambda stop: (day.visits[stop].start, stop))
        for name in start.get(one.id, ()):
            stop = number.get(name)
            if stop is None or stop in seen or stop in route:
                continue
            longer = _with(day, route, stop)
            if walk(day, nurse, longer).broken is None:
                route = longer
        seen.update(route)
        if route:
            routes[nurse] = route
    return tabled(routes, {nurse: walk(day, nurse, route) for nurse, route in routes.items()})


def tabled(routes: Mapping[int, Sequence[int]], walks: Mapping[int, Walk]) -> Routes:
    """Return routes of nurses (indices), walked already, as a table."""
    return joined(
        Routes(
            np.array([nurse]),
            np.array([walks[nurse].cost]),
            np.array([walks[nurse].metres]),
            np.array([stops]),
        )
        for nurse, stops in routes.items()
    )


def _with(day: Day, route: list[int], stop: int) -> list[int]:
    """Return a route with one more visit: at its end where starts move, else by its start."""
    if day.slack_minutes:
        return [*route, stop]
    return sorted([*route, stop], key=lambda one: (day.visits[one].start, one))
