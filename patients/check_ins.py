"""Check-ins: how a patient says they are, any time, and what tells us to call at once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_noop

from config.core.clock import now
from config.core.errors import Malformed
from patients import instruments
from patients.instruments import GAD7_IDS, PHQ9_IDS
from patients.models import CheckIn, Patient
from patients.questions import Question, QuestionType

SELF_HARM = PHQ9_IDS[-1]
PAIN = Question(
    id="pain",
    text=gettext_noop("How strong was your pain over the last week, on average?"),
    type=QuestionType.INTEGER,
    section="pain",
    minimum=0,
    maximum=10,
)
MOOD = tuple(one for one in instruments.QUESTIONS if one.id in PHQ9_IDS)
WORRY = tuple(one for one in instruments.QUESTIONS if one.id in GAD7_IDS)


@transaction.atomic
def submit(
    *,
    patient: Patient,
    client_id: UUID,
    answers: Mapping[str, int],
    at: datetime | None = None,
) -> CheckIn:
    """Write down what was answered; the same form sent again gives the first check-in.

    Parameters
    ----------
    answers
        All of the PHQ-9 by its questions' ids; all of the GAD-7 or none; pain, if given.
    at
        When they were given; now, if not said. No HTTP door says it.

    Raises
    ------
    Malformed
        If an instrument is incomplete, or an answer is not on its scale.
    """
    known = {name: answers[name] for name in (*PHQ9_IDS, *GAD7_IDS, PAIN.id) if name in answers}
    pain = known.get(PAIN.id)
    if pain is not None and not 0 <= pain <= 10:
        raise Malformed("invalid", "Pain lies between 0 and 10.", PAIN.id)
    try:
        phq9 = instruments.phq9([known[name] for name in PHQ9_IDS if name in known])
        worry = [known[name] for name in GAD7_IDS if name in known]
        gad7 = instruments.gad7(worry) if worry else None
    except ValueError as error:
        raise Malformed("invalid", f"Please answer every question: {error}.", "answers") from error
    return CheckIn.objects.get_or_create(
        patient=patient,
        client_id=client_id,
        defaults={
            "answers": known,
            "phq9": phq9.total,
            "gad7": gad7.total if gad7 else None,
            "pain": pain,
            "self_harm": known[SELF_HARM],
            "at": at or now(),
        },
    )[0]


def newest(*, patient: Patient) -> CheckIn | None:
    """Return the latest check-in."""
    return CheckIn.objects.filter(patient=patient).first()


def is_in_danger(*, patient: Patient) -> bool:
    """Whether the latest check-in tells of thoughts of death or of self-harm."""
    last = newest(patient=patient)
    return last is not None and last.self_harm > 0


def in_words(check_in: CheckIn) -> list[dict[str, str]]:
    """Return each question with its answer, as a person reads them, in the form's order."""
    given = check_in.answers
    return [
        {"question": one.text, "answer": _in_words(one, given[one.id])}
        for one in (*MOOD, *WORRY, PAIN)
        if one.id in given
    ]


def _in_words(question: Question, answer: int) -> str:
    labels = {choice.value: choice.label for choice in question.choices}
    return labels.get(answer, str(answer))
