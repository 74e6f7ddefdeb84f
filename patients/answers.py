"""Check what was answered against the questions, whatever was sent (pure)."""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Final

from patients.questions import MAX_TEXT_LENGTH, Answer, Question, QuestionType

Problem = tuple[str, str]  # (code, message)

EARLIEST_DATE = date(1900, 1, 1)
NONE_OF_THESE = "none"  # the choice that says no to all the others

# What is said of a problem, by the kind of question and the code; else by the code alone.
SENTENCES: Final[Mapping[tuple[str, str], str]] = {
    ("", "unknown"): "This question is not part of the form.",
    ("", "required"): "Please answer this question.",
    ("", "invalid_choice"): "Please choose one of the answers offered.",
    ("boolean", "invalid"): "Please answer yes or no.",
    ("integer", "invalid"): "Please give a whole number.",
    ("integer", "min_value"): "Please give a number of %(limit)s or more.",
    ("integer", "max_value"): "Please give a number of %(limit)s or less.",
    ("text", "invalid"): "Please answer in words.",
    ("text", "max_length"): "Please use at most %(limit)s characters.",
    ("multi_choice", "invalid"): "Please choose from the answers offered.",
    ("multi_choice", "invalid_choice"): "Please choose only answers that are offered.",
    ("date", "invalid"): "Please give a day that exists, as year-month-day, such as 1980-05-31.",
    ("date", "max_value"): "This date lies in the future. Please check it.",
    ("date", "min_value"): "Please check the year.",
}
_ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class InvalidAnswers(Exception):
    """Answers that cannot be accepted: question id to its problems, as (code, message)."""

    def __init__(self, errors: dict[str, list[Problem]]) -> None:
        super().__init__(f"{len(errors)} answers need attention")
        self.errors = errors


class _Refused(Exception):
    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def sentence(question: Question, code: str) -> str:
    """Return what is said of a problem, before its figure is filled in."""
    return SENTENCES.get((question.type.value, code)) or SENTENCES["", code]


def figure(question: Question, code: str) -> int | None:
    """Return the figure in what is said of a problem, if it names one."""
    limits = {
        "min_value": question.minimum,
        "max_value": question.maximum,
        "max_length": MAX_TEXT_LENGTH,
    }
    return limits.get(code)


def _problem(question: Question, code: str) -> Problem:
    return (code, sentence(question, code) % {"limit": figure(question, code)})


def clean_answers(
    questions: Sequence[Question], answers: object, *, today: date
) -> dict[str, Answer]:
    """Return the accepted answers in the questions' order, as JSON can store them.

    Raises
    ------
    InvalidAnswers
        Naming every question with a problem, and every id that is not a question.
    """
    if not isinstance(answers, Mapping):
        raise InvalidAnswers({"answers": [("invalid", "Send the answers by question id.")]})
    errors = _unknown_ids(questions, answers)
    cleaned: dict[str, Answer] = {}
    shown: set[str] = set()
    for question in questions:
        asked = is_shown(question, cleaned, shown)
        if asked:
            shown.add(question.id)
        elif not question.kept:
            continue
        required = question.required and asked
        try:
            answer = _clean_one(question, answers.get(question.id), required=required, today=today)
        except _Refused as refused:
            errors[question.id] = [_problem(question, refused.code)]
        else:
            cleaned |= {} if answer is None else {question.id: answer}
    if errors:
        raise InvalidAnswers(errors)
    return cleaned


def clean_each(
    questions: Sequence[Question], answers: Mapping[str, object], *, today: date
) -> tuple[dict[str, Answer | None], dict[str, list[Problem]]]:
    """Read answers one by one, whether or not they are asked for and whatever is missing.

    Returns
    -------
    dict of str to Answer or None
        Every question whose answer can be kept; None where it is left blank.
    dict of str to list of Problem
        The others.
    """
    cleaned: dict[str, Answer | None] = {}
    errors: dict[str, list[Problem]] = {}
    for question in questions:
        try:
            cleaned[question.id] = _clean_one(
                question, answers.get(question.id), required=False, today=today
            )
        except _Refused as refused:
            errors[question.id] = [_problem(question, refused.code)]
    return cleaned, errors


