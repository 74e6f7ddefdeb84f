"""Publishing beside those who book, assign and plan: consistent or stale, never half."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test import Client

from booking import appointments, assignments
from booking.models import Appointment, Notice
from config.core.clock import now
from config.core.errors import Refused
from config.core.models import Role
from config.launch.state import ROOT
from nurses import dispatch, planning, tasks, workday
from nurses.models import Plan, Route, Watch
from scheduling.models import Nurse
from tests.factories import (
    CHICAGO,
    OAK_PARK,
    make_appointment,
    make_nurse,
    make_patient,
    make_user,
    therapy,
)
from tests.nurses.test_route import EVANSTON
from tests.racing import PATIENCE, race

pytestmark = pytest.mark.django_db(transaction=True)


def ahead(hour: int = 10) -> datetime:
    local = (now() + timedelta(days=3)).astimezone(ZoneInfo(CHICAGO))
    return local.replace(hour=hour, minute=0, second=0, microsecond=0)


def crossed() -> tuple[date, Nurse, Nurse]:
    cleo = make_nurse(home=OAK_PARK)
    ben = make_nurse(name="Ben Wu", home=EVANSTON)
    make_appointment(patient=make_patient(place=EVANSTON), nurse=cleo, starts_at=ahead())
    make_appointment(patient=make_patient(place=OAK_PARK), nurse=ben, starts_at=ahead())
    return ahead().date(), cleo, ben


def outcome(act: Any) -> str:
    try:
        act()
    except Refused as refused:
        return refused.codes[0]
    finally:
        connection.close()
    return "done"


def holders() -> dict[Any, int | None]:
    return dict(Appointment.objects.values_list("pk", "nurse"))


def follows(plan: Plan, before: dict[Any, int | None]) -> str:
    """Whether the plan's visits stand as before it, as after it, or half and half."""
    moved = {move["appointment"]: move for move in plan.moves}
    now_held = {str(pk): nurse for pk, nurse in holders().items() if str(pk) in moved}
    if all(now_held[pk] == move["to"] for pk, move in moved.items()):
        return "after"
    if all(now_held[pk] == move["from"] for pk, move in moved.items()):
        return "before"
    return "half"


def is_due(day: date) -> None:
    tasks.plan_days()
    long_ago = now() - timedelta(hours=1)
    Watch.objects.filter(day=day).update(changed_at=long_ago, restless_since=long_ago)


def test_publishing_beside_bookings_is_whole_or_stale() -> None:
    day, *_ = crossed()
    plan, before = dispatch.plan(day=day), holders()
    patients = [make_patient(name=f"Ada {n}") for n in range(4)]

    def book(patient: Any) -> None:
        appointments.book(patient=patient, therapy=therapy(), starts_at=ahead(14), by=patient.user)

    publish = partial(dispatch.publish, plan=plan, by=None)
    results = race(
        [partial(outcome, act) for act in (publish, *(partial(book, p) for p in patients))]
    )
    assert results[0] in ("done", "stale_plan")
    assert follows(plan, before) == {"done": "after", "stale_plan": "before"}[results[0]]
    assert Route.objects.exists() == (results[0] == "done")
    assert Counter(results[1:])["done"] == 2


def test_control_a_booking_slips_under_a_plan_once_the_day_is_not_held_still(
    monkeypatch: Any,
) -> None:
    day, *_ = crossed()
    plan = dispatch.plan(day=day)
    ada = make_patient()
    compared, booked = threading.Event(), threading.Event()
    monkeypatch.setattr(assignments, "hold_still", lambda **_: None)
    assign_all = assignments.assign_all

    def after_the_booking(moves: Any) -> None:
        compared.set()
        assert booked.wait(PATIENCE)
        assign_all(moves)

    monkeypatch.setattr(assignments, "assign_all", after_the_booking)

    def book() -> None:
        assert compared.wait(PATIENCE)
        appointments.book(patient=ada, therapy=therapy(), starts_at=ahead(14), by=ada.user)
        booked.set()

    publish = partial(dispatch.publish, plan=plan, by=None)
    results = race([partial(outcome, publish), partial(outcome, book)])
    assert results == ["done", "done"]
    # The plan was carried out on a day it was not made for.
    assert Plan.objects.get().leads_to != workday.read(day).fingerprint()


