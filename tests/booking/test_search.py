"""A search offers exactly what booking gives, and asks the database the same few things always."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from booking import appointments, availability, rules, search
from booking.models import Appointment
from config.core.clock import now
from config.core.errors import Refused
from patients.models import Patient
from scheduling.models import Closure, Leave, Nurse, Shift, ShiftException
from tests.factories import CHICAGO, make_appointment, make_nurse, make_patient, therapy

pytestmark = pytest.mark.django_db
ZONE = ZoneInfo(CHICAGO)
QUARTER = timedelta(minutes=15)
# Two days before clocks go forward, and before they go back.
CHANGES = (datetime(2027, 3, 12, 16, tzinfo=UTC), datetime(2027, 11, 5, 16, tzinfo=UTC))


def queries_of_a_search(patient: Patient, **headers: str) -> int:
    client = Client(headers=headers)
    if not headers:
        client.force_login(patient.user)
    day = now().astimezone(ZONE).date()
    path = f"/api/v1/slots/?therapy=mood-40&from={day}&to={day + timedelta(days=27)}"
    with CaptureQueriesContext(connection) as asked:
        answer = client.get(path)
    assert answer.status_code == 200
    assert answer.json()["slots"]
    return len(asked)


def test_it_asks_as_few_questions_about_forty_nurses_as_about_three() -> None:
    ada, ben = make_patient(), make_patient(name="Ben Okafor")
    signed_in = Client()
    signed_in.force_login(ada.user)
    token = str(signed_in.session.session_key)
    nurses = [make_nurse() for _ in range(3)]
    few = queries_of_a_search(ada, **{"X-Session-Token": token})
    nurses += [make_nurse() for _ in range(37)]
    noon = datetime.combine(now().date() + timedelta(days=3), time(18), tzinfo=UTC)
    for number, nurse in enumerate(nurses[:5]):
        start = noon + timedelta(days=2 * number)
        make_appointment(patient=ben, nurse=nurse, starts_at=start)
        Leave.objects.create(nurse=nurse, starts_at=start, ends_at=start + timedelta(days=9))
        ShiftException.objects.create(nurse=nurse, day=start.date())

    assert queries_of_a_search(ada, **{"X-Session-Token": token}) == few <= 8
    assert queries_of_a_search(ada) == few


# -- offered and booked ----------------------------------------------------------------------------


def clinic(drawn: random.Random) -> Patient:
    """Three nurses with days of every kind, and a patient who has a visit already."""
    ada = make_patient(place=near(drawn))
    today = now().astimezone(ZONE).date()
    for number in range(3):
        starts, ends = drawn.choice([(time(7), time(21)), (time(8), time(14)), (time(16), time(2))])
        nurse = make_nurse(name=f"Cleo {number}", home=near(drawn), starts=starts, ends=ends)
        if ends > starts and drawn.random() < 0.7:
            lunch = {"lunch_minutes": 45, "lunch_from": time(11), "lunch_until": time(13, 30)}
            Shift.objects.filter(nurse=nurse).update(**lunch)
        if drawn.random() < 0.5:
            limits = {"max_driving_minutes": drawn.randint(40, 150), "max_working_minutes": 480}
            Nurse.objects.filter(pk=nurse.pk).update(**limits)
        for day in (today + timedelta(days=n) for n in range(1, 4)):
            change(nurse, day, drawn)
            busy(nurse, day, drawn, patient=make_patient(name="Dee Park", place=near(drawn)))
    first = datetime.combine(today + timedelta(days=1), time(9), tzinfo=ZONE)
    make_appointment(patient=ada, nurse=None, starts_at=first.astimezone(UTC) - timedelta(days=1))
    Closure.objects.create(
        name="a storm", first_day=today + timedelta(days=5), last_day=today + timedelta(days=5)
    )
    return ada


def near(drawn: random.Random) -> tuple[float, float]:
    return 41.88 + drawn.uniform(-0.15, 0.15), -87.7 + drawn.uniform(-0.15, 0.15)


def change(nurse: Nurse, day: date, drawn: random.Random) -> None:
    begins = drawn.randint(6, 18)
    hours = {"starts": time(begins), "ends": time(begins + drawn.randint(1, 4), 30)}
    kind = drawn.random()
    if kind < 0.15:
        ShiftException.objects.create(nurse=nurse, day=day)
    elif kind < 0.35:
        ShiftException.objects.create(nurse=nurse, day=day, **hours)
    elif kind < 0.5:
        ShiftException.objects.create(nurse=nurse, day=day, effect="extra", **hours)
    elif kind < 0.6:
        start = datetime.combine(day, time(begins), tzinfo=ZONE)
        Leave.objects.create(nurse=nurse, starts_at=start, ends_at=start + timedelta(hours=5))


def busy(nurse: Nurse, day: date, drawn: random.Random, *, patient: Patient) -> None:
    if drawn.random() < 0.6:
        start = datetime.combine(day, time(drawn.randint(8, 16), 15), tzinfo=ZONE)
        make_appointment(patient=patient, nurse=nurse, starts_at=start.astimezone(UTC))


def can_be_had(patient: Patient, start: datetime, slug: str) -> bool:
    """What booking itself would say, short of the gates."""
    wish = search.wish_for(patient=patient, therapy=therapy(slug), starts_at=start, asked_at=now())
    if list(rules.broken(wish)):
        return False
    where = search.where(patient=patient, therapy=wish.therapy)
    try:
        return bool(availability.candidates(wish=wish, at=where))
    except Refused:
        return False


@pytest.mark.parametrize("seed", range(2))
def test_it_offers_what_booking_gives_and_nothing_that_it_refuses(seed: int) -> None:
    drawn = random.Random(seed)
    with time_machine.travel(CHANGES[seed % 2], tick=False):
        ada = clinic(drawn)
        today = now().astimezone(ZONE).date()
        wish = search.wish_for(
            patient=ada, therapy=therapy("mood-40"), starts_at=now(), asked_at=now()
        )
        offered = search.open_starts(
            wish=wish,
            at=search.where(patient=ada, therapy=wish.therapy),
            first=today,
            last=today + timedelta(days=5),
        )
        asked = now().replace(minute=0)
        quarters = [asked + number * QUARTER for number in range(5 * 96)]
        some = sorted({*drawn.sample(quarters, 60), *drawn.sample(offered, min(20, len(offered)))})
        for start in some:
            assert can_be_had(ada, start, "mood-40") == (start in offered), start
        for start in drawn.sample(offered, min(4, len(offered))):
            with transaction.atomic():
                booked = appointments.book(
                    patient=ada, therapy=wish.therapy, starts_at=start, by=ada.user
                )
                assert Appointment.objects.get(pk=booked.pk).starts_at == start
                transaction.set_rollback(True)


def test_it_says_what_each_slot_means_as_booking_writes_it() -> None:
    with time_machine.travel(CHANGES[0], tick=False):
        make_nurse()
        ada = make_patient()
        client = Client()
        client.force_login(ada.user)
        path = "/api/v1/slots/?therapy=mood-40&from=2027-03-13&to=2027-03-16"
        slots: list[dict[str, Any]] = client.get(path).json()["slots"]
        wish = search.wish_for(
            patient=ada, therapy=therapy("mood-40"), starts_at=now(), asked_at=now()
        )
        assert len({slot["starts_at"][-6:] for slot in slots}) == 2
        for slot in slots:
            start = datetime.fromisoformat(slot["starts_at"])
            alone = search.slot(wish=wish, starts_at=start)
            assert slot == {name: value.isoformat() for name, value in alone.items()}
