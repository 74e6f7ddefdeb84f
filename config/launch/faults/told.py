"""What people are told in the end, and when: judged by what was received, and by other figures.

What is expected comes from tables made by hand (`vectors`) and from `walk.figures`, which shares no
code with what is tested.
"""

import re
from collections import Counter, defaultdict
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from config.launch.bench import notices
from config.launch.faults.sinks import Delivery
from config.launch.faults.stage import Stage
from config.launch.faults.vectors import VECTORS, Vector
from config.launch.walk import figures

KINDS = ["driving_warning"]
UNTIL = re.compile(r"until (\w{3} \d+ \w{3}, \d+:\d\d [AP]M [A-Z]+)")
A_MINUTE = 60.0
CLOSE = 0.25  # seconds
MOST = 0.9  # of the changes have to meet a message in hand, or they race nothing
# Told without end of a visit, or of none: these have figures of their own, days and weeks later.
NOT_JUDGED = ("coming_days", "maintenance", "no_discharge", "adverse_event")


# -- 9: days when clocks change ------------------------------------------------------------------


def clocks_changed(stage: Stage, many: int) -> tuple[str, bool]:
    """Book visits about days when clocks change, and compare what was received, and when."""
    stage.begin(visits=0, kinds=KINDS)
    sent = stage.inside("clocks", "--visits", many)
    by_visit: dict[int, dict[tuple[str, ...], tuple[str, list[str]]]] = defaultdict(dict)
    for key, (visit, *name, left_at) in sent.items():
        said = [d.said for d in stage.sinks.deliveries if d.notice == int(key)]
        by_visit[visit][tuple(name)] = (left_at, said)
    wrong: list[str] = []
    for number, vector in enumerate(VECTORS[:many]):
        found = {name: one for name, one in by_visit[number].items() if name[0] not in NOT_JUDGED}
        wrong += [f"{vector.starts} {vector.zone}: {one}" for one in _wrong(vector, found)]
    count = sum(map(len, by_visit.values()))
    zones = len({vector.zone for vector in VECTORS[:many]})
    said_of = f"{many} visits in {zones} zones, {count} messages: {len(wrong)} wrong"
    return "; ".join([said_of, *wrong[:3]]), not wrong and count > 0


def _wrong(vector: Vector, found: dict[tuple[str, ...], tuple[str, list[str]]]) -> list[str]:
    """Say what is missing of a visit, or came or read otherwise than it should."""
    zone = ZoneInfo(vector.zone)
    wanted = figures.notices(start=vector.starts_at, told_at=vector.booked_at, zone=zone)
    names = {row.name for row in wanted}
    wrong = [f"{name} came and should not" for name in found.keys() - names]
    for row in wanted:
        left_at, said = found.get(row.name, ("", []))
        if len(said) != 1:
            wrong.append(f"{row.name} came {len(said)} times")
        elif datetime.fromisoformat(left_at) != row.send_from:
            wrong.append(f"{row.name} left at {left_at}, not {row.send_from.isoformat()}")
        else:
            wrong += [f"{row.name} lacks “{w}”" for w in _words(vector, row) if w not in said[0]]
    return wrong


def _words(vector: Vector, row: figures.Expected) -> list[str]:
    """Return what a message has to say: days and hours as they were worked out by hand."""
    if row.kind == "evening_before" and row.channel == "email":
        return [f"Nothing to eat from {vector.food}.", vector.meal, vector.drink]
    if row.kind == "evening_before":
        # Texts are short: the heavy meal may give way, and the zone is said where clocks change.
        eat, drink = (_hour(vector, said) for said in (vector.food, vector.drink))
        return [f"Nothing to eat from {eat}.", f"Nothing to drink from {drink}."]
    if row.kind.startswith("driving_warning"):
        return [f"until {vector.drive}"]
    return []


def _hour(vector: Vector, said: str) -> str:
    """Return the hour alone, with the zone's abbreviation if clocks change on the visit's day."""
    zone = ZoneInfo(vector.zone)
    day = vector.starts_at.astimezone(zone).date()
    midnights = [datetime.combine(day + timedelta(days=n), time(), tzinfo=zone) for n in (0, 1)]
    hour = said.partition(", ")[2]
    is_changing = midnights[0].utcoffset() != midnights[1].utcoffset()
    return hour if is_changing else hour.rpartition(" ")[0]


# -- 10: a million wait --------------------------------------------------------------------------


