"""What every page of the questionnaire shows around its questions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _, ngettext

from config.core.clock import now
from patients import progress
from patients.accounts import zone_of
from patients.drafts import Opened
from patients.fields import in_groups
from patients.findings import Severity
from patients.models import Intake, Patient
from patients.pages.intake_forms import problem
from patients.progress import BY_ID, Step
from patients.questionnaire import InvalidAnswers
from patients.questions import Answer, Question, QuestionType
from patients.screening import Danger, danger

QUOTED = 60  # characters of a question that name it in a message


def today_of(patient: Patient) -> date:
    """Return the date where the patient lives."""
    return now().astimezone(zone_of(patient)).date()


def day(instant: datetime, *, patient: Patient) -> str:
    """Say a day as it is where the patient lives."""
    return date_format(timezone.localtime(instant, zone_of(patient)), "j F Y")


def phone_of(patient: Patient) -> str:
    """Return the number we would call, in groups as it is said where it is an American one."""
    return in_groups(patient.phone)


def around(*, patient: Patient, answers: Mapping[str, Answer], at: str = "") -> dict[str, Any]:
    """Return progress, and help where an answer asks for it."""
    steps = progress.steps(answers)
    here = next((step for step in steps if step.section.id == at), None)
    return {
        "steps": [_shown(step, at=at) for step in steps],
        "number": here.number if here else 0,
        "count": len(steps),
        "done": sum(step.is_done for step in steps),
        "danger": danger(answers).value,
        "phone": phone_of(patient),
    }


def _shown(step: Step, *, at: str) -> dict[str, Any]:
    if step.is_done:
        state, colour = _("done"), "green"
    elif step.is_optional:
        state, colour = _("you may skip it"), ""
    elif step.answered:
        state, colour = _left(len(step.missing)), "amber"
    else:
        state, colour = "", ""
    return {
        "id": step.section.id,
        "number": step.number,
        "title": _(step.section.title),
        "url": reverse("intake-section", args=[step.section.id]),
        "state": state,
        "colour": colour,
        "is_done": step.is_done,
        "is_here": step.section.id == at,
    }


def _left(number: int) -> str:
    return ngettext("%(number)s left", "%(number)s left", number) % {"number": number}


def reviewed(answers: Mapping[str, Answer]) -> Iterator[dict[str, Any]]:
    """Yield each page with its questions and answers in words, and where each is changed."""
    for step in progress.steps(answers):
        hidden = [
            one
            for one in BY_ID.values()
            if one.kept
            and one.section == step.section.id
            and one.id in answers
            and one not in step.asked
        ]
        yield {
            "title": _(step.section.title),
            "url": reverse("intake-section", args=[step.section.id]),
            "is_optional": step.is_optional and not step.answered,
            "rows": [
                row(question, answers) for question in (*step.asked, *hidden) if _is_told(
                    question, answers
                )
            ],
        }  # fmt: skip


def remembered(answers: Mapping[str, Answer]) -> Iterator[dict[str, Any]]:
    """Yield the earlier answers that matter before a session, page by page."""
    for page in reviewed(answers):
        rows = [one for one in page["rows"] if _is_worth_a_look(one["id"], answers)]
        if rows:
            yield {**page, "rows": rows}


def _is_worth_a_look(id_: str, answers: Mapping[str, Answer]) -> bool:
    """What is scored was asked about two weeks, and what is repeated is asked below."""
    is_scored = BY_ID[id_].section in {"mood", "worry", "alcohol", "safety"}
    return id_ in answers and not is_scored and id_ not in {"subject", "anything_else"}


def _is_told(question: Question, answers: Mapping[str, Answer]) -> bool:
    return question.required or question.id in answers


def row(question: Question, answers: Mapping[str, Answer]) -> dict[str, Any]:
    """Return one question with its answer as a person reads it."""
    return {
        "id": question.id,
        "text": _(question.text),
        "answer": in_words(question, answers[question.id]) if question.id in answers else "",
        "is_missing": question.id not in answers,
        "url": f"{reverse('intake-section', args=[question.section])}#q-{question.id}",
    }


def in_words(question: Question, answer: Answer) -> str:
    """Say an answer in the reader's language."""
    labels = {choice.value: _(choice.label) for choice in question.choices}
    if isinstance(answer, bool):
        return _("Yes") if answer else _("No")
    if isinstance(answer, list):
        return ", ".join(labels.get(one, one) for one in answer)
    if question.type is QuestionType.DATE:
        return date_format(date.fromisoformat(str(answer)), "j F Y")
    return str(labels.get(answer, answer))


def contested(ids: Iterable[str], answers: Mapping[str, Answer]) -> Iterator[str]:
    """Say which answers of another device were replaced by those of this one."""
    for id_ in ids:
        facts = {"question": _short(_(BY_ID[id_].text))}
        if id_ in answers:
            facts["answer"] = _short(in_words(BY_ID[id_], answers[id_]))
            yield (
                _(
                    "You answered “%(question)s” on another device or page too. What you said last "
                    "counts: %(answer)s"
                )
                % facts
            )
        else:
            yield (
                _(
                    "You answered “%(question)s” on another device or page too. What you did last "
                    "counts: no answer."
                )
                % facts
            )


def asked_anew(opened: Opened) -> str:
    """Say that answers have to be given again, if some do."""
    if not opened.anew:
        return ""
    return ngettext(
        "It has been a while, or the questions have changed. %(number)s answer has to be given "
        "again; the others are kept.",
        "It has been a while, or the questions have changed. %(number)s answers have to be given "
        "again; the others are kept.",
        len(opened.anew),
    ) % {"number": len(opened.anew)}


def _short(text: str) -> str:
    return text if len(text) <= QUOTED else f"{text[:QUOTED].rstrip()}…"


def problems(invalid: InvalidAnswers) -> list[dict[str, str]]:
    """Return what keeps answers from being sent, each with the way to its question."""
    return [
        {
            "text": _short(_(BY_ID[id_].text)) if id_ in BY_ID else id_,
            "message": problem(BY_ID[id_], found[0][0]) if id_ in BY_ID else "",
            "url": row(BY_ID[id_], {})["url"] if id_ in BY_ID else reverse("intake"),
        }
        for id_, found in invalid.errors.items()
    ]


def outcome(intake: Intake, *, patient: Patient) -> dict[str, Any]:
    """Return what screening tells the patient, and how the decision stands."""
    weighs = [one for one in intake.findings if one["severity"] != Severity.INFORMATION]
    rest = [one for one in intake.findings if one["severity"] == Severity.INFORMATION]
    excluded = [one for one in weighs if one["severity"] == Severity.EXCLUDED]
    return {
        "sentences": _said(one for one in weighs if one["severity"] != Severity.CRISIS),
        "information": _said(rest),
        "danger": danger_in(intake),
        "phone": phone_of(patient),
        "sent_on": day(intake.submitted_at, patient=patient),
        "lapses_on": day(intake.valid_until, patient=patient),
        "has_lapsed": intake.valid_until <= now(),
        "is_newest": Intake.objects.newest(patient=patient) == intake,
        "can_look_again": all(one["clearable"] for one in excluded),
        "asks_someone": any(one["code"] == "no_responsible_adult" for one in excluded),
    }


def _said(findings: Iterable[Mapping[str, Any]]) -> list[str]:
    details = (one["detail"] for one in findings)
    return [_(detail) for detail in details]


def danger_in(intake: Intake) -> str:
    """Say whether help has to be shown beside an intake; what lapsed says nothing about now."""
    if intake.valid_until <= now():
        return Danger.NONE.value
    return danger(intake.answers).value
