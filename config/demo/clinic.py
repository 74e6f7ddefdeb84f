"""A big clinic with full days, for measuring: many nurses, weeks of visits already promised.

Rows are written in bulk, past the rules of booking but as booking would have them: quarter hours,
service hours, drives in between, two days between the visits of one patient.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db import transaction

from booking.models import Appointment
from config.core.clock import now
from config.core.models import Role, User
from config.demo import people, seed
from patients.models import Address, Order, Patient, Therapy
from scheduling.models import Licence, Nurse, Qualification, Shift
from scheduling.travel import Haversine, Place

ZONE = ZoneInfo("America/Chicago")
MIDDLE = Place(41.88, -87.63)
HOMES, AROUND_HOME = 0.25, 0.06  # degrees: 28 km around the city's middle, 7 km around a home
GROUPS = 3  # a patient is visited every third day
FULL = 5 / 6  # of the nurses' days hold as many visits as they can, the others one
OPENS, LAST = time(8), time(16, 45)
QUARTER = timedelta(minutes=15)
BATCH = 2000


@dataclass(frozen=True, slots=True)
class _Promise:
    """A visit to come; nurse and patient by their numbers among those added."""

    nurse: int
    patient: int
    starts_at: datetime


@dataclass(frozen=True, slots=True)
class _Plan:
    """Where everybody lives and who is visited when; patient p is nurse p // (GROUPS * most)'s."""

    homes: list[Place]
    addresses: list[Place]
    promises: list[_Promise]


@transaction.atomic
def place(*, nurses: int, days: int = 28, most: int = 3, first: date | None = None) -> int:
    """Add nurses with at most `most` visits on each of `days` days; return how many visits.

    The demo's own people come first (`seed.seed`), `patient@example.com` among them. `first` is
    tomorrow where it is not given.
    """
    seed.seed()
    therapy = Therapy.objects.get(slug="mood-40")
    began = first or now().astimezone(ZONE).date() + timedelta(days=1)
    plan = _plan(nurses=nurses, days=days, most=most, first=began, minutes=therapy.total_minutes)
    staff = _nurses(plan.homes)
    held = Counter(promise.patient for promise in plan.promises)
    orders = _orders(_patients(plan.addresses), therapy=therapy, held=held)
    Appointment.objects.bulk_create(
        (
            _appointment(
                at=promise.starts_at, nurse=staff[promise.nurse], order=orders[promise.patient]
            )
            for promise in plan.promises
        ),
        batch_size=BATCH,
    )
    return len(plan.promises)


# -- on paper --------------------------------------------------------------------------------------


def _plan(*, nurses: int, days: int, most: int, first: date, minutes: int) -> _Plan:
    drawn = random.Random(f"{nurses} {most}")  # noqa: S311  places of made-up people
    homes = [_near(MIDDLE, HOMES, drawn) for _ in range(nurses)]
    addresses = [_near(home, AROUND_HOME, drawn) for home in homes for _ in range(GROUPS * most)]
    promises = []
    for number in range(days):
        for nurse in range(nurses):
            count = most if drawn.random() < FULL else 1
            seen_first = (nurse * GROUPS + number % GROUPS) * most
            day = first + timedelta(days=number)
            starts = _starts(addresses[seen_first : seen_first + count], day=day, minutes=minutes)
            promises += [_Promise(nurse, seen_first + n, start) for n, start in enumerate(starts)]
    return _Plan(homes, addresses, promises)


def _near(middle: Place, degrees: float, drawn: random.Random) -> Place:
    """Return a point of a square around a point."""
    north, east = drawn.uniform(-degrees, degrees), drawn.uniform(-degrees, degrees) / 0.745
    return Place(round(middle.latitude + north, 5), round(middle.longitude + east, 5))