def _unknown_ids(
    questions: Sequence[Question], answers: Mapping[object, object]
) -> dict[str, list[Problem]]:
    known = {question.id for question in questions}
    message = SENTENCES["", "unknown"]
    # An id comes back in the answer: it is cut and cleaned, as any text that was sent to us.
    return {
        (storable(key)[:64] if isinstance(key, str) else "answers"): [("unknown", message)]
        for key in answers
        if not isinstance(key, str) or key not in known
    }


def is_shown(question: Question, cleaned: Mapping[str, Answer], shown: set[str]) -> bool:
    """Whether a question is asked, given the answers and the questions that came before it."""
    condition = question.show_if
    if condition is None:
        return True
    return condition.question in shown and condition.holds(cleaned.get(condition.question))


def storable(text: str) -> str:
    """Drop what PostgreSQL or UTF-8 cannot hold, and other control characters but new lines."""
    return "".join(
        character
        for character in text.replace("\r\n", "\n")
        if character in "\n\t" or unicodedata.category(character) not in ("Cc", "Cs")
    ).strip()


def _clean_one(question: Question, value: object, *, required: bool, today: date) -> Answer | None:
    """Return None for a question left blank."""
    blank = value is None or (isinstance(value, str) and not storable(value))
    answer = None if blank else _typed(question, value, today=today)
    if answer is None and required:
        raise _Refused("required")
    return answer


def _typed(question: Question, value: object, *, today: date) -> Answer | None:
    if question.type is QuestionType.DATE:
        return _date(value, today=today)
    return _CLEANERS[question.type](question, value)


def _boolean(_question: Question, value: object) -> Answer:
    if not isinstance(value, bool):
        raise _Refused("invalid")
    return value


def _integer(question: Question, value: object) -> Answer:
    if not isinstance(value, int) or isinstance(value, bool):
        raise _Refused("invalid")
    if question.minimum is not None and value < question.minimum:
        raise _Refused("min_value")
    if question.maximum is not None and value > question.maximum:
        raise _Refused("max_value")
    return value


def _text(_question: Question, value: object) -> Answer:
    if not isinstance(value, str):
        raise _Refused("invalid")
    text = storable(value)
    if len(text) > MAX_TEXT_LENGTH:
        raise _Refused("max_length")
    return text


def _choice(question: Question, value: object) -> Answer:
    for choice in question.choices:
        if type(value) is type(choice.value) and value == choice.value:
            return choice.value
    raise _Refused("invalid_choice")


def _multi_choice(question: Question, value: object) -> Answer | None:
    if not isinstance(value, list | tuple):
        raise _Refused("invalid")
    offered = [str(choice.value) for choice in question.choices]
    if any(not isinstance(one, str) or one not in offered for one in value):
        raise _Refused("invalid_choice")
    chosen = [one for one in offered if one in value]
    # "None of these" beside something else: what was named counts.
    return [one for one in chosen if one != NONE_OF_THESE] or chosen or None


def _date(value: object, *, today: date) -> str:
    # A pattern first: fromisoformat also reads week dates and dates without dashes.
    if not isinstance(value, str) or not _ISO_DATE.fullmatch(value):
        raise _Refused("invalid")
    try:
        day = date.fromisoformat(value)
    except ValueError:
        raise _Refused("invalid") from None
    if day > today:
        raise _Refused("max_value")
    if day < EARLIEST_DATE:
        raise _Refused("min_value")
    return day.isoformat()


_CLEANERS: dict[QuestionType, Callable[[Question, object], Answer | None]] = {
    QuestionType.BOOLEAN: _boolean,
    QuestionType.CHOICE: _choice,
    QuestionType.MULTI_CHOICE: _multi_choice,
    QuestionType.INTEGER: _integer,
    QuestionType.TEXT: _text,
}
