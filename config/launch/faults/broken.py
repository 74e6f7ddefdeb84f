"""Senders, Valkey, PostgreSQL and beats that die or stand still, and a backup put back."""

import os
import signal
import time
from collections import Counter
from datetime import UTC, datetime

from config.launch.faults.stage import DATABASE, RANG, Stage

ALL_KINDS = ["booked", "evening_before", "driving_warning"]
URGENT = ["evening_before", "driving_warning"]
BY_EMAIL = ["booked", "confirm_escort", "evening_before"]
A_MINUTE = 60.0
PATIENCE = 3 * A_MINUTE  # until the next is held, on a machine that does much else
BACKUP = "faults_backup"
RELEASED, RINGS = 5, 3
STOPPED = "Messages do not go out"
_UNTOLD = "SELECT count(*) FROM booking_outage WHERE told_over_at IS NULL"
_ASKED = (
    "SELECT count(*) FROM booking_stafftask WHERE kind = 'messages_stopped' AND done_at IS NULL"
)
_OF_CLASS_F = "SELECT id FROM booking_notice WHERE notice_class = 'F'"


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


def _kill_each(stage: Stage, many: int) -> int:
    """Kill the sender whenever a message is held; gives how often, at most `many` times."""
    kills = 0
    while kills < many:
        took = stage.wait_until(lambda: not stage.sinks.held.empty(), seconds=PATIENCE)
        if took >= PATIENCE:
            break
        stage.sinks.hold_again()
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
    # On a busy machine the start itself may have been told; what counts is told after it is over.
    stage.wait_until(lambda: stage.rows(_UNTOLD)[0][0] == 0, seconds=many)
    frozen = [stage.app.pid(name="notices0"), *stage.children("notices0")]
    for pid in frozen:
        os.kill(pid, signal.SIGSTOP)
    stage.inside("rows", "--visits", 5, "--kinds", "confirm_escort")
    before = len(stage.sinks.deliveries)

    def is_told() -> bool:
        return any(STOPPED in d.said for d in stage.sinks.deliveries[before:])

    took = stage.wait_until(is_told, seconds=many, tend=False)
    for pid in frozen:
        os.kill(pid, signal.SIGCONT)
    tasks = stage.rows(_ASKED)[0][0]
    return f"alarm by e-mail after {took:.0f} s, {tasks} task for staff", took < many and tasks > 0


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
