"""What is asked again before a session, and what it makes of the earlier answers (pure)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from patients.answers import NONE_OF_THESE, InvalidAnswers, sentence
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

# What may have changed, asked as one list: nothing is taken for granted, "none" has to be said.
PREGNANT, MEDICINES, HIGH, ALONE, ELSE = "pregnant", "medicines", "pressure", "alone", "else"
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
)


def _again(id_: str, section: str, **changes: object) -> Question:
    question = BY_ID[id_]
    within = question.show_if if id_ in ("cssrs_3", "cssrs_4", "cssrs_5") else None
    return replace(question, section=section, **{"show_if": within, **changes})  # type: ignore[arg-type]


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
    Question(
        id="changed",
        text="Which of these are true now?",
        type=QuestionType.MULTI_CHOICE,
        section="lately",
        required=True,
        choices=(
            Choice(PREGNANT, "Pregnant, possibly pregnant, or breastfeeding"),
            Choice(MEDICINES, "A new, changed or stopped medicine or supplement"),
            Choice(HIGH, "Blood pressure of 140/90 or more, or not under control"),
            Choice(ALONE, "No adult can stay with me through the night"),
            Choice(ELSE, "Something else has changed"),
            Choice(NONE_OF_THESE, "None of these"),
        ),
    ),
    Question(
        id="medicines_now",
        text="Which medicines or supplements, and what changed?",
        type=QuestionType.TEXT,
        section="lately",
        required=True,
        show_if=ShowIf("changed", (MEDICINES,)),
        help="One a line is easiest.",
    ),
    _again(
        "hypertension",
        "lately",
        show_if=ShowIf("changed", (HIGH,)),
        choices=tuple(one for one in BY_ID["hypertension"].choices if one.value != NONE_OF_THESE),
    ),
    *(_again(id_, "lately", show_if=ShowIf("changed", (HIGH,))) for id_ in PRESSURE),
)
OWN: Final = frozenset({"behavior_recent", "changed", "medicines_now"})


def is_more_changed(again: Mapping[str, Answer]) -> bool:
    """Return whether something has changed that only the whole form asks about."""
    return ELSE in _news(again)


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
    answers |= {"pregnant_or_breastfeeding": PREGNANT in _news(again)}
    answers |= {"escort_overnight": ALONE not in _news(again)}
    return answers | _behavior(earlier, again) | _medicines(earlier, again)


def _news(again: Mapping[str, Answer]) -> list[str]:
    said = again["changed"]
    return said if isinstance(said, list) else []


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
