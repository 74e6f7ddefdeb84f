"""Days are planned without being asked, and freeze at their hour."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from booking import appointments, attention
from booking.models import Appointment, Notice, StaffTask
from config.celery import app
from config.core.models import Role
from config.launch import processes
from nurses import dispatch, planning, sweeps, tasks
from nurses.models import Plan, Route, Watch
from scheduling.models import Leave, Nurse, ShiftException
from tests.factories import OAK_PARK, make_nurse, make_user
from tests.nurses.story import START
from tests.nurses.test_assigning import holder
from tests.nurses.test_route import EVANSTON, book, route

NOON = datetime(2026, 11, 20, 18, tzinfo=UTC)
THE_DAY = date(2026, 11, 24)
PUBLISH_HOUR = datetime(2026, 11, 24, 0, tzinfo=UTC)  # 18:00 on Monday in Chicago
WAIT = timedelta(minutes=5)


@pytest.fixture(autouse=True)
def clock(db: None) -> Any:
    with time_machine.travel(NOON, tick=False) as still:
        yield still


def crossed() -> tuple[Nurse, Nurse, Appointment, Appointment]:
    """Two nurses who each drive to where the other lives, at overlapping times."""
    cleo = make_nurse(home=OAK_PARK)
    ben = make_nurse(name="Ben Wu", home=EVANSTON)
    return cleo, ben, book(cleo, place=EVANSTON), book(ben, 0.5, place=OAK_PARK)


def sick(nurse: Nurse) -> Leave:
    return Leave.objects.create(
        nurse=nurse, starts_at=START - timedelta(hours=9), ends_at=START + timedelta(hours=9)
    )


def sweep() -> int:
    """Both bells, as they ring."""
    tasks.sweep()
    tasks.check_rosters()
    made = tasks.plan_days()
    tasks.sweep()
    tasks.check_rosters()
    return made


def purposes() -> list[str]:
    return list(Plan.objects.order_by("pk").values_list("purpose", flat=True))


# -- drafts --------------------------------------------------------------------------------------


def test_it_improves_a_changed_day_once_it_is_still(clock: Any) -> None:
    cleo, ben, hers, his = crossed()
    assert sweep() == 0
    clock.shift(WAIT - timedelta(seconds=1))
    assert sweep() == 0
    clock.shift(timedelta(seconds=1))
    assert sweep() == 1
    assert (holder(hers), holder(his)) == (ben.pk, cleo.pk)
    assert [(one.purpose, one.status) for one in Plan.objects.all()] == [("changed", "applied")]
    for _ in range(3):
        clock.shift(WAIT)
        assert sweep() == 0
    assert dispatch.on(THE_DAY).plan is not None


def test_it_waits_from_the_last_change_but_not_forever(clock: Any) -> None:
    cleo, *_ = crossed()
    tasks.plan_days()
    for change in range(5):
        clock.shift(timedelta(minutes=4))
        assert purposes() == []
        Appointment.objects.filter(nurse=cleo).update(version=2 + change)
        tasks.plan_days()
    assert purposes() == ["changed"]


def test_it_plans_every_day_to_come_in_the_night(clock: Any) -> None:
    _, _, hers, _his = crossed()
    Watch.objects.create(day=THE_DAY, mark="", night=date(2026, 11, 20))
    sweep()
    Watch.objects.update(changed_at=None, restless_since=None)
    clock.move_to(datetime(2026, 11, 21, 7, 59, tzinfo=UTC))
    assert sweep() == 0
    clock.move_to(datetime(2026, 11, 21, 8, tzinfo=UTC))  # 2 AM in Chicago
    assert sweep() == 1
    assert purposes() == ["nightly"]
    assert holder(hers) != hers.nurse_id
    assert sweep() == 0


def test_it_plans_no_day_again_that_a_dispatcher_has_just_had_planned(clock: Any) -> None:
    _, _, hers, _ = crossed()
    asked = dispatch.plan(day=THE_DAY)
    sweep()
    clock.shift(WAIT)
    assert sweep() == 0
    assert holder(hers) == hers.nurse_id
    dispatch.publish(plan=asked, by=None)


def test_on_the_day_itself_only_visits_without_a_nurse_move(clock: Any) -> None:
    _, _, hers, his = crossed()
    dora = make_nurse(name="Dora Lee")
    nobodys = book(None, 1)
    clock.move_to(START - timedelta(minutes=20))  # nobody planned or published it in time
    sweep()
    sweep()
    assert (holder(hers), holder(his)) == (hers.nurse_id, his.nurse_id)
    assert holder(nobodys) == dora.pk
    assert Route.objects.filter(day=THE_DAY).exists()


def test_it_looks_only_so_far_ahead(clock: Any, settings: Settings) -> None:
    settings.DISPATCH_DAYS_AHEAD = 3
    crossed()
    sweep()
    clock.shift(WAIT)
    assert sweep() == 0
    assert not Watch.objects.filter(day=THE_DAY).exists()


def test_a_day_without_visits_is_left_alone(clock: Any) -> None:
    make_nurse()
    sweep()
    clock.shift(timedelta(days=1))
    assert sweep() == 0
    assert not Plan.objects.exists()
    assert not Route.objects.exists()


# -- a visit lost its nurse ----------------------------------------------------------------------


def test_on_leave_only_what_must_move_moves_and_the_task_closes(clock: Any) -> None:
    cleo, ben, hers, his = crossed()
    dora = make_nurse(name="Dora Lee")
    sick(cleo)
    assert sweep() == 1
    assert (holder(hers), holder(his)) == (dora.pk, ben.pk)
    assert [(one.purpose, one.is_minimal) for one in Plan.objects.all()] == [("leave", True)]
    (task,) = StaffTask.objects.all()
    assert task.kind == "leave_over_visit"
    assert (task.done_at, task.done_by) == (NOON, None)
    clock.shift(3 * WAIT)
    assert sweep() == 0
    assert holder(his) == ben.pk


def test_a_sick_day_entered_as_an_exception_counts_as_well(clock: Any) -> None:
    cleo, _, hers, _ = crossed()
    dora = make_nurse(name="Dora Lee")
    ShiftException.objects.create(nurse=cleo, day=THE_DAY)
    assert sweep() == 1
    assert holder(hers) == dora.pk
    assert not StaffTask.objects.filter(done_at__isnull=True).exists()


def test_others_move_where_that_is_the_only_way(clock: Any) -> None:
    cleo = make_nurse(home=OAK_PARK)
    ben = make_nurse(name="Ben Wu", home=OAK_PARK)
    ben.shifts.update(starts="10:00")
    dora = make_nurse(name="Dora Lee", home=OAK_PARK)
    dora.shifts.update(starts="07:00", ends="15:00")
    # Dora works till 15:00, Ben from 10:00: only Ben can take the late visit, and he has the
    # early one, which Dora could take.
    early, late = book(ben, 0), book(cleo, 2)
    assert late.starts_at < early.ends_at
    sick(cleo)
    sweep()
    assert (holder(early), holder(late)) == (dora.pk, ben.pk)
    assert [(one.purpose, one.is_minimal) for one in Plan.objects.order_by("pk")] == [
        ("leave", True),
        ("leave", False),
    ]


def test_what_nobody_can_take_stays_asked_and_is_not_planned_again_and_again(clock: Any) -> None:
    cleo = make_nurse()
    visit = book(cleo)
    sick(cleo)
    sweep()
    found = Plan.objects.count()
    for _ in range(3):
        clock.shift(WAIT)
        assert sweep() == 0
    assert Plan.objects.count() == found
    assert StaffTask.objects.get().done_at is None
    assert holder(visit) == cleo.pk
    make_nurse(name="Ben Wu")
    assert sweep() == 1
    assert holder(visit) != cleo.pk
    assert StaffTask.objects.get().done_at is not None


def test_what_a_person_decided_stays(clock: Any) -> None:
    cleo, *_ = crossed()
    make_nurse(name="Dora Lee")
    sick(cleo)
    tasks.sweep()
    attention.done(task=StaffTask.objects.get(), by=make_user(role=Role.DISPATCHER, name="Dan"))
    assert tasks.plan_days() == 0


def test_the_task_is_asked_again_when_the_visit_loses_its_nurse_again(clock: Any) -> None:
    cleo, dora = make_nurse(), make_nurse(name="Dora Lee")
    visit = book(cleo)
    leave = sick(cleo)
    sweep()
    assert holder(visit) == dora.pk
    Appointment.objects.filter(pk=visit.pk).update(nurse=cleo)
    assert sweeps.run() == 1
    leave.delete()
    assert sweeps.run() == 0
    assert not StaffTask.objects.filter(done_at__isnull=True).exists()


def test_a_task_about_a_visit_nobody_went_to_stays_open(clock: Any) -> None:
    book(None)
    sweeps.run()
    clock.move_to(START + timedelta(hours=1))
    sweeps.run()
    assert StaffTask.objects.get().done_at is None


# -- freezing ------------------------------------------------------------------------------------


def test_it_publishes_at_the_hour_and_tells_each_nurse_once(clock: Any) -> None:
    cleo, ben, *_ = crossed()
    make_nurse(name="Dora Lee")
    clock.move_to(PUBLISH_HOUR - timedelta(seconds=1))
    sweep()
    assert not Route.objects.exists()
    clock.move_to(PUBLISH_HOUR)
    sweep()
    assert Route.objects.count() == 3
    told = Notice.objects.filter(kind="route")
    assert sorted(row.facts["nurse"] for row in told) == [cleo.pk, ben.pk]
    assert route(cleo)["status"] == "published"
    sweep()
    clock.shift(timedelta(hours=1))
    sweep()
    assert (Route.objects.count(), told.count()) == (3, 2)


def test_the_last_plan_before_the_hour_is_the_one_that_freezes(clock: Any) -> None:
    cleo, ben, hers, his = crossed()
    clock.move_to(PUBLISH_HOUR)
    sweep()
    assert (holder(hers), holder(his)) == (ben.pk, cleo.pk)
    assert Route.objects.get(nurse=ben).stops[0]["appointment"] == str(hers.pk)


def test_a_published_route_never_changes_by_the_sweep(clock: Any) -> None:
    cleo, ben, hers, his = crossed()
    dispatch.publish_as_it_is(THE_DAY)
    dora = make_nurse(name="Dora Lee")
    sick(cleo)
    for _ in range(4):
        sweep()
        clock.shift(2 * WAIT)
    clock.move_to(datetime(2026, 11, 24, 9, tzinfo=UTC))  # after the next night, too
    sweep()
    assert (holder(hers), holder(his)) == (cleo.pk, ben.pk)
    assert not Route.objects.filter(version=2).exists()
    (proposal,) = Plan.objects.all()
    assert (proposal.status, proposal.is_minimal) == ("proposed", True)
    assert [move["to"] for move in proposal.moves] == [dora.pk]
    assert dispatch.on(THE_DAY).plan == proposal
    dispatch.publish(plan=proposal, by=make_user(role=Role.DISPATCHER, name="Dan"))
    assert holder(hers) == dora.pk


def test_a_nurse_is_told_when_patients_change_her_published_route(clock: Any) -> None:
    cleo, _, hers, _ = crossed()
    dispatch.publish_as_it_is(THE_DAY)
    sweep()
    appointments.cancel(appointment=hers)
    sweep()
    newest = {row.nurse_id: row for row in Route.objects.newest(day=THE_DAY)}
    assert (newest[cleo.pk].version, newest[cleo.pk].stops) == (2, [])
    rows = Notice.objects.filter(kind="route", facts__nurse=cleo.pk).order_by("pk")
    assert [(row.status, row.facts["is_change"]) for row in rows] == [
        ("superseded", False),
        ("pending", True),
    ]
    sweep()
    assert rows.count() == 2


@pytest.mark.parametrize("ending", ["no_show", "aborted"])
def test_a_nurse_is_not_told_of_what_she_recorded_herself(clock: Any, ending: str) -> None:
    _, _, hers, _ = crossed()
    dispatch.publish_as_it_is(THE_DAY)
    sweep()
    clock.move_to(hers.starts_at)
    Appointment.objects.filter(pk=hers.pk).update(status=ending)
    sweep()
    assert Route.objects.count() == 2


def test_no_past_day_is_published(clock: Any) -> None:
    _, _, hers, _ = crossed()
    clock.move_to(hers.starts_at + timedelta(hours=12))
    sweep()
    assert not Route.objects.exists()


# -- whatever happens ----------------------------------------------------------------------------


def test_a_day_that_fails_does_not_hold_up_the_others(clock: Any, monkeypatch: Any) -> None:
    crossed()
    cleo = Nurse.objects.order_by("pk")[0]
    next_day = book(cleo, 24, place=EVANSTON)
    plan = dispatch.plan

    def fails(**asked: Any) -> Any:
        if asked["day"] == THE_DAY:
            raise RuntimeError("Ada Byrne")
        return plan(**asked)

    monkeypatch.setattr(dispatch, "plan", fails)
    sweep()
    clock.shift(WAIT)
    assert sweep() == 1
    assert holder(next_day) != cleo.pk
    monkeypatch.setattr(dispatch, "plan", plan)
    assert sweep() == 1


def test_a_plan_cut_short_is_made_by_the_next(clock: Any, monkeypatch: Any) -> None:
    _, _, hers, _ = crossed()
    sweep()
    clock.shift(WAIT)

    def is_killed(**_: Any) -> Any:
        raise KeyboardInterrupt

    apply = dispatch.apply
    monkeypatch.setattr(dispatch, "apply", is_killed)
    with pytest.raises(KeyboardInterrupt):
        planning.run()
    assert Plan.objects.get().status == "proposed"
    assert holder(hers) == hers.nurse_id
    monkeypatch.setattr(dispatch, "apply", apply)
    planning.run()
    assert holder(hers) != hers.nurse_id


def test_planning_keeps_no_message_waiting() -> None:
    """A search has a queue that the worker of messages does not read."""
    queues = {
        task: app.amqp.router.route({}, task)["queue"].name
        for task in (
            "nurses.tasks.plan_days",
            "nurses.tasks.sweep",
            "booking.tasks.send_due_notices",
        )
    }
    assert list(queues.values()) == ["dispatch", "celery", "notices"]
    assert "--queues" not in processes.WORKER
    place = processes.DISPATCH.index("--queues")
    assert processes.DISPATCH[place + 1] == "dispatch"
    rung = {bell["task"] for bell in app.conf.beat_schedule.values()}
    assert "nurses.tasks.plan_days" in rung


def test_readyz_says_whether_days_are_planned(client: Client, clock: Any) -> None:
    assert client.get("/readyz").json()["dispatch"] == "no sign of life"
    tasks.plan_days()
    assert client.get("/readyz").json()["dispatch"] == "ok"
    clock.shift(timedelta(minutes=10))
    assert client.get("/readyz").json()["dispatch"] == "no sign of life"


def test_it_asks_the_database_no_more_often_for_more_visits(clock: Any) -> None:
    _cleo, *_ = crossed()

    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            planning.run()
        return len(queries)

    asked()
    few = asked()
    for number in range(3):
        book(make_nurse(name=f"Nurse {number}"), 5 + number)
    asked()
    assert asked() == few
