"""The small cast of the tests: plain functions that write real rows."""

from __future__ import annotations

import hashlib
import itertools
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from allauth.account.models import EmailAddress
from django.db.models import F

from booking.models import Appointment
from config.core.clock import now
from config.core.models import Role, User
from patients import catalogue
from patients.models import (
    Address,
    ConsentDocument,
    Intake,
    Order,
    Patient,
    Permit,
    ServiceArea,
    Signature,
    Therapy,
)
from scheduling.models import Licence, Nurse, Qualification, Shift

PASSWORD = "stillwater-demo"
CHICAGO = "America/Chicago"
OAK_PARK = (41.8850, -87.7845)
LOOP = (41.8786, -87.6298)

_numbers = itertools.count(1)


def therapies() -> dict[str, Therapy]:
    """Every therapy, made on first use."""
    known = Therapy.objects.in_bulk(list(catalogue.THERAPIES))
    return {slug: known.get(slug) or therapy(slug) for slug in catalogue.THERAPIES}


def therapy(slug: str = "mood-40") -> Therapy:
    """One therapy, made on first use."""
    return Therapy.objects.get_or_create(slug=slug, defaults=catalogue.THERAPIES[slug])[0]


def make_user(*, role: str = Role.PATIENT, name: str = "Ada Byrne", email: str = "") -> User:
    """An account with a verified e-mail and the password `PASSWORD`."""
    email = email or f"{name.split(maxsplit=1)[0].lower()}{next(_numbers)}@example.com"
    user = User.objects.create_user(email=email, password=PASSWORD, name=name, role=role)
    EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
    return user


def make_area() -> None:
    """Illinois is permitted and metropolitan Chicago is served."""
    Permit.objects.get_or_create(state="IL", defaults={"is_permitted": True})
    ServiceArea.objects.get_or_create(
        name="Chicago",
        defaults={"latitude": LOOP[0], "longitude": LOOP[1], "radius_km": 60},
    )


def make_document(*, slug: str = "treatment", version: int = 1) -> ConsentDocument:
    """One version of a required consent."""
    text = f"What you agree to, version {version}."
    return ConsentDocument.objects.get_or_create(
        slug=slug,
        version=version,
        defaults={
            "title": slug.title(),
            "text": text,
            "sha256": hashlib.sha256(text.encode()).hexdigest(),
        },
    )[0]


def make_address(*, patient: Patient, place: tuple[float, float] = OAK_PARK) -> Address:
    """A home in Oak Park, or elsewhere in Illinois."""
    return Address.objects.create(
        patient=patient,
        line1="1201 Lake St",
        city="Oak Park",
        state="IL",
        postal_code="60301",
        latitude=place[0],
        longitude=place[1],
        time_zone=CHICAGO,
    )


def make_intake(
    *, patient: Patient, status: str = "cleared", submitted_at: datetime | None = None
) -> Intake:
    """An intake that found nothing."""
    at = submitted_at or now()
    return Intake.objects.create(
        patient=patient,
        version="1",
        answers={},
        outcome="eligible",
        status=status,
        submitted_at=at,
        valid_until=at + timedelta(days=90),
    )


def make_order(*, patient: Patient, slug: str = "mood-40", **changes: Any) -> Order:
    """An order in force for a year, six sessions, for 80 kg."""
    what = therapy(slug)
    today = now().date()
    dose = Decimal(40) if what.max_mg_per_kg else Decimal(100)
    rate = Decimal(60) if what.max_mg_per_kg else Decimal(25)
    fields: dict[str, Any] = {
        "patient": patient,
        "therapy": what,
        "sessions": 6,
        "dose_mg": dose,
        "rate_mg_per_hour": rate,
        "weight_kg": Decimal(80),
        "weighed_on": today,
        "min_interval_hours": what.min_interval_hours,
        "valid_from": today - timedelta(days=10),
        "valid_until": today + timedelta(days=355),
        "evaluated_on": today - timedelta(days=10),
        **changes,
    }
    if "prescriber" not in fields:
        fields["prescriber"] = make_user(role=Role.CLINICIAN, name="Erin Cole")
    return Order.objects.create(**fields)


