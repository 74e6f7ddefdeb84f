"""A first plan from VROOM, where it is installed: worked out by another process meanwhile."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import logging
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

from scheduling.routing.clock import Clock
from scheduling.routing.values import Day
from scheduling.routing.vroom_words import Worded, understood, worded

CHILD = Path(__file__).with_name("vroom_child.py")
LEAST_VISITS = 50
"""Of these that may move; smaller days are solved before another process has begun."""
LEAST_SECONDS = 1.0
SHARE = 0.6
"""Of the time given: what it may take."""
PATIENCE = 0.15
"""Of the same: how long it is waited for."""
LEVEL = 1
"""How thoroughly it searches, of 0 to 5."""

logger = logging.getLogger(__name__)


class _Asked:
    """A day under way to VROOM."""

    def __init__(self, words: Worded, clock: Clock, question: IO[str], answer: IO[str]) -> None:
        self.words = words
        self.clock = clock.share(SHARE)
        self.patience = PATIENCE * clock.left()
        self.answer = answer
        until = time.monotonic() + self.clock.left()
        question.write(json.dumps({**words.problem, "until": until, "level": LEVEL}))
        question.seek(0)
        # Files rather than pipes: neither process ever waits for the other to read.
        self.process = subprocess.Popen(
            [sys.executable, "-P", str(CHILD)],
            stdin=question,
            stdout=answer,
            stderr=subprocess.DEVNULL,
        )

    def routes(self) -> dict[str, list[str]]:
        """Wait for the answer as long as it may take, and return its routes; none without one.

        They may break rules: VROOM has no word for some.
        """
        try:
            code = self.process.wait(min(self.clock.left(), self.patience))
        except subprocess.TimeoutExpired:
            return {}
        try:
            if code:
                raise ValueError(f"exit {code}")
            self.answer.seek(0)
            return understood(self.words, json.load(self.answer))
        except (ValueError, RecursionError) as error:
            logger.warning("VROOM gave no plan: %s", error)
            return {}

    def end(self) -> None:
        """Leave no process behind."""
        self.process.kill()
        self.process.wait()


@contextlib.contextmanager
def asked(day: Day, clock: Clock, *, wanted: bool) -> Iterator[Callable[[], dict[str, list[str]]]]:
    """Have VROOM think about a day meanwhile; gives what waits for its routes and returns them.

    There are none where it is missing, fails or is too slow, or the day is not worth its while.
    """
    with contextlib.ExitStack() as stack:
        begun = _begun(day, clock, stack) if wanted and _is_worth_it(day, clock) else None
        yield begun.routes if begun else dict


def _is_worth_it(day: Day, clock: Clock) -> bool:
    movable = sum(visit.pinned is None for visit in day.visits)
    return (
        movable >= LEAST_VISITS
        and clock.left() >= LEAST_SECONDS
        and importlib.util.find_spec("vroom") is not None
    )


def _begun(day: Day, clock: Clock, stack: contextlib.ExitStack) -> _Asked | None:
    words = worded(day)
    if words is None:
        return None
    try:
        question, answer = (stack.enter_context(_file()) for _ in range(2))
        begun = _Asked(words, clock, question, answer)
    except OSError as error:
        logger.warning("VROOM could not be asked: %s", type(error).__name__)
        return None
    stack.callback(begun.end)
    return begun


def _file() -> IO[str]:
    return tempfile.TemporaryFile("w+", encoding="utf-8")
