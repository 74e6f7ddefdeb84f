"""Days to dispatch as JSON, for comparing solvers; the format is in tests/data/instances."""

import json
from collections.abc import Mapping
from typing import Any

from scheduling.routing.values import Day, NurseDay, Plan, Visit
from scheduling.travel import EARTH_RADIUS_KM, Haversine, Place

HUGE = 1e9


class NotAnInstance(ValueError):
    """A text that is no day to dispatch; the message says why in one line."""


def read(text: str) -> tuple[str, Day]:
    """Return an instance's name and day.

    Raises
    ------
    NotAnInstance
        If the text is none.
    ValueError
        If its parts do not fit together.
    """
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise NotAnInstance(f"not JSON: {error}") from None
    nurses = _list(data, "nurses")
    visits = _list(data, "visits")
    places = [_place(one) for one in (*nurses, *visits)]
    can = [_skills(one) for one in nurses]
    team = tuple(_nurse(one, place) for one, place in zip(nurses, places, strict=False))
    asked = []
    for one, place in zip(visits, places[len(nurses) :], strict=True):
        skill = _text(one, "skill")
        may = frozenset(nurse.id for nurse, has in zip(team, can, strict=True) if skill in has)
        minutes = _whole(one, "minutes")
        asked.append(Visit(_text(one, "id"), place, _whole(one, "start"), minutes, may))
    name = _text(data, "name")
    slack = _whole(data, "slack_minutes") if "slack_minutes" in data else 0
    return name, Day(team, tuple(asked), _travel(data).matrix(places), slack_minutes=slack)


def answer(name: str, plan: Plan) -> dict[str, object]:
    """Return a plan as the format wants it."""
    return {
        "instance": name,
        "routes": {nurse: list(route) for nurse, route in plan.routes.items()},
        "unassigned": list(plan.unassigned),
        "km": plan.metres / 1000,
        "lower_bound_km": plan.lower_bound_metres / 1000,
        "gap_percent": round(plan.gap_percent, 6),
        "proven": plan.proven,
        "seconds": round(plan.seconds, 3),
        "seed": plan.seed,
    }


def _travel(data: Mapping[str, Any]) -> Haversine:
    travel = data.get("travel")
    if not isinstance(travel, dict):
        raise NotAnInstance("travel is not an object")
    radius, detour, speed = (
        _number(travel, key) for key in ("earth_radius_km", "detour", "km_per_hour")
    )
    if min(radius, detour, speed) <= 0:
        raise NotAnInstance("travel has a figure that is not above zero")
    return Haversine(detour * (radius / EARTH_RADIUS_KM), speed)


def _nurse(one: Mapping[str, Any], place: Place) -> NurseDay:
    start, end = _whole(one, "shift_start"), _whole(one, "shift_end")
    if end <= start:
        raise NotAnInstance(f"nurse {_text(one, 'id')} has a shift that ends before it starts")
    return NurseDay(_text(one, "id"), place, ((start, end),))


def _place(one: Mapping[str, Any]) -> Place:
    return Place(_number(one, "latitude"), _number(one, "longitude"))


def _skills(one: Mapping[str, Any]) -> frozenset[str]:
    skills = one.get("skills")
    if not isinstance(skills, list) or not all(isinstance(skill, str) for skill in skills):
        raise NotAnInstance(f"skills of {_text(one, 'id')} is not a list of texts")
    return frozenset(skills)


def _list(data: object, key: str) -> list[Mapping[str, Any]]:
    if not isinstance(data, dict):
        raise NotAnInstance("not a JSON object")
    values = data.get(key)
    if not isinstance(values, list) or not all(isinstance(value, dict) for value in values):
        raise NotAnInstance(f"{key} is not a list of objects")
    return values


def _text(data: Mapping[str, Any], key: str) -> str:
    value = data.get(key)
    if not isinstance(value, str):
        raise NotAnInstance(f"{key} is not a text: {value!r:.50}")
    return value


def _number(data: Mapping[str, Any], key: str) -> float:
    value: Any = data.get(key)
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not -HUGE < value < HUGE:
        raise NotAnInstance(f"{key} is not a number: {value!r:.50}")
    return float(value)


def _whole(data: Mapping[str, Any], key: str) -> int:
    value = _number(data, key)
    if value != int(value) or abs(value) > 1e6:
        raise NotAnInstance(f"{key} is not a whole number of minutes: {value!r:.50}")
    return int(value)