def use_up(order: Order) -> None:
    """Reserve every session that is left, one by one as booking does."""
    for _ in range(order.sessions_left):
        Order.objects.filter(pk=order.pk).update(sessions_reserved=F("sessions_reserved") + 1)


def make_patient(
    *,
    name: str = "Ada Byrne",
    ready: bool = True,
    slug: str = "mood-40",
    place: tuple[float, float] = OAK_PARK,
) -> Patient:
    """A patient; `ready` opens every gate and writes an order."""
    patient = Patient(
        user=make_user(name=name), date_of_birth=date(1985, 5, 17), phone="+13125550123"
    )
    if not ready:
        patient.save()
        return patient
    make_area()
    patient.escort_name, patient.escort_phone = "Sam Ortiz", "+13125550124"
    patient.escort_texts = True
    patient.save()
    make_address(patient=patient, place=place)
    make_intake(patient=patient, submitted_at=now() - timedelta(days=5))
    document = make_document()
    Signature.objects.create(
        document=document, patient=patient, sha256=document.sha256, typed_name=name
    )
    if slug != "consultation":
        make_order(patient=patient, slug=slug)
    return patient


def make_nurse(
    *,
    name: str = "Cleo Marsh",
    home: tuple[float, float] = LOOP,
    starts: time = time(7),
    ends: time = time(21),
    kind: str = Shift.Kind.FIELD,
) -> Nurse:
    """A nurse on shift every day, licensed in Illinois, qualified for everything."""
    nurse = Nurse.objects.create(
        user=make_user(role=Role.NURSE, name=name),
        home_latitude=home[0],
        home_longitude=home[1],
        time_zone=CHICAGO,
    )
    Qualification.objects.bulk_create(
        Qualification(nurse=nurse, therapy=what, valid_until=date(2099, 1, 1))
        for what in therapies().values()
    )
    Licence.objects.create(
        nurse=nurse,
        state="IL",
        number="041-1",
        valid_from=date(2020, 1, 1),
        valid_until=date(2099, 1, 1),
    )
    Shift.objects.bulk_create(
        Shift(
            nurse=nurse,
            weekday=weekday,
            starts=starts,
            ends=ends,
            kind=kind,
            valid_from=date(2020, 1, 1),
        )
        for weekday in range(7)
    )
    return nurse


def make_appointment(
    *,
    patient: Patient,
    nurse: Nurse | None,
    starts_at: datetime,
    slug: str = "mood-40",
    **changes: Any,
) -> Appointment:
    """A promised visit written straight into the table, past every rule but the database's."""
    what = therapy(slug)
    ends_at = starts_at + timedelta(minutes=what.total_minutes)
    fields: dict[str, Any] = {
        "patient": patient,
        "therapy": what,
        "nurse": nurse,
        "order": patient.orders.filter(therapy=what).first(),
        "starts_at": starts_at,
        "ends_at": ends_at,
        "prep_minutes": what.prep_minutes,
        "infusion_minutes": what.infusion_minutes,
        "observation_minutes": what.observation_minutes,
        "time_zone": CHICAGO,
    }
    if what.needs_order:
        fields |= {
            "heavy_meal_until": starts_at - timedelta(hours=8),
            "fast_from": starts_at - timedelta(hours=6),
            "liquids_until": starts_at - timedelta(hours=2),
            "drive_after": ends_at + timedelta(hours=24),
            "line1": patient.address.line1,
            "city": patient.address.city,
            "state": patient.address.state,
            "postal_code": patient.address.postal_code,
            "latitude": patient.address.latitude,
            "longitude": patient.address.longitude,
        }
    appointment = Appointment.objects.create(**{**fields, **changes})
    if appointment.order is not None:
        held = Order.objects.filter(pk=appointment.order.pk)
        held.update(sessions_reserved=F("sessions_reserved") + 1)
    return appointment