def _starts(route: Sequence[Place], *, day: date, minutes: int) -> Iterator[datetime]:
    """Yield when the nurse can be at each place, one after the other, while service hours last."""
    local = datetime.combine(day, OPENS)
    for number, here in enumerate(route):
        if number:
            drive = Haversine().minutes(route[number - 1], here)
            local += -(-timedelta(minutes=minutes + drive) // QUARTER) * QUARTER
        if local.time() > LAST:
            return
        yield local.replace(tzinfo=ZONE).astimezone(UTC)


# -- in the tables ---------------------------------------------------------------------------------


def _users(*, role: Role, count: int) -> list[User]:
    known = User.objects.count()
    made = (
        User(
            email=f"{role}-{known + number}@example.com",
            name=people.full_name(number),
            role=role,
            is_demo=True,
            password="!",  # noqa: S106  nobody signs in as them
        )
        for number in range(count)
    )
    return User.objects.bulk_create(made, batch_size=BATCH)


def _nurses(homes: Sequence[Place]) -> list[Nurse]:
    users = _users(role=Role.NURSE, count=len(homes))
    nurses = Nurse.objects.bulk_create(
        Nurse(user=user, home_latitude=home.latitude, home_longitude=home.longitude)
        for user, home in zip(users, homes, strict=True)
    )
    starts, ends = seed.SHIFT
    Shift.objects.bulk_create(
        Shift(nurse=nurse, weekday=weekday, starts=starts, ends=ends, valid_from=seed.BEGAN)
        for nurse in nurses
        for weekday in range(7)
    )
    Licence.objects.bulk_create(
        Licence(
            nurse=nurse, state="IL", number="041-1", valid_from=seed.BEGAN, valid_until=seed.FAR
        )
        for nurse in nurses
    )
    Qualification.objects.bulk_create(
        Qualification(nurse=nurse, therapy=therapy, valid_until=seed.FAR)
        for therapy in Therapy.objects.filter(needs_order=True)
        for nurse in nurses
    )
    return nurses


def _patients(addresses: Sequence[Place]) -> list[Patient]:
    users = _users(role=Role.PATIENT, count=len(addresses))
    patients = Patient.objects.bulk_create(
        (Patient(user=user, phone="+13125550142") for user in users), batch_size=BATCH
    )
    Address.objects.bulk_create(
        (
            Address(
                patient=patient,
                line1="1 Prairie Ave",
                city="Chicago",
                state="IL",
                postal_code="60614",
                latitude=home.latitude,
                longitude=home.longitude,
                time_zone=ZONE.key,
            )
            for patient, home in zip(patients, addresses, strict=True)
        ),
        batch_size=BATCH,
    )
    return list(
        Patient.objects.filter(pk__in=[p.pk for p in patients])
        .select_related("address")
        .order_by("pk")
    )


def _orders(patients: Sequence[Patient], *, therapy: Therapy, held: Counter[int]) -> list[Order]:
    today = now().date()
    prescriber = User.objects.get(email="clinician@example.com")
    made = (
        Order(
            patient=patient,
            therapy=therapy,
            prescriber=prescriber,
            sessions=held[number] + 1,
            sessions_reserved=held[number],
            dose_mg=Decimal(40),
            rate_mg_per_hour=Decimal(60),
            weight_kg=seed.WEIGHT_KG,
            weighed_on=today,
            min_interval_hours=therapy.min_interval_hours,
            valid_from=today,
            valid_until=today + timedelta(days=365),
            evaluated_on=today,
        )
        for number, patient in enumerate(patients)
    )
    return Order.objects.bulk_create(made, batch_size=BATCH)


def _appointment(*, at: datetime, nurse: Nurse, order: Order) -> Appointment:
    patient, therapy = order.patient, order.therapy
    ends_at = at + timedelta(minutes=therapy.total_minutes)
    visit = Appointment(
        patient=patient,
        therapy=therapy,
        order=order,
        nurse=nurse,
        prep_minutes=therapy.prep_minutes,
        infusion_minutes=therapy.infusion_minutes,
        observation_minutes=therapy.observation_minutes,
        time_zone=ZONE.key,
        starts_at=at,
        ends_at=ends_at,
        heavy_meal_until=at - timedelta(hours=8),
        fast_from=at - timedelta(hours=6),
        liquids_until=at - timedelta(hours=2),
        drive_after=ends_at + timedelta(hours=24),
    )
    for field in ("line1", "city", "state", "postal_code", "latitude", "longitude"):
        setattr(visit, field, getattr(patient.address, field))
    return visit
