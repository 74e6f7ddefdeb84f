"""A questionnaire on its way: begun, saved answer by answer, sent once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256

from django.db import transaction

from config.core.clock import now
from patients import intake, merging
from patients.accounts import zone_of
from patients.answers import clean_each
from patients.instruments import QUESTIONS as ASKED_OF_LATELY
from patients.models import Draft, Intake, Patient, intake_validity
from patients.progress import BY_ID
from patients.questionnaire import VERSION, Answer
from patients.screening import Danger, danger

# The instruments ask about the last two weeks, or about the last month at most.
OF_LATELY = frozenset(question.id for question in ASKED_OF_LATELY)
LATELY = timedelta(days=14)
# A call for help that is heard again within so long is the same one.
SAME_CALL = timedelta(hours=1)
NEXT_CALL = timedelta(days=1)
# What is asked anew however short the time since an earlier intake.
ALWAYS_ASKED = frozenset(id_ for id_ in OF_LATELY if id_.startswith("cssrs_")) | {"phq9_9"}


class Outdated(Exception):
    """Answers changed after they were looked over, on another device."""


class AlreadySent(Exception):
    """The answers that a page goes on with have become an intake."""

    def __init__(self, intake: Intake) -> None:
        super().__init__(f"intake {intake.pk}")
        self.intake = intake


@dataclass(frozen=True, slots=True)
class Opened:
    """Answers to go on with, and which of the earlier ones have to be given anew."""

    draft: Draft | None
    answers: dict[str, Answer]
    anew: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Saved:
    """What a save left behind, and which answers replaced those of another device."""

    answers: dict[str, Answer]
    contested: tuple[str, ...]


def opened(*, patient: Patient) -> Opened:
    """Return what a patient is filling in; nothing is written by looking."""
    return _fresh(Draft.objects.unsent(patient=patient).first(), patient=patient)


@transaction.atomic
def start(*, patient: Patient) -> Draft:
    """Begin, or go on with what was begun; the answers of an earlier intake are filled in."""
    _lock(patient)
    intake.begin(patient=patient)
    draft = Draft.objects.unsent(patient=patient).first()
    if draft is not None:
        return draft
    earlier = Intake.objects.newest(patient=patient)
    filled_in = _filled_in(earlier, patient=patient) if earlier else {}
    at = earlier.submitted_at.isoformat() if earlier else ""
    return Draft.objects.create(
        patient=patient,
        version=VERSION,
        answers=filled_in,
        answered=dict.fromkeys(filled_in, at),
    )


@transaction.atomic
def save(
    *,
    patient: Patient,
    sent: Mapping[str, Answer | None],
    shown: Mapping[str, Answer | None],
    draft_id: int | None = None,
) -> Saved:
    """Keep the answers that a page changed; on each question the last one to answer wins.

    Parameters
    ----------
    sent
        What can be kept of the page, question by question; None where it is left blank.
    shown
        What the page was shown with.
    draft_id
        What the page goes on with.

    Raises
    ------
    Draft.DoesNotExist
        If that is not this patient's: the page was somebody else's, who was signed in before.
    AlreadySent
        If that became an intake meanwhile; a call for help is kept all the same.
    """
    _lock(patient)
    given = {id_: answer for id_, answer in sent.items() if answer is not None}
    begun = _of_page(draft_id, patient=patient)
    if begun and begun.intake and danger(given) is not Danger.ACUTE:
        raise AlreadySent(begun.intake)
    draft = start(patient=patient)
    kept = _fresh(draft, patient=patient).answers
    merged = merging.merge(shown=shown, sent=sent, kept=kept)
    changed = {**kept, **merged.changes}
    answers = {id_: answer for id_, answer in changed.items() if answer is not None}
    if danger(answers) is Danger.ACUTE and danger(kept) is not Danger.ACUTE:
        _hear(draft, after=SAME_CALL)
    elif danger(given) is Danger.ACUTE:  # said once more
        _hear(draft, after=NEXT_CALL)
    _write(draft, answers=answers, changed=set(merged.changes))
    return Saved(answers, merged.contested)


def _of_page(draft_id: int | None, *, patient: Patient) -> Draft | None:
    """Return what a page goes on with; none where it began with nothing."""
    if draft_id is None:
        return None
    return Draft.objects.select_related("intake").get(pk=draft_id, patient=patient)


def _hear(draft: Draft, *, after: timedelta) -> None:
    """Note a call for help, so that somebody is told; an old one does not silence a new one."""
    at = now()
    if draft.crisis_at is None or at - draft.crisis_at >= after:
        draft.crisis_at = at


def _write(draft: Draft, *, answers: dict[str, Answer], changed: set[str]) -> None:
    at = now()
    times = {id_: draft.answered.get(id_, at.isoformat()) for id_ in answers}
    draft.answered = times | dict.fromkeys(changed & set(answers), at.isoformat())
    draft.answers, draft.version, draft.updated_at = answers, VERSION, at
    draft.save()


@transaction.atomic
def send(*, patient: Patient, draft_id: int, seen: str) -> Intake:
    """Submit the answers, once: asked again, it returns the intake they became.

    Parameters
    ----------
    seen
        What `stamp` said of the answers that were looked over.

    Raises
    ------
    Draft.DoesNotExist
        If this patient has no such draft.
    InvalidAnswers
        Naming every question with a problem.
    Outdated
        If the answers changed since they were looked over.
    """
    _lock(patient)
    draft = Draft.objects.get(pk=draft_id, patient=patient)
    if draft.intake is not None:
        return draft.intake
    if stamp(draft) != seen:
        raise Outdated
    row = intake.submit(patient=patient, answers=_fresh(draft, patient=patient).answers)
    draft.intake, draft.sent_at = row, now()
    draft.answers, draft.answered = {}, {}  # the intake keeps them
    draft.save()
    return row


def _lock(patient: Patient) -> None:
    """One at a time for each patient, who is locked before what is theirs."""
    Patient.objects.select_for_update().get(pk=patient.pk)


def stamp(draft: Draft) -> str:
    """Return what tells one state of the answers from another.

    It is the answers' own: the page saves in the background, and may do so once more, with the same
    answers, while the next page is being made.
    """
    return sha256(json.dumps(draft.answers, sort_keys=True).encode()).hexdigest()


def _fresh(draft: Draft | None, *, patient: Patient) -> Opened:
    """Carry answers over to the form in force; what is too old is asked anew."""
    if draft is None:
        return Opened(None, {})
    at = now()
    answers = _acceptable(draft.answers, today=at.astimezone(zone_of(patient)).date())
    too_old = {id_ for id_ in answers if _is_old(id_, said_at=draft.answered.get(id_, ""), at=at)}
    fresh = {id_: answer for id_, answer in answers.items() if id_ not in too_old}
    anew = tuple(id_ for id_ in BY_ID if id_ in draft.answers and id_ not in fresh)
    return Opened(draft, fresh, anew)


def _acceptable(answers: Mapping[str, object], *, today: date) -> dict[str, Answer]:
    known = [question for id_, question in BY_ID.items() if id_ in answers]
    cleaned, _ = clean_each(known, answers, today=today)
    return {id_: answer for id_, answer in cleaned.items() if answer is not None}


def _is_old(id_: str, *, said_at: str, at: datetime) -> bool:
    good_for = LATELY if id_ in OF_LATELY else intake_validity()
    return not said_at or datetime.fromisoformat(said_at) < at - good_for


def _filled_in(earlier: Intake, *, patient: Patient) -> dict[str, Answer]:
    """Return what need not be asked anew; what is said of danger always is."""
    at = now()
    said_at = earlier.submitted_at.isoformat()
    answers = _acceptable(earlier.answers, today=at.astimezone(zone_of(patient)).date())
    return {
        id_: answer
        for id_, answer in answers.items()
        if id_ not in ALWAYS_ASKED and not _is_old(id_, said_at=said_at, at=at)
    }
