"""How far somebody is in the questionnaire: its pages, what each asks, what is left (pure)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from patients.answers import is_shown
from patients.questionnaire import QUESTIONS, SECTIONS, Answer, Question, Section

BY_ID = {question.id: question for question in QUESTIONS}


@dataclass(frozen=True, slots=True)
class Step:
    """One page, as far as it is asked of somebody with these answers."""

    number: int
    section: Section
    asked: tuple[Question, ...]
    answered: tuple[str, ...]

    @property
    def missing(self) -> tuple[str, ...]:
        """What has to be answered and is not."""
        return tuple(one.id for one in self.asked if one.required and one.id not in self.answered)

    @property
    def is_optional(self) -> bool:
        """Whether all of it may be skipped."""
        return not any(one.required for one in self.asked)

    @property
    def is_done(self) -> bool:
        """Whether nothing is missing; what may be skipped is done once something is answered."""
        return not self.missing and (bool(self.answered) or not self.is_optional)


def asked(answers: Mapping[str, Answer]) -> list[Question]:
    """Return the questions that somebody with these answers is asked, in order."""
    shown: set[str] = set()
    found = []
    for question in QUESTIONS:
        if is_shown(question, answers, shown):
            shown.add(question.id)
            found.append(question)
    return found


def steps(answers: Mapping[str, Answer]) -> list[Step]:
    """Return the pages that hold a question for somebody with these answers.

    Until somebody says otherwise they are a person, and see what is ahead of a person.
    """
    questions = asked({"subject": "person", **answers})
    found: list[Step] = []
    for section in SECTIONS:
        mine = tuple(one for one in questions if one.section == section.id)
        given = tuple(one.id for one in mine if one.id in answers)
        if mine:
            found.append(Step(len(found) + 1, section, mine, given))
    return found


def first_open(answers: Mapping[str, Answer]) -> str | None:
    """Return the first page with something missing; none means all can be sent."""
    return next((one.section.id for one in steps(answers) if one.missing), None)


def after(section: str, answers: Mapping[str, Answer]) -> str | None:
    """Return the page that follows; none after the last one."""
    ids = [one.section.id for one in steps(answers)]
    following = ids[ids.index(section) + 1 :] if section in ids else []
    return following[0] if following else None


def on_page(section: str, answers: Mapping[str, Answer]) -> list[Question]:
    """Return every question of a page that an answer on the same page may bring up."""
    shown = {one.id for one in asked({"subject": "person", **answers})}
    found: set[str] = set()
    for question in (one for one in QUESTIONS if one.section == section):
        parent = question.show_if.question if question.show_if else ""
        if question.id in shown or parent in found:
            found.add(question.id)
    return [one for one in QUESTIONS if one.id in found]
