"""Asking again before a visit fits into a minute, by the keystroke-level model (docs/intake.md)."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from django.test import Client
from django.urls import reverse

from config.demo.answers import eligible_answers
from patients import intake
from tests.factories import make_patient

pytestmark = pytest.mark.django_db

WORDS_A_MINUTE = 238  # adults reading English prose silently: Brysbaert 2019
THINK, POINT, PRESS = 1.35, 1.1, 0.2  # seconds: M, P, BB of Card, Moran and Newell 1983
SWIPES = 2  # on 390 x 844 pixels, from the heading to the button: seen in Chromium
VOID = {"br", "hr", "img", "input", "link", "meta"}


class Path(HTMLParser):
    """What somebody for whom nothing has changed reads and answers, down to the button.

    Attributes
    ----------
    words
        Read in the page's main part: not what is folded away or hangs on another answer.
    answers
        Names of the questions on the way.
    """

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.answers: set[str] = set()
        self._open: list[tuple[str, bool]] = []  # each element, and whether it is read
        self._is_over = False

    @property
    def _is_read(self) -> bool:
        return not self._is_over and bool(self._open) and all(read for _, read in self._open)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        facts = dict(attrs)
        if tag == "main":
            self._open = [(tag, True)]
        elif self._open and tag not in VOID:
            self._open.append((tag, "data-depends-on" not in facts and tag != "details"))
        if self._is_read and facts.get("type") in ("radio", "checkbox", "text"):
            self.answers.add(facts["name"] or "")

    def handle_endtag(self, tag: str) -> None:
        if self._is_read and tag == "button":
            self._is_over = True
        if self._open and tag not in VOID:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        if self._is_read:
            self.words += data.split()


def seconds(path: Path, *, words_a_minute: float = WORDS_A_MINUTE) -> float:
    """Return how long the way takes: reading, an answer to each question, swiping, sending."""
    reading = 60 * len(path.words) / words_a_minute
    answering = len(path.answers) * (THINK + POINT + PRESS)
    return reading + answering + (SWIPES + 1) * (POINT + PRESS)


@pytest.fixture
def path() -> Path:
    ada = make_patient(ready=False)
    answers = eligible_answers(date_of_birth=str(ada.date_of_birth), conditions_other=None)
    intake.submit(patient=ada, answers=answers)
    browser = Client()
    browser.force_login(ada.user)
    found = Path()
    found.feed(browser.get(reverse("intake-again")).content.decode())
    return found


def test_asking_again_takes_less_than_a_minute(path: Path) -> None:
    assert path.answers == {"phq9_9", "cssrs_1", "cssrs_2", "behavior_recent", "changed"}
    assert seconds(path) < 60, f"{len(path.words)} words"
