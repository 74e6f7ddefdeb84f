"""Asking again, in brief, before a session: a new intake out of earlier answers and new ones."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from config.core.clock import now
from config.core.errors import WrongState
from patients import drafts, intake, questionnaire, recheck_questions
from patients.accounts import zone_of
from patients.answers import clean_answers
from patients.models import Intake, Patient
from patients.questionnaire import Answer, InvalidAnswers
from patients.screening import Danger, danger

COME_SINCE = "Other answers have come since: please look again."


def possible(*, patient: Patient) -> Intake | None:
    """Return the intake that may be asked about again; none where everything has to be asked.

    It is cleared and has not lapsed, answers the form in force, and everything was asked not too
    long ago: otherwise scores from months ago would speak for a patient for ever.
    """
    newest = Intake.objects.newest(patient=patient)
    at = now()
    if newest is None or newest.status != Intake.Status.CLEARED or newest.valid_until <= at:
        return None
    if asked_in_full(newest) < at - timedelta(days=settings.INTAKE_FULL_DAYS):
        return None
    try:
        questionnaire.clean(newest.answers, today=at.astimezone(zone_of(patient)).date())
    except InvalidAnswers:
        return None
    return newest


def asked_in_full(row: Intake) -> datetime:
    """Return when the whole questionnaire was answered last."""
    return row.full_at or row.submitted_at


@transaction.atomic
def submit(*, patient: Patient, earlier_id: int, answers: Mapping[str, object]) -> Intake | None:
    """Screen the earlier answers with the new ones in their place, as a new intake.

    Returns
    -------
    Intake or None
        The new one; the same answers sent again, what they became. None where something else
        has changed: the answers then wait in a draft of the whole form.

    Raises
    ------
    InvalidAnswers
        Naming every question with a problem.
    WrongState
        If those answers cannot be asked about again, or others have come since.
    """
    Patient.objects.select_for_update().get(pk=patient.pk)
    done = Intake.objects.filter(rechecks=earlier_id, patient=patient).first()
    earlier = done.rechecks if done else possible(patient=patient)
    if earlier is None or earlier.pk != earlier_id:
        raise WrongState(COME_SINCE)
    today = now().astimezone(zone_of(patient)).date()
    again = clean_answers(recheck_questions.QUESTIONS, answers, today=today)
    updated = recheck_questions.updated(earlier.answers, again)
    is_changed = recheck_questions.is_more_changed(again)
    if done is not None:
        # An old page may say something new: that is not passed over as if it were the same press.
        if is_changed or questionnaire.clean(updated, today=today) != done.answers:
            raise WrongState(COME_SINCE)
        return done
    if is_changed:
        _keep(patient, earlier, updated)
        return None
    return intake.submit(patient=patient, answers=updated, rechecks=earlier)


@transaction.atomic
def overhear(*, patient: Patient, answers: Mapping[str, Answer]) -> Danger:
    """Say what unsent answers mean; a call for help is kept, so that somebody is told of it."""
    said = {id_: answer for id_, answer in answers.items() if id_ in recheck_questions.REPEATED}
    if answers.get("behavior_recent") is True:
        said |= {"cssrs_6": True, "cssrs_6_recent": True}
    found = danger(said)
    if found is Danger.ACUTE:
        drafts.save(patient=patient, sent=said, shown={})
    return found


def _keep(patient: Patient, earlier: Intake, updated: dict[str, Answer]) -> None:
    said = {id_: answer for id_, answer in updated.items() if answer != earlier.answers.get(id_)}
    said |= {id_: updated[id_] for id_ in recheck_questions.REPEATED if id_ in updated}
    drafts.save(patient=patient, sent=said, shown={})
