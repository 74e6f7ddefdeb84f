"""What may break while messages are sent, and what must be true all the same.

"Exact" means: each message that was due is received once, inside its window.
"""

import os
import signal
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from config.launch.bench.report import Bar
from config.launch.faults.stage import DATABASE, RANG, Stage

ALL_KINDS = ["booked", "evening_before", "driving_warning"]
URGENT = ["evening_before", "driving_warning"]
BY_EMAIL = ["booked", "confirm_escort", "evening_before"]
A_MINUTE = 60.0
BACKUP = "faults_backup"
RELEASED, RINGS = 5, 3


@dataclass(frozen=True)
class Case:
    """One thing that breaks.

    Attributes
    ----------
    play
        Breaks it; `many` is how often or how much.
    many, few
        How much in full, and how much in the short version.
    """

    number: int
    title: str
    promise: str
    play: Callable[[Stage, int], tuple[str, bool]]
    many: int
    few: int

    def bar(self, stage: Stage, *, short: bool) -> Bar:
        """Play it and say what was measured."""
        measured, met = self.play(stage, self.few if short else self.many)
        return Bar(f"{self.number}. {self.title}: {self.promise}", measured, met)


def killed_before(stage: Stage, many: int) -> tuple[str, bool]:
    """Kill the sender each time the mail server is about to take a message."""
    kinds = ["evening_before"]
    stage.begin(visits=many, kinds=kinds, alone=True)
    stage.sinks.hold = "before"
    stage.start()
    kills = _kill_each(stage, many)
    began = time.monotonic()
    stage.wait_until(lambda: stage.left() == 0, seconds=stage.lease + A_MINUTE)
    tally = stage.tally()
    said = f"{kills} kills; {tally}; done {time.monotonic() - began:.0f} s after the last"
    return said, kills >= many and tally.exact == tally.due


def killed_after(stage: Stage, many: int) -> tuple[str, bool]:
    """Kill the sender each time the mail server has taken a message and not yet said so."""
    stage.begin(visits=many, kinds=BY_EMAIL, alone=True)
    stage.sinks.hold = "after"
    stage.start()
    kills = _kill_each(stage, many)
    stage.wait_until(lambda: stage.left() == 0, seconds=stage.lease + A_MINUTE)
    tally = stage.tally()
    got = Counter(delivery.notice for delivery in stage.sinks.deliveries)
    keys = {(delivery.notice, delivery.key) for delivery in stage.sinks.deliveries}
    follow_ups = {row[0] for row in stage.rows(_OF_CLASS_F)}
    worst = max(got.values())
    doubled = sum(got[number] > 1 for number in follow_ups)
    said = f"{kills} kills; {tally}; at most {worst} times, follow-ups doubled: {doubled}"
    held = tally.lost == 0 and worst <= 2 and doubled == 0 and len(keys) == len(got)
    return said, held and kills >= many


_OF_CLASS_F = "SELECT id FROM booking_notice WHERE notice_class = 'F'"


def _kill_each(stage: Stage, many: int) -> int:
    """Kill the sender whenever a message is held; gives how often, at most `many` times."""
    kills = 0
    while kills < many:
        took = stage.wait_until(lambda: not stage.sinks.held.empty(), seconds=A_MINUTE)
        if took >= A_MINUTE:
            break
        while not stage.sinks.held.empty():
            stage.sinks.held.get()
        if stage.kill_child("notices0"):
            kills += 1
    stage.sinks.hold = ""
    return kills


