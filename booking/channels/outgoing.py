"""What is handed to a provider, and what can become of it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Attachment:
    """A text file that travels with an e-mail."""

    name: str
    text: str
    mime_type: str


@dataclass(frozen=True, slots=True)
class Message:
    """What is said, ready to be sent; an SMS has only a text."""

    subject: str
    text: str
    html: str = ""
    attachments: tuple[Attachment, ...] = ()


class NotSent(Exception):
    """The provider did not take the message; it may later."""


class LineDown(NotSent):
    """The provider takes nothing from us now, whomever it is for."""


class NeverSent(NotSent):
    """The provider refuses this message for good."""


class PerhapsSent(Exception):
    """The provider was given the message and its answer was lost."""


OURS_TO_MEND = (401, 402, 403, 405, 429)
"""Answers of HTTP below 500 that are about us or the moment, not about the message."""


def refusal(status: int, problem: str) -> NotSent:
    """Return what an HTTP answer of 400 or more says about this message."""
    if status >= 500 or status in OURS_TO_MEND:
        return LineDown(problem)
    return NotSent(problem) if status in (408, 425) else NeverSent(problem)
