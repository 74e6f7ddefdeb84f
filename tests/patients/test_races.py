"""Two clinicians, one intake; one patient, two tabs."""

from __future__ import annotations

import threading
from typing import Any

import pgtrigger
import pytest

from config.core.errors import WrongState
from config.core.models import Role, User
from config.demo.answers import eligible_answers
from patients import consent, intake
from patients.models import ConsentDocument, Intake, Signature
from tests.factories import make_patient, make_user
from tests.racing import PATIENCE, race

pytestmark = pytest.mark.django_db(transaction=True)

RACERS = 6


def waiting_intake() -> Intake:
    """One that a clinician has to decide."""
    answers = eligible_answers(date_of_birth="1985-05-17", seizures=True)
    return intake.submit(patient=make_patient(ready=False), answers=answers)


def clinicians() -> list[User]:
    return [make_user(role=Role.CLINICIAN, name=f"Erin {n}") for n in range(RACERS)]


def decided(row: Intake, by: User) -> bool:
    """Whether this clinician's decision counted."""
    try:
        intake.review(intake=row, decision="clear", reason=by.name, by=by)
    except WrongState:
        return False
    return True


def test_one_of_many_clinicians_decides() -> None:
    row = waiting_intake()
    won = race([lambda by=by: decided(row, by) for by in clinicians()])  # type: ignore[misc]
    assert won.count(True) == 1


def decided_unguarded(row: Intake, by: User) -> bool:
    """The same, with the database asked to look away."""
    with pgtrigger.ignore("patients.Intake:intake_decision_changes_with_its_status"):
        return decided(row, by)


def test_they_would_all_decide_without_the_lock_and_the_trigger(monkeypatch: Any) -> None:
    row = waiting_intake()
    all_have_looked = threading.Barrier(RACERS)

    def look(seen: Intake, *, by: User) -> Intake:
        found = Intake.objects.get(pk=seen.pk)
        all_have_looked.wait(PATIENCE)
        return found

    monkeypatch.setattr(intake, "_locked", look)
    won = race([lambda by=by: decided_unguarded(row, by) for by in clinicians()])  # type: ignore[misc]
    assert won.count(True) == RACERS


def test_one_signature_comes_of_many_tabs() -> None:
    document = consent.publish(slug="treatment", title="Treatment", text="Words.")
    ada = make_patient(ready=False)
    signed = {"slug": "treatment", "typed_name": "Ada", "sha256": document.sha256}
    signatures = race([lambda: consent.sign(patient=ada, **signed).pk] * RACERS)
    assert set(signatures) == {Signature.objects.get().pk}


def test_one_of_two_administrators_publishes_a_version() -> None:
    consent.publish(slug="treatment", title="Treatment", text="Words.")

    def publish(text: str) -> bool:
        try:
            consent.publish(slug="treatment", title="Treatment", text=text)
        except WrongState:
            return False
        return True

    won = race([lambda n=n: publish(f"New words {n}.") for n in range(RACERS)])  # type: ignore[misc]
    versions = [document.version for document in ConsentDocument.objects.all()]
    assert sorted(versions) == list(range(1, 2 + won.count(True)))
    assert won.count(True) >= 1
