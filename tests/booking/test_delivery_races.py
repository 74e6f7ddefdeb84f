"""A sender, and people who move and cancel the visit: any order of their steps.

What must hold whatever happens: no message of a version leaves after a later version has committed,
none goes after its use, a follow-up goes once at most and anything else twice at most, the second
time under the same identifier. `--races N` asks for N such stories instead of a few.
"""

from __future__ import annotations

import random
import time
from collections import defaultdict
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
from hypothesis import HealthCheck, settings
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)

from booking import channels, delivery, messages, recovery
from booking.models import Appointment, Notice, NoticeStatus, Status
from config.core.clock import now
from tests.booking.notice_help import BOOKED_AT, booked, cancelled, moved
from tests.racing import race

pytestmark = pytest.mark.django_db

WORKERS = ("first", "second")


@dataclass(frozen=True)
class Given:
    """What the provider was given."""

    notice: int
    message_id: str
    version: int
    current: int
    at: datetime


class Story(RuleBasedStateMachine):
    """Steps of two workers that share a queue, of people, of time, and of crashes."""

    claimed = Bundle("claimed")

    def __init__(self) -> None:
        super().__init__()
        self.given: list[Given] = []
        self.answer: Exception | None = None
        self.crash = False
        self.senders: dict[str, delivery.Sender] = {}
        self.committed = 1
        self.stack = transaction.atomic()
        self.clock: Any = None
        self.travel: Any = None
        self.patched = pytest.MonkeyPatch()

    @initialize()
    def begin(self) -> None:
        """Ada books."""
        self.stack.__enter__()
        self.travel = time_machine.travel(BOOKED_AT, tick=False)
        self.clock = self.travel.start()
        self.patched.setattr(channels.Line, "send", self._send)
        self.patched.setattr(messages, "render", lambda _: channels.Message("s", "t"))
        with channels.line() as line:
            self.senders = {name: delivery.Sender(line, worker=name) for name in WORKERS}
        self.visit = booked()

    def teardown(self) -> None:
        self.patched.undo()
        if self.travel is not None:
            self.travel.stop()
            transaction.set_rollback(True)
            self.stack.__exit__(None, None, None)

    def _send(self, _: channels.Line, *, message_id: str, **__: Any) -> None:
        pk, version = (int(part.lstrip("v")) for part in message_id[8:].split("-")[:2])
        self.given.append(Given(pk, message_id, version, self.committed, now()))
        if self.crash:
            raise KeyboardInterrupt
        if self.answer is not None:
            raise self.answer

    @rule(minutes=st.sampled_from([1, 3, 30, 240, 1440]))
    def time_passes(self, minutes: int) -> None:
        self.clock.shift(timedelta(minutes=minutes))

    @rule(hours=st.sampled_from([-24, -1, 1]))
    def the_clock_is_set(self, hours: int) -> None:
        self.clock.shift(timedelta(hours=hours))

    @rule(target=claimed, worker=st.sampled_from(WORKERS))
    def claim(self, worker: str) -> Any:
        taken = delivery.claim_due(self.senders[worker], limit=3)
        return multiple(*((worker, row) for row in taken))

    @rule(
        one=claimed,
        answer=st.sampled_from(
            [None, None, channels.NotSent("450"), channels.PerhapsSent("TimeoutError")]
        ),
    )
    def send(self, one: tuple[str, delivery.Claimed], answer: Exception | None) -> None:
        worker, row = one
        self.answer = answer
        delivery.deliver(row, self.senders[worker])
        self.answer = None

    @rule(one=claimed)
    def is_killed_while_the_provider_answers(self, one: tuple[str, delivery.Claimed]) -> None:
        self.crash = True
        with suppress(KeyboardInterrupt):
            delivery.deliver(one[1], self.senders[one[0]])
        self.crash = False

    @rule()
    def look_for_what_lapsed(self) -> None:
        recovery.recover_lapsed()
        recovery.expire()

    @precondition(lambda self: self.visit.status == Status.BOOKED)
    @rule(days=st.sampled_from([-1, 1, 2]))
    def move(self, days: int) -> None:
        if self.visit.starts_at + timedelta(days=days) > now() + timedelta(hours=12):
            self.visit = moved(self.visit, by=timedelta(days=days), at=now())
            self.committed = self.visit.version

    @precondition(lambda self: self.visit.status == Status.BOOKED)
    @rule()
    def cancel(self) -> None:
        if self.visit.starts_at > now():
            self.visit = cancelled(self.visit, at=now())

    @invariant()
    def nothing_of_a_dead_version_is_waiting(self) -> None:
        if self.clock is not None:
            dead = Notice.objects.filter(version__lt=self.committed)
            assert not dead.open().exists()

    @invariant()
    def each_went_as_often_as_it_may(self) -> None:
        if not self.given:
            return
        times: dict[int, set[str]] = defaultdict(set)
        counts: dict[int, int] = defaultdict(int)
        rows = Notice.objects.in_bulk([one.notice for one in self.given])
        for one in self.given:
            row = rows[one.notice]
            times[one.notice].add(one.message_id)
            assert row.not_after is None or one.at < row.not_after
            assert one.at >= row.send_from
        for row in rows.values():
            # Turned away for now is not given: only sent and in doubt count.
            counts[row.pk] = (row.status == NoticeStatus.SENT) + row.answers_lost
            assert counts[row.pk] <= (1 if row.notice_class == "F" else 2)
            assert len(times[row.pk]) == 1

    @invariant()
    def nothing_dead_was_sent(self) -> None:
        assert all(one.version == one.current for one in self.given)


def test_no_order_of_steps_sends_what_is_dead_or_late_or_twice(request: Any) -> None:
    runs = request.config.getoption("--races") or 8
    run_state_machine_as_test(
        Story,
        settings=settings(
            max_examples=runs,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.django_db(transaction=True)
def test_nothing_of_the_old_promise_leaves_once_a_change_has_committed(
    request: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Real threads: one sends while the other moves or cancels, at a moment drawn each time."""
    draw = random.Random(4)
    left: list[tuple[str, float]] = []

    def send(_: channels.Line, *, message_id: str, **__: Any) -> None:
        left.append((message_id, time.perf_counter()))
        time.sleep(draw.random() / 200)

    monkeypatch.setattr(channels.Line, "send", send)
    monkeypatch.setattr(messages, "render", lambda _: channels.Message("s", "t"))
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
        delivery.send_due()
        return 0.0

    return max(race([sent, changed]))
