"""A page in a state that is rare."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tests import site

WRONG = ".errors"


@dataclass(frozen=True, kw_only=True)
class State(site.Page):
    """A page in a state that is rare.

    Attributes
    ----------
    shows
        What is on the page in this state and in no other, as Playwright looks for it.
    fields
        What its form is filled in with before it is sent; None: it is only looked at.
    lost
        A cookie that is lost before the form is sent.
    """

    shows: str
    fields: Mapping[str, str] | None = None
    lost: str = ""
