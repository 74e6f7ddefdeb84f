"""Several lanes at once, each with its own connection: exact, whatever breaks."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from booking.channels import lines
from booking.delivery import lanes
from booking.models import Notice, NoticeStatus
from booking.notices import messages
from config.core import heartbeats
from config.core.clock import now
from tests.booking.notice_help import booked, row
from tests.racing import race

pytestmark = pytest.mark.django_db(transaction=True)


class Provider:
    """Takes messages of many lanes; can do something at each."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.taken: list[tuple[str, str]] = []
        self.at_each: Any = None

    def send(self, *, channel: str, message_id: str, **_: Any) -> None:
        with self.lock:
            self.taken.append((channel, message_id))
        if self.at_each is not None:
            self.at_each(channel)


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> Provider:
    standing_in = Provider()
    monkeypatch.setattr(lines.Line, "send", lambda _, **given: standing_in.send(**given))
    monkeypatch.setattr(messages, "render", lambda _: lines.Message("s", "t"))
    return standing_in


def _due(count: int, *, notice_class: str = "P") -> None:
    """Make messages due, half of them texts."""
    booked(starts_at=now().replace(minute=0) + timedelta(days=8))
    kept = row(kind="evening_before", channel="email")
    Notice.objects.update(status=NoticeStatus.SUPERSEDED)
    kept.status, kept.notice_class, kept.not_after = NoticeStatus.PENDING, notice_class, None
    kept.send_from = kept.ideal_at = now() - timedelta(seconds=1)
    for number in range(count):
        kept.pk, kept.occurrence = None, 100 + number
        kept.channel = "sms" if number % 2 else "email"
        kept.save(force_insert=True)


def test_two_workers_with_eight_lanes_send_each_message_once(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("booking.notices.standing.quiet_until", lambda *_, **__: None)
    _due(60)
    assert sum(race([lanes.ring, lanes.ring])) == 60
    assert set(Counter(provider.taken).values()) == {1}
    assert len(provider.taken) == 60
    assert not Notice.objects.ripe(at=now()).exists()
    assert heartbeats.is_alive(heartbeats.NOTICES)


def test_a_provider_that_hangs_keeps_only_its_own_lanes_waiting(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("booking.notices.standing.quiet_until", lambda *_, **__: None)
    _due(20)
    texts_done = threading.Event()

    def hang(channel: str) -> None:
        if channel == "sms":
            if sum(1 for one, _ in provider.taken if one == "sms") == 10:
                texts_done.set()
        # The mail server answers only once every text has gone.
        elif not texts_done.wait(20):
            raise lines.LineDown("TimeoutError")

    provider.at_each = hang
    assert lanes.ring() == 20


def test_a_database_that_goes_away_in_the_middle_loses_nothing_and_the_batch_goes_on(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("booking.notices.standing.quiet_until", lambda *_, **__: None)
    _due(4, notice_class="F")
    Notice.objects.filter(channel="sms").update(status=NoticeStatus.SUPERSEDED)
    broken: list[bool] = []

    def break_off(_: str) -> None:
        if not broken:
            broken.append(True)
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_backend_pid()")
                (mine,) = cursor.fetchone()
            others = connection.copy()
            with others.cursor() as cursor:
                cursor.execute("SELECT pg_terminate_backend(%s)", [mine])
            others.close()

    provider.at_each = break_off
    assert lanes.ring() == 1
    # The provider had the first: a follow-up is never sent twice, and it is in doubt.
    Notice.objects.filter(status=NoticeStatus.SENDING).update(
        lease_until=now() - timedelta(seconds=1)
    )
    lanes.ring()
    statuses = Counter(
        Notice.objects.filter(occurrence__gte=100, channel="email").values_list("status", flat=True)
    )
    assert statuses == {NoticeStatus.SENT: 1, NoticeStatus.UNKNOWN: 1}
    assert set(Counter(provider.taken).values()) == {1}
