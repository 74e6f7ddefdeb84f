"""Answers given on two devices at once (pure)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from patients.questions import Answer


@dataclass(frozen=True, slots=True)
class Merged:
    """What is to be written, and which of it somebody had answered otherwise meanwhile.

    A change to None takes an answer away.
    """

    changes: Mapping[str, Answer | None]
    contested: tuple[str, ...]


def merge(
    *,
    shown: Mapping[str, Answer | None],
    sent: Mapping[str, Answer | None],
    kept: Mapping[str, Answer],
) -> Merged:
    """Find what a page changed, question by question; the last to write a question wins.

    Parameters
    ----------
    shown
        The answers that the page was shown with.
    sent
        The answers that it sends, for every question on it.
    kept
        The answers as they are now: another device may have written them since.
    """
    changes = {
        id_: answer
        for id_, answer in sent.items()
        if answer != shown.get(id_) and answer != kept.get(id_)
    }
    contested = tuple(id_ for id_ in changes if kept.get(id_) != shown.get(id_))
    return Merged(changes, contested)
