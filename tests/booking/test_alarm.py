"""When nobody delivers, somebody who needs neither Redis nor a worker calls staff."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.core.management import call_command
from django.db import OperationalError
from django.test import Client
from pytest_django import Settings

from booking.channels import lines
from booking.delivery import alarm, lanes, providers, watching
from booking.models import Outage, StaffTask
from booking.notices import ledger
from config.core import heartbeats, steady
from config.core.clock import now
from tests.booking.notice_help import BOOKED_AT, booked

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A clock that is moved by hand and that nobody doubts."""
    monkeypatch.setattr(steady, "doubt", lambda _: "")
    with time_machine.travel(BOOKED_AT, tick=False) as moved:
        heartbeats.beat(heartbeats.NOTICES)
        yield moved


@pytest.fixture
def lookout(clock: Any) -> alarm.Lookout:
    return alarm.Lookout()


def _subjects() -> list[str]:
    return [str(message.subject).partition(": ")[2] for message in mail.outbox]


def test_a_dispatcher_that_fell_silent_is_told_within_five_minutes_and_once(
    clock: Any, lookout: alarm.Lookout
) -> None:
    minutes = 0
    while not mail.outbox:
        clock.shift(MINUTE)
        alarm.look(lookout)
        minutes += 1
    assert minutes <= 5
    for _ in range(10):
        clock.shift(MINUTE)
        alarm.look(lookout)
    assert _subjects() == ["Messages do not go out"]
    assert mail.outbox[0].to == ["on-call@example.com"]
    assert "Nobody has looked for due messages" in mail.outbox[0].body
    assert StaffTask.objects.get(kind=alarm.TASK).done_at is None


def test_when_it_is_over_that_is_told_once_and_the_task_closes(
    clock: Any, lookout: alarm.Lookout
) -> None:
    clock.shift(5 * MINUTE)
    alarm.look(lookout)
    for _ in range(6):
        heartbeats.beat(heartbeats.NOTICES)
        alarm.look(lookout)
        clock.shift(MINUTE)
    assert _subjects() == ["Messages do not go out", "Messages go out again"]
    assert StaffTask.objects.get(kind=alarm.TASK).done_at is not None
    assert Outage.objects.get().ended_at is not None


def test_two_watches_tell_once(clock: Any) -> None:
    clock.shift(5 * MINUTE)
    for _ in range(3):
        alarm.look(alarm.Lookout(began_at=BOOKED_AT))
    assert len(mail.outbox) == 1


def test_a_queue_that_is_read_and_not_sent_is_told_as_well(
    clock: Any, lookout: alarm.Lookout
) -> None:
    booked()
    clock.shift(3 * MINUTE)
    heartbeats.beat(heartbeats.NOTICES)
    assert alarm.look(lookout) == []
    clock.shift(3 * MINUTE)
    heartbeats.beat(heartbeats.NOTICES)
    assert alarm.look(lookout) == [alarm.DELIVERY]
    assert "the oldest waits since Mon 16 Nov, 15:03 UTC" in mail.outbox[0].body


def test_a_house_that_stood_still_for_a_night_gives_its_senders_time_to_start(clock: Any) -> None:
    booked()
    clock.shift(600 * MINUTE)
    lookout = alarm.Lookout()
    assert alarm.look(lookout) == []
    clock.shift(3 * MINUTE)
    assert alarm.look(lookout) == [alarm.DELIVERY]


def test_a_provider_that_takes_nothing_is_on_the_staff_list_within_five_minutes_with_the_reason(
    clock: Any, lookout: alarm.Lookout, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(*_: object, **given: Any) -> None:
        if given["channel"] == "email":
            raise lines.LineDown("ConnectionRefusedError")

    def unreachable(*_: object, **__: object) -> None:
        raise ConnectionRefusedError

    booked()
    monkeypatch.setattr(lines.Line, "send", down)
    with monkeypatch.context() as broken:
        broken.setattr("django.core.mail.EmailMessage.send", unreachable)
        clock.shift(3 * MINUTE)
        for _ in range(20):
            ledger.send_due()
            heartbeats.beat(heartbeats.NOTICES)
            alarm.look(lookout)
            clock.shift(timedelta(seconds=15))
    task = StaffTask.objects.get(kind=alarm.TASK)
    assert "The provider of email has taken no message" in task.detail
    assert "ConnectionRefusedError" in task.detail
    # The mail server that is down cannot say so; once it can, that is told, and only then.
    assert Outage.objects.get().told_at is None
    alarm.look(lookout)
    assert Outage.objects.get().told_at is not None


def test_readiness_says_what_is_wrong(clock: Any, lookout: alarm.Lookout, client: Client) -> None:
    clock.shift(5 * MINUTE)
    alarm.look(lookout)
    checks = client.get("/readyz").json()
    assert "Nobody has looked" in checks["checks"]["messages"]
    assert checks["watch"] == "ok"


def test_a_clock_that_is_wrong_is_told(clock: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steady, "doubt", lambda _: "the clock jumped by 3600 s")
    assert alarm.look(alarm.Lookout()) == [steady.WRONG]
    assert "the clock jumped by 3600 s" in mail.outbox[0].body


def test_nobody_to_tell_is_no_reason_to_stop_looking(
    clock: Any, lookout: alarm.Lookout, settings: Settings
) -> None:
    settings.ON_CALL_EMAILS = []
    clock.shift(5 * MINUTE)
    alarm.look(lookout)
    assert StaffTask.objects.filter(kind=alarm.TASK).exists()


def test_a_database_that_stays_away_is_told_past_it_and_so_is_its_return(
    clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_: object) -> None:
        raise OperationalError

    seconds = [0.0]
    monkeypatch.setattr("booking.delivery.watching.time.monotonic", lambda: seconds[0])
    monkeypatch.setattr("booking.delivery.watching.connection.close", lambda: None)
    watch = watching.Watch()
    with monkeypatch.context() as broken:
        broken.setattr(alarm, "look", away)
        for seconds[0] in (0.0, 60.0, 120.0, 180.0):
            watch.look()
    assert _subjects() == ["The database cannot be reached"]
    watch.look()
    watch.look()
    assert _subjects()[1:] == ["The database answers again"]


def test_the_watch_says_whether_one_watches(clock: Any, lookout: alarm.Lookout) -> None:
    with pytest.raises(SystemExit):
        call_command("watch", "--alive")
    alarm.look(lookout)
    call_command("watch", "--alive")


def test_on_a_doubted_clock_only_staff_are_called(
    clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    booked()
    clock.shift(4 * MINUTE)
    monkeypatch.setattr(steady, "doubt", lambda _: "the clock jumped by 86400 s")
    assert lanes.ring() == 0
    assert heartbeats.last(heartbeats.NOTICES) == BOOKED_AT
    assert not providers.failing().exists()
    assert now() == BOOKED_AT + 4 * MINUTE
