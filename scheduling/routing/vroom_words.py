"""A day in VROOM's words, and its answer in the day's.

What VROOM has no word for is left to whoever checks the answer: hours of work, unevenness, one
limit of driving over two stretches of work, pinned visits that break a rule.
"""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from scheduling.routing.lunch import to_keep
from scheduling.routing.values import UNASSIGNED_METRES, Day, NurseDay, Visit

CELLS = 10_000_000
"""Of tables of what each nurse costs at each visit: beyond that, only the drive counts."""
PINNED, LEVELS = 100, 10
"""Priorities: of a pinned visit, and of any other at most."""
ALL = "all"


@dataclass(frozen=True, slots=True)
class Worded:
    """What to ask, as JSON takes it, and whose vehicles and which jobs these are.

    Attributes
    ----------
    problem
        Times in whole minutes, none below zero; places are rows of the tables.
    nurses
        A nurse's id for each vehicle: she has one for each stretch of work.
    visits
        A visit's id for each job.
    """

    problem: dict[str, Any]
    nurses: tuple[str, ...]
    visits: tuple[str, ...]


def worded(day: Day) -> Worded | None:
    """Return what to ask of a day, or nothing where nobody works or nothing is to be done."""
    jobs = [
        (place, visit)
        for place, visit in enumerate(day.visits, start=len(day.nurses))
        if visit.pinned is not None or visit.nurses
    ]
    stretches = [
        (home, nurse, number)
        for home, nurse in enumerate(day.nurses)
        for number in range(len(nurse.windows))
    ]
    if not jobs or not stretches:
        return None
    zero = min(
        *(visit.start - day.slack_minutes for visit in day.visits),
        *(start for nurse in day.nurses for start, _ in nurse.windows),
    )
    skills = _numbered([_who(visit) for _, visit in jobs])
    extra = _extra(day)
    vehicles = [
        {
            **_vehicle(nurse, number, zero),
            "home": home,
            "profile": nurse.id if nurse.id in extra else ALL,
            "skills": [skill for who, skill in skills.items() if nurse.id in who],
        }
        for home, nurse, number in stretches
    ]
    problem = {
        "minutes": (-(-day.travel.seconds.astype("int64") // 60)).tolist(),
        "metres": day.travel.metres.tolist(),
        "extra": extra,
        "vehicles": vehicles,
        "jobs": [
            {**_job(visit, day.slack_minutes, zero), "place": place, "skill": skills[_who(visit)]}
            for place, visit in jobs
        ],
    }
    names = tuple(nurse.id for _, nurse, _ in stretches)
    return Worded(problem, names, tuple(visit.id for _, visit in jobs))


def _who(visit: Visit) -> frozenset[str]:
    return visit.nurses if visit.pinned is None else frozenset({visit.pinned})


def _numbered(keys: list[frozenset[str]]) -> dict[frozenset[str], int]:
    return {key: number for number, key in enumerate(dict.fromkeys(keys))}


def _vehicle(nurse: NurseDay, number: int, zero: int) -> dict[str, Any]:
    start, end = nurse.windows[number]
    return {
        "from": start - zero,
        "until": end - zero,
        "breaks": [
            [one - zero, other - zero, lasts] for one, other, lasts in _breaks(nurse)[number]
        ],
        "driving": nurse.max_driving,
    }


def _breaks(nurse: NurseDay) -> list[list[tuple[int, int, int]]]:
    """Return for each stretch of work the breaks to keep in it: begins from, until, minutes.

    Each is kept in the first stretch that holds all of it.
    """
    kept: list[list[tuple[int, int, int]]] = [[] for _ in nurse.windows]
    for lunch in to_keep(nurse):
        for number, (start, end) in enumerate(nurse.windows):
            first, last = max(start, lunch.earliest), min(end, lunch.latest) - lunch.minutes
            if first <= last:
                kept[number].append((first, last, lunch.minutes))
                break
    return kept


def _job(visit: Visit, slack: int, zero: int) -> dict[str, int]:
    worth = 1 - min(visit.costs.values(), default=0) / UNASSIGNED_METRES
    return {
        "from": visit.start - slack - zero,
        "until": visit.start + slack - zero,
        "minutes": visit.minutes,
        "priority": PINNED if visit.pinned is not None else max(1, round(LEVELS * worth)),
    }


def _extra(day: Day) -> dict[str, list[list[int]]]:
    """Return places and metres by which a nurse costs more there than the cheapest."""
    extra: dict[str, list[list[int]]] = defaultdict(list)
    for place, visit in enumerate(day.visits, start=len(day.nurses)):
        if visit.pinned is None and visit.nurses:
            costs = {nurse: visit.costs.get(nurse, 0) for nurse in sorted(visit.nurses)}
            least = min(costs.values())
            for nurse, cost in costs.items():
                if cost > least:
                    extra[nurse].append([place, cost - least])
    return dict(extra) if len(extra) * len(day.travel.metres) ** 2 <= CELLS else {}


def understood(words: Worded, answer: object) -> dict[str, list[str]]:
    """Return the routes of an answer, visit ids in order by nurse id.

    Raises
    ------
    ValueError
        Where it is none to what was asked. Whether it keeps the rules is for others to say.
    """
    routes: dict[str, list[str]] = defaultdict(list)
    if not isinstance(answer, list):
        raise ValueError("not a list of routes")  # noqa: TRY004 -- it was read, not passed
    for route in answer:
        match route:
            case [int(vehicle), [*jobs]] if 0 <= vehicle < len(words.nurses):
                routes[words.nurses[vehicle]] += [_visit(words, job) for job in jobs]
            case _:
                raise ValueError("a route of nobody known")
    return dict(routes)


def _visit(words: Worded, job: object) -> str:
    if not isinstance(job, int) or not 0 <= job < len(words.visits):
        raise ValueError("a visit that was not asked for")
    return words.visits[job]
