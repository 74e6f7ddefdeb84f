"""Dispatch when something else fails: the search, the travel engine, the broker, the calendar."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import redis
import time_machine
from celery import Celery
from django.test import Client
from pytest_django import Settings

from booking.models import Notice, StaffTask
from config.core.clock import now
from config.core.errors import Refused
from config.launch import valkey
from config.launch.state import socket_folder
from nurses import dispatch, tasks
from nurses.models import Plan, Route, Watch
from scheduling import engines
from scheduling.models import Licence, Nurse
from tests.factories import (
    CHICAGO,
    OAK_PARK,
    make_appointment,
    make_nurse,
    make_patient,
)
from tests.nurses.story import START
from tests.nurses.test_assigning import holder
from tests.nurses.test_planning import NOON, PUBLISH_HOUR, THE_DAY, WAIT, crossed, sweep
from tests.nurses.test_route import EVANSTON, book, drive, route
from tests.scheduling.engines.recorded import serving

MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def clock(db: None) -> Any:
    with time_machine.travel(NOON, tick=False) as still:
        yield still


# -- a search that fails -------------------------------------------------------------------------


@pytest.fixture
def searches(monkeypatch: pytest.MonkeyPatch) -> list[datetime]:
    """Every search fails; gives the instants at which one began."""
    begun: list[datetime] = []

    def fails(**_: Any) -> Plan:
        begun.append(now())
        raise RuntimeError("no basis")

    monkeypatch.setattr(dispatch, "plan", fails)
    return begun


def minutes_between(instants: list[datetime]) -> list[float]:
    return [(later - one) / MINUTE for one, later in pairwise(instants)]


def test_a_day_whose_searches_fail_is_searched_ever_less_often(
    clock: Any, searches: list[datetime]
) -> None:
    crossed()
    tasks.plan_days()
    clock.shift(WAIT)
    for _ in range(16):
        tasks.plan_days()
        clock.shift(MINUTE)
    assert minutes_between(searches) == [1, 2, 4, 8]
    Watch.objects.update(tries=20, tried_at=now())
    searches.clear()
    clock.shift(59 * MINUTE)
    tasks.plan_days()
    assert searches == []
    clock.shift(MINUTE)
    tasks.plan_days()
    assert len(searches) == 1


def test_a_change_of_the_day_ends_the_pause(clock: Any, searches: list[datetime]) -> None:
    cleo, *_ = crossed()
    tasks.plan_days()
    clock.shift(WAIT)
    for _ in range(20):
        tasks.plan_days()
        clock.shift(MINUTE)
    assert Watch.objects.get().tries == 5
    found = len(searches)
    book(cleo, 6)
    tasks.plan_days()
    assert len(searches) == found + 1
    assert Watch.objects.get().tries == 1


def test_a_search_that_ends_well_ends_the_pause(
    clock: Any, searches: list[datetime], monkeypatch: pytest.MonkeyPatch
) -> None:
    *_, hers, _his = crossed()
    plan = dispatch.plan
    tasks.plan_days()
    clock.shift(WAIT)
    for _ in range(3):
        tasks.plan_days()
        clock.shift(MINUTE)
    monkeypatch.undo()
    assert dispatch.plan is not plan
    clock.shift(2 * MINUTE)
    assert tasks.plan_days() == 1
    assert holder(hers) != hers.nurse_id
    assert (Watch.objects.get().tries, Watch.objects.get().tried_at) == (0, None)


def test_nurses_are_told_at_the_hour_although_every_search_fails(
    clock: Any, searches: list[datetime]
) -> None:
    cleo, ben, hers, his = crossed()
    tasks.plan_days()
    clock.move_to(PUBLISH_HOUR)
    tasks.plan_days()
    assert searches == [PUBLISH_HOUR]
    assert {row.nurse_id for row in Route.objects.all()} == {cleo.pk, ben.pk}
    assert (holder(hers), holder(his)) == (cleo.pk, ben.pk)
    assert Notice.objects.filter(kind="route").count() == 2


def test_a_pause_keeps_no_nurse_from_her_route(clock: Any, searches: list[datetime]) -> None:
    crossed()
    tasks.plan_days()
    Watch.objects.update(tries=9, tried_at=PUBLISH_HOUR - MINUTE)
    clock.move_to(PUBLISH_HOUR)
    tasks.plan_days()
    assert searches == []
    assert Route.objects.count() == 2


# -- the travel engine is down -------------------------------------------------------------------


@pytest.fixture
def _fresh_engines() -> Iterator[None]:
    engines.forget()
    yield
    engines.forget()


@pytest.fixture
def dead_engine(settings: Settings, _fresh_engines: None) -> Iterator[list[Any]]:
    """An engine that answers nothing of use; gives what it was asked."""
    with serving(lambda *_: (503, b"")) as server:
        settings.TRAVEL_URL = f"osrm+{server.url}"
        yield server.asked


def test_a_day_is_planned_and_published_while_the_travel_engine_is_down(
    clock: Any, dead_engine: list[Any]
) -> None:
    cleo, ben, hers, his = crossed()
    sweep()
    clock.shift(WAIT)
    assert sweep() == 1
    assert (holder(hers), holder(his)) == (ben.pk, cleo.pk)
    clock.move_to(PUBLISH_HOUR)
    sweep()
    assert {row.nurse_id for row in Route.objects.all()} == {cleo.pk, ben.pk}
    assert route(cleo)["status"] == "published"
    # The breaker asks again only now and then; nothing waits for each drive.
    assert 1 <= len(dead_engine) < 10


@pytest.mark.usefixtures("_fresh_engines")
def test_a_plan_made_with_the_engine_is_published_without_it(
    clock: Any, settings: Settings
) -> None:
    cleo, ben, hers, his = crossed()
    plan = dispatch.plan(day=THE_DAY)
    with serving(lambda *_: (503, b"")) as server:
        settings.TRAVEL_URL = f"osrm+{server.url}"
        dispatch.publish(plan=plan, by=None)
    assert (holder(hers), holder(his)) == (ben.pk, cleo.pk)


@pytest.mark.usefixtures("_fresh_engines")
def test_a_move_that_only_a_known_drive_allows_waits_while_the_engine_is_down(
    clock: Any, settings: Settings
) -> None:
    ben = make_nurse(name="Ben Wu", home=EVANSTON)
    first = book(ben, place=EVANSTON)
    apart = timedelta(minutes=drive(EVANSTON, OAK_PARK)[0])
    nobodys = book(None, (first.ends_at - START + apart) / timedelta(hours=1))
    plan = dispatch.plan(day=THE_DAY)
    assert [move["to"] for move in plan.moves] == [ben.pk]
    with serving(lambda *_: (503, b"")) as server:
        settings.TRAVEL_URL = f"osrm+{server.url}"
        with pytest.raises(Refused) as refused:
            dispatch.publish(plan=plan, by=None)
    assert refused.value.codes == ["slot_taken"]
    assert holder(nobodys) is None
    assert not Route.objects.exists()


# -- the broker is emptied -----------------------------------------------------------------------


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[str]:
    """A Valkey of this test's own."""
    with (
        socket_folder(state=tmp_path) as sockets,
        valkey.running(state=tmp_path, sockets=sockets) as url,
    ):
        yield url


