"""Every sentence that the pure modules say to a patient, for whoever translates (pure).

They hold tables and sentences made of parts, so they are asked for what they say instead of being
read for it; pages look it up by the English.
"""

from collections.abc import Iterator

from patients import answers, findings, questionnaire, recheck_questions
from patients.questions import Question, Section

# As `patients.catalogue` writes them into a new clinic's table; a clinic may name its own.
THERAPIES = (
    "Free consultation",
    "Mood session, 40 minutes",
    "Pain session, 4 hours",
    "Maintenance session, 40 minutes",
)


def phrases() -> Iterator[str]:
    """Yield what a patient may read of the questionnaire, its refusals and its findings."""
    for section in (*questionnaire.SECTIONS, *recheck_questions.SECTIONS):
        yield from _of_section(section)
    for question in (*questionnaire.QUESTIONS, *recheck_questions.QUESTIONS):
        yield from _of_question(question)
    yield from answers.SENTENCES.values()
    for finding in findings.CATALOGUE.values():
        yield finding.detail
    yield from THERAPIES


def _of_section(section: Section) -> Iterator[str]:
    yield from filter(None, (section.title, section.intro))


def _of_question(question: Question) -> Iterator[str]:
    yield from filter(None, (question.text, question.help))
    for choice in question.choices:
        yield from filter(None, (choice.group, choice.label))
