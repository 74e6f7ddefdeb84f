"""Orders: dose limits here and in the database, dates, prescribers, withdrawal."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, IntegrityError, transaction
from hypothesis import HealthCheck, given, settings, strategies as st

from config.core.clock import now
from config.core.errors import Malformed, Refused, WrongState, constraint_of
from config.core.models import Role, User
from patients import orders
from patients.models import Order, Patient
from tests.factories import make_order, make_patient, make_user, therapies, therapy

pytestmark = pytest.mark.django_db


@pytest.fixture
def erin() -> User:
    return make_user(role=Role.CLINICIAN, name="Erin Cole")


@pytest.fixture
def ada() -> Patient:
    return make_patient(ready=False)


def figures(*, patient: Patient, prescriber: User, **changes: Any) -> dict[str, Any]:
    """An order for 80 kg at the limit of dose and rate."""
    today = now().date()
    return {
        "patient": patient,
        "therapy": therapy(),
        "prescriber": prescriber,
        "sessions": 6,
        "dose_mg": Decimal(40),
        "rate_mg_per_hour": Decimal(60),
        "weight_kg": Decimal(80),
        "weighed_on": today,
        "valid_from": today,
        "valid_until": today + timedelta(days=90),
        "evaluated_on": today,
        **changes,
    }


def codes_and_fields(asked: dict[str, Any]) -> list[tuple[str, str | None]]:
    """What refuses the order."""
    with pytest.raises(Refused) as refused:
        orders.write(**asked)
    return [(reason.code, reason.attr) for reason in refused.value.reasons]


def test_it_writes_an_order_with_the_spacing_of_its_therapy(ada: Patient, erin: User) -> None:
    before = ada.changed_at
    order = orders.write(**figures(patient=ada, prescriber=erin))
    assert (order.min_interval_hours, order.sessions_left) == (48, 6)
    ada.refresh_from_db()
    assert ada.changed_at > before


PAIN = {"dose_mg": Decimal(100), "rate_mg_per_hour": Decimal(25), "weight_kg": Decimal(80)}


@pytest.mark.parametrize(
    ("slug", "changes", "refused"),
    [
        ("mood-40", {"dose_mg": Decimal("40.01")}, [("dose_too_high", "dose_mg")]),
        (
            "mood-40",
            {"rate_mg_per_hour": Decimal("60.01")},
            [("dose_too_high", "rate_mg_per_hour")],
        ),
        (
            "maintenance-40",
            {"dose_mg": Decimal(41), "rate_mg_per_hour": Decimal(62)},
            [("dose_too_high", "dose_mg"), ("dose_too_high", "rate_mg_per_hour")],
        ),
        ("pain-240", {**PAIN, "dose_mg": Decimal("100.01")}, [("dose_too_high", "dose_mg")]),
        (
            "pain-240",
            {**PAIN, "rate_mg_per_hour": Decimal("25.01")},
            [("dose_too_high", "rate_mg_per_hour")],
        ),
        (
            # 0.35 mg/kg/h × 60 kg = 21 mg/h, below the cap.
            "pain-240",
            {
                "dose_mg": Decimal(84),
                "weight_kg": Decimal(60),
                "rate_mg_per_hour": Decimal("21.01"),
            },
            [("dose_too_high", "rate_mg_per_hour")],
        ),
    ],
)
def test_it_refuses_more_than_the_limit(
    ada: Patient,
    erin: User,
    slug: str,
    changes: dict[str, Any],
    refused: list[tuple[str, str]],
) -> None:
    asked = figures(patient=ada, prescriber=erin, therapy=therapy(slug), **changes)
    assert codes_and_fields(asked) == refused


def test_it_accepts_the_limits_themselves(ada: Patient, erin: User) -> None:
    orders.write(**figures(patient=ada, prescriber=erin))
    pain = figures(patient=ada, prescriber=erin, therapy=therapy("pain-240"), **PAIN)
    assert orders.write(**pain).dose_mg == 100


def test_a_second_prescriber_lets_the_dose_exceed_but_not_the_rate(
    ada: Patient, erin: User
) -> None:
    fay = make_user(role=Role.CLINICIAN, name="Fay Lund")
    more = {"dose_mg": Decimal(60), "rate_mg_per_hour": Decimal(90), "second_prescriber": fay}
    assert orders.write(**figures(patient=ada, prescriber=erin, **more)).second_prescriber == fay
    faster = {**more, "rate_mg_per_hour": Decimal("90.01")}
    assert codes_and_fields(figures(patient=ada, prescriber=erin, **faster)) == [
        ("dose_too_high", "rate_mg_per_hour")
    ]


@pytest.mark.parametrize("days", [None, 3, 1])
def test_it_wants_an_evaluation_before_the_order_begins(
    ada: Patient, erin: User, days: int | None
) -> None:
    evaluated = days and now().date() + timedelta(days=days)
    starts = now().date() + timedelta(days=2)
    asked = figures(patient=ada, prescriber=erin, evaluated_on=evaluated, valid_from=starts)
    assert codes_and_fields(asked) == [("evaluation_missing", "evaluated_on")]


def test_it_lists_every_reason(ada: Patient, erin: User) -> None:
    asked = figures(patient=ada, prescriber=erin, dose_mg=Decimal(99), evaluated_on=None)
    assert [code for code, _ in codes_and_fields(asked)] == ["dose_too_high", "evaluation_missing"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"weighed_on": date(2999, 1, 1)}, "weighed_on"),
        ({"weighed_on": date(1999, 12, 31)}, "weighed_on"),
        ({"evaluated_on": date(1999, 12, 31)}, "evaluated_on"),
        ({"valid_until": date(2001, 1, 1)}, "valid_until"),
    ],
)
def test_it_refuses_dates_that_cannot_be(
    ada: Patient, erin: User, changes: dict[str, Any], field: str
) -> None:
    with pytest.raises(Malformed) as malformed:
        orders.write(**figures(patient=ada, prescriber=erin, **changes))
    assert malformed.value.reason.attr == field


def test_it_writes_no_order_for_what_needs_none(ada: Patient, erin: User) -> None:
    asked = figures(patient=ada, prescriber=erin, therapy=therapy("consultation"))
    with pytest.raises(Malformed) as malformed:
        orders.write(**asked)
    assert malformed.value.reason.attr == "therapy"


@pytest.mark.parametrize("role", [role for role in Role if role != Role.CLINICIAN])
def test_only_clinicians_write_and_withdraw(ada: Patient, role: Role) -> None:
    someone = make_user(role=role, name="Dan Reyes")
    with pytest.raises(PermissionDenied):
        orders.write(**figures(patient=ada, prescriber=someone))
    with pytest.raises(PermissionDenied):
        orders.withdraw(order=make_order(patient=ada), reason="No.", by=someone)


def test_the_second_prescriber_is_another_clinician(ada: Patient, erin: User) -> None:
    nurse = make_user(role=Role.NURSE, name="Cleo Marsh")
    for second in (erin, nurse):
        asked = figures(patient=ada, prescriber=erin, second_prescriber=second)
        with pytest.raises(Malformed) as malformed:
            orders.write(**asked)
        assert malformed.value.reason.attr == "second_prescriber"


def test_it_withdraws_once_and_with_a_reason(ada: Patient, erin: User) -> None:
    order = make_order(patient=ada)
    with pytest.raises(Malformed):
        orders.withdraw(order=order, reason=" \x00 ", by=erin)
    before = ada.changed_at
    withdrawn = orders.withdraw(order=order, reason="New heart disease.", by=erin)
    assert (withdrawn.withdrawn_by, withdrawn.withdrawn_reason) == (erin, "New heart disease.")
    ada.refresh_from_db()
    assert ada.changed_at > before
    with pytest.raises(WrongState):
        orders.withdraw(order=order, reason="Again.", by=erin)


def cents(most: int) -> st.SearchStrategy[Decimal]:
    return st.integers(1, most * 100).map(lambda number: Decimal(number) / 100)


@settings(max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    slug=st.sampled_from(["mood-40", "pain-240", "maintenance-40"]),
    dose=cents(130),
    rate=cents(100),
    weight=st.integers(300, 1500).map(lambda number: Decimal(number) / 10),
    is_countersigned=st.booleans(),
    snap=st.sampled_from(["", "dose", "rate"]),
)
def test_the_rule_and_the_database_agree_on_every_dose(
    *,
    slug: str,
    dose: Decimal,
    rate: Decimal,
    weight: Decimal,
    is_countersigned: bool,
    snap: str,
) -> None:
    what = therapies()[slug]
    if snap == "rate":  # figures at the very edge are where two rules would differ
        rate = (dose * 60 / what.infusion_minutes).quantize(Decimal("0.01"))
    elif snap == "dose" and what.max_mg_per_kg:
        dose = (what.max_mg_per_kg * weight).quantize(Decimal("0.01"))
    reasons = orders.dose_reasons(
        therapy=what,
        dose_mg=dose,
        rate_mg_per_hour=max(rate, Decimal("0.01")),
        weight_kg=weight,
        is_countersigned=is_countersigned,
    )
    assert bool(reasons) is _database_refuses(
        slug=slug,
        dose_mg=dose,
        rate_mg_per_hour=max(rate, Decimal("0.01")),
        weight_kg=weight,
        is_countersigned=is_countersigned,
    )


def _database_refuses(*, slug: str, is_countersigned: bool, **asked: Decimal) -> bool:
    """Write straight into the table, past the rule, and take it back."""
    patient = Patient.objects.first() or make_patient(ready=False)
    clinicians = User.objects.filter(role=Role.CLINICIAN)
    if not clinicians.exists():
        make_user(role=Role.CLINICIAN, name="Erin Cole")
        make_user(role=Role.CLINICIAN, name="Fay Lund")
    first, second = clinicians[:2]
    try:
        with transaction.atomic():
            make_order(
                patient=patient,
                slug=slug,
                prescriber=first,
                second_prescriber=second if is_countersigned else None,
                **asked,
            )
    except IntegrityError as error:
        if constraint_of(error) != "order_dose_within_limits":
            raise
        return True
    return False


def test_the_database_never_forgets_or_changes_an_order(ada: Patient) -> None:
    order = make_order(patient=ada)
    for guard, change in (
        ("order_figures_never_change", lambda: Order.objects.update(dose_mg=1)),
        ("order_is_never_deleted", lambda: Order.objects.filter(pk=order.pk).delete()),
    ):
        with pytest.raises(DatabaseError, match=guard), transaction.atomic():
            change()
