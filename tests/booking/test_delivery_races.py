"""A sender, and people who move and cancel the visit: any order of their steps.

What must hold whatever happens: no message of a version leaves after a later version has committed,
none goes after its use, a follow-up goes once at most and anything else twice at most, the second
time under the same identifier. `--races N` asks for N such stories instead of a few.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import hypothesis.strategies as st
import pytest
import time_machine
from django.db import transaction
from django.db.models import F
from hypothesis import HealthCheck, given, settings

from booking.channels import lines
from booking.delivery import recovery, sending
from booking.models import Appointment, Notice, NoticeStatus, Status
from booking.models.notice import DUE_AT
from booking.notices import messages
from config.core.clock import now
from tests.booking.notice_help import BOOKED_AT, booked, cancelled, moved
from tests.racing import race

pytestmark = pytest.mark.django_db

WORKERS = ("first", "second")
ANSWERS = (None, None, lines.NotSent("450"), lines.PerhapsSent("TimeoutError"))


@dataclass(frozen=True)
class Given:
    """What the provider was given."""

    notice: int
    message_id: str
    version: int
    current: int
    at: datetime


class Story:
    """Two workers that share a queue, people who change the visit, time, and crashes."""

    def __init__(self, clock: Any) -> None:
        self.clock = clock
        self.given: list[Given] = []
        self.answer: BaseException | None = None
        self.in_hand: list[tuple[str, sending.Claimed]] = []
        with lines.line() as line:
            self.senders = {name: sending.Sender(line, worker=name) for name in WORKERS}
        self.visit = booked()

    def send(self, *, message_id: str, **_: Any) -> None:
        pk, version = (int(part.lstrip("v")) for part in message_id[8:].split("-")[:2])
        self.given.append(Given(pk, message_id, version, self.visit.version, now()))
        if self.answer is not None:
            raise self.answer

    def wait(self, minutes: int) -> None:
        """Until something is due, and longer."""
        waiting = Notice.objects.filter(status=NoticeStatus.PENDING).order_by(DUE_AT)
        soonest = waiting.values_list(DUE_AT, flat=True).first()
        self.clock.move_to(max(now(), soonest or now()) + timedelta(minutes=minutes))

    def clock_is_set(self, hours: int) -> None:
        self.clock.shift(timedelta(hours=hours))

    def claim(self, worker: str) -> None:
        taken = sending.claim_due(self.senders[worker], limit=3)
        self.in_hand += [(worker, row) for row in taken]

    def deliver(self, answer: BaseException | None) -> None:
        """Deliver the row claimed last; with a KeyboardInterrupt the worker is killed at it."""
        self.answer = answer
        for worker, row in self.in_hand[-1:]:
            with suppress(KeyboardInterrupt):
                sending.deliver(row, self.senders[worker])
        del self.in_hand[-1:]
        self.answer = None

    def work(self, answer: Exception | None) -> None:
        self.wait(0)
        self.answer = answer
        sending.send_some(self.senders["first"], limit=3)
        self.answer = None

    def recover(self, seconds: int) -> None:
        self.clock.shift(timedelta(seconds=seconds))
        recovery.recover_lapsed()
        recovery.expire()

    def move(self, days: int) -> None:
        soonest = now() + timedelta(hours=12)
        if self.is_to_come() and self.visit.starts_at + timedelta(days=days) > soonest:
            self.visit = moved(self.visit, by=timedelta(days=days), at=now())

    def cancel(self, _: None) -> None:
        if self.is_to_come():
            self.visit = cancelled(self.visit, at=now())

    def is_to_come(self) -> bool:
        return self.visit.status == Status.BOOKED and self.visit.starts_at > now()

    def check(self) -> None:
        """Hold what must hold after every step."""
        assert all(one.version == one.current for one in self.given)
        assert not Notice.objects.filter(version__lt=self.visit.version).open().exists()
        rows = Notice.objects.in_bulk([one.notice for one in self.given])
        for one in self.given:
            row = rows[one.notice]
            assert row.send_from <= one.at
            assert row.not_after is None or one.at < row.not_after
        for row in rows.values():
            # Who was turned away for now was given nothing: what counts is sent, and in doubt.
            times = (row.status == NoticeStatus.SENT) + row.answers_lost
            assert times <= (1 if row.notice_class == "F" else 2)
            assert len({one.message_id for one in self.given if one.notice == row.pk}) == 1


STEPS = (
    *(("wait", minutes) for minutes in (0, 0, 2, 30)),
    *(("claim", worker) for worker in WORKERS * 2),
    *(("deliver", answer) for answer in ANSWERS * 2),
    *(("work", answer) for answer in ANSWERS * 2),
    *(("recover", seconds) for seconds in (0, 61)),
    ("deliver", KeyboardInterrupt()),
    ("clock_is_set", -1),
    ("clock_is_set", 24),
    ("clock_is_set", -24),
    ("move", 1),
    ("move", -1),
    ("cancel", None),
)


def test_no_order_of_steps_sends_what_is_dead_or_late_or_twice(
    request: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[int] = []
    monkeypatch.setattr(messages, "render", lambda _: lines.Message("s", "t"))

    @settings(
        max_examples=request.config.getoption("--races") or 10,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.lists(st.sampled_from(STEPS), min_size=15, max_size=30))
    def tell(steps: list[tuple[str, Any]]) -> None:
        with time_machine.travel(BOOKED_AT, tick=False) as clock, transaction.atomic():
            story = Story(clock)
            monkeypatch.setattr(lines.Line, "send", story.send)
            story.wait(0)
            for name, figure in steps:
                getattr(story, name)(figure)
                story.check()
            sent.append(len(story.given))
            transaction.set_rollback(True)

    tell()
    # A story in which nothing is sent proves nothing: most are not of that kind.
    assert sum(1 for count in sent if count) > len(sent) / 2


@pytest.mark.django_db(transaction=True)
def test_nothing_of_the_old_promise_leaves_once_a_change_has_committed(
    request: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Real threads: one sends while the other moves or cancels, at a moment drawn each time."""
    draw = random.Random(4)
    left: list[tuple[str, float]] = []

    def send(_: lines.Line, *, message_id: str, **__: Any) -> None:
        left.append((message_id, time.perf_counter()))
        time.sleep(draw.random() / 200)

    monkeypatch.setattr(lines.Line, "send", send)
    monkeypatch.setattr(messages, "render", lambda _: lines.Message("s", "t"))
    for run in range(request.config.getoption("--races") or 8):
        left.clear()
        visit = booked(starts_at=now().replace(minute=0) + timedelta(days=8))
        Notice.objects.filter(appointment=visit).update(send_from=F("created_at"), not_after=None)
        committed = _raced(visit, after=draw.random() / 50, change=(moved, cancelled)[run % 2])
        dead = [one for one, at in left if "-v1-" in one and at > committed]
        # A cancellation keeps the version; what it says itself is the one thing that may follow.
        farewell = {f"<notice-{row.pk}-" for row in Notice.objects.filter(subject_of="cancelled")}
        assert not [one for one in dead if not one.startswith(tuple(farewell) or ("-",))]
        Notice.objects.open().update(status=NoticeStatus.SUPERSEDED)
        Appointment.objects.filter(pk=visit.pk, status=Status.BOOKED).update(
            status=Status.CANCELLED
        )


def _raced(visit: Appointment, *, after: float, change: Callable[..., Appointment]) -> float:
    """Send and change the visit at once; return when the change had committed."""

    def changed() -> float:
        time.sleep(after)
        if change is moved:
            moved(visit, by=timedelta(days=1), at=now())
        else:
            cancelled(visit, at=now())
        return time.perf_counter()

    def sent() -> float:
        sending.send_due()
        return 0.0

    return max(race([sent, changed]))
