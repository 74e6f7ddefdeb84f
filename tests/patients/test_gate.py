"""The gate names every closed door, in the order of the rules."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress

from config.core.clock import now
from patients import gate
from patients.models import Intake, Order, Patient, Permit, ServiceArea
from tests.factories import (
    make_address,
    make_area,
    make_document,
    make_intake,
    make_order,
    make_patient,
    therapy,
    use_up,
)

pytestmark = pytest.mark.django_db

EVERY_DOOR = [
    "not_cleared",
    "order_missing",
    "consent_missing",
    "escort_missing",
    "outside_service_area",
]


def codes(patient: Patient, slug: str = "mood-40", **changes: object) -> list[str]:
    """Ask about a visit the day after tomorrow."""
    patient = Patient.objects.get(pk=patient.pk)
    asked: dict[str, object] = {"starts_at": now() + timedelta(days=2), "asked_at": now()}
    return [
        reason.code
        for reason in gate.ask(patient=patient, therapy=therapy(slug), **{**asked, **changes})  # type: ignore[arg-type]
    ]


def test_it_lets_a_patient_through_who_has_everything() -> None:
    assert codes(make_patient()) == []


def test_it_names_every_closed_door_in_order() -> None:
    make_document()
    assert codes(make_patient(ready=False)) == EVERY_DOOR


def test_it_says_the_next_step_with_every_code() -> None:
    make_document()
    ada = make_patient(ready=False)
    for reason in gate.ask(patient=ada, therapy=therapy(), starts_at=now(), asked_at=now()):
        assert len(reason.detail.split()) > 5


def _submit_again(patient: Patient) -> None:
    make_intake(patient=patient, status="awaiting_review")


def _use_up(patient: Patient) -> None:
    use_up(patient.orders.get())


def _withdraw(patient: Patient) -> None:
    patient.orders.update(withdrawn_at=now())


def _publish(patient: Patient) -> None:
    make_document(version=2)


def _no_escort_phone(patient: Patient) -> None:
    Patient.objects.filter(pk=patient.pk).update(escort_phone="")


def _close_area(patient: Patient) -> None:
    ServiceArea.objects.update(is_open=False)


def _unknown_zone(patient: Patient) -> None:
    type(patient.address).objects.update(time_zone="")


def _deny(patient: Patient) -> None:
    Permit.objects.update(is_permitted=False)


def _forget_permit(patient: Patient) -> None:
    Permit.objects.all().delete()


def _decline(patient: Patient) -> None:
    patient.intakes.update(status="declined")


@pytest.mark.parametrize(
    ("close", "code"),
    [
        (_submit_again, "not_cleared"),
        (_decline, "not_cleared"),
        (_use_up, "order_exhausted"),
        (_withdraw, "order_missing"),
        (_publish, "consent_missing"),
        (_no_escort_phone, "escort_missing"),
        (_close_area, "outside_service_area"),
        (_unknown_zone, "outside_service_area"),
        (_deny, "not_permitted_here"),
        (_forget_permit, "not_permitted_here"),
    ],
)
def test_it_closes_one_door_at_a_time(close: Callable[[Patient], None], code: str) -> None:
    ada = make_patient()
    close(ada)
    assert codes(ada) == [code]


def test_it_asks_only_for_contact_before_a_consultation() -> None:
    ben = make_patient(ready=False)
    assert codes(ben, "consultation") == []
    Patient.objects.update(phone="")
    assert codes(ben, "consultation") == ["contact_missing"]


def test_it_wants_a_verified_e_mail_for_a_consultation() -> None:
    ben = make_patient(ready=False)
    EmailAddress.objects.update(verified=False)
    assert codes(ben, "consultation") == ["contact_missing"]


def test_it_lets_an_intake_lapse_at_its_last_instant() -> None:
    ada = make_patient()
    until = Intake.objects.get().valid_until
    assert codes(ada, asked_at=until - timedelta(seconds=1)) == []
    assert codes(ada, asked_at=until) == ["not_cleared"]


def test_it_wants_the_order_in_force_on_the_day_of_the_visit_where_the_patient_lives() -> None:
    ada = make_patient()
    last = Order.objects.get().valid_until
    # 04:00 UTC is still the evening before in Chicago.
    evening = now().replace(
        year=last.year, month=last.month, day=last.day, hour=4, minute=0
    ) + timedelta(days=1)
    assert codes(ada, starts_at=evening) == []
    assert codes(ada, starts_at=evening + timedelta(hours=4)) == ["order_missing"]


def test_it_wants_an_order_for_this_very_therapy() -> None:
    assert codes(make_patient(), "pain-240") == ["order_missing"]


def test_it_counts_the_session_a_visit_holds_already() -> None:
    ada = make_patient()
    order = Order.objects.get()
    _use_up(ada)
    assert codes(ada) == ["order_exhausted"]
    assert codes(ada, order=order) == []
    _withdraw(ada)
    assert codes(ada, order=order) == ["order_missing"]


def test_it_asks_a_booked_visit_about_its_own_state_and_not_the_present_address() -> None:
    ada = make_patient()
    _close_area(ada)
    assert codes(ada, state="IL") == []
    assert codes(ada, state="MI") == ["not_permitted_here"]


def test_it_uses_the_order_that_ends_first_and_has_a_session_left() -> None:
    ada = make_patient()
    soon = make_order(patient=ada, valid_until=now().date() + timedelta(days=30))
    starts_at = now() + timedelta(days=2)
    assert gate.order_for(patient=ada, therapy=therapy(), starts_at=starts_at) == soon
    use_up(soon)
    found = gate.order_for(patient=ada, therapy=therapy(), starts_at=starts_at)
    assert found is not None
    assert found != soon


def test_it_sums_up_with_ok_or_the_code() -> None:
    assert set(gate.summary(patient=make_patient()).values()) == {"ok"}
    make_document()
    ben = make_patient(ready=False, name="Ben Osei")
    assert list(gate.summary(patient=ben)) == ["intake", "order", "consents", "escort", "address"]
    assert list(gate.summary(patient=ben).values()) == EVERY_DOOR


def test_it_names_the_area_and_the_permit_together() -> None:
    make_area()
    _deny(ben := make_patient(ready=False, name="Ben Osei"))
    make_address(patient=ben, place=(40.0, -89.0))
    assert codes(ben)[-2:] == ["outside_service_area", "not_permitted_here"]
