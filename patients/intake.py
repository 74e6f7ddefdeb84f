"""The intake: a patient submits it, screening reads it, a clinician decides where it must be."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import date, datetime

from django.core.exceptions import PermissionDenied
from django.db import transaction

from config.core.clock import now
from config.core.errors import Malformed, WrongState
from config.core.models import Role, User
from patients import questionnaire
from patients.accounts import touch, zone_of
from patients.answers import storable
from patients.findings import Finding, Severity, finding
from patients.models import Intake, Patient, intake_validity
from patients.questionnaire import Answer, Question
from patients.screening import Outcome, Screening, screen

# decision -> (status it leads to, statuses it may be taken in)
DECISIONS = {
    "clear": (Intake.Status.CLEARED, {Intake.Status.AWAITING_REVIEW, Intake.Status.ASKED}),
    "ask": (Intake.Status.ASKED, {Intake.Status.AWAITING_REVIEW}),
    "decline": (Intake.Status.DECLINED, {Intake.Status.AWAITING_REVIEW, Intake.Status.ASKED}),
}


def begin(*, patient: Patient) -> None:
    """Remember when the questionnaire was opened first, so that whoever does not send it is asked.

    It changes no gate's answer, so it is not told to the gates.
    """
    unopened = Patient.objects.filter(pk=patient.pk, intake_begun_at__isnull=True)
    unopened.update(intake_begun_at=now())


@transaction.atomic
def submit(
    *,
    patient: Patient,
    answers: object,
    at: datetime | None = None,
    rechecks: Intake | None = None,
) -> Intake:
    """Screen the answers and keep them; what nothing was found in is cleared at once.

    Parameters
    ----------
    at
        When they were given; now, if not said. No HTTP door says it.
    rechecks
        The cleared intake that was asked about again, if not everything was asked.

    Raises
    ------
    InvalidAnswers
        Naming every question with a problem.
    """
    at = at or now()
    today = at.astimezone(zone_of(patient)).date()
    cleaned = questionnaire.clean(answers, today=today)
    screening = screen(cleaned, today=today)
    touch(patient)
    noted = [*screening.findings, *_notes(patient, cleaned)]
    outcome = screening.outcome
    if outcome is Outcome.ELIGIBLE and len(noted) > len(screening.findings):
        outcome = Outcome.REVIEW
    _fill_date_of_birth(patient, cleaned)
    Patient.objects.filter(pk=patient.pk).update(intake_begun_at=None)
    row = Intake(
        patient=patient,
        version=questionnaire.VERSION,
        answers=cleaned,
        outcome=outcome.value,
        findings=[asdict(one) for one in sorted(noted, key=_weight)],
        scores={name: asdict(score) for name, score in screening.scores.items()},
        status=_status(outcome, screening),
        submitted_at=at,
        valid_until=at + intake_validity(),
    )
    if rechecks is not None:
        _stand_by(row, rechecks)
    row.save()
    return row


def _stand_by(row: Intake, earlier: Intake) -> None:
    """Let a clinician's decision stand where an asked-again intake finds nothing new to them.

    It stands as long as it would have stood: asking again does not decide again.
    """
    row.rechecks, row.full_at = earlier, earlier.full_at or earlier.submitted_at
    known = {(one["code"], one["note"]) for one in earlier.findings}
    is_new = any((one["code"], one["note"]) not in known for one in row.findings)
    is_new = is_new or _takes_something_else(row, earlier)
    if row.outcome == Outcome.ELIGIBLE or is_new or earlier.decided_by is None:
        return
    row.status = earlier.status
    row.decided_by, row.decided_at = earlier.decided_by, earlier.decided_at
    row.reason = f"Asked again; nothing new since intake {earlier.pk}. {earlier.reason}"
    row.valid_until = min(row.valid_until, earlier.valid_until)


def _takes_something_else(row: Intake, earlier: Intake) -> bool:
    """Whether medicines were named anew, and one of them is found: its dose may be another now."""
    is_same = row.answers.get("medicines_other") == earlier.answers.get("medicines_other")
    return not is_same and any(one["code"].startswith("medicine_") for one in row.findings)


@transaction.atomic
def review(*, intake: Intake, decision: str, reason: str, by: User) -> Intake:
    """Decide an intake, once, with a reason.

    Raises
    ------
    Malformed
        If the decision is unknown, or no reason is given.
    WrongState
        If it is decided already, or if what was found is beyond a clinician's decision.
    """
    if decision not in DECISIONS:
        raise Malformed("invalid_choice", "Choose clear, ask or decline.", "decision")
    status, possible_in = DECISIONS[decision]
    locked = _locked(intake, by=by)
    if locked.status not in possible_in:
        raise WrongState(f"This intake is {locked.get_status_display().lower()} already.")
    if decision == "clear" and not is_clearable(locked):
        raise WrongState("Some of what was found here cannot be cleared by anyone.")
    return _decide(locked, status=status, reason=reason, by=by)


@transaction.atomic
def revoke(*, intake: Intake, reason: str, by: User) -> Intake:
    """Take back a clearance: nothing can be booked, and booked visits are blocked.

    Raises
    ------
    Malformed
        If no reason is given.
    WrongState
        If it is not cleared.
    """
    locked = _locked(intake, by=by)
    if locked.status != Intake.Status.CLEARED:
        raise WrongState("This intake is not cleared.")
    return _decide(locked, status=Intake.Status.DECLINED, reason=reason, by=by)


def is_clearable(intake: Intake) -> bool:
    """Whether nothing found in it stands beyond a clinician's decision."""
    return all(
        one["clearable"] or one["severity"] == Severity.INFORMATION for one in intake.findings
    )


