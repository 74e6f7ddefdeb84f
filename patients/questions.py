"""What a question is: value objects shared by the instruments and the questionnaire (pure)."""

from dataclasses import dataclass
from enum import StrEnum

Answer = bool | int | str | list[str]  # what JSON can carry, so that answers are stored as they are

MAX_TEXT_LENGTH = 2000  # characters


class QuestionType(StrEnum):
    """How a question is answered."""

    BOOLEAN = "boolean"
    CHOICE = "choice"
    MULTI_CHOICE = "multi_choice"
    INTEGER = "integer"
    TEXT = "text"
    DATE = "date"


@dataclass(frozen=True, slots=True)
class Choice:
    """One possible answer: what is sent, what is read, and the heading it stands under, if any."""

    value: str | int
    label: str
    group: str = ""


@dataclass(frozen=True, slots=True)
class ShowIf:
    """Ask a question only where an earlier one has one of these answers, or names one of them."""

    question: str
    any_of: tuple[str | int | bool, ...]

    def holds(self, answer: Answer | None) -> bool:
        """Compare type and value: in Python, `True == 1`."""
        given = answer if isinstance(answer, list) else [answer]
        return any(
            type(one) is type(value) and one == value for one in given for value in self.any_of
        )


@dataclass(frozen=True, slots=True)
class Question:
    """One question of the intake.

    `minimum` and `maximum` bound an integer, both inclusive. An answer to a question that is not
    shown is dropped, unless `kept`: a yes about suicide or alcohol must not be lost because an
    earlier answer contradicts it.
    """

    id: str
    text: str
    type: QuestionType
    section: str
    required: bool = False
    choices: tuple[Choice, ...] = ()
    show_if: ShowIf | None = None
    minimum: int | None = None
    maximum: int | None = None
    help: str = ""
    kept: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    """A page of the form."""

    id: str
    title: str
    intro: str = ""
