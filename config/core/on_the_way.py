"""Where somebody was going before a step came first: kept in their session, until it is past.

So that whoever signs, or names the adult who stays, is led back to the time they had chosen. It
ends with the session; nothing is held by it.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from django.http import HttpRequest
from django.utils.translation import get_language

from config.core.clock import now

KEY = "on_the_way"


class Way(NamedTuple):
    """Where it leads, and what it is called; no name where that was said in another language."""

    to: str
    said: str


def remember(request: HttpRequest, *, to: str, said: str, until: datetime) -> None:
    """Keep where they were going; the newest one counts."""
    kept = {"to": to, "said": said, "until": until.isoformat(), "language": get_language()}
    if request.session.get(KEY) != kept:
        request.session[KEY] = kept


def forget(request: HttpRequest) -> None:
    """They have arrived."""
    request.session.pop(KEY, None)


def of(request: HttpRequest) -> Way | None:
    """Return where they were going, if there is still time."""
    kept = request.session.get(KEY)
    if kept is None or datetime.fromisoformat(kept["until"]) <= now():
        return None
    return Way(kept["to"], kept["said"] if kept["language"] == get_language() else "")
