"""The intake questionnaire in force: its version, its sections and its questions (pure).

Change `VERSION` with any change to a question: an intake keeps the version it answered.
"""

from datetime import date
from typing import Final

from patients import instruments, medicine_questions, sections
from patients.answers import InvalidAnswers, clean_answers
from patients.questions import (
    MAX_TEXT_LENGTH,
    Answer,
    Choice,
    Question,
    QuestionType,
    Section,
    ShowIf,
)

__all__ = [
    "MAX_TEXT_LENGTH",
    "QUESTIONS",
    "SECTIONS",
    "VERSION",
    "Answer",
    "Choice",
    "InvalidAnswers",
    "Question",
    "QuestionType",
    "Section",
    "ShowIf",
    "as_document",
    "clean",
]

VERSION: Final = "2026.2"

SECTIONS: Final[tuple[Section, ...]] = (
    Section("about", "About you"),
    Section("body", "Your health"),
    Section(
        "heart",
        "Heart and blood pressure",
        "Ketamine raises blood pressure for a short time, so we look at this closely.",
    ),
    Section("mind", "Your mental health"),
    *instruments.SECTIONS,
    Section("medicines", "Your medicines", "Please keep taking them as they were prescribed."),
    Section("home", "At home"),
)

QUESTIONS: Final[tuple[Question, ...]] = (
    *sections.ABOUT,
    *sections.BODY,
    *sections.HEART,
    *sections.MIND,
    *instruments.QUESTIONS,
    *medicine_questions.MEDICINES,
    *sections.HOME,
)


def clean(answers: object, *, today: date) -> dict[str, Answer]:
    """Return the answers worth keeping; `today` is the date where the patient lives.

    Raises
    ------
    InvalidAnswers
        Naming every question with a problem, and every id that is not a question.
    """
    return clean_answers(QUESTIONS, answers, today=today)


def as_document() -> dict[str, object]:
    """Return the questionnaire as JSON can carry it."""
    return {
        "version": VERSION,
        "sections": [
            {"id": section.id, "title": section.title, "intro": section.intro}
            for section in SECTIONS
        ],
        "questions": [_question_document(question) for question in QUESTIONS],
    }


def _question_document(question: Question) -> dict[str, object]:
    condition = question.show_if
    return {
        "id": question.id,
        "section": question.section,
        "text": question.text,
        "help": question.help,
        "type": question.type.value,
        "required": question.required,
        "choices": [{"value": choice.value, "label": choice.label} for choice in question.choices],
        "minimum": question.minimum,
        "maximum": question.maximum,
        "max_length": MAX_TEXT_LENGTH if question.type is QuestionType.TEXT else None,
        "show_if": condition and {"question": condition.question, "any_of": list(condition.any_of)},
    }
