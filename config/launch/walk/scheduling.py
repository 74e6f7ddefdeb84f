"""The walk, third part: a course, all or none, and a day given to nurses."""

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from config.launch.walk.booking import APPOINTMENTS, THERAPY
from config.launch.walk.figures import now, said
from config.launch.walk.ground import Walk, holds, instant, listed, same, say

COURSES = "/api/v1/courses/"
FIRST_DAY = 3
SECONDS, SEED = 5, 1


def a_course_is_booked(walk: Walk) -> None:
    """A course that fits is suggested, refused with an impossible start, and booked whole."""
    first = now().astimezone(ZoneInfo("America/Chicago")).date() + timedelta(days=FIRST_DAY)
    path = f"{COURSES}suggest/?therapy={THERAPY}&from={first}"
    found = walk.get(path, token=walk.patient)
    starts = [slot["starts_at"] for slot in found["slots"]]
    same(len(starts), found["visits"], "slots of the course")
    say(found["summary"])
    body = {"therapy": THERAPY, "starts": [*starts[:-1], starts[0]]}
    refusal = walk.ask("POST", COURSES, token=walk.patient, body=body, expect=409)
    places = {error["attr"] for error in refusal["errors"]}
    holds(f"starts.{len(starts) - 1}" in places, f"the start twice asked for, among {places}")
    same(_booked(walk), [], "visits of a course that was refused")
    body = {"therapy": THERAPY, "starts": starts}
    course = walk.ask("POST", COURSES, token=walk.patient, body=body, expect=201)
    walk.course = course["appointments"]
    zone = ZoneInfo(found["time_zone"])
    same([row["starts_at"] for row in walk.course], starts, "the starts of the course")
    for row in walk.course:
        say(f"{said(instant(row['starts_at']), zone)} with {row['nurse']['first_name']}")


def a_day_is_planned(walk: Walk) -> None:
    """The dispatcher has the first day of it planned, and nothing is changed by that."""
    visit = walk.course[0]
    day = instant(visit["starts_at"]).astimezone(ZoneInfo(visit["time_zone"])).date()
    path, token = f"/api/v1/dispatch/{day}/", walk.sign_in("dispatcher@example.com")
    version = _seen(walk, visit["id"])
    body = {"seconds": SECONDS, "seed": SEED}
    plan = walk.ask("POST", f"{path}plan/", token=token, body=body)
    shown = ("km_before", "km_after", "lower_bound_km", "gap_percent", "proven", "seconds")
    say(f"{day}: {listed({name: plan[name] for name in shown})}; moves {len(plan['moves'])}")
    holds(plan["gap_percent"] >= 0, "a gap below nothing")
    holds(plan["lower_bound_km"] <= plan["km_after"] + 0.001, "a bound above what is driven")
    routes = walk.get(path, token=token)["routes"]
    on_the_way = [stop["appointment"] for route in routes for stop in route["stops"]]
    holds(visit["id"] in on_the_way, "the visit is on nobody's route")
    same(_seen(walk, visit["id"]), version, "the promise to the patient")
    walk.ask("POST", f"{path}plan/", token=walk.patient, body=body, expect=403)
    say("a patient who asks for a plan gets 403")


def the_course_is_given_up(walk: Walk) -> None:
    """Each visit of the course is cancelled, and nothing stays booked."""
    for row in walk.course:
        walk.ask("POST", f"{APPOINTMENTS}{row['id']}/cancel/", token=walk.patient, body={})
    same(_booked(walk), [], "visits that still stand")
    say(f"{len(walk.course)} visits cancelled")


def _seen(walk: Walk, appointment: str) -> tuple[int, str]:
    row = walk.get(f"{APPOINTMENTS}{appointment}/", token=walk.patient)
    return row["version"], row["starts_at"]


def _booked(walk: Walk) -> list[Any]:
    rows = walk.get(APPOINTMENTS, token=walk.patient)
    return [row["starts_at"] for row in rows if row["status"] == "booked"]