def a_million_wait(stage: Stage, many: int) -> tuple[str, bool]:
    """Let one in a hundred of those that wait fall due within a minute."""
    stage.begin(visits=0, kinds=KINDS)
    stage.hush()
    full = notices.FULL
    nurses = max(notices.QUICK.nurses, full.nurses * many // full.waiting)
    size = notices.Size(nurses=nurses, waiting=many, due=max(many // 100, notices.QUICK.due))
    measured = notices.measured(stage.house, size=size, overs=(size.over,))
    bars = measured.bars
    said = [f"{measured.waiting} wait, {size.due} due over {size.over:.0f} s"]
    said += [f"{bar.promise}: {bar.measured}" for bar in bars]
    return "; ".join(said), all(bar.met for bar in bars)


# -- 11: changed while being sent ----------------------------------------------------------------


def changed_while_sending(stage: Stage, many: int) -> tuple[str, bool]:
    """Move and cancel visits while their messages go out, and look for what went too late."""
    stage.begin(visits=0, kinds=KINDS)
    stage.start(senders=2)
    changes = stage.inside("changes", "--runs", many)["changes"]
    farewells = {row[0] for row in stage.rows(_FAREWELLS)}
    visit_of = dict(stage.rows("SELECT id, appointment_id::text FROM booking_notice"))
    sent: dict[str, list[Delivery]] = defaultdict(list)
    for delivery in stage.sinks.of_rows():
        if delivery.notice not in farewells:
            sent[visit_of[delivery.notice]].append(delivery)
    dead = before = raced = 0
    for visit, version, _, at, was_in_hand in changes:
        old = [d.at for d in sent[visit] if d.version <= version]
        dead += sum(moment > at for moment in old)
        before += sum(at - CLOSE < moment <= at for moment in old)
        raced += was_in_hand
    kinds = Counter(what for _, _, what, *_ in changes)
    twice = sum(n > 1 for n in Counter(d.notice for d in stage.sinks.of_rows()).values())
    said = (
        f"{kinds['cancelled']} visits, moved {kinds['moved']} times: {raced} changes with a "
        f"message in hand; {sum(map(len, sent.values()))} sent, {twice} twice, {before} less than "
        f"{CLOSE} s before its version died, {dead} after"
    )
    return said, dead == 0 and twice == 0 and before > 0 and raced > len(changes) * MOST


_FAREWELLS = "SELECT id FROM booking_notice WHERE subject_of = 'cancelled'"


# -- 13: a discharge corrected -------------------------------------------------------------------


def discharge_corrected(stage: Stage, many: int) -> tuple[str, bool]:
    """Correct discharges by two hours, both ways and in both orders, and read what was received."""
    stage.begin(visits=0, kinds=KINDS)
    stage.start()
    for step in (
        ("ended", "--visits", many),
        ("corrected", "--first-by", -2, "--second-by", 2),
        ("corrected", "--first-by", 2, "--second-by", -2),
    ):
        told = stage.inside("discharges", *step)
        stage.wait_until(lambda: int(stage.rows(_WARNINGS)[0][0]) == 0, seconds=A_MINUTE)
    rows = stage.rows("SELECT id, appointment_id::text FROM booking_notice ORDER BY id")
    visit_of = dict(rows)
    earlier = wrong = count = 0
    for visit, facts in told.items():
        for channel in ("email", "sms"):
            read = [
                found[1]
                for d in stage.sinks.of_rows()
                if visit_of[d.notice] == visit and d.channel == channel
                if (found := UNTIL.search(d.said))
            ]
            moments = _moments(facts)
            count += len(read)
            earlier += read != sorted(read, key=moments.index) if set(read) <= set(moments) else 1
            wrong += read[-1:] != moments[-1:] or read[:1] != moments[:1]
    said = (
        f"{count} warnings of {len(told)} visits; {earlier} told an earlier hour after a later one"
    )
    return f"{said}; {wrong} did not begin with the first or end with the last", (
        earlier == wrong == 0 and len(told) == many
    )


_WARNINGS = (
    "SELECT count(*) FROM booking_notice WHERE kind = 'driving_warning' AND send_from <= now()"
    " AND status IN ('pending', 'claimed', 'sending')"
)


def _moments(facts: dict[str, Any]) -> list[str]:
    """Return what may be read of a visit, in order: until when, after each thing that was told."""
    zone, planned = ZoneInfo(facts["zone"]), datetime.fromisoformat(facts["planned"])
    until: datetime | None = None
    said = []
    for told in map(datetime.fromisoformat, facts["discharged"]):
        found = figures.drive_after(max(told, planned), zone)
        until = max(found, until or found)
        said.append(figures.said(until, zone))
    return list(dict.fromkeys(said))