def in_words(intake: Intake) -> list[dict[str, str]]:
    """Return id, question and answer, as a person reads them, in the form's order."""
    known = {question.id: question for question in questionnaire.QUESTIONS}
    return [
        {
            "id": id_,
            "question": known[id_].text if id_ in known else id_,
            "answer": _in_words(known.get(id_), answer),
        }
        for id_, answer in sorted(intake.answers.items(), key=_place_in(list(known)))
    ]


def _place_in(ids: list[str]) -> Callable[[tuple[str, object]], int]:
    # JSON in the database keeps no order; a question of an older form comes last.
    return lambda item: ids.index(item[0]) if item[0] in ids else len(ids)


def _in_words(question: Question | None, answer: Answer) -> str:
    labels = {choice.value: choice.label for choice in question.choices} if question else {}
    if isinstance(answer, bool):
        return "Yes" if answer else "No"
    if isinstance(answer, list):
        return ", ".join(labels.get(one, one) for one in answer)
    return str(labels.get(answer, answer))


def _locked(intake: Intake, *, by: User) -> Intake:
    if by.role != Role.CLINICIAN:
        raise PermissionDenied("Only clinicians decide about intakes.")
    touch(intake.patient)
    return Intake.objects.select_for_update().get(pk=intake.pk)


def _decide(intake: Intake, *, status: str, reason: str, by: User) -> Intake:
    reason = storable(reason)
    if not reason:
        raise Malformed("required", "Please give a reason.", "reason")
    intake.status, intake.reason = status, reason
    intake.decided_by, intake.decided_at = by, now()
    intake.save(update_fields=["status", "reason", "decided_by", "decided_at"])
    return intake


def _status(outcome: Outcome, screening: Screening) -> Intake.Status:
    if outcome is Outcome.ELIGIBLE:
        return Intake.Status.CLEARED
    if outcome is Outcome.EXCLUDED and not screening.clearable:
        return Intake.Status.DECLINED
    return Intake.Status.AWAITING_REVIEW


def _notes(patient: Patient, answers: dict[str, Answer]) -> Iterator[Finding]:
    """Yield what only the clinic's own records can tell."""
    born, known = answers.get("date_of_birth"), patient.date_of_birth
    if known and born and born != known.isoformat():
        yield finding("date_of_birth_differs", answered=born, known=known.isoformat())
    before = Intake.objects.newest(patient=patient)
    if before and before.status != Intake.Status.CLEARED and before.valid_until > now():
        # Without this, whoever was declined could answer again until nothing is found.
        status = before.get_status_display().lower()
        yield finding("answered_before", number=before.pk, outcome=before.outcome, status=status)


def _fill_date_of_birth(patient: Patient, answers: dict[str, Answer]) -> None:
    born = answers.get("date_of_birth")
    if patient.date_of_birth is None and isinstance(born, str):
        patient.date_of_birth = date.fromisoformat(born)
        patient.save(update_fields=["date_of_birth"])


def _weight(one: Finding) -> int:
    return list(Severity).index(one.severity)
