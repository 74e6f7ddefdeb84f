"""Seed, or top up, the demo's data: safe to run at each start."""

from __future__ import annotations

import random
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from django.contrib.auth.hashers import make_password
from django.db import transaction

from config.core.accounts import set_verified_email
from config.core.clock import now
from config.core.models import Role, User
from config.demo import moods, people
from config.demo.answers import eligible_answers
from patients import catalogue, consent, intake, places
from patients.models import Address, Intake, Order, Patient, Signature, Therapy
from scheduling.models import Licence, Nurse, Qualification, Shift

PASSWORD = "stillwater-demo"  # noqa: S105  of made-up people, and printed by the launcher
SEED = 20261121
BEGAN = date(2020, 1, 1)
FAR = date(2099, 12, 31)
SHIFT = (time(7), time(21, 30))
LUNCH = (30, time(11), time(15, 30))  # a visit of 6.5 hours is over before it, or begins after it
WEIGHT_KG = Decimal(80)
# Sessions, dose in mg, rate in mg/h: within the limits for 80 kg.
ORDERS = {
    "mood-40": (6, Decimal(40), Decimal(60)),
    "pain-240": (5, Decimal(100), Decimal(25)),
    "maintenance-40": (6, Decimal(40), Decimal(60)),
}


class HoldsRealAccounts(Exception):
    """The database was somebody's before the demo came: nothing is written to it."""


@transaction.atomic
def seed() -> None:
    """Create what is missing of the demo, and renew what has lapsed.

    Raises
    ------
    HoldsRealAccounts
        If there are accounts and none of them is the demo's.
    """
    if User.objects.exists() and not User.objects.filter(is_demo=True).exists():
        raise HoldsRealAccounts("This database holds real accounts; the demo does not touch it.")
    catalogue.install()
    cast = _Cast()
    cast.staff()
    cast.nurses(people.NURSES, kind=Shift.Kind.FIELD)
    cast.nurses(people.DESK_NURSES, kind=Shift.Kind.DESK)
    cast.user(email="new@example.com", name="Nora New", role=Role.PATIENT)
    cast.waiting(email="waiting@example.com", name="Wanda Reed")
    for number in range(people.PATIENTS + 1):
        email = f"patient{number or ''}@example.com"
        patient = cast.patient(email=email, name=people.full_name(number), since=now())
        if number == 0:
            moods.seed(patient)


class _Cast:
    """Makes people; draws where they live from a seeded generator."""

    def __init__(self, *, seed: int | str = SEED) -> None:
        self.random = random.Random(seed)  # noqa: S311  addresses of made-up people
        self.password = make_password(PASSWORD)

    def user(self, *, email: str, name: str, role: str) -> tuple[User, bool]:
        """Return the account, and whether it is new."""
        fields = {"name": name, "role": role, "is_demo": True, "password": self.password}
        user, is_new = User.objects.get_or_create(email=email, defaults=fields)
        if is_new:
            set_verified_email(user)
        return user, is_new

    def staff(self) -> None:
        """Make those who work in the admin."""
        for email, name, role in people.STAFF:
            self.user(email=email, name=name, role=role)

    def nurses(
        self, rows: Iterable[tuple[str, str, str, Iterable[int]]], *, kind: Shift.Kind
    ) -> None:
        """Make nurses with papers and a weekly pattern."""
        therapies = Therapy.objects.filter(needs_order=kind == Shift.Kind.FIELD)
        for email, name, postal_code, weekdays in rows:
            user, is_new = self.user(email=email, name=name, role=Role.NURSE)
            if is_new:
                nurse = self._nurse(user=user, postal_code=postal_code)
                _give_papers(nurse, therapies=therapies)
                _give_shifts(nurse, weekdays=weekdays, kind=kind)

    def _nurse(self, *, user: User, postal_code: str) -> Nurse:
        latitude, longitude = self._point(_place(postal_code))
        return Nurse.objects.create(user=user, home_latitude=latitude, home_longitude=longitude)

    def patient(self, *, email: str, name: str, since: datetime) -> Patient:
        """Make a patient for whom every gate is open from `since` on, or renew what lapsed."""
        postal_code = self.random.choice(people.ZIP_CODES)
        place = _place(postal_code)
        latitude, longitude = self._point(place)
        street = f"{self.random.randint(10, 2900)} {self.random.choice(people.STREETS)}"
        escort = self.random.choice(people.ESCORTS)
        user, is_new = self.user(email=email, name=name, role=Role.PATIENT)
        if not is_new:
            return _renewed(user.patient, since=since)
        patient = Patient.objects.create(
            user=user,
            date_of_birth=date(1984, 5, 31),
            phone="+13125550142",
            escort_name=escort,
            escort_phone="+13125550143",
            escort_texts=True,
        )
        Address.objects.create(
            patient=patient,
            line1=street,
            city=place.city,
            state=place.state,
            postal_code=postal_code,
            latitude=latitude,
            longitude=longitude,
            time_zone=place.time_zone,
        )
        return _renewed(patient, since=since)

    def waiting(self, *, email: str, name: str) -> None:
        """Make a patient whose answers wait for a clinician."""
        user, is_new = self.user(email=email, name=name, role=Role.PATIENT)
        if is_new:
            patient = Patient.objects.create(user=user, phone="+13125550144")
            answers = eligible_answers(sleep_apnoea=True)
            intake.submit(patient=patient, answers=answers, at=now() - timedelta(hours=3))

    def _point(self, place: places.ZipPlace) -> tuple[float, float]:
        """Return a point within about a kilometre of the middle of a ZIP code."""
        jitter = self.random.uniform(-0.01, 0.01), self.random.uniform(-0.01, 0.01)
        return round(place.latitude + jitter[0], 5), round(place.longitude + jitter[1], 5)


