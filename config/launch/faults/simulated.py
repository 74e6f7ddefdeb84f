"""Hours and days of sending under a clock of our own, against a real database and real sinks.

`python -m config.launch.inside faults.simulated provider --hours 2`: the clock of this process is
moved on step by step, messages are sent at each, and what came of it is printed as one JSON object.
"""

import argparse
import json
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import time_machine
from django.conf import settings
from django.db.models import QuerySet

from booking import clock
from booking.delivery import alarm
from booking.models import Appointment, Notice, NoticeStatus, Outage, StaffTask
from booking.notices import ledger
from config.core.clock import now
from config.launch.faults import rows

NOON = clock.at_local(
    datetime(2027, 3, 10, tzinfo=UTC).date(), time(12), ZoneInfo("America/Chicago")
)
STEP = timedelta(seconds=10)
URGENT = ("S", "P")
Travelled = Callable[[datetime], None]


def main() -> None:
    """Play one part."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("part", choices=list(PARTS))
    parser.add_argument("--hours", type=float, default=2)
    parser.add_argument("--visits", type=int, default=10)
    asked = parser.parse_args()
    # A server that hangs is waited for in real seconds.
    settings.EMAIL_TIMEOUT = 1
    with time_machine.travel(NOON, tick=False) as traveller:
        answer = PARTS[asked.part](traveller.move_to, asked)
    print(json.dumps(answer))


def _fall_due(
    visits: list[Appointment], *, kind: str, notice_class: str, channel: str,
    at: datetime, useful: timedelta,
) -> None:  # fmt: skip
    Notice.objects.bulk_create(
        rows.row(visit, kind=kind, notice_class=notice_class, channel=channel, at=at, useful=useful)
        for visit in visits
    )


def provider(travel: Travelled, asked: argparse.Namespace) -> dict[str, Any]:
    """A mail server that misbehaves for hours: who waits, who is told, what goes afterwards."""
    visits, began = rows.visits(asked.visits), NOON
    half = timedelta(hours=asked.hours / 2)
    long = timedelta(hours=asked.hours * 2)
    for kind, notice_class, channel, useful in (
        ("driving_warning", "S", "email", long),
        ("driving_warning", "S", "sms", long),
        ("evening_before", "P", "email", half),
        ("booked", "F", "email", long),
    ):
        _fall_due(
            visits, kind=kind, notice_class=notice_class, channel=channel, at=began, useful=useful
        )
    lookout = alarm.Lookout()
    told: timedelta | None = None
    texts: timedelta | None = None
    for at in _steps(began, timedelta(hours=asked.hours)):
        travel(at)
        ledger.send_due()
        alarm.look(lookout)
        if told is None and Outage.objects.filter(kind="email provider").exists():
            told = at - began
        waiting = Notice.objects.filter(channel="sms", status=NoticeStatus.PENDING)
        if texts is None and not waiting.exists():
            texts = at - began
    tries = sum(Notice.objects.filter(channel="email").values_list("attempts", flat=True))
    return {
        "told_after": _seconds(told),
        "texts_after": _seconds(texts),
        "tries": tries,
        **_standing(),
    }


def recovered(travel: Travelled, asked: argparse.Namespace) -> dict[str, Any]:
    """The same clinic when the mail server is well again."""
    began = NOON + timedelta(hours=asked.hours)
    for at in _steps(began, timedelta(minutes=20)):
        travel(at)
        ledger.send_due()
    return _standing()


def stepped(travel: Travelled, asked: argparse.Namespace) -> dict[str, Any]:
    """A clock that jumps an hour and a day, on and back, with messages due all along."""
    visits = rows.visits(asked.visits)
    for number, visit in enumerate(visits):
        at = NOON + timedelta(minutes=15 * number)
        _fall_due(
            [visit], kind="driving_warning", notice_class="S", channel="email",
            at=at, useful=timedelta(days=4),
        )  # fmt: skip
    hour, day = timedelta(hours=1), timedelta(days=1)
    early = 0
    for jump in (timedelta(0), hour, timedelta(0), -hour, timedelta(0), day, -day, timedelta(0)):
        for step in range(3):
            travel(NOON + 2 * hour + jump + step * STEP)
            ledger.send_due()
            early += Notice.objects.filter(
                status=NoticeStatus.SENT, sent_at=now(), send_from__gt=now()
            ).count()
    for at in _steps(NOON + 2 * day, timedelta(minutes=2)):
        travel(at)
        ledger.send_due()
    return {"early": early, **_standing()}


def outage(travel: Travelled, asked: argparse.Namespace) -> dict[str, Any]:
    """Nobody sends for hours; then all that is still useful goes, the most urgent first."""
    visits = rows.visits(asked.visits)
    hours = timedelta(hours=asked.hours)
    for kind, notice_class, back, useful in (
        ("booked", "F", hours, hours * 2),
        ("prepare", "P", hours, hours * 2),
        ("confirm_escort", "P", hours * 0.6, hours),
        ("evening_before", "P", hours * 0.3, hours),
        ("driving_warning", "S", hours * 0.1, hours),
        ("today", "P", hours * 0.9, hours * 0.1),
    ):
        _fall_due(
            visits, kind=kind, notice_class=notice_class, channel="email",
            at=NOON + hours - back, useful=useful,
        )  # fmt: skip
    for at in _steps(NOON + hours, timedelta(minutes=2)):
        travel(at)
        ledger.send_due()
    sent = Notice.objects.filter(status=NoticeStatus.SENT)
    return {
        "digests": sent.filter(why__contains="digest").count(),
        **_standing(),
    }


def _seconds(length: timedelta | None) -> float | None:
    return None if length is None else length.total_seconds()


def _tasks() -> QuerySet[StaffTask]:
    """Return what staff are asked about messages."""
    return StaffTask.objects.filter(done_at__isnull=True, kind__startswith="message")


def _steps(began: datetime, length: timedelta) -> list[datetime]:
    return [began + STEP * number for number in range(int(length / STEP) + 1)]


def _standing() -> dict[str, Any]:
    """How many rows stand where, and how many went when they should not have."""
    went = Notice.objects.filter(status=NoticeStatus.SENT).values_list(
        "sent_at", "send_from", "not_after"
    )
    states = list(Notice.objects.values_list("status", flat=True))
    return {
        "late": sum(bool(until and at and at > until) for at, _, until in went),
        "before": sum(bool(at and at < due) for at, due, _ in went),
        "tasks": _tasks().count(),
        "statuses": {state: states.count(state) for state in sorted(set(states))},
    }


PARTS: dict[str, Callable[[Travelled, argparse.Namespace], dict[str, Any]]] = {
    "provider": provider,
    "recovered": recovered,
    "stepped": stepped,
    "outage": outage,
}
