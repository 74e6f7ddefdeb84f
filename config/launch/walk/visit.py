"""The walk, fourth part: the nurse's visit, told as it happened, and the warning after it."""

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from config.launch.walk import figures, outbox
from config.launch.walk.figures import now, said, shift
from config.launch.walk.ground import Failed, Walk, holds, instant, listed, same, say, say_text

NURSE, WITNESS = "nurse@example.com", "nurse2@example.com"
ZONE = ZoneInfo("America/Chicago")
DAYS_BACK = 400
# Minutes after the start. The promise: 30 to prepare, 40 of infusion, 120 of observation.
INFUSION, END, DISCHARGE = 30, 70, 190
WELL = {"systolic": 122, "diastolic": 78, "heart_rate": 68, "spo2": 98, "respiratory_rate": 14}
DOSE = {"lot": "WALK-0417", "drawn_mg": 50, "given_mg": 40, "wasted_mg": 10, "returned_mg": 0}
# What no message may say: the drug, the diagnosis, the therapy (domain.md, section 4).
UNSPOKEN = (
    r"ketamine|infusions?|intravenous|IV|dose|mg|depressi\w+|pain|CRPS|anxiety|PTSD|OCD|bipolar"
    r"|mood|therap\w+|treatment|diagnos\w+|consultation"
)


def the_nurse_opens_her_route(walk: Walk) -> None:
    """The nurse signs in and opens the route of the visit that has passed."""
    walk.nurse = walk.sign_in(NURSE)
    route, stop = _passed_visit(walk)
    walk.replayed = stop
    say(f"{route['date']}, {route['status']}; {listed(route['totals'])}")
    for row in route["stops"]:
        local = ZoneInfo(row.get("time_zone", ZONE.key))
        leave, starts, ends = (
            said(instant(row[name]), local) for name in ("leave_at", "starts_at", "ends_at")
        )
        say(f"{row['sequence']}. {row['patient']['first_name']}, {row['address']}")
        say(f"   leave {leave}; {row['travel_km']} km, {row['travel_minutes']} min")
        say(f"   {starts} until {ends}: {row['status']}")
    same(len(route["stops"]), route["totals"]["visits"], "stops, as the totals count them")
    say(f"the visit to record: {stop['appointment']}")


def _passed_visit(walk: Walk) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the latest day and stop that is over and still `booked`."""
    today = now().astimezone(ZONE).date()
    for back in range(DAYS_BACK):
        day = today - timedelta(days=back)
        route = walk.get(f"/api/v1/route/?date={day}", token=walk.nurse)
        over = [
            stop
            for stop in route["stops"]
            if stop["status"] == "booked" and instant(stop["ends_at"]) <= now()
        ]
        if over:
            return route, max(over, key=lambda stop: instant(stop["starts_at"]))
    raise Failed(f"{NURSE} has no past visit still `booked` in the last {DAYS_BACK} days")


def the_rules_refuse_a_hasty_start(walk: Walk) -> None:
    """She sets off and arrives; before the checks no infusion may start."""
    stop = walk.replayed
    _tell(walk, "events", instant(stop["leave_at"]), event="depart")
    place = {name: stop[name] for name in ("latitude", "longitude")}
    _tell(walk, "events", _at(walk, 0), event="arrive", **place)
    body = {"event": "start_infusion", "at": _at(walk, 2).isoformat(), "client_id": _id(walk)}
    codes = [
        "identity_unchecked",
        "escort_absent",
        "fasted_too_short",
        "drank_too_recently",
        "weight_missing",
        "vitals_missing",
    ]
    refusal = walk.refused(_path(walk, "events"), token=walk.nurse, body=body, codes=codes)
    say(f"start_infusion before the checks, {refusal}")


def the_infusion_is_given(walk: Walk) -> None:
    """She checks, starts, records the dose with its waste, and ends the infusion."""
    checks: tuple[tuple[int, str, object], ...] = (
        (5, "identity", True),
        (6, "escort_present", True),
        (7, "last_food", _local(walk, hours=-9)),
        (8, "last_drink", _local(walk, hours=-3)),
        (9, "weight", _ordered(walk)["weight_kg"]),
    )
    for minute, kind, value in checks:
        _tell(walk, "checks", _at(walk, minute), kind=kind, value=value)
    _tell(walk, "observations", _at(walk, 15), **WELL)
    started = _tell(walk, "events", _at(walk, INFUSION), event="start_infusion")
    same(started["status"], "infusing", "the status after the start")
    _show_replay(walk, started)
    _record_dose(walk)
    for minute in (45, 60):
        _tell(walk, "observations", _at(walk, minute), **WELL)
    ended = _tell(walk, "events", _at(walk, END), event="end_infusion")
    same(ended["status"], "observing", "the status after the end")


def _local(walk: Walk, *, hours: float) -> str:
    """Return so many hours after the start, as the nurse's phone writes it."""
    return shift(_at(walk, 0), hours=hours).astimezone(_zone(walk)).isoformat()