def valkey_lost(stage: Stage, many: int) -> tuple[str, bool]:
    """Kill Valkey in the middle and start it again empty."""
    stage.begin(visits=many // 4, kinds=ALL_KINDS)
    stage.start()
    stage.wait_until(lambda: len(stage.sinks.deliveries) > many // 10, seconds=A_MINUTE)
    stage.restart_valkey()
    took = stage.wait_until(lambda: stage.left() == 0, seconds=2 * A_MINUTE)
    tally = stage.tally()
    return f"{tally}; {took:.0f} s after the restart", tally.exact == tally.due


def connections_reset(stage: Stage, many: int) -> tuple[str, bool]:
    """Cut every connection to Valkey again and again, then see that the next message goes."""
    stage.begin(visits=20, kinds=ALL_KINDS)
    stage.start()
    stage.wait_until(lambda: stage.left() == 0, seconds=A_MINUTE)
    for _ in range(many):
        for kind in ("normal", "pubsub"):
            stage.redis().client_kill_filter(_type=kind, skipme=True)
        time.sleep(0.3)
    before = len(stage.sinks.deliveries)
    stage.inside("rows", "--visits", 20, "--kinds", "confirm_escort")
    took = stage.wait_until(lambda: len(stage.sinks.deliveries) > before, seconds=A_MINUTE)
    stage.wait_until(lambda: stage.left() == 0, seconds=A_MINUTE)
    tally = stage.tally()
    said = f"{many} resets; consuming again after {took:.0f} s; {tally}"
    return said, took < A_MINUTE and tally.exact == tally.due


def postgres_restarted(stage: Stage, many: int) -> tuple[str, bool]:
    """Restart PostgreSQL while messages go out."""
    stage.begin(visits=many // 3, kinds=URGENT)
    stage.start(senders=2)
    stage.wait_until(lambda: len(stage.sinks.deliveries) > many // 10, seconds=A_MINUTE)
    stage.restart_postgres()
    stage.wait_until(lambda: stage.left() == 0, seconds=2 * A_MINUTE)
    tally = stage.tally()
    in_doubt = stage.rows("SELECT count(*) FROM booking_notice WHERE answers_lost > 0")[0][0]
    said = f"{tally}; {in_doubt} whose answer was lost with it"
    return said, tally.lost == 0 and tally.doubled <= in_doubt


def crowd(stage: Stage, many: int) -> tuple[str, bool]:
    """Let three beats ring for four senders of two processes each."""
    stage.begin(visits=many // 4, kinds=ALL_KINDS)
    stage.start(senders=4, beats=3)
    stage.wait_until(lambda: stage.left() == 0, seconds=4 * A_MINUTE)
    tally = stage.tally()
    return str(tally), tally.exact == tally.due


def silent(stage: Stage, many: int) -> tuple[str, bool]:
    """Stop every sender without ending it, and wait for the alarm."""
    stage.begin(visits=5, kinds=URGENT)
    stage.start(watch=True)
    stage.wait_until(lambda: stage.left() == 0, seconds=A_MINUTE)
    frozen = [stage.app.pid(name="notices0"), *stage.children("notices0")]
    for pid in frozen:
        os.kill(pid, signal.SIGSTOP)
    stage.inside("rows", "--visits", 5, "--kinds", "confirm_escort")
    before = len(stage.sinks.deliveries)

    def is_told() -> bool:
        return any(d.notice is None for d in stage.sinks.deliveries[before:])

    took = stage.wait_until(is_told, seconds=many, tend=False)
    for pid in frozen:
        os.kill(pid, signal.SIGCONT)
    tasks = stage.rows("SELECT count(*) FROM booking_stafftask WHERE done_at IS NULL")[0][0]
    return f"alarm by e-mail after {took:.0f} s, {tasks} task for staff", took < many and tasks > 0


def provider_down(stage: Stage, many: int) -> tuple[str, bool]:
    """Let the mail server refuse, hang, put off and turn away for hours of a simulated clock."""
    worst, all_met = [], True
    for mode in ("refuse", "hang", "later", "never"):
        said, met = _one_outage(stage, mode=mode, minutes=many)
        worst.append(f"{mode}: {said}")
        all_met &= met
    return "; ".join(worst), all_met


def _one_outage(stage: Stage, *, mode: str, minutes: int) -> tuple[str, bool]:
    visits, hours = 5, minutes / 60
    stage.begin(visits=0, kinds=URGENT)
    stage.sinks.mail = mode
    options = ("--hours", hours, "--visits", visits)
    during = stage.inside("simulated", "provider", *options)
    stage.sinks.mail = "take"
    after = stage.inside("simulated", "recovered", *options)
    got = Counter(delivery.notice for delivery in stage.sinks.deliveries)
    told, texts = during["told_after"], during["texts_after"]
    said = (
        f"staff told after {told} s, texts gone after {texts} s, {during['tries']} tries, "
        f"then {after['statuses']}, {after['tasks']} asked of staff, {after['late']} late"
    )
    met = (
        told is not None and told <= 300
        and texts is not None and texts <= A_MINUTE
        and after["late"] == 0
        and max(got.values(), default=0) == 1
        # What was turned away for good is not tried again: a person is asked to call.
        and after["statuses"].get("sent", 0) + after["tasks"] >= 4 * visits
    )  # fmt: skip
    return said, met


def clock_stepped(stage: Stage, many: int) -> tuple[str, bool]:
    """Move the clock an hour and a day, on and back."""
    stage.begin(visits=0, kinds=URGENT)
    answer = stage.inside("simulated", "stepped", "--visits", many)
    tally = stage.tally()
    said = f"{tally.exact} of {tally.due} exactly once, {answer['early']} early"
    return said, tally.exact == tally.due and answer["early"] == 0


def long_outage(stage: Stage, many: int) -> tuple[str, bool]:
    """Send nothing for a day and a half."""
    stage.begin(visits=0, kinds=URGENT)
    answer = stage.inside("simulated", "outage", "--hours", 36, "--visits", many)
    classes = dict(stage.rows("SELECT id, notice_class FROM booking_notice"))
    order = ["SPF".index(classes[delivery.notice]) for delivery in stage.sinks.deliveries]
    got = Counter(delivery.notice for delivery in stage.sinks.deliveries)
    said = (
        f"{answer['statuses']}, {answer['digests']} digests, {answer['tasks']} tasks for staff, "
        f"{answer['late']} late, in order: {order == sorted(order)}"
    )
    met = order == sorted(order) and answer["late"] == 0 and answer["digests"] == many
    listed = answer["statuses"].get("expired", 0) > 0 and answer["tasks"] > 0
    return said, met and listed and max(got.values()) == 1


def backup_restored(stage: Stage, many: int) -> tuple[str, bool]:
    """Send everything, put back a backup from before, and see that nothing goes a second time."""
    stage.begin(visits=many, kinds=URGENT)
    stage.copy(DATABASE, BACKUP)
    backup_at = datetime.now(UTC).isoformat()
    stage.start()
    stage.wait_until(lambda: stage.left() == 0, seconds=2 * A_MINUTE)
    sent = len(stage.sinks.of_rows())
    stage.app.stop()
    stage.copy(BACKUP, DATABASE)
    stage.manage("restored", "--backup-at", backup_at)
    rung = stage.said("notices0", RANG)
    stage.start()
    stage.wait_until(lambda: stage.said("notices0", RANG) >= rung + RINGS, seconds=A_MINUTE)
    again = len(stage.sinks.of_rows()) - sent
    held = stage.rows("SELECT count(*) FROM booking_notice WHERE held_at IS NOT NULL")[0][0]
    stage.inside("released", "--count", RELEASED)
    at_last = sent + again + RELEASED
    stage.wait_until(lambda: len(stage.sinks.of_rows()) >= at_last, seconds=A_MINUTE / 2)
    went = len(stage.sinks.of_rows()) - sent - again
    said = f"{held} of {sent} held, {again} sent again unasked, {went} of {RELEASED} once released"
    return said, held >= sent and again == 0 and went == RELEASED


CASES = (
    Case(
        1, "kill -9 before the provider took it", "exact, within lease + 60 s",
        killed_before, many=200, few=2,
    ),
    Case(
        2, "kill -9 after it, before the row says so",
        "none lost, at most twice with one Message-ID; follow-ups at most once",
        killed_after, many=50, few=2,
    ),
    Case(
        3, "Valkey killed and emptied with 500 due", "exact within 2 min, no hand needed",
        valkey_lost, many=500, few=100,
    ),
    Case(
        4, "every connection reset 20 times", "consuming again within 60 s",
        connections_reset, many=20, few=5,
    ),
    Case(
        5, "PostgreSQL restarted in the middle", "nothing lost", postgres_restarted,
        many=400, few=80,
    ),
    Case(
        6, "mail server refusing, hanging, 4xx, 5xx for 2 h of a simulated clock",
        "others not held up, staff told within 5 min, nothing late, then all",
        provider_down, many=120, few=10,
    ),
    Case(7, "3 beats and 4 senders", "exact", crowd, many=1000, few=100),
    Case(8, "clock stepped by 1 h and 1 day, on and back", "exact, nothing early",
        clock_stepped, many=20, few=10,
    ),
    Case(
        12, "nobody sends for 36 h of a simulated clock",
        "what is still useful once, S then P then F, digests, the rest listed",
        long_outage, many=10, few=3,
    ),
    Case(
        14, "an older backup restored", "nothing sent again until staff release it",
        backup_restored, many=50, few=5,
    ),
    Case(15, "senders silent", "alarm within 5 min", silent, many=300, few=300),
)  # fmt: skip
