"""May this patient have this therapy then? Every closed gate, each with its next step."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from django.db.models import QuerySet

from config.core.accounts import has_verified_email
from config.core.clock import now
from config.core.errors import Reason
from config.core.postgres import prepared
from patients import consent, places
from patients.accounts import address_of, zone_of
from patients.models import Address, Intake, Order, Patient, Therapy

NEXT_STEPS = {
    "contact_missing": "Please verify your e-mail address and give us your phone number.",
    "not_cleared": "Please fill in the intake questionnaire, or wait until it has been reviewed.",
    "order_missing": "A prescriber has to see you and write an order: book a free consultation.",
    "order_exhausted": "Every session of your order is used or booked: ask us for a new order.",
    "consent_missing": "Please read and sign the consent forms in their current version.",
    "escort_missing": "Please name the adult who will stay with you, with their phone number.",
    "outside_service_area": "Please give us a home address inside the area we visit.",
    "not_permitted_here": "Home infusions are not offered in this state: call us about other ways.",
}

# `in_force` with a session left.
USABLE = """
    SELECT {columns} FROM patients_order
    WHERE patient_id = %s AND therapy_id = %s AND %s BETWEEN valid_from AND valid_until
        AND withdrawn_at IS NULL AND sessions_reserved < sessions
    ORDER BY valid_until, id LIMIT 1
"""
# Its answers are long, and a gate does not read them.
NEWEST_INTAKE = """
    SELECT status, valid_until FROM patients_intake
    WHERE patient_id = %s ORDER BY submitted_at DESC, id DESC LIMIT 1
"""
# What every infusion is asked, at one look: a row for each open area.
AT_ONE_LOOK = f"""
    SELECT newest.status, newest.valid_until, unsigned.yes,
        allowed.latitude, allowed.longitude, allowed.radius_km, allowed.yes
    FROM ({consent.UNSIGNED}) AS unsigned (yes) CROSS JOIN ({places.ALLOWED}) AS allowed
    LEFT JOIN ({NEWEST_INTAKE}) AS newest ON TRUE
"""  # noqa: S608


def ask(
    *,
    patient: Patient,
    therapy: Therapy,
    starts_at: datetime,
    asked_at: datetime,
    order: Order | None = None,
    found: Order | None = None,
    state: str | None = None,
) -> list[Reason]:
    """Return every closed gate, in the order of the rules; none means the visit may be had.

    Parameters
    ----------
    starts_at
        The start of the visit: the order has to be in force on that day, where the patient lives.
    asked_at
        The instant the intake has to be cleared and valid at.
    order
        The order whose session this visit already holds.
    found
        What `order_for` has just said of this very start, if it was asked: no need to ask again.
    state
        The state of a visit that is booked already. It was inside the area when it was promised,
        so the patient's present address is not asked about.
    """
    if not therapy.needs_order:
        return _reasons(_contact(patient))
    home = address_of(patient)
    where = state or (home.state if home else "")
    looked = prepared.rows(AT_ONE_LOOK, [patient.pk, where, patient.pk])
    status, valid_until, is_unsigned = looked[0][:3]
    allowed = [row[3:] for row in looked]
    return _reasons(
        _intake((status, valid_until), at=asked_at),
        None
        if found and not order
        else _order(patient=patient, therapy=therapy, starts_at=starts_at, held=order),
        "consent_missing" if is_unsigned else None,
        escort(patient=patient),
        *(_permit(allowed) if state else _address(home, allowed)),
    )


def order_for(*, patient: Patient, therapy: Therapy, starts_at: datetime) -> Order | None:
    """Return the order a booking would use: in force, with a session left, earliest to end."""
    day = starts_at.astimezone(zone_of(patient)).date()
    usable = USABLE.format(columns=prepared.columns(Order))
    found = prepared.row(usable, [patient.pk, therapy.pk, day])
    return prepared.load(Order, found) if found else None


def summary(*, patient: Patient, therapy: Therapy | None = None) -> dict[str, str]:
    """Return for each gate `ok` or the code that refuses, now; for any infusion, or for one."""
    at = now()
    orders = _in_force(patient, at)
    if therapy is not None:
        orders = orders.filter(therapy=therapy)
    return {
        "intake": intake(patient=patient, at=at) or "ok",
        "order": _closed_order(orders) or "ok",
        "consents": consents(patient=patient) or "ok",
        "escort": escort(patient=patient) or "ok",
        "address": next(_home(patient), None) or "ok",
    }


def intake(*, patient: Patient, at: datetime) -> str | None:
    """Close unless the newest intake is cleared and valid at the instant."""
    return _intake(prepared.row(NEWEST_INTAKE, [patient.pk]), at=at)


def _intake(newest: prepared.Row | None, *, at: datetime) -> str | None:
    is_open = newest and newest[0] == Intake.Status.CLEARED and newest[1] > at
    return None if is_open else "not_cleared"


def consents(*, patient: Patient) -> str | None:
    """Close unless every required document is signed in its current version."""
    return "consent_missing" if consent.is_missing(patient=patient) else None


def escort(*, patient: Patient) -> str | None:
    """Close unless an adult is named and can be reached."""
    return None if patient.escort_name and patient.escort_phone else "escort_missing"


def address(*, patient: Patient) -> list[Reason]:
    """Return why no visit can be paid to the patient's home; none means one can."""
    return _reasons(*_home(patient))


def _home(patient: Patient) -> Iterator[str]:
    home = address_of(patient)
    return _address(home, places.allowed(home.state) if home else [])


def _contact(patient: Patient) -> str | None:
    return None if patient.phone and has_verified_email(patient.user) else "contact_missing"


def _order(
    *, patient: Patient, therapy: Therapy, starts_at: datetime, held: Order | None
) -> str | None:
    orders = _in_force(patient, starts_at)
    if held is not None:
        return None if orders.filter(pk=held.pk).exists() else "order_missing"
    return _closed_order(orders.filter(therapy=therapy))


def _closed_order(orders: QuerySet[Order]) -> str | None:
    left = [order.sessions_left for order in orders]
    if not left:
        return "order_missing"
    return None if any(left) else "order_exhausted"


def _in_force(patient: Patient, at: datetime) -> QuerySet[Order]:
    zone_date = at.astimezone(zone_of(patient)).date()
    return Order.objects.in_force(at=at, zone_date=zone_date).filter(patient=patient)


def _address(home: Address | None, allowed: Sequence[prepared.Row]) -> Iterator[str]:
    if home is None:
        yield "outside_service_area"
        return
    if not home.time_zone or not places.is_near((home.latitude, home.longitude), allowed):
        yield "outside_service_area"
    yield from _permit(allowed)


def _permit(allowed: Sequence[prepared.Row]) -> Iterator[str]:
    if not places.is_permitted(allowed):
        yield "not_permitted_here"


def _reasons(*codes: str | None) -> list[Reason]:
    return [Reason(code, NEXT_STEPS[code]) for code in codes if code]