def test_of_two_who_publish_the_same_day_the_second_finds_it_done_or_stale() -> None:
    day, *_ = crossed()
    plans = [dispatch.plan(day=day), dispatch.plan(day=day, seed=2)]
    acts = [partial(dispatch.publish, plan=plan, by=None) for plan in plans]
    results = race([partial(outcome, act) for act in acts])
    assert sorted(results) in (["done", "done"], ["done", "stale_plan"])
    assert not Route.objects.filter(version=2).exists()
    assert Route.objects.count() == 2


def plan_and_publish(browser: Client, day: date) -> list[int]:
    """What a dispatcher is answered who plans a day, looks at it and publishes what she saw."""
    try:
        asked = browser.post(f"/staff/dispatch/{day}/plan/", {"seconds": 1})
        preview = asked.headers["location"]
        looked = browser.get(preview)
        told = browser.post(f"{preview}publish/", {"confirmed": "yes"})
        return [asked.status_code, looked.status_code, told.status_code]
    finally:
        connection.close()


def test_two_dispatchers_who_plan_and_publish_a_day_at_once_tell_each_nurse_once() -> None:
    day, cleo, ben = crossed()
    browsers = [Client(), Client()]
    for browser, name in zip(browsers, ("Dan Reyes", "Dora Lee"), strict=True):
        browser.force_login(make_user(role=Role.DISPATCHER, name=name))
    answers = race([partial(plan_and_publish, browser, day) for browser in browsers])
    # Who comes second is told that the day has changed, or finds it as her own plan left it.
    assert sorted(answers) in (
        [[302, 200, 302], [302, 200, 302]],
        [[302, 200, 302], [302, 200, 409]],
    )
    assert set(holders().values()) == {cleo.pk, ben.pk}
    assert sorted(Route.objects.values_list("nurse", "version")) == [(cleo.pk, 1), (ben.pk, 1)]
    assert sorted(Notice.objects.filter(kind="route").values_list("facts__nurse", flat=True)) == [
        cleo.pk,
        ben.pk,
    ]


def test_publishing_beside_assigning_ends_without_a_deadlock() -> None:
    day, _cleo, _ben = crossed()
    plan, before = dispatch.plan(day=day), holders()
    third = make_nurse(name="Dora Lee")
    visits = list(Appointment.objects.all())
    acts: list[Callable[[], Any]] = [
        partial(dispatch.publish, plan=plan, by=None),
        *(partial(appointments.assign, appointment=visit, nurse=third) for visit in visits),
    ]
    results = race([partial(outcome, act) for act in acts])
    assert set(results) <= {"done", "stale_plan", "slot_taken"}
    assert Counter(results[1:])["done"] == 1
    if results[0] == "stale_plan":
        assert not Route.objects.exists()
        assert sum(holders()[pk] != nurse for pk, nurse in before.items()) == 1


def test_two_workers_plan_a_day_once() -> None:
    day, *_ = crossed()
    is_due(day)
    assert sum(race([tasks.plan_days] * 4)) == 1
    assert Plan.objects.count() == 1


def test_control_they_plan_it_twice_once_the_lock_is_gone(monkeypatch: Any) -> None:
    day, *_ = crossed()
    is_due(day)
    both = threading.Barrier(2)
    plan = dispatch.plan

    def together(**asked: Any) -> Plan:
        both.wait(PATIENCE)
        return plan(**asked)

    class Everybody:
        def __enter__(self) -> bool:
            return True

        def __exit__(self, *_: object) -> None:
            return None

    monkeypatch.setattr(planning, "_alone", lambda _: Everybody())
    monkeypatch.setattr(dispatch, "plan", together)
    assert sum(race([tasks.plan_days] * 2)) == 2


WORKER_THAT_HANGS = """
import sys, time
import django
from django.conf import settings
settings.DATABASES["default"]["NAME"] = sys.argv[1]
django.setup()
from nurses import dispatch, planning
def hangs(**asked):
    print("planning", flush=True)
    time.sleep(600)
dispatch.plan = hangs
planning.run()
"""


def test_a_worker_killed_in_the_middle_of_a_plan_loses_nothing() -> None:
    day, *_ = crossed()
    is_due(day)
    command = [sys.executable, "-c", WORKER_THAT_HANGS, connection.settings_dict["NAME"]]
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings"}
    with subprocess.Popen(
        command, env=environment, cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as worker:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "planning\n"
        assert tasks.plan_days() == 0  # the day is in its hands
        worker.kill()
    with connection.cursor() as cursor:  # until the server has noticed
        cursor.execute("SELECT pg_advisory_lock(%s, %s)", [planning.PLANNING, day.toordinal()])
        cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [planning.PLANNING, day.toordinal()])
    assert tasks.plan_days() == 1
    assert Plan.objects.get().status == "applied"
