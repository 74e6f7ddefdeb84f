"""A prescriber's order: written within limits, never changed, withdrawn with a reason."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Final, NotRequired, TypedDict, Unpack
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction

from config.core.clock import now
from config.core.errors import Malformed, Reason, Refused, WrongState, constraints_as_refusals
from config.core.models import Role, User
from patients.accounts import touch
from patients.answers import storable
from patients.models import Order, Patient, Therapy

MINUTES = 60  # in an hour
EARLIEST_DAY = date(2000, 1, 1)  # the database refuses an earlier one as well
POSITIVE: Final = ("sessions", "dose_mg", "rate_mg_per_hour", "weight_kg")


class Figures(TypedDict):
    """What makes an order."""

    patient: Patient
    therapy: Therapy
    prescriber: User
    sessions: int
    dose_mg: Decimal
    rate_mg_per_hour: Decimal
    weight_kg: Decimal
    weighed_on: date
    valid_from: date
    valid_until: date
    evaluated_on: date | None
    second_prescriber: NotRequired[User | None]


@transaction.atomic
def write(**figures: Unpack[Figures]) -> Order:
    """Write an order; the spacing between its sessions is the therapy's.

    Raises
    ------
    Malformed, Refused
        As `check` does.
    """
    check(**figures)
    touch(figures["patient"])
    spacing = figures["therapy"].min_interval_hours
    with constraints_as_refusals():
        return Order.objects.create(min_interval_hours=spacing, **figures)


def check(**figures: Unpack[Figures]) -> None:
    """Refuse an order that may not be written.

    The in-person evaluation has to lie neither in the future nor after the order's first day.

    Raises
    ------
    Malformed
        Naming the field that can never be right.
    Refused
        `dose_too_high` (for the dose, the rate, or both) and `evaluation_missing`.
    """
    therapy, second = figures["therapy"], figures.get("second_prescriber")
    check_prescribers(prescriber=figures["prescriber"], second=second)
    if not therapy.needs_order:
        raise Malformed("invalid", "This therapy needs no order.", "therapy")
    for name in POSITIVE:
        if figures[name] <= 0:
            raise Malformed("min_value", "This has to be more than zero.", name)
    check_dates(
        weighed_on=figures["weighed_on"],
        valid_from=figures["valid_from"],
        valid_until=figures["valid_until"],
        evaluated_on=figures["evaluated_on"],
    )
    reasons = dose_reasons(
        therapy=therapy,
        dose_mg=figures["dose_mg"],
        rate_mg_per_hour=figures["rate_mg_per_hour"],
        weight_kg=figures["weight_kg"],
        is_countersigned=second is not None,
    )
    evaluated_on = figures["evaluated_on"]
    if evaluated_on is None or evaluated_on > min(latest_today(), figures["valid_from"]):
        detail = "The patient has to be seen in person before the order begins."
        reasons.append(Reason("evaluation_missing", detail, "evaluated_on"))
    if reasons:
        raise Refused(reasons)


@transaction.atomic
def withdraw(*, order: Order, reason: str, by: User) -> Order:
    """Withdraw an order, with a reason; visits it holds are blocked.

    Raises
    ------
    Malformed
        If no reason is given.
    WrongState
        If it is withdrawn already.
    """
    check_prescribers(prescriber=by)
    reason = storable(reason)
    if not reason:
        raise Malformed("required", "Please give a reason.", "reason")
    touch(order.patient)
    locked = Order.objects.select_for_update().get(pk=order.pk)
    if locked.withdrawn_at:
        raise WrongState("This order is withdrawn already.")
    locked.withdrawn_at, locked.withdrawn_by, locked.withdrawn_reason = now(), by, reason
    locked.save(update_fields=["withdrawn_at", "withdrawn_by", "withdrawn_reason"])
    return locked


def check_prescribers(*, prescriber: User, second: User | None = None) -> None:
    """Refuse anyone but clinicians, and a second signature by the same person."""
    if prescriber.role != Role.CLINICIAN:
        raise PermissionDenied("Only clinicians write and withdraw orders.")
    if second is None:
        return
    if second.pk == prescriber.pk:
        raise Malformed("invalid", "The second prescriber is another person.", "second_prescriber")
    if second.role != Role.CLINICIAN or not second.is_active:
        raise Malformed("invalid", "The second prescriber is a clinician.", "second_prescriber")


def check_dates(
    *, weighed_on: date, valid_from: date, valid_until: date, evaluated_on: date | None
) -> None:
    """Refuse days that cannot be, a weight of tomorrow, an order that ends before it begins."""
    for name, day in (("weighed_on", weighed_on), ("evaluated_on", evaluated_on)):
        if day is not None and day < EARLIEST_DAY:
            raise Malformed("min_value", f"This lies before {EARLIEST_DAY.year}.", name)
    if weighed_on > latest_today():
        raise Malformed("in_the_future", "The weight is of a later day.", "weighed_on")
    if valid_until < valid_from:
        raise Malformed("invalid", "The order ends before it begins.", "valid_until")


def dose_reasons(
    *,
    therapy: Therapy,
    dose_mg: Decimal,
    rate_mg_per_hour: Decimal,
    weight_kg: Decimal,
    is_countersigned: bool,
) -> list[Reason]:
    """Return why a dose or a rate is above the therapy's limits; the database knows the same rule.

    Sources: docs/domain.md, "The service" (0.5 mg/kg a session; 0.35 mg/kg/h, at most 25 mg/h).
    """
    figures = (therapy, dose_mg, rate_mg_per_hour, weight_kg)
    return [*_by_dose(*figures, is_countersigned=is_countersigned), *_by_rate(*figures)]


def _by_dose(
    therapy: Therapy, dose: Decimal, rate: Decimal, weight: Decimal, *, is_countersigned: bool
) -> Iterator[Reason]:
    if therapy.max_mg_per_kg is None:
        return
    limit = therapy.max_mg_per_kg * weight
    if dose > limit and not is_countersigned:
        yield _too_high(
            f"At most {limit.normalize():f} mg at this weight, or a second prescriber signs.",
            "dose_mg",
        )
    # Multiplied out, so that no division rounds.
    if rate * therapy.infusion_minutes > dose * MINUTES:
        yield _too_high(
            f"At this rate the dose is given in less than {therapy.infusion_minutes} minutes.",
            "rate_mg_per_hour",
        )


def _by_rate(therapy: Therapy, dose: Decimal, rate: Decimal, weight: Decimal) -> Iterator[Reason]:
    if therapy.max_mg_per_kg_hour is None:
        return
    limit = therapy.max_mg_per_kg_hour * weight
    if therapy.max_mg_per_hour is not None:
        limit = min(limit, therapy.max_mg_per_hour)
    if rate > limit:
        yield _too_high(f"At most {limit.normalize():f} mg/h at this weight.", "rate_mg_per_hour")
    if dose * MINUTES > rate * therapy.infusion_minutes:
        yield _too_high(
            f"At this rate the dose takes longer than {therapy.infusion_minutes} minutes.",
            "dose_mg",
        )


def _too_high(detail: str, attr: str) -> Reason:
    return Reason("dose_too_high", detail, attr)


def latest_today() -> date:
    """Return today's date at the clinic or in UTC, whichever is later: programs send either."""
    at = now()
    return max(at.date(), at.astimezone(ZoneInfo(settings.CLINIC_TIME_ZONE)).date())
