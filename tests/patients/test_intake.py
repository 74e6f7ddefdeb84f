"""Submitting an intake, and deciding it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.core.exceptions import PermissionDenied

from config.core.clock import now
from config.core.errors import Malformed, WrongState
from config.core.models import Role, User
from config.demo.answers import eligible_answers
from patients import intake
from patients.models import Intake, Patient
from patients.questionnaire import InvalidAnswers
from tests.factories import make_patient, make_user

pytestmark = pytest.mark.django_db

CRISIS = {"cssrs_1": True, "cssrs_2": True, "cssrs_3": True, "cssrs_4": True, "cssrs_5": False}
BORN = date(1984, 5, 31)


@pytest.fixture
def ada() -> Patient:
    ada = make_patient(ready=False)
    ada.date_of_birth = BORN
    ada.save()
    return ada


@pytest.fixture
def erin() -> User:
    return make_user(role=Role.CLINICIAN, name="Erin Cole")


def submit(patient: Patient, **changes: object) -> Intake:
    return intake.submit(patient=patient, answers=eligible_answers(**changes))


def codes(row: Intake) -> list[str]:
    return [one["code"] for one in row.findings if one["severity"] != "information"]


@pytest.mark.parametrize(
    ("changes", "outcome", "status"),
    [
        ({}, "eligible", "cleared"),
        ({"seizures": True}, "review", "awaiting_review"),
        ({"hypertension": "uncontrolled"}, "excluded", "awaiting_review"),
        ({"psychosis": True}, "excluded", "declined"),
        ({"psychosis": True, "hypertension": "uncontrolled"}, "excluded", "declined"),
        (CRISIS, "crisis", "awaiting_review"),
        ({**CRISIS, "psychosis": True}, "crisis", "awaiting_review"),
    ],
)
def test_it_leads_from_the_answers_to_a_status(
    ada: Patient, changes: dict[str, object], outcome: str, status: str
) -> None:
    row = submit(ada, **changes)
    assert (row.outcome, row.status) == (outcome, status)


def test_it_turns_an_animal_away(ada: Patient) -> None:
    row = intake.submit(patient=ada, answers={"subject": "animal"})
    assert (row.outcome, row.status, codes(row)) == ("excluded", "declined", ["not_human"])


def test_it_is_good_for_ninety_days(ada: Patient) -> None:
    row = submit(ada)
    assert row.valid_until == row.submitted_at + timedelta(days=90)


def test_it_tells_the_gates_that_something_changed(ada: Patient) -> None:
    before = ada.changed_at
    submit(ada)
    ada.refresh_from_db()
    assert ada.changed_at > before


def test_it_keeps_scores_and_notes_for_the_reviewer(ada: Patient) -> None:
    row = submit(ada, seizures=True)
    row.refresh_from_db()
    assert row.scores["phq9"]["total"] == 8
    assert all({"code", "severity", "detail", "note", "clearable"} <= set(f) for f in row.findings)
    assert row.findings[0]["severity"] == "review"


def test_it_fills_in_the_date_of_birth_where_the_profile_has_none(ada: Patient) -> None:
    Patient.objects.update(date_of_birth=None)
    ada.refresh_from_db()
    assert submit(ada).status == "cleared"
    ada.refresh_from_db()
    assert ada.date_of_birth == BORN


def test_another_date_of_birth_than_the_profiles_wants_a_look(ada: Patient) -> None:
    row = submit(ada, date_of_birth="1985-01-01")
    assert (row.outcome, row.status) == ("review", "awaiting_review")
    assert codes(row) == ["date_of_birth_differs"]
    ada.refresh_from_db()
    assert ada.date_of_birth == BORN


@pytest.mark.parametrize("changes", [{"psychosis": True}, CRISIS, {"seizures": True}])
def test_nobody_answers_again_until_nothing_is_found(
    ada: Patient, changes: dict[str, object]
) -> None:
    submit(ada, **changes)
    again = submit(ada)
    assert (again.outcome, again.status) == ("review", "awaiting_review")
    assert codes(again) == ["answered_before"]


def test_answers_that_were_cleared_or_lapsed_stand_in_nobodys_way(ada: Patient, erin: User) -> None:
    first = submit(ada, seizures=True)
    intake.review(intake=first, decision="clear", reason="None since 2003.", by=erin)
    assert submit(ada).status == "cleared"
    submit(ada, psychosis=True)
    with time_machine.travel(now() + timedelta(days=91)):
        assert submit(ada).status == "cleared"


def test_the_clinics_zone_says_who_is_of_age_today(ada: Patient) -> None:
    # 03:00 UTC on the 1st is still the last evening of the month in Chicago.
    with time_machine.travel(datetime(2026, 12, 1, 3, tzinfo=UTC)):
        Patient.objects.update(date_of_birth=date(2008, 12, 1))
        ada.refresh_from_db()
        assert codes(submit(ada, date_of_birth="2008-12-01")) == ["under_age"]


def test_it_refuses_answers_question_by_question(ada: Patient) -> None:
    with pytest.raises(InvalidAnswers) as invalid:
        submit(ada, seizures="maybe", subject_of_nothing=1)
    assert set(invalid.value.errors) == {"seizures", "subject_of_nothing"}
    assert not Intake.objects.exists()


@pytest.mark.parametrize(
    ("decision", "status"), [("clear", "cleared"), ("ask", "asked"), ("decline", "declined")]
)
def test_a_clinician_decides_with_a_reason(
    ada: Patient, erin: User, decision: str, status: str
) -> None:
    row = intake.review(
        intake=submit(ada, seizures=True), decision=decision, reason="Because.", by=erin
    )
    assert (row.status, row.reason, row.decided_by) == (status, "Because.", erin)
    assert row.decided_at is not None


def test_a_clinician_clears_what_may_be_cleared(ada: Patient, erin: User) -> None:
    row = submit(ada, hypertension="uncontrolled")
    assert intake.review(intake=row, decision="clear", reason="Treated.", by=erin).status == (
        "cleared"
    )


def test_nobody_clears_a_crisis(ada: Patient, erin: User) -> None:
    row = submit(ada, **CRISIS)
    with pytest.raises(WrongState):
        intake.review(intake=row, decision="clear", reason="Well again.", by=erin)
    assert intake.review(intake=row, decision="decline", reason="Sent to care.", by=erin)


def test_it_is_decided_once(ada: Patient, erin: User) -> None:
    row = submit(ada, seizures=True)
    intake.review(intake=row, decision="clear", reason="Fine.", by=erin)
    for decision in intake.DECISIONS:
        with pytest.raises(WrongState):
            intake.review(intake=row, decision=decision, reason="Again.", by=erin)


def test_what_was_asked_can_still_be_cleared_but_not_asked_twice(ada: Patient, erin: User) -> None:
    row = submit(ada, seizures=True)
    intake.review(intake=row, decision="ask", reason="Since when?", by=erin)
    with pytest.raises(WrongState):
        intake.review(intake=row, decision="ask", reason="Since when?", by=erin)
    assert intake.review(intake=row, decision="clear", reason="2003.", by=erin).status == "cleared"


@pytest.mark.parametrize("reason", ["", "  ", "\x00"])
def test_it_wants_a_reason(ada: Patient, erin: User, reason: str) -> None:
    row = submit(ada, seizures=True)
    with pytest.raises(Malformed) as malformed:
        intake.review(intake=row, decision="clear", reason=reason, by=erin)
    assert malformed.value.reason.attr == "reason"


def test_it_knows_three_decisions(ada: Patient, erin: User) -> None:
    with pytest.raises(Malformed):
        intake.review(intake=submit(ada), decision="shrug", reason="x", by=erin)


@pytest.mark.parametrize("role", [role for role in Role if role != Role.CLINICIAN])
def test_only_clinicians_decide(ada: Patient, role: Role) -> None:
    someone = make_user(role=role, name="Dan Reyes")
    with pytest.raises(PermissionDenied):
        intake.review(intake=submit(ada, seizures=True), decision="clear", reason="x", by=someone)


def test_a_clearance_is_taken_back_once(ada: Patient, erin: User) -> None:
    row = submit(ada)
    assert intake.revoke(intake=row, reason="New facts.", by=erin).status == "declined"
    with pytest.raises(WrongState):
        intake.revoke(intake=row, reason="New facts.", by=erin)


def test_answers_read_as_words_in_the_forms_order(ada: Patient) -> None:
    row = submit(ada, reasons=["crps", "other"], anything_else="A cat.")
    row.refresh_from_db()
    words = {one["id"]: one["answer"] for one in intake.in_words(row)}
    assert words["reasons"] == "Complex regional pain syndrome (CRPS), Something else"
    assert (words["seizures"], words["anything_else"]) == ("No", "A cat.")
    assert words["phq9_9"] == "Not at all"
    ids = [one["id"] for one in intake.in_words(row)]
    assert ids[0] == "subject"
    assert ids[-1] == "anything_else"


def test_answers_to_an_older_form_still_read(ada: Patient) -> None:
    row = Intake(patient=ada, answers={"shoe_size": 44, "seizures": True})
    assert intake.in_words(row)[-1] == {"id": "shoe_size", "question": "shoe_size", "answer": "44"}
