"""A travel engine that stays silent is somebody's task, once for each outage."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client, TestCase
from pytest_django import Settings

from booking import attention
from booking.delivery import outages
from booking.models import StaffTask
from config.core.models import Role
from scheduling import engines
from scheduling.engines.road import Road
from scheduling.travel import Place
from tests.factories import LOOP, OAK_PARK, make_user
from tests.scheduling.engines.recorded import Server, serving
from tests.scheduling.engines.test_configured import slow

NOON = datetime(2026, 11, 20, 18, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def clock(db: None) -> Any:
    with time_machine.travel(NOON, tick=False) as still:
        yield still


@pytest.fixture
def engine(settings: Settings) -> Iterator[Server]:
    """An engine that is down."""
    engines.forget()
    with serving(lambda *_: (503, b"")) as server:
        settings.TRAVEL_URL = f"osrm+{server.url}"
        yield server
    engines.forget()


def drive() -> None:
    """Somebody wants to know a drive, long after the last try."""
    engines.forget()
    with TestCase.captureOnCommitCallbacks(execute=True):
        engines.configured().minutes(Place(*LOOP), Place(*OAK_PARK))


def open_tasks() -> list[StaffTask]:
    return list(StaffTask.objects.filter(kind=outages.KIND, done_at__isnull=True))


def test_it_asks_once_for_an_outage_that_lasts(clock: Any, engine: Server) -> None:
    assert outages.sweep() == 0
    for _ in range(4):
        drive()
        assert outages.sweep() == 0
        clock.shift(3 * MINUTE)
    drive()
    assert outages.sweep() == 1
    assert outages.sweep() == 0
    (task,) = open_tasks()
    assert "has not answered since Fri 20 Nov, 12:00 PM CST" in task.detail
    attention.done(task=task, by=make_user(role=Role.DISPATCHER, name="Dan Reyes"))
    clock.shift(60 * MINUTE)
    drive()
    assert outages.sweep() == 0
    assert open_tasks() == []


def test_it_asks_nobody_for_a_restart(clock: Any, engine: Server) -> None:
    drive()
    clock.shift(60 * MINUTE)
    assert outages.sweep() == 0
    assert not StaffTask.objects.exists()


def test_the_task_closes_when_the_engine_answers_and_opens_anew_for_the_next_outage(
    clock: Any, engine: Server
) -> None:
    def stays_down() -> None:
        for _ in range(2):
            drive()
            outages.sweep()
            clock.shift(11 * MINUTE)

    stays_down()
    assert len(open_tasks()) == 1
    down, engine.answer = engine.answer, slow(10)
    road = engines.configured()
    assert isinstance(road, Road)
    road.breaker._closed_until = 0.0  # the pause is over
    with TestCase.captureOnCommitCallbacks(execute=True):
        assert road.minutes(Place(*LOOP), Place(*OAK_PARK)) == 10
    assert outages.sweep() == 0
    assert open_tasks() == []
    clock.shift(timedelta(days=40))
    engine.answer = down
    stays_down()
    assert len(open_tasks()) == 1
    assert StaffTask.objects.count() == 2


def test_it_closes_where_nobody_met_the_silence_for_long_or_no_engine_is_asked(
    clock: Any, engine: Server, settings: Settings
) -> None:
    for _ in range(2):
        drive()
        outages.sweep()
        clock.shift(11 * MINUTE)
    assert len(open_tasks()) == 1
    clock.shift(timedelta(hours=11))
    outages.sweep()
    assert len(open_tasks()) == 1
    settings.TRAVEL_URL = ""
    outages.sweep()
    assert open_tasks() == []


def test_staff_see_it_on_their_desk(clock: Any, engine: Server, client: Client) -> None:
    for _ in range(2):
        drive()
        outages.sweep()
        clock.shift(11 * MINUTE)
    client.force_login(make_user(role=Role.DISPATCHER, name="Dan Reyes"))
    for page in ("/admin/", "/admin/booking/stafftask/"):
        answer = client.get(page)
        assert answer.status_code == 200
    assert "The travel engine has not answered" in answer.content.decode()
