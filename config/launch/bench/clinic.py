"""Seed a big made-up clinic: nurses on shift every day, about three visits in each nurse's day.

`python -m config.launch.inside bench.clinic --nurses 500`, with DATABASE_URL set to a migrated
database.
Run again with a larger number it adds the nurses that are missing. Prints one JSON object:
how many nurses and visits there are now, and the session tokens of patients who can book.
"""

import argparse
import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection, transaction

from booking.models import Appointment
from config.core.clock import now
from config.core.models import Role, User
from patients import catalogue
from patients.models import Address, ConsentDocument, Intake, Order, Patient, Signature, Therapy
from scheduling.models import Licence, Nurse, Qualification, Shift

ZONE = ZoneInfo("America/Chicago")
BEGAN, FAR = date(2020, 1, 1), date(2099, 12, 31)
SHIFT = time(7, 30), time(20, 30)
DAYS = 28
# Three a day in twelve hours: 105 minutes each, so that a long visit still fits somewhere.
SHORT = {
    "name": "Short session of the bench",
    "prep_minutes": 15,
    "infusion_minutes": 30,
    "observation_minutes": 60,
    "max_mg_per_kg": Decimal("0.5"),
}
VISITS = ((time(8), 8), (time(12), 4), (time(15, 45), 8))  # first start, quarter hours of play
BATCH = 2000


@dataclass
class _Town:
    """Draws where people live: metropolitan Chicago, dense in the middle."""

    draw: random.Random = field(default_factory=lambda: random.Random(1))  # noqa: S311

    def anywhere(self) -> tuple[float, float]:
        return round(self.draw.gauss(41.87, 0.11), 5), round(self.draw.gauss(-87.72, 0.11), 5)

    def near(self, home: tuple[float, float]) -> tuple[float, float]:
        """Within some eight kilometres."""
        lat, lon = (self.draw.uniform(-0.05, 0.05) for _ in range(2))
        return round(home[0] + lat, 5), round(home[1] + lon, 5)


def main() -> None:
    """Grow the clinic to what is asked for and say what there is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nurses", type=int, required=True)
    parser.add_argument("--patients", type=int, default=1, help="who can book, with a session each")
    parser.add_argument("--share", type=float, default=0.9, help="of the three visits a day")
    asked = parser.parse_args()
    with transaction.atomic():
        found = grow(nurses=asked.nurses, patients=asked.patients, share=asked.share)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    print(json.dumps(found))


def grow(*, nurses: int, patients: int, share: float) -> dict[str, Any]:
    """Add the nurses, visits and patients that are missing; gives what there is now."""
    catalogue.install()
    Therapy.objects.get_or_create(slug="bench-short", defaults=SHORT)
    there = Nurse.objects.count()
    town = _Town(random.Random(there + 1))  # noqa: S311 -- made-up people
    homes = [town.anywhere() for _ in range(there, nurses)]
    new = _nurses(homes, first=there)
    visited = _patients([town.near(home) for home in homes for _ in VISITS], named=f"v{there}")
    _visits(nurses=new, visited=visited, town=town, share=share)
    known = User.objects.filter(email__startswith="bench-b").count()
    bookers = _patients([town.anywhere() for _ in range(known, patients)], named=f"b{known}")
    _orders(bookers, slug="mood-40", reserved=[0] * len(bookers))
    rows = User.objects.filter(email__startswith="bench-b").order_by("pk")[:patients]
    return {
        "nurses": Nurse.objects.count(),
        "visits": Appointment.objects.count(),
        "tokens": [_signed_in(user) for user in rows],
    }


def _users(count: int, *, named: str, role: Role) -> list[User]:
    rows = [
        User(email=f"bench-{named}-{n}@example.com", name=f"Ada {named} {n}", role=role)
        for n in range(count)
    ]
    User.objects.bulk_create(rows, BATCH)
    EmailAddress.objects.bulk_create(
        [EmailAddress(user=user, email=user.email, verified=True, primary=True) for user in rows],
        BATCH,
    )
    return rows


def _nurses(homes: Sequence[tuple[float, float]], *, first: int) -> list[Nurse]:
    users = _users(len(homes), named=f"n{first}", role=Role.NURSE)
    nurses = [
        Nurse(user=user, home_latitude=home[0], home_longitude=home[1], time_zone=ZONE.key)
        for user, home in zip(users, homes, strict=True)
    ]
    Nurse.objects.bulk_create(nurses, BATCH)
    therapies = list(Therapy.objects.filter(needs_order=True))
    Qualification.objects.bulk_create(
        [Qualification(nurse=n, therapy=t, valid_until=FAR) for n in nurses for t in therapies],
        BATCH,
    )
    Licence.objects.bulk_create(
        [
            Licence(
                nurse=n, state="IL", number=f"041-{n.pk:06d}", valid_from=BEGAN, valid_until=FAR
            )
            for n in nurses
        ],
        BATCH,
    )
    Shift.objects.bulk_create(
        [
            Shift(nurse=n, weekday=day, starts=SHIFT[0], ends=SHIFT[1], valid_from=BEGAN)
            for n in nurses
            for day in range(7)
        ],
        BATCH,
    )
    return nurses


def _patients(homes: Sequence[tuple[float, float]], *, named: str) -> list[Patient]:
    """Patients for whom every gate but the order's is open."""
    at = now()
    users = _users(len(homes), named=named, role=Role.PATIENT)
    patients = [
        Patient(
            user=user,
            date_of_birth=date(1985, 5, 17),
            phone="+13125550123",
            escort_name="Sam Ortiz",
            escort_phone="+13125550124",
            escort_texts=True,
        )
        for user in users
    ]
    Patient.objects.bulk_create(patients, BATCH)
    Address.objects.bulk_create(
        [
            Address(
                patient=patient, latitude=home[0], longitude=home[1], time_zone=ZONE.key, **WHERE
            )
            for patient, home in zip(patients, homes, strict=True)
        ],
        BATCH,
    )
    Intake.objects.bulk_create(
        [
            Intake(
                patient=patient,
                version="1",
                answers={},
                outcome=Intake.Outcome.ELIGIBLE,
                status=Intake.Status.CLEARED,
                submitted_at=at - timedelta(days=5),
                valid_until=at + timedelta(days=85),
            )
            for patient in patients
        ],
        BATCH,
    )
    Signature.objects.bulk_create(
        [
            Signature(document=text, patient=patient, sha256=text.sha256, typed_name="Ada")
            for text in ConsentDocument.objects.all()
            for patient in patients
        ],
        BATCH,
    )
    return patients


