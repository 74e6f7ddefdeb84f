"""A day to dispatch as the instances describe it, and the one checker of every answer.

Standard library only: the rivals read a day in environments that have nothing of the product.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

UNASSIGNED_METRES = 1_000_000
Routes = Mapping[str, Sequence[str]]


class Wrong(Exception):
    """An answer that cannot be driven, or that gives a visit twice; the message says where."""


@dataclass(frozen=True)
class Nurse:
    """Who drives: she leaves home at or after `starts` and is back by `ends`, in minutes."""

    id: str
    place: tuple[float, float]
    starts: int
    ends: int
    skills: frozenset[str]


@dataclass(frozen=True)
class Visit:
    """What is asked for, in minutes."""

    id: str
    place: tuple[float, float]
    start: int
    minutes: int
    skill: str


@dataclass(frozen=True)
class Day:
    """An instance. In its tables the nurses' homes come first, then the visits, in order."""

    name: str
    slack: int
    earth_km: float
    detour: float
    km_per_hour: float
    nurses: tuple[Nurse, ...]
    visits: tuple[Visit, ...]

    @property
    def places(self) -> list[tuple[float, float]]:
        """Latitudes and longitudes: homes, then visits."""
        return [nurse.place for nurse in self.nurses] + [visit.place for visit in self.visits]

    @cached_property
    def metres(self) -> list[list[int]]:
        """Road metres from each place to each other."""
        places = self.places
        return [[self._metres(a, b) for b in places] for a in places]

    @cached_property
    def minutes(self) -> list[list[int]]:
        """Whole minutes of driving from each place to each other."""
        per_km = 60 / self.km_per_hour
        return [[math.ceil(m / 1000 * per_km - 1e-9) for m in row] for row in self.metres]

    def able(self, visit: Visit) -> list[int]:
        """Numbers of the nurses with the skill."""
        return [n for n, nurse in enumerate(self.nurses) if visit.skill in nurse.skills]

    def _metres(self, a: tuple[float, float], b: tuple[float, float]) -> int:
        lat1, lon1, lat2, lon2 = (math.radians(degrees) for degrees in (*a, *b))
        half = (
            math.sin((lat2 - lat1) / 2) ** 2
            + math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
        )
        return round(1000 * self.detour * self.earth_km * 2 * math.asin(math.sqrt(min(half, 1.0))))


def read(path: Path) -> Day:
    """Read an instance."""
    return from_json(json.loads(path.read_text()))


def from_json(given: Mapping[str, Any]) -> Day:
    """Understand an instance."""
    travel = given["travel"]
    return Day(
        name=given["name"],
        slack=given["slack_minutes"],
        earth_km=travel["earth_radius_km"],
        detour=travel["detour"],
        km_per_hour=travel["km_per_hour"],
        nurses=tuple(
            Nurse(
                n["id"],
                (n["latitude"], n["longitude"]),
                n["shift_start"],
                n["shift_end"],
                frozenset(n["skills"]),
            )
            for n in given["nurses"]
        ),
        visits=tuple(
            Visit(v["id"], (v["latitude"], v["longitude"]), v["start"], v["minutes"], v["skill"])
            for v in given["visits"]
        ),
    )


@dataclass(frozen=True, order=True)
class Judged:
    """What an answer is worth; the smaller the better."""

    unassigned: int
    metres: int


def judge(day: Day, routes: Routes) -> Judged:
    """Drive every route and add up.

    Raises
    ------
    Wrong
        If a nurse or visit is unknown, a visit is given twice or to one without the skill, or a
        route cannot be driven in time.
    """
    numbers = {visit.id: n for n, visit in enumerate(day.visits)}
    nurses = {nurse.id: n for n, nurse in enumerate(day.nurses)}
    given = [visit for route in routes.values() for visit in route]
    unknown = [one for one in (*routes, *given) if one not in numbers and one not in nurses]
    if unknown or len(set(given)) != len(given):
        raise Wrong(f"unknown, or given twice: {unknown or given}")
    metres = sum(
        _driven(day, nurses[nurse], [numbers[visit] for visit in route])
        for nurse, route in routes.items()
    )
    return Judged(unassigned=len(day.visits) - len(given), metres=metres)


def _driven(day: Day, number: int, route: Sequence[int]) -> int:
    if not route:
        return 0
    nurse, here, at, metres = day.nurses[number], number, day.nurses[number].starts, 0
    for visit in (day.visits[n] for n in route):
        there = len(day.nurses) + day.visits.index(visit)
        arrives = at + day.minutes[here][there]
        begins = max(arrives, visit.start - day.slack)
        if begins > visit.start + day.slack or visit.skill not in nurse.skills:
            raise Wrong(f"{nurse.id} cannot be at {visit.id}")
        metres += day.metres[here][there]
        here, at = there, begins + visit.minutes
    if at + day.minutes[here][number] > nurse.ends:
        raise Wrong(f"{nurse.id} is not home in time")
    return metres + day.metres[here][number]


def say(routes: Routes) -> None:
    """Print an answer as the bench reads it."""
    print(json.dumps({"routes": routes}))