def _ordered(walk: Walk) -> dict[str, Any]:
    order: dict[str, Any] = walk.get(_path(walk), token=walk.nurse)["order"]
    figures_of_order = {name: order[name] for name in ("dose_mg", "rate_mg_per_hour", "weight_kg")}
    say(f"the order says: {listed(figures_of_order)}")
    return order


def _show_replay(walk: Walk, row: dict[str, Any]) -> None:
    """The same event sent again is the same row."""
    body = {"event": row["event"], "at": row["at"], "client_id": row["client_id"]}
    again = walk.ask("POST", _path(walk, "events"), token=walk.nurse, body=body, expect=200)
    same(again, row, "the answer to an event sent again")
    say(f"{row['event']} sent again: 200, unchanged")


def _record_dose(walk: Walk) -> None:
    at = _at(walk, INFUSION + 1)
    body = {**DOSE, "wasted_mg": 5, "at": at.isoformat(), "client_id": _id(walk)}
    refusal = walk.refused(
        _path(walk, "doses"), token=walk.nurse, body=body, codes=["unbalanced"], status=400
    )
    say(f"dose with 5 mg unaccounted for, {refusal}")
    told = _tell(walk, "doses", at, **DOSE, witness=WITNESS)
    same(told["witness"], WITNESS, "who saw the waste")


def the_patient_is_discharged(walk: Walk) -> None:
    """Discharge is refused while anything is missing, then allowed."""
    _observe(walk, ((85, 7), (100, 8)))
    body = {"event": "discharge", "at": _at(walk, 105).isoformat(), "client_id": _id(walk)}
    codes = [
        "observation_too_short",
        "scores_too_low",
        "escort_absent",
        "warning_unacknowledged",
    ]
    refusal = walk.refused(_path(walk, "events"), token=walk.nurse, body=body, codes=codes)
    say(f"discharge after 35 minutes, {refusal}")
    late = _minutes_late(walk)
    _observe(walk, ((115, 8), (130, 8), (145, 9), (160, 9), (175 + late, 10)))
    _tell(walk, "checks", _at(walk, 180 + late), kind="escort_present", value=True)
    _tell(walk, "checks", _at(walk, 185 + late), kind="warning_acknowledged", value=True)
    walk.discharge_sent = now()
    row = _tell(walk, "events", _at(walk, DISCHARGE + late), event="discharge")
    walk.discharged_at = _at(walk, DISCHARGE + late)
    same(row["status"], "discharged", "the status after the discharge")


def _minutes_late(walk: Walk) -> int:
    """Return by how much the discharge is told later than planned: 0 but for an old visit.

    The warning is of use until 24 h after the observation, and rightly not sent afterwards. Where
    her only visit to record lies further back, the stay is told so long that half an hour is left.
    """
    useful_from = shift(now(), hours=-24, minutes=30)
    late = max(0, int((useful_from - _at(walk, DISCHARGE)) / timedelta(minutes=1)) + 1)
    if late:
        say(
            f"(this visit is so old that its warning has lapsed or is about to: to see one sent,"
            f" the discharge is told {late // 60} h {late % 60} min later than planned)"
        )
    return late


def _observe(walk: Walk, scores: tuple[tuple[int, int], ...]) -> None:
    for minute, score in scores:
        _tell(walk, "observations", _at(walk, minute), **WELL, discharge_score=score)