WHERE = {"line1": "1201 Lake St", "city": "Oak Park", "state": "IL", "postal_code": "60301"}


def _orders(patients: Sequence[Patient], *, slug: str, reserved: Sequence[int]) -> list[Order]:
    today = now().date()
    prescriber = User.objects.get_or_create(
        email="bench-clinician@example.com", defaults={"name": "Erin", "role": Role.CLINICIAN}
    )[0]
    orders = [
        Order(
            patient=patient,
            therapy_id=slug,
            prescriber=prescriber,
            sessions=60,
            sessions_reserved=held,
            dose_mg=Decimal(20),
            rate_mg_per_hour=Decimal(30),
            weight_kg=Decimal(80),
            weighed_on=today,
            min_interval_hours=20,
            valid_from=today - timedelta(days=10),
            valid_until=today + timedelta(days=355),
            evaluated_on=today - timedelta(days=10),
        )
        for patient, held in zip(patients, reserved, strict=True)
    ]
    return Order.objects.bulk_create(orders, BATCH)


def _visits(
    *, nurses: Sequence[Nurse], visited: Sequence[Patient], town: _Town, share: float
) -> None:
    """Give each nurse her own three patients, each seen on most days."""
    starts = [list(_starts(town, place=n % len(VISITS), share=share)) for n in range(len(visited))]
    orders = _orders(visited, slug="bench-short", reserved=[len(days) for days in starts])
    rows = [
        _visit(nurse=nurses[n // len(VISITS)], patient=patient, order=orders[n], start=start)
        for n, patient in enumerate(visited)
        for start in starts[n]
    ]
    Appointment.objects.bulk_create(rows, BATCH)


def _starts(town: _Town, *, place: int, share: float) -> Iterator[datetime]:
    first, play = VISITS[place]
    tomorrow = now().astimezone(ZONE).date() + timedelta(days=1)
    for day in (tomorrow + timedelta(days=n) for n in range(DAYS)):
        later = timedelta(minutes=15 * town.draw.randint(0, play))
        if town.draw.random() < share:
            yield datetime.combine(day, first, tzinfo=ZONE).astimezone(UTC) + later


def _visit(*, nurse: Nurse, patient: Patient, order: Order, start: datetime) -> Appointment:
    ends = start + timedelta(minutes=105)
    return Appointment(
        patient=patient,
        therapy_id="bench-short",
        order=order,
        nurse=nurse,
        starts_at=start,
        ends_at=ends,
        prep_minutes=15,
        infusion_minutes=30,
        observation_minutes=60,
        time_zone=ZONE.key,
        heavy_meal_until=start - timedelta(hours=8),
        fast_from=start - timedelta(hours=6),
        liquids_until=start - timedelta(hours=2),
        drive_after=ends + timedelta(hours=24),
        latitude=patient.address.latitude,
        longitude=patient.address.longitude,
        **WHERE,
    )


def _signed_in(user: User) -> str:
    """A session as signing in makes it; its key is the app client's token."""
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    return str(session.session_key)
