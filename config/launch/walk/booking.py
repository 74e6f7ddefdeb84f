"""The walk, second part: slots, a session ahead, its messages, changes, a consultation."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from config.launch.walk import figures
from config.launch.walk.figures import at_local, now, said, shift
from config.launch.walk.ground import Failed, Walk, holds, instant, same, say

THERAPY = "mood-40"
APPOINTMENTS = "/api/v1/appointments/"
FIRST_DAY, DAYS = 2, 14
# Far enough ahead that no message is late; see `figures.notices`.
AHEAD = timedelta(hours=97)


def slots_are_offered(walk: Walk) -> None:
    """Slots of the coming days lie within service hours and tell the right times."""
    therapies = {row["slug"]: row for row in walk.get("/api/v1/therapies/")}
    same(therapies[THERAPY]["minutes"], figures.MINUTES, f"the minutes of {THERAPY}")
    found = _slots(walk, THERAPY)
    zone = ZoneInfo(found["time_zone"])
    for slot in found["slots"]:
        _check_times(slot, zone)
        start = instant(slot["starts_at"])
        holds(figures.in_service_hours(start, zone), f"outside 08:00-20:00: {said(start, zone)}")
        holds(figures.on_quarter_hour(start, zone), f"off the quarter hour: {said(start, zone)}")
    starts = [instant(slot["starts_at"]) for slot in found["slots"]]
    same(starts, sorted(set(starts)), "slots in order, none twice")
    days = {start.astimezone(zone).date() for start in starts}
    holds(starts, f"no slot from day {FIRST_DAY} on for {DAYS} days")
    say(f"{len(starts)} slots on {len(days)} days, all within 08:00-20:00 {zone.key}")
    say(f"first {said(starts[0], zone)}, last {said(starts[-1], zone)}")
    walk.slots = found["slots"]


def _slots(walk: Walk, therapy: str) -> dict[str, Any]:
    today = now().astimezone(ZoneInfo("America/Chicago")).date()
    first, last = today + timedelta(days=FIRST_DAY), today + timedelta(days=FIRST_DAY + DAYS - 1)
    query = f"?therapy={therapy}&from={first}&to={last}"
    found: dict[str, Any] = walk.get(f"/api/v1/slots/{query}", token=walk.patient)
    return found


def _check_times(promise: Mapping[str, Any], zone: ZoneInfo) -> None:
    """Fail unless a slot or a visit tells the times that follow from its start."""
    start = instant(promise["starts_at"])
    for name, expected in figures.around(start, zone).items():
        told = instant(promise[name])
        what = f"{name} of the start {said(start, zone)}"
        holds(told == expected, f"{what}: expected {said(expected, zone)}, got {said(told, zone)}")


def a_session_is_booked(walk: Walk) -> None:
    """A session is booked once, though it was asked for twice."""
    left = _sessions_left(walk)
    start = _wanted(walk, between=(time(10), time(12, 30)))
    body = {"therapy": THERAPY, "starts_at": start}
    before = now()
    first, second = (
        walk.ask(
            "POST", APPOINTMENTS, token=walk.patient, body=body, expect=201, key=f"walk-{walk.run}"
        )
        for _ in range(2)
    )
    walk.asked = before, now()
    same(second, first, "the answer to the same request sent again")
    zone = ZoneInfo(first["time_zone"])
    _check_times(first, zone)
    walk.visit = first
    say(f"{first['id']} {first['status']}, version {first['version']}, twice the same answer")
    say(f"nurse {first['nurse']['first_name']}, starts {said(instant(first['starts_at']), zone)}")
    for name in ("ends_at", "heavy_meal_until", "fast_from", "liquids_until", "drive_after"):
        say(f"{name:<17} {said(instant(first[name]), zone)}")
    same(_sessions_left(walk), left - 1, "sessions left on the order")
    say(f"sessions left: {left}, now {left - 1}")
    _show_refused_times(walk, start=instant(start), zone=zone)


def _sessions_left(walk: Walk) -> int:
    orders = walk.get("/api/v1/orders/", token=walk.patient)
    same([order["therapy"] for order in orders], [THERAPY], "the orders of this patient")
    return int(orders[0]["sessions_left"])


def _wanted(walk: Walk, *, between: tuple[time, time], other_than: datetime | None = None) -> str:
    """Return the first start far enough ahead, at such an hour if there is one."""
    far = [slot["starts_at"] for slot in walk.slots if _is_far(slot, other_than)]
    holds(far, f"no slot is more than {AHEAD} ahead")
    # Slots carry the offset of the service address, so this is the local hour.
    nice = [start for start in far if between[0] <= instant(start).time() <= between[1]]
    return str((nice or far)[0])


def _is_far(slot: Mapping[str, Any], other_than: datetime | None) -> bool:
    start = instant(slot["starts_at"])
    elsewhere = other_than is None or abs(start - other_than) > timedelta(hours=24)
    return start - now() > AHEAD and elsewhere


def _show_refused_times(walk: Walk, *, start: datetime, zone: ZoneInfo) -> None:
    """At night, and on a day that has a session already."""
    day = start.astimezone(zone).date()
    night = at_local(day + timedelta(days=5), time(21), zone)
    # On the same day, but not at the same time.
    other_hour = shift(start, hours=4)
    if not figures.in_service_hours(other_hour, zone):
        other_hour = shift(start, hours=-4)
    for wish, code in ((night, "too_late_at_night"), (other_hour, "interval_too_short")):
        body = {"therapy": THERAPY, "starts_at": wish.isoformat()}
        refusal = walk.refused(APPOINTMENTS, token=walk.patient, body=body, codes=[code])
        say(f"{said(wish, zone)}, {refusal}")


def its_messages_are_planned(walk: Walk) -> None:
    """Every message of the session is planned for the right instant."""
    _check_notices(walk)
    _check_calendar(walk)


def _check_notices(walk: Walk) -> None:
    path = f"{APPOINTMENTS}{walk.visit['id']}/notices/"
    rows = walk.get(path, token=walk.patient)
    zone, version = ZoneInfo(walk.visit["time_zone"]), walk.visit["version"]
    current = [row for row in rows if row["version"] == version]
    for row in sorted(current, key=lambda row: instant(row["send_from"])):
        when = said(instant(row["send_from"]), zone)
        say(
            f"{row['class']} {row['kind']:<23} {row['channel']:<6}"
            f" to {row['recipient']:<8} {row['status']:<8} {when}"
        )
    if walk.asked is None:
        raise Failed("nothing was booked")
    start = instant(walk.visit["starts_at"])
    # The commit lies within the request.
    soonest, latest = (
        {row.name: row for row in figures.notices(start=start, told_at=told_at, zone=zone)}
        for told_at in walk.asked
    )
    for name, row in soonest.items():
        _check_notice(row, latest[name], current, zone=zone)
    _check_folded(current, start=start, zone=zone)


def _check_notice(
    soonest: figures.Expected,
    latest: figures.Expected,
    rows: list[dict[str, Any]],
    *,
    zone: ZoneInfo,
) -> None:
    """Fail unless exactly one row is as expected, its instants between the two given."""
    kind, recipient, channel = soonest.name
    # Where the old times had gone out already, the first word is that they changed.
    kinds = ("booked", "changed") if kind == "booked" else (kind,)
    found = [
        row
        for row in rows
        if row["kind"] in kinds and (row["recipient"], row["channel"]) == (recipient, channel)
    ]
    what = f"{kind} by {channel} to {recipient}"
    same(len(found), 1, f"how often {what} is planned")
    for name in ("ideal_at", "send_from", "not_after"):
        told, low, high = instant(found[0][name]), getattr(soonest, name), getattr(latest, name)
        wrong = f"{name} of {what}: expected {said(high, zone)}, got {said(told, zone)}"
        holds(low <= told <= high, wrong)
    if found[0]["kind"] == kind:
        same(found[0]["class"], soonest.notice_class, f"the class of {what}")


def _check_folded(rows: list[dict[str, Any]], *, start: datetime, zone: ZoneInfo) -> None:
    """Before seven in the morning nothing is texted: the evening before says it."""
    hour = shift(start, hours=-3).astimezone(zone).time()
    if hour < figures.QUIET_UNTIL_THAT_DAY:
        same([row["kind"] for row in rows if row["kind"] == "today"], [], "a text before 7 AM")
        say("(`today` would come before 7 AM: the evening before says it)")


def _check_calendar(walk: Walk) -> None:
    path = f"{APPOINTMENTS}{walk.visit['id']}/calendar.ics"
    text = str(walk.get(path, token=walk.patient)).replace("\r\n ", "")
    lines = text.splitlines()
    same((lines[0], lines[-1]), ("BEGIN:VCALENDAR", "END:VCALENDAR"), "the calendar's frame")
    zone = ZoneInfo(walk.visit["time_zone"])
    for name, field in (("DTSTART", "starts_at"), ("DTEND", "ends_at")):
        read, right = _calendar_instant(lines, name), instant(walk.visit[field])
        holds(read == right, f"{name}: expected {said(right, zone)}, got {said(read, zone)}")
    title = next(line for line in lines if line.startswith("SUMMARY"))
    starts = next(line for line in lines if line.startswith("DTSTART"))
    say(f"calendar.ics: {title}, {starts}")


def _calendar_instant(lines: list[str], name: str) -> datetime:
    pattern = rf"{name}(?:;TZID=\"?([^:;\"]+)\"?|;VALUE=DATE-TIME)*:(\d{{8}}T\d{{6}})(Z?)"
    for line in lines:
        found = re.fullmatch(pattern, line)
        if found and (found[1] or found[3]):
            zone = UTC if found[3] else ZoneInfo(found[1])
            return datetime.strptime(found[2], "%Y%m%dT%H%M%S").replace(tzinfo=zone)
    raise Failed(f"the calendar has no {name} with a time and a zone")


def it_is_nobody_elses(walk: Walk) -> None:
    """Another patient does not find it, and nobody sees it without signing in."""
    path = f"{APPOINTMENTS}{walk.visit['id']}/"
    walk.ask("GET", path, token=walk.sign_in("patient@example.com"), expect=404)
    walk.ask("GET", path, expect=401)
    say("patient@example.com gets 404, without a token 401")


def it_is_rescheduled(walk: Walk) -> None:
    """The session is moved: same id, next version, and the old messages are replaced."""
    old = walk.visit
    early = (time(8), time(9, 45))
    start = _wanted(walk, between=early, other_than=instant(old["starts_at"]))
    before = now()
    path = f"{APPOINTMENTS}{old['id']}/reschedule/"
    moved = walk.ask("POST", path, token=walk.patient, body={"starts_at": start})
    walk.asked = before, now()
    zone = ZoneInfo(moved["time_zone"])
    same((moved["id"], moved["version"]), (old["id"], old["version"] + 1), "id and version")
    same(instant(moved["starts_at"]), instant(start), "the new start")
    _check_times(moved, zone)
    walk.visit = moved
    say(f"{said(instant(old['starts_at']), zone)} -> {said(instant(start), zone)}")
    rows = walk.get(f"{APPOINTMENTS}{old['id']}/notices/", token=walk.patient)
    outdated = [row for row in rows if row["version"] == old["version"]]
    alive = [row["kind"] for row in outdated if row["status"] not in ("superseded", "sent")]
    same(alive, [], "messages of the old version that still stand")
    say(f"{len(outdated)} messages of version {old['version']} superseded; now:")
    _check_notices(walk)
    _check_calendar(walk)


def a_consultation_comes_and_goes(walk: Walk) -> None:
    """A free consultation is booked and cancelled."""
    found = _slots(walk, "consultation")
    holds(found["slots"], "no consultation is offered")
    body = {"therapy": "consultation", "starts_at": found["slots"][0]["starts_at"]}
    booked = walk.ask("POST", APPOINTMENTS, token=walk.patient, body=body, expect=201)
    zone = ZoneInfo(booked["time_zone"])
    say(f"{said(instant(booked['starts_at']), zone)} with {booked['nurse']['first_name']}")
    fasting = [booked[name] for name in ("heavy_meal_until", "fast_from", "drive_after")]
    same(fasting, [None, None, None], "fasting and driving of a consultation")
    path = f"{APPOINTMENTS}{booked['id']}/cancel/"
    answers = [walk.ask("POST", path, token=walk.patient, body={}) for _ in range(2)]
    same([answer["status"] for answer in answers], ["cancelled"] * 2, "the status, twice asked")
    say("cancelled; cancelled again, nothing changed")


def it_is_given_up(walk: Walk) -> None:
    """The session is cancelled: its order gets it back, and nothing more is said of preparation."""
    left = _sessions_left(walk)
    path = f"{APPOINTMENTS}{walk.visit['id']}/"
    body = {"reason": "The walk leaves nothing booked behind."}
    answer = walk.ask("POST", f"{path}cancel/", token=walk.patient, body=body)
    same(answer["status"], "cancelled", "the status")
    same(_sessions_left(walk), left + 1, "sessions left on the order")
    rows = walk.get(f"{path}notices/", token=walk.patient)
    waiting = [row["kind"] for row in rows if row["status"] == "pending"]
    same([kind for kind in waiting if kind != "changed"], [], "messages that still wait")
    say(f"cancelled; sessions left: {left}, now {left + 1}; of {len(rows)} messages none waits")