def the_record_is_whole(walk: Walk) -> None:
    """The record holds the visit as it was told, and who was where when."""
    record = walk.get(_path(walk), token=walk.nurse)
    say(*(f"{name:<16} {value}" for name, value in record["evv"].items()))
    counted = {
        name: len(record[name])
        for name in ("events", "checks", "observations", "doses", "adverse_events")
    }
    say(listed(counted))
    expected = {"events": 5, "checks": 7, "observations": 10, "doses": 1, "adverse_events": 0}
    same(counted, expected, "how much the record holds")
    told = [event["event"] for event in record["events"]]
    spine = ["depart", "arrive", "start_infusion", "end_infusion", "discharge"]
    same(told, spine, "the events in their order")
    same([event["deviations"] for event in record["events"]], [[]] * 5, "deviations")
    zone, until = ZoneInfo(record["time_zone"]), instant(record["drive_after"])
    right = figures.drive_after(_discharged(walk), zone)
    holds(until == right, f"drive_after: expected {said(right, zone)}, got {said(until, zone)}")
    say(f"no driving before {said(until, zone)}")


def the_warning_is_sent(walk: Walk) -> None:
    """The discharge sends the warning about driving, and it says no more than it must."""
    record = walk.get(_path(walk), token=walk.nurse)
    zone = ZoneInfo(record["time_zone"])
    until = said(figures.drive_after(_discharged(walk), zone), zone)
    if walk.discharge_sent is None:
        raise Failed("nobody was discharged")
    say(f"waiting for an e-mail that says {until!r}")
    letter = outbox.wait_for(
        walk.outbox, since=walk.discharge_sent, is_it=lambda sent: _warns(sent, until)
    )
    if letter is None:
        raise Failed(f"no e-mail written after the discharge says {until!r} within 60 s")
    seconds = (letter.written_at - walk.discharge_sent).total_seconds()
    say(f"written {seconds:.1f} s after the discharge")
    say_text(letter.text)
    spoken = list(_spoken(letter.text, record))
    same(spoken, [], "words that a message must not hold")


def _warns(letter: outbox.Letter, until: str) -> bool:
    said_so = f"until {until}" in letter.text or f"before {until}" in letter.text
    return said_so and "driv" in letter.text.lower()


def _spoken(text: str, record: dict[str, Any]) -> Iterator[str]:
    """Yield every word of the message that tells what the visit is, or where."""
    yield from (found.group() for found in re.finditer(rf"\b(?:{UNSPOKEN})\b", text, re.IGNORECASE))
    places = [record[name] for name in ("line1", "line2", "city", "postal_code", "therapy")]
    yield from (place for place in places if place and place in text)


def the_dispatcher_sees_the_day(walk: Walk) -> None:
    """The dispatcher sees the day, with the visit discharged."""
    day: date = instant(walk.replayed["starts_at"]).astimezone(_zone(walk)).date()
    seen = walk.get(f"/api/v1/dispatch/{day}/", token=walk.sign_in("dispatcher@example.com"))
    for route in seen["routes"]:
        say(f"{route['nurse']['first_name']:<8} {route['status']:<10} {listed(route['totals'])}")
    say(f"unassigned {len(seen['unassigned'])}; in all {listed(seen['totals'])}")
    stops = [stop for route in seen["routes"] for stop in route["stops"]]
    same(len(stops), seen["totals"]["visits"], "stops, as the day's totals count them")
    mine = [s["status"] for s in stops if s["appointment"] == walk.replayed["appointment"]]
    same(mine, ["discharged"], "the visit on the dispatcher's day")


def _tell(walk: Walk, what: str, at: datetime, **facts: object) -> dict[str, Any]:
    """Record one thing at the time it happened."""
    body = {**facts, "at": at.isoformat(), "client_id": _id(walk)}
    path = _path(walk, what)
    row: dict[str, Any] = walk.ask("POST", path, token=walk.nurse, body=body, expect=201)
    same(instant(row["at"]), at, f"the time of {what}")
    shown = {name: value for name, value in facts.items() if name != "event"}
    step = facts.get("event", what[:-1])
    say(f"{said(at, _zone(walk))}: {step}{': ' if shown else ''}{listed(shown)}")
    return row


def _zone(walk: Walk) -> ZoneInfo:
    return ZoneInfo(walk.replayed.get("time_zone", ZONE.key))


def _path(walk: Walk, what: str = "") -> str:
    visit = f"/api/v1/visits/{walk.replayed['appointment']}/"
    return f"{visit}{what}/" if what else visit


def _id(walk: Walk) -> str:
    walk.told += 1
    return f"walk-{walk.run}-{walk.told}"


def _at(walk: Walk, minutes: float) -> datetime:
    return shift(instant(walk.replayed["starts_at"]), minutes=minutes)


def _discharged(walk: Walk) -> datetime:
    if walk.discharged_at is None:
        raise Failed("nobody was discharged")
    return walk.discharged_at
