"""The medicine: it always adds up, whoever asks."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.db import IntegrityError, transaction
from hypothesis import HealthCheck, given, settings, strategies as st
from rest_framework.test import APIClient

from booking.notices import messages
from config.core.models import Role, User
from nurses.models import Dose
from tests.factories import make_appointment, make_nurse, make_patient, make_user
from tests.nurses.story import START, Visit, after, codes


@pytest.fixture
def infusing(visit: Visit) -> Visit:
    visit.starts()
    return visit


def test_it_takes_no_dose_before_the_infusion_starts(visit: Visit) -> None:
    visit.arrives()
    assert codes(visit.dose()) == ["wrong_state"]
    assert visit.now_stands().dosed_at is None


def test_it_knows_when_the_first_dose_was_given(infusing: Visit) -> None:
    infusing.dose(33, given_mg=0, wasted_mg=50)
    assert infusing.now_stands().dosed_at is None
    infusing.dose(35, drawn_mg=20, given_mg=20, wasted_mg=0)
    infusing.dose(40, drawn_mg=20, given_mg=20, wasted_mg=0)
    assert infusing.now_stands().dosed_at == after(35)


def test_it_writes_a_dose_down_once(infusing: Visit) -> None:
    first = infusing.dose(client_id="once")
    again = infusing.dose(client_id="once", given_mg=1, wasted_mg=49)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert infusing.record()["given_mg"] == 40


def test_it_adds_up_without_rounding(infusing: Visit) -> None:
    exact: dict[str, Any] = {"drawn_mg": 0.3, "given_mg": 0.1, "wasted_mg": 0.2, "returned_mg": 0}
    assert infusing.dose(**exact).status_code == 201
    off: dict[str, Any] = {**exact, "returned_mg": 0.001}
    answer = infusing.dose(**off)
    assert (answer.status_code, codes(answer)) == (400, ["unbalanced"])


@pytest.mark.parametrize("field", ["drawn_mg", "given_mg", "wasted_mg", "returned_mg"])
@pytest.mark.parametrize("amount", [-1, "-0.001", "NaN", "1.0001", 100_000])
def test_it_takes_no_impossible_amount(infusing: Visit, field: str, amount: object) -> None:
    changed: dict[str, Any] = {field: amount}
    answer = infusing.dose(**changed)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["attr"] == field


def test_it_flags_and_pages_more_than_the_order(infusing: Visit) -> None:
    assert infusing.dose().json()["exceeds_order"] is False
    answer = infusing.dose(drawn_mg=1, given_mg=1, wasted_mg=0)
    assert answer.status_code == 201
    assert answer.json()["exceeds_order"] is True
    task = infusing.appointment.tasks.get(kind="dose")
    assert task.detail == "More was given than the order says (recorded by Cleo)."
    page = infusing.appointment.notices.get(kind="adverse_event", occurrence=0)
    assert page.subject_of == f"dose/{answer.json()['id']}"
    said = messages.render(page).text
    assert "More was given than the order says, for AB. Recorded by Cleo." in said


def test_it_wants_another_person_as_the_witness(infusing: Visit) -> None:
    me = infusing.nurse.user.email.upper()
    assert codes(infusing.dose(witness=me)) == ["witness_is_self"]
    assert codes(infusing.dose(witness="nobody@example.com")) == ["unknown_witness"]
    patient = infusing.appointment.patient.user.email
    assert codes(infusing.dose(witness=patient)) == ["witness_is_patient"]
    ben = make_user(role=Role.NURSE, name="Ben Wu")
    assert infusing.dose(witness=ben.email).json()["witness"] == ben.email
    User.objects.filter(pk=ben.pk).update(is_active=False)
    assert codes(infusing.dose(witness=ben.email)) == ["unknown_witness"]


def test_it_waits_for_a_witness_of_waste_only(infusing: Visit) -> None:
    wasted = infusing.dose().json()
    infusing.dose(drawn_mg=1, given_mg=0, wasted_mg=0, returned_mg=1)
    assert wasted["witness_pending"] is True
    assert infusing.record()["witness_pending"] == [wasted["id"]]
    task = infusing.appointment.tasks.get(kind="witness_pending")
    assert task.key == f"dose/{wasted['id']}"
    assert task.detail == "Waste of 10 mg has no witness yet (recorded by Cleo)."


MILLIGRAMS = st.decimals(min_value=0, max_value=200, places=3)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(parts=st.tuples(MILLIGRAMS, MILLIGRAMS, MILLIGRAMS), off=st.sampled_from([0, 0, 1, -1]))
def test_it_balances_by_the_api_and_by_the_table_alike(
    infusing: Visit, parts: tuple[Decimal, Decimal, Decimal], off: int
) -> None:
    given_mg, wasted_mg, returned_mg = parts
    drawn_mg = max(sum(parts) + Decimal(off) / 1000, Decimal(0))
    balances = drawn_mg == sum(parts)
    amounts: dict[str, Any] = {
        "drawn_mg": drawn_mg,
        "given_mg": given_mg,
        "wasted_mg": wasted_mg,
        "returned_mg": returned_mg,
    }
    with transaction.atomic():
        said: dict[str, Any] = {name: str(mg) for name, mg in amounts.items()}
        answer = infusing.dose(**said)
        assert (answer.status_code == 201) == balances
        assert _table_takes(infusing, amounts) == balances
        transaction.set_rollback(True)


def _table_takes(visit: Visit, amounts: dict[str, Decimal]) -> bool:
    try:
        with transaction.atomic():
            Dose.objects.create(
                appointment=visit.appointment,
                recorded_by=visit.nurse.user,
                at=after(36),
                client_id="by hand",
                lot="B",
                **amounts,
            )
    except IntegrityError:
        return False
    return True


def test_it_records_no_dose_at_a_consultation(late: time_machine.Traveller, db: None) -> None:
    nurse = make_nurse(kind="desk")
    talk = make_appointment(
        patient=make_patient(slug="consultation"), nurse=nurse, starts_at=START, slug="consultation"
    )
    client = APIClient()
    client.force_login(nurse.user)
    visit = Visit(appointment=talk, nurse=nurse, client=client)
    visit.event("start_infusion", 0, happened=True)
    answer = visit.dose(1)
    assert answer.status_code == 409
    assert codes(answer) == ["wrong_state"]