def test_a_broker_emptied_during_a_plan_loses_neither_the_plan_nor_the_next_bell(
    clock: Any, broker: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    cleo, _, hers, _his = crossed()
    queues = redis.Redis.from_url(broker)
    beat = Celery("beat")
    beat.config_from_object("django.conf:settings", namespace="CELERY")
    beat.conf.update(broker_url=broker.replace("unix://", "redis+socket://"))
    plan = dispatch.plan

    def plan_while_it_is_emptied(**asked: Any) -> Plan:
        queues.flushall()
        return plan(**asked)

    monkeypatch.setattr(dispatch, "plan", plan_while_it_is_emptied)
    tasks.plan_days()
    clock.shift(WAIT)
    with beat.producer_pool.acquire() as bell:
        for _ in range(2):
            beat.send_task("nurses.tasks.plan_days", producer=bell, expires=60)
        assert queues.llen("dispatch") == 2
        assert tasks.plan_days() == 1
        assert holder(hers) != hers.nurse_id
        assert queues.llen("dispatch") == 0
        # What changes now is found by the next bell, which still reaches the worker's queue.
        book(cleo, 6)
        beat.send_task("nurses.tasks.plan_days", producer=bell, expires=60)
        assert queues.llen("dispatch") == 1
    beat.close()
    queues.close()
    tasks.plan_days()
    clock.shift(WAIT)
    assert tasks.plan_days() == 1


# -- the calendar --------------------------------------------------------------------------------


def test_a_licence_that_ends_on_the_very_day_holds_to_its_end(clock: Any) -> None:
    cleo = make_nurse(home=OAK_PARK, ends=time(23, 30))
    Licence.objects.filter(nurse=cleo).update(valid_until=THE_DAY)
    # The second begins at 18:00 in Chicago, when it is the next day already in UTC.
    early, late, tomorrows = (book(None, hours) for hours in (0, 7.5, 24))
    assert late.starts_at.date() > THE_DAY
    for day in (THE_DAY, THE_DAY + timedelta(days=1)):
        dispatch.publish(plan=dispatch.plan(day=day), by=None)
    assert [holder(visit) for visit in (early, late, tomorrows)] == [cleo.pk, cleo.pk, None]
    (left,) = dispatch.on(THE_DAY + timedelta(days=1)).unassigned
    assert [reason.rule for reason in left.reasons] == ["papers"]
    tasks.check_rosters()
    assert not StaffTask.objects.exists()


def test_a_licence_that_ends_the_day_before_takes_the_nurse_off_a_draft(clock: Any) -> None:
    cleo, ben, hers, his = crossed()
    Licence.objects.filter(nurse=cleo).update(valid_until=THE_DAY - timedelta(days=1))
    dora = make_nurse(name="Dora Lee")
    assert sweep() == 1
    assert (holder(hers), holder(his)) == (dora.pk, ben.pk)
    assert not StaffTask.objects.filter(done_at__isnull=True).exists()


@pytest.mark.parametrize(
    "zone", ["America/New_York", CHICAGO, "America/Phoenix", "Pacific/Honolulu"]
)
@pytest.mark.parametrize("day", [date(2027, 3, 14), date(2027, 11, 7)])
def test_a_day_on_which_clocks_change_goes_from_plan_to_phone(
    clock: Any, settings: Settings, zone: str, day: date
) -> None:
    settings.CLINIC_TIME_ZONE = zone
    there = ZoneInfo(zone)
    publish_hour = datetime(day.year, day.month, day.day - 1, 18, tzinfo=there).astimezone(UTC)
    clock.move_to(publish_hour - timedelta(days=2))
    cleo = make_nurse(home=OAK_PARK)
    ben = make_nurse(name="Ben Wu", home=EVANSTON)
    Nurse.objects.update(time_zone=zone)
    visits = []
    for nurse, place, minute in ((cleo, EVANSTON, 0), (ben, OAK_PARK, 15)):
        starts_at = datetime(day.year, day.month, day.day, 9, minute, tzinfo=there)
        patient = make_patient(place=place)
        patient.address.time_zone = zone
        patient.address.save()
        visits.append(
            make_appointment(
                patient=patient, nurse=nurse, starts_at=starts_at.astimezone(UTC), time_zone=zone
            )
        )
    sweep()
    clock.shift(WAIT)
    assert sweep() == 1
    assert [holder(visit) for visit in visits] == [ben.pk, cleo.pk]
    clock.move_to(publish_hour - MINUTE)
    sweep()
    assert not Route.objects.exists()
    clock.move_to(publish_hour)
    sweep()
    assert Route.objects.count() == 2
    shown = route(cleo, f"?date={day}")
    assert (shown["status"], len(shown["stops"])) == ("published", 1)
    (stop,) = shown["stops"]
    promised = datetime(day.year, day.month, day.day, 9, 15, tzinfo=there).astimezone(UTC)
    assert datetime.fromisoformat(stop["starts_at"]) == promised
    assert stop["leave_at"] == stop["starts_at"]  # she lives next door
    phone = Client()
    phone.force_login(cleo.user)
    page = phone.get(f"/route/?date={day}").content.decode()
    assert "9:15 AM" in page
    assert "final" in page
