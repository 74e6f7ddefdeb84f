"""Slots, booking and the words of the rules agree, nurse by nurse and start by start."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import transaction
from rest_framework.test import APIClient

from booking import appointments, search
from booking.models import Appointment
from config.core.clock import now
from config.core.errors import Refused
from patients.models import Patient, Permit
from scheduling.intervals import Interval, overlaps
from scheduling.models import Closure, Leave, Nurse, ShiftException
from scheduling.travel import Place
from tests.factories import CHICAGO, make_appointment, make_nurse, make_order, make_patient, therapy
from tests.scheduling import words
from tests.scheduling.words import Roster

pytestmark = pytest.mark.django_db
ZONE = ZoneInfo(CHICAGO)
QUARTER = timedelta(minutes=15)
DAY = timedelta(days=1)
MOOD = timedelta(minutes=190)
FRIDAY = datetime(2027, 11, 5, 16, tzinfo=UTC)  # clocks go back on Sunday
DAYS_WITH_LUNCH = [(7, 21), (8, 14)]
HOURS = [*DAYS_WITH_LUNCH, (11, 22), (21, 13), (14, 2)]
Pair = tuple[Nurse, datetime]


def near(drawn: random.Random) -> tuple[float, float]:
    return 41.88 + drawn.uniform(-0.3, 0.3), -87.7 + drawn.uniform(-0.2, 0.2)


def at(day: date, hour: int) -> datetime:
    return datetime.combine(day, time(hour), tzinfo=ZONE)


def one_who_asks(drawn: random.Random, *, today: date) -> Patient:
    """A patient with an infusion behind her, one promised, one cancelled, and a talk."""
    ada = make_patient(place=near(drawn), slug="consultation")
    make_order(patient=ada, min_interval_hours=drawn.choice([48, 70]))
    make_appointment(
        patient=ada,
        nurse=None,
        starts_at=at(today - 2 * DAY, 13),
        status="completed",
        dosed_at=now(),
    )
    make_appointment(patient=ada, nurse=None, starts_at=at(today + 9 * DAY, 10))
    make_appointment(patient=ada, nurse=None, starts_at=at(today + 3 * DAY, 10), status="cancelled")
    talk = at(today + 4 * DAY, drawn.randint(9, 15))
    make_appointment(patient=ada, nurse=None, starts_at=talk, slug="consultation")
    for number, where in enumerate(({}, {"postal_prefixes": ["603"]}, {"states": ["WI"]})):
        day = today + (6 - number) * DAY
        Closure.objects.create(name="a storm", first_day=day, last_day=day, **where)
    return ada


def clinic(drawn: random.Random, *, today: date) -> None:
    """Nurses who may go on some days and hours, and four who may not at all."""
    for number, hours in enumerate(drawn.sample(HOURS, 4)):
        nurse = make_nurse(
            name=f"Cleo {number}", home=near(drawn), starts=time(hours[0]), ends=time(hours[1])
        )
        if hours in DAYS_WITH_LUNCH:
            lunch = {"lunch_minutes": 45, "lunch_from": time(11), "lunch_until": time(13, 30)}
            nurse.shifts.update(**lunch)
        restrict(nurse, drawn, today=today, number=number)
        fill(Nurse.objects.get(pk=nurse.pk), drawn, today=today)
    unfit = [make_nurse(name="Dee Park") for _ in range(4)]
    Permit.objects.create(state="WI", is_permitted=True)
    unfit[0].licences.update(state="WI")
    unfit[1].licences.update(kind="LPN")
    unfit[2].qualifications.filter(therapy=therapy("mood-40")).delete()
    Nurse.objects.filter(pk=unfit[3].pk).update(is_active=False)


def restrict(nurse: Nurse, drawn: random.Random, *, today: date, number: int) -> None:
    """Days and hours off and extra, leave, limits, and papers that begin or end in three days."""
    some = [today + number * DAY for number in drawn.sample(range(1, 5), 4)]
    hour = drawn.randint(7, 16)
    hours_off = {"starts": time(hour), "ends": time(hour + 2)}
    ShiftException.objects.create(nurse=nurse, day=some[0])
    ShiftException.objects.create(nurse=nurse, day=some[1], **hours_off)
    begins = at(some[2], drawn.randint(7, 16))
    Leave.objects.create(nurse=nurse, starts_at=begins, ends_at=begins + timedelta(hours=3))
    shift = nurse.shifts.earliest("pk")
    if not shift.lunch_minutes:
        extra = {"starts": shift.ends, "ends": time((shift.ends.hour + 3) % 24)}
        ShiftException.objects.create(nurse=nurse, day=some[3], effect="extra", **extra)
    nurses = Nurse.objects.filter(pk=nurse.pk)
    if number % 2:
        driving = drawn.randint(40, 110)
        nurses.update(max_driving_minutes=driving, time_zone="America/New_York")
    else:
        nurses.update(max_working_minutes=drawn.randint(300, 500))
    soon = today + 3 * DAY
    match number:
        case 0:
            nurse.licences.update(valid_from=soon)
        case 1:
            nurse.licences.update(valid_until=soon)
        case 2:
            nurse.qualifications.update(valid_until=soon)


def fill(nurse: Nurse, drawn: random.Random, *, today: date) -> None:
    """Visits in her shifts, of which one is off again."""
    hers = words.roster(
        nurse=nurse, therapy=therapy("mood-40"), state="IL", first=today, last=today + 5 * DAY
    )
    taken: list[Interval] = []
    starts = [at(today + drawn.randint(1, 5) * DAY, drawn.randint(6, 19)) for _ in range(12)]
    for start in starts:
        visit = Interval(start.astimezone(UTC), start.astimezone(UTC) + MOOD)
        holds = any(one.start <= visit.start and visit.end <= one.end for one in hers.windows)
        if not holds or any(overlaps(visit, one) for one in taken) or len(taken) == 4:
            continue
        taken.append(visit)
        latitude, longitude = near(drawn)
        make_appointment(
            patient=make_patient(name="Ben Okafor"),
            nurse=nurse,
            starts_at=visit.start,
            status="booked" if taken[1:] else "cancelled",
            latitude=latitude,
            longitude=longitude,
        )


def told(patient: Patient, starts: list[datetime], rosters: list[Roster]) -> set[Pair]:
    """Who may go when, tried one by one."""
    mood, drive = therapy("mood-40"), cache(search.travel().minutes)
    home = Place(patient.address.latitude, patient.address.longitude)
    asking = words.Asking.of(patient, mood)
    return {
        (one.nurse, start)
        for start in starts
        if words.may_ask(asking, start=start, now=now())
        for one in rosters
        if words.can_go(one, visit=Interval(start, start + MOOD), place=home, drive=drive)
    }


def listed(patient: Patient, first: date, last: date) -> set[datetime]:
    client = APIClient()
    client.force_authenticate(patient.user)
    asked = {"therapy": "mood-40", "from": str(first), "to": str(last)}
    slots = client.get("/api/v1/slots/", asked).json()["slots"]
    return {datetime.fromisoformat(slot["starts_at"]) for slot in slots}


def is_booked(patient: Patient, nurse: Nurse, start: datetime) -> bool:
    """Whether booking gives it, undone again."""
    with transaction.atomic():
        try:
            made = appointments.book(
                patient=patient,
                therapy=therapy("mood-40"),
                starts_at=start,
                by=patient.user,
                nurse=nurse,
            )
        except Refused:
            return False
        kept = Appointment.objects.get(pk=made.pk, nurse=nurse)
        transaction.set_rollback(True)
        return kept.starts_at == start


# Between them these two fail for each rule left out of the search, and for its rows in disorder.
@pytest.mark.parametrize("seed", [1, 3])
def test_whoever_is_offered_may_go_and_whoever_may_go_is_offered_and_booked(seed: int) -> None:
    drawn = random.Random(seed)
    with time_machine.travel(FRIDAY, tick=False):
        today = now().astimezone(ZONE).date()
        ada, mood = one_who_asks(drawn, today=today), therapy("mood-40")
        clinic(drawn, today=today)
        last = today + 60 * DAY
        rosters = [
            words.roster(nurse=one, therapy=mood, state="IL", first=today, last=last)
            for one in Nurse.objects.all()
        ]
        midnight = at(today, 0).astimezone(UTC)
        near_days = [midnight + number * QUARTER for number in range(8 * 96)]
        far_days = [midnight + 59 * DAY + number * QUARTER for number in range(2 * 96)]
        starts = [*near_days, *far_days]

        expected = told(ada, starts, rosters)

        wish = search.wish_for(patient=ada, therapy=mood, starts_at=now(), asked_at=now())
        found = search.feasible(
            wish=wish, at=search.where(patient=ada, therapy=mood), first=today, last=last
        )
        assert found is not None
        nurses = {one.nurse.pk: one.nurse for one in rosters}
        assert {(nurses[pk], start) for start in starts for pk in found.nurses(start)} == expected
        assert listed(ada, today, last) & set(starts) == {start for _, start in expected}
        refused = [(one.nurse, start) for one in rosters for start in starts]
        refused = [pair for pair in refused if pair not in expected]
        ordered = sorted(expected, key=lambda pair: (pair[1], pair[0].pk))
        for pair in drawn.sample(ordered, min(6, len(ordered))):
            assert is_booked(ada, *pair), pair
        for pair in drawn.sample(refused, 6):
            assert not is_booked(ada, *pair), pair
