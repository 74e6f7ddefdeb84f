"""The simple ways: each visit as it was booked, to the nearest nurse or to the cheapest place.

`python -m config.launch.bench.rivals.greedy nearest|insertion FILE`
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from config.launch.bench.rivals.day import Day, Routes, read, say


class Place(NamedTuple):
    """Where a visit could go: what that adds, whose route, and at which place in it."""

    metres: int
    nurse: int
    position: int


def main() -> None:
    """Print the routes."""
    way, file = sys.argv[1:3]
    day = read(Path(file))
    say({"nearest": nearest, "insertion": insertion}[way](day))


def nearest(day: Day) -> Routes:
    """Give each visit to the nurse living nearest to it who can still fit it in."""
    return _place_all(day, by_home=True)


def insertion(day: Day) -> Routes:
    """Give each visit to the nurse whose driving it lengthens least."""
    return _place_all(day, by_home=False)


def _place_all(day: Day, *, by_home: bool) -> Routes:
    routes: list[list[int]] = [[] for _ in day.nurses]
    homes = len(day.nurses)

    def worth(place: Place, number: int) -> tuple[int, ...]:
        home = day.metres[place.nurse][homes + number] if by_home else 0
        return home, *place

    for number in range(len(day.visits)):
        places = list(_places(day, routes, number))
        if places:
            best = min(places, key=lambda place: worth(place, number))
            routes[best.nurse].insert(best.position, number)
    return {
        nurse.id: [day.visits[n].id for n in route]
        for nurse, route in zip(day.nurses, routes, strict=True)
    }


def _places(day: Day, routes: list[list[int]], number: int) -> Iterator[Place]:
    """Where a visit fits; with promised starts there is one position in each route."""
    homes, start = len(day.nurses), day.visits[number].start
    there = homes + number
    for nurse in day.able(day.visits[number]):
        route = routes[nurse]
        by_time = sum(day.visits[n].start <= start for n in route)
        for position in range(len(route) + 1) if day.slack else [by_time]:
            if _fits(day, [*route[:position], number, *route[position:]], nurse):
                here = homes + route[position - 1] if position else nurse
                after = homes + route[position] if position < len(route) else nurse
                metres = day.metres[here][there] + day.metres[there][after]
                yield Place(metres - day.metres[here][after], nurse, position)


def _fits(day: Day, route: list[int], nurse: int) -> bool:
    """Whether the nurse can drive it, each visit begun as early as it may."""
    here, at = nurse, day.nurses[nurse].starts
    for number in route:
        visit, there = day.visits[number], len(day.nurses) + number
        begins = max(at + day.minutes[here][there], visit.start - day.slack)
        if begins > visit.start + day.slack:
            return False
        here, at = there, begins + visit.minutes
    return at + day.minutes[here][nurse] <= day.nurses[nurse].ends


if __name__ == "__main__":
    main()
