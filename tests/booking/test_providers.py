"""A provider that is down keeps no worker waiting, costs no message, and is told of."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine

from booking.channels import lines
from booking.delivery import providers, sending
from booking.models import Line, Notice, NoticeStatus, StaffTask
from booking.notices import ledger
from config.core.clock import now
from tests.booking.notice_help import BOOKED_AT, booked, row

pytestmark = pytest.mark.django_db

DUE = BOOKED_AT + timedelta(minutes=3)


class Provider:
    """Keeps what each channel is given, or refuses it as it is told to."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.taken: list[str] = []
        self.refuses: dict[str, Exception] = {}

    def send(self, *, channel: str, message_id: str, **_: Any) -> None:
        self.asked.append(channel)
        if channel in self.refuses:
            raise self.refuses[channel]
        self.taken.append(message_id)


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> Provider:
    standing_in = Provider()
    monkeypatch.setattr(lines.Line, "send", lambda _, **given: standing_in.send(**given))
    return standing_in


@pytest.fixture
def at_due() -> Iterator[Any]:
    """Twelve visits were booked; an e-mail and a text of each are due."""
    with time_machine.travel(BOOKED_AT, tick=False) as clock:
        first = booked()
        Notice.objects.exclude(kind="booked").update(status=NoticeStatus.SUPERSEDED)
        for kept in Notice.objects.filter(appointment=first, kind="booked"):
            for number in range(1, 12):
                kept.pk, kept.occurrence = None, number
                kept.save(force_insert=True)
        clock.move_to(DUE)
        yield clock


@pytest.mark.parametrize(
    "down",
    [
        lines.LineDown("ConnectionRefusedError"),
        lines.NotSent("SMTPDataError 451"),
        lines.PerhapsSent("TimeoutError"),
        lines.NeverSent("SMTPDataError 554"),
    ],
)
def test_after_three_failures_a_channel_rests_and_the_other_goes_on(
    at_due: Any, provider: Provider, down: Exception
) -> None:
    provider.refuses["email"] = down
    assert ledger.send_due() == 12
    assert provider.asked.count("email") == providers.STRIKES
    waiting = Notice.objects.filter(channel="email", kind="booked", status=NoticeStatus.PENDING)
    assert waiting.filter(attempts=0).count() == 9
    assert ledger.send_due() == 0
    assert provider.asked.count("email") == providers.STRIKES


def test_a_resting_channel_is_tried_with_one_message_and_wakes_when_it_goes(
    at_due: Any, provider: Provider
) -> None:
    provider.refuses["email"] = lines.LineDown("ConnectionRefusedError")
    ledger.send_due()
    at_due.shift(providers.FIRST_REST)
    ledger.send_due()
    assert provider.asked.count("email") == providers.STRIKES + 1
    provider.refuses.clear()
    at_due.shift(providers.LONGEST_REST)
    assert ledger.send_due() == 12
    assert Line.objects.get().failures == 0
    assert {n.status for n in Notice.objects.filter(kind="booked")} == {NoticeStatus.SENT}


def test_two_hours_without_a_provider_lose_nothing_that_is_still_of_use(
    at_due: Any, provider: Provider
) -> None:
    provider.refuses["email"] = lines.LineDown("TimeoutError")
    ends = now() + timedelta(hours=2)
    while now() < ends:
        ledger.send_due()
        at_due.shift(timedelta(minutes=1))
    assert provider.asked.count("email") < 130
    provider.refuses.clear()
    for _ in range(3):
        ledger.send_due()
        at_due.shift(timedelta(minutes=1))
    assert {n.status for n in Notice.objects.filter(kind="booked")} == {NoticeStatus.SENT}
    assert len(set(provider.taken)) == len(provider.taken) == 24


def test_while_the_provider_refuses_everybody_a_refusal_for_good_is_not_believed(
    at_due: Any, provider: Provider
) -> None:
    provider.refuses["email"] = lines.NeverSent("SMTPDataError 554")
    for _ in range(5):
        ledger.send_due()
        at_due.shift(providers.LONGEST_REST)
    of_mail = Notice.objects.filter(channel="email", kind="booked")
    assert of_mail.filter(status=NoticeStatus.FAILED).count() == providers.STRIKES
    assert of_mail.filter(status=NoticeStatus.PENDING).count() == 12 - providers.STRIKES


def test_one_recipient_who_is_turned_away_again_and_again_is_no_outage(
    at_due: Any, provider: Provider
) -> None:
    Notice.objects.filter(channel="email").exclude(occurrence=1).update(
        status=NoticeStatus.SUPERSEDED
    )
    provider.refuses["email"] = lines.NotSent("SMTPRecipientsRefused 450")
    for _ in range(6):
        ledger.send_due()
        at_due.shift(timedelta(minutes=20))
    assert row(channel="email", occurrence=1, kind="booked").attempts == 6
    assert not providers.failing().exists()


def test_a_safety_message_that_cannot_go_for_two_minutes_asks_for_a_call_once(
    at_due: Any, provider: Provider
) -> None:
    kept = row(kind="booked", channel="email", occurrence=1)
    Notice.objects.filter(kind="booked").update(status=NoticeStatus.SUPERSEDED)
    kept.pk, kept.notice_class, kept.occurrence = None, "S", 50
    kept.save(force_insert=True)
    provider.refuses["email"] = lines.LineDown("ConnectionRefusedError")
    for _ in range(4):
        ledger.send_due()
        at_due.shift(timedelta(minutes=1))
    task = StaffTask.objects.get(kind="message_delayed")
    assert task.done_at is None
    provider.refuses.clear()
    assert ledger.send_due() == 1
    task.refresh_from_db()
    assert task.done_at is not None


def test_what_is_due_is_found_along_an_index_in_the_order_of_urgency() -> None:
    """With sorting and scanning forbidden there is still a way: the index gives the order."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_sort = off")
        cursor.execute("SET LOCAL enable_incremental_sort = off")
        cursor.execute("SET LOCAL enable_bitmapscan = off")
    rows = Notice.objects.in_line(channel="email", notice_class="P", at=now())
    plan = rows.select_for_update(skip_locked=True).values_list("pk")[: sending.BATCH].explain()
    assert "Index Scan using notice_due" in plan
    assert "Sort" not in plan
