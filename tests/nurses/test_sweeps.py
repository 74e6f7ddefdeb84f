"""Visits that lost their nurse are found, and asked about once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from booking import attention
from booking.models import StaffTask
from config.core.models import Role
from nurses import tasks
from scheduling.models import Leave
from tests.factories import make_nurse, make_user
from tests.nurses.story import START
from tests.nurses.test_route import book


@pytest.fixture(autouse=True)
def _stand_still(db: None) -> Any:
    with time_machine.travel(datetime(2026, 11, 20, 12, tzinfo=UTC), tick=False):
        yield


def test_it_asks_for_another_nurse_when_leave_lies_over_a_visit() -> None:
    nurse = make_nurse()
    visit = book(nurse)
    book(nurse, 24)
    assert tasks.sweep() == 0
    Leave.objects.create(
        nurse=nurse, starts_at=START + timedelta(hours=3), ends_at=START + timedelta(hours=9)
    )
    assert tasks.sweep() == 1
    task = StaffTask.objects.get()
    assert (task.kind, task.appointment) == ("leave_over_visit", visit)
    assert "Tue 24 Nov, 10:30 AM CST" in task.detail


@pytest.mark.parametrize("status", ["cancelled", "no_show", "discharged"])
def test_it_lets_visits_be_that_are_not_to_come(status: str) -> None:
    nurse = make_nurse()
    book(nurse, status=status)
    Leave.objects.create(nurse=nurse, starts_at=START, ends_at=START + timedelta(hours=9))
    assert tasks.sweep() == 0


def test_it_asks_for_a_nurse_where_there_is_none() -> None:
    visit = book(None)
    assert tasks.sweep() == 1
    assert StaffTask.objects.get().appointment == visit


def test_it_asks_once_even_after_somebody_decided() -> None:
    book(None)
    tasks.sweep()
    attention.done(task=StaffTask.objects.get(), by=make_user(role=Role.DISPATCHER, name="Dan"))
    assert tasks.sweep() == 0
    assert StaffTask.objects.count() == 1


def test_it_asks_for_another_nurse_once_hers_may_no_longer_be_sent() -> None:
    nurse = make_nurse()
    visit = book(nurse)
    assert tasks.check_rosters() == 0
    nurse.licences.update(valid_until=visit.starts_at.date() - timedelta(days=1))
    assert tasks.check_rosters() == 1
    assert tasks.check_rosters() == 0
    task = StaffTask.objects.get()
    assert (task.kind, task.appointment) == ("nurse_may_not_go", visit)
    assert "Tue 24 Nov, 10:30 AM CST" in task.detail


@pytest.mark.parametrize("paper", ["shifts", "qualifications"])
def test_it_notices_every_paper_that_is_gone(paper: str) -> None:
    nurse = make_nurse()
    book(nurse)
    getattr(nurse, paper).all().delete()
    assert tasks.check_rosters() == 1
