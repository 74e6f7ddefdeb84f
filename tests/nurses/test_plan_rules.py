"""The solver and booking know the same rules: what one plans the other takes, and no more."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
import time_machine

from booking import appointments
from booking.models import Appointment
from config.core.errors import Refused
from nurses import dispatch
from scheduling.models import Leave, Nurse, ShiftException
from tests.factories import LOOP, make_appointment, make_nurse, make_patient
from tests.nurses.test_assigning import holder

BEFORE = datetime(2026, 11, 20, 12, tzinfo=UTC)
THE_DAY = date(2026, 11, 24)
MORNING = datetime(2026, 11, 24, 14, tzinfo=UTC)  # 8:00 in Chicago


@pytest.fixture(autouse=True)
def _stand_still(db: None) -> Any:
    with time_machine.travel(BEFORE, tick=False):
        yield


def somewhere(chance: random.Random) -> tuple[float, float]:
    return LOOP[0] + chance.uniform(-0.25, 0.25), LOOP[1] + chance.uniform(-0.3, 0.1)


def a_nurse(chance: random.Random, number: int) -> Nurse:
    nurse = make_nurse(
        name=f"Nurse {number}",
        home=somewhere(chance),
        starts=time(chance.choice([7, 8, 9])),
        ends=time(chance.choice([15, 18, 21])),
    )
    if chance.random() < 0.5:
        nurse.shifts.update(lunch_minutes=45, lunch_from=time(11), lunch_until=time(14))
    if chance.random() < 0.4:
        nurse.max_driving_minutes = chance.choice([40, 80, 120])
        nurse.max_working_minutes = chance.choice([300, 480])
        nurse.save()
    if chance.random() < 0.3:
        gone = MORNING + timedelta(hours=chance.randrange(5))
        Leave.objects.create(nurse=nurse, starts_at=gone, ends_at=gone + timedelta(hours=2))
    if chance.random() < 0.2:
        ShiftException.objects.create(nurse=nurse, day=THE_DAY, starts=time(12), ends=time(13, 30))
    if chance.random() < 0.2:
        nurse.licences.all().delete()
    return nurse


def a_visit(chance: random.Random) -> Appointment:
    return make_appointment(
        patient=make_patient(place=somewhere(chance)),
        nurse=None,
        starts_at=MORNING + timedelta(minutes=15 * chance.randrange(35)),
    )


@pytest.mark.parametrize("seed", range(5))
def test_what_is_planned_can_be_published_and_what_is_left_out_nobody_could_take(seed: int) -> None:
    chance = random.Random(seed)
    nurses = [a_nurse(chance, number) for number in range(4)]
    visits = [a_visit(chance) for _ in range(9)]
    plan = dispatch.plan(day=THE_DAY, seconds=5)
    assert plan.proven
    dispatch.publish(plan=plan, by=None)
    left = {row["appointment"] for row in plan.unassigned}
    assert {str(visit.pk) for visit in visits if holder(visit) is None} == left
    for visit in visits:
        if str(visit.pk) in left:
            for nurse in nurses:
                with pytest.raises(Refused):
                    appointments.assign(appointment=visit, nurse=nurse)
