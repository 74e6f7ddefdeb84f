"""Why nobody goes to a visit."""

from collections.abc import Mapping, Sequence

from scheduling.routing.values import Day, Why
from scheduling.routing.verify import walk

NEAREST = 5


def reasons(day: Day, routes: Mapping[str, Sequence[str]]) -> dict[str, tuple[Why, ...]]:
    """Return for each visit left over what stops the nurses whose homes are nearest."""
    carried = {visit for route in routes.values() for visit in route}
    number = {visit.id: stop for stop, visit in enumerate(day.visits)}
    known = [[number[visit] for visit in routes.get(nurse.id, ())] for nurse in day.nurses]
    return {
        visit.id: _reasons(day, known, stop)
        for stop, visit in enumerate(day.visits)
        if visit.id not in carried
    }


def _reasons(day: Day, routes: list[list[int]], stop: int) -> tuple[Why, ...]:
    metres = day.travel.metres[: len(day.nurses), len(day.nurses) + stop]
    nearest = sorted(range(len(day.nurses)), key=lambda nurse: (int(metres[nurse]), nurse))
    return tuple(
        Why(day.nurses[nurse].id, _rule(day, nurse, routes[nurse], stop))
        for nurse in nearest[:NEAREST]
    )


def _rule(day: Day, nurse: int, route: list[int], stop: int) -> str:
    """Return what stops a nurse: with her pinned visits alone, else with all she has."""
    own = [other for other in route if day.visits[other].pinned is not None]
    for others in (own, route):
        tries = [walk(day, nurse, longer).broken for longer in _inserted(day, others, stop)]
        if None not in tries:
            return str(tries[0])
    return "busy"


def _inserted(day: Day, route: list[int], stop: int) -> list[list[int]]:
    if day.slack_minutes:
        return [[*route[:at], stop, *route[at:]] for at in range(len(route) + 1)]
    return [sorted([*route, stop], key=lambda one: (day.visits[one].start, one))]