def patient_for_a_visit(*, email: str, name: str, since: datetime) -> Patient:
    """Make a patient of the demo's own, ready since an instant that has passed."""
    return _Cast(seed=email).patient(email=email, name=name, since=since)


def _place(postal_code: str) -> places.ZipPlace:
    place = places.look_up_zip(postal_code)
    if place is None:
        raise LookupError(f"The ZIP code table has no time zone for {postal_code}.")
    return place


def _give_papers(nurse: Nurse, *, therapies: Iterable[Therapy]) -> None:
    for state in ("IL", "IN", "WI"):
        Licence.objects.create(
            nurse=nurse,
            state=state,
            number=f"041-{nurse.pk:06d}",
            valid_from=BEGAN,
            valid_until=FAR,
        )
    for therapy in therapies:
        Qualification.objects.create(nurse=nurse, therapy=therapy, valid_until=FAR)


def _give_shifts(nurse: Nurse, *, weekdays: Iterable[int], kind: Shift.Kind) -> None:
    Shift.objects.bulk_create(
        Shift(
            nurse=nurse,
            weekday=weekday,
            kind=kind,
            starts=SHIFT[0],
            ends=SHIFT[1],
            lunch_minutes=LUNCH[0],
            lunch_from=LUNCH[1],
            lunch_until=LUNCH[2],
            valid_from=BEGAN,
        )
        for weekday in weekdays
    )


def _renewed(patient: Patient, *, since: datetime) -> Patient:
    """Give the patient papers that hold at `since` and for weeks after."""
    good_until = since + timedelta(days=60)
    if not Intake.objects.filter(patient=patient, valid_until__gt=good_until).exists():
        answers = eligible_answers(date_of_birth="1984-05-31")
        intake.submit(patient=patient, answers=answers, at=since - timedelta(days=10))
    for document in consent.missing(patient=patient):
        Signature.objects.create(
            document=document,
            patient=patient,
            sha256=document.sha256,
            typed_name=patient.user.name,
            signed_at=since - timedelta(days=9),
        )
    for slug in ORDERS:
        _renew_order(patient, slug=slug, since=since)
    return patient


def _renew_order(patient: Patient, *, slug: str, since: datetime) -> None:
    therapy = Therapy.objects.get(slug=slug)
    sessions, dose, rate = ORDERS[slug]
    day = since.date()
    in_force = Order.objects.in_force(at=since, zone_date=day + timedelta(days=60))
    if any(order.sessions_left for order in in_force.filter(patient=patient, therapy=therapy)):
        return
    Order.objects.create(
        patient=patient,
        therapy=therapy,
        prescriber=User.objects.get(email="clinician@example.com"),
        sessions=sessions,
        dose_mg=dose,
        rate_mg_per_hour=rate,
        weight_kg=WEIGHT_KG,
        weighed_on=day - timedelta(days=10),
        min_interval_hours=therapy.min_interval_hours,
        valid_from=day - timedelta(days=10),
        valid_until=day + timedelta(days=300),
        evaluated_on=day - timedelta(days=10),
        created_at=since - timedelta(days=10),
    )
