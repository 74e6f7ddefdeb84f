"""What is asked again before a session, and what it makes of the earlier answers (pure)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from patients.answers import InvalidAnswers, sentence
from patients.progress import BY_ID
from patients.questions import (
    MAX_TEXT_LENGTH,
    Answer,
    Choice,
    Question,
    QuestionType,
    Section,
    ShowIf,
)

SAME, CHANGED = "same", "changed"
# Asked again word for word, every time.
REPEATED: Final = (
    "phq9_9",
    "cssrs_1",
    "cssrs_2",
    "cssrs_3",
    "cssrs_4",
    "cssrs_5",
)
PRESSURE: Final = ("systolic", "diastolic")

SECTIONS: Final = (
    Section("safety", "Your safety"),
    Section("lately", "Your health now"),
    Section("rest", "Everything else"),
)


def _again(id_: str, section: str, **changes: object) -> Question:
    question = BY_ID[id_]
    within = question.show_if if id_ in ("cssrs_3", "cssrs_4", "cssrs_5") else None
    return replace(question, section=section, show_if=within, **changes)  # type: ignore[arg-type]


QUESTIONS: Final[tuple[Question, ...]] = (
    _again(
        "phq9_9",
        "safety",
        text="Over the last 2 weeks, how often have you had thoughts that you would be better off "
        "dead, or of hurting yourself in some way?",
    ),
    *(_again(id_, "safety") for id_ in REPEATED[1:]),
    Question(
        id="behavior_recent",
        text="In the past 3 months, have you done anything, started to do anything, or prepared to "
        "do anything to end your life?",
        type=QuestionType.BOOLEAN,
        section="safety",
        required=True,
        kept=True,
    ),
    _again("pregnant_or_breastfeeding", "lately"),
    Question(
        id="medicines_changed",
        text="Have you begun, changed or left off any medicine or supplement since then?",
        type=QuestionType.BOOLEAN,
        section="lately",
        required=True,
    ),
    Question(
        id="medicines_now",
        text="Which ones, and what changed?",
        type=QuestionType.TEXT,
        section="lately",
        required=True,
        show_if=ShowIf("medicines_changed", (True,)),
        help="One a line is easiest.",
    ),
    _again("hypertension", "lately"),
    _again("systolic", "lately"),
    _again("diastolic", "lately"),
    _again("escort_overnight", "lately"),
    Question(
        id="rest",
        text="Is everything else still as you told us?",
        type=QuestionType.CHOICE,
        section="rest",
        required=True,
        choices=(
            Choice(SAME, "Yes, nothing else has changed"),
            Choice(CHANGED, "No, something else has changed"),
        ),
        help="If something has changed we open your earlier answers, and you change only that.",
    ),
)
OWN: Final = frozenset({"behavior_recent", "medicines_changed", "medicines_now", "rest"})


def updated(earlier: Mapping[str, Answer], again: Mapping[str, Answer]) -> dict[str, Answer]:
    """Return the earlier answers with what was said now in their place.

    Raises
    ------
    InvalidAnswers
        If what is said about medicines no longer fits beside what was said before.
    """
    answers = {id_: said for id_, said in earlier.items() if id_ not in REPEATED}
    if any(id_ in again for id_ in PRESSURE):  # one reading, not half of each
        answers = {id_: said for id_, said in answers.items() if id_ not in PRESSURE}
    answers |= {id_: said for id_, said in again.items() if id_ not in OWN}
    return answers | _behavior(earlier, again) | _medicines(earlier, again)


def _behavior(earlier: Mapping[str, Answer], again: Mapping[str, Answer]) -> dict[str, Answer]:
    if again.get("behavior_recent") is True:
        return {"cssrs_6": True, "cssrs_6_recent": True}
    return {"cssrs_6_recent": False} if earlier.get("cssrs_6") is True else {}


def _medicines(earlier: Mapping[str, Answer], again: Mapping[str, Answer]) -> dict[str, Answer]:
    if "medicines_now" not in again:
        return {}
    text = f"{earlier.get('medicines_other', '')}\n{again['medicines_now']}".strip()
    if len(text) > MAX_TEXT_LENGTH:
        code = "max_length"
        said = sentence(BY_ID["medicines_other"], code) % {"limit": MAX_TEXT_LENGTH}
        raise InvalidAnswers({"medicines_now": [(code, said)]})
    return {"medicines_other": text}
