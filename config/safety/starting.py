"""The refusal itself, for what Django does not ask its checks of: the site and the workers."""

from __future__ import annotations

from typing import Any

from celery import bootsteps
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured

TAG = "safety"


def refuse_unsafe() -> None:
    """Do not start on an unsafe value.

    Raises
    ------
    ImproperlyConfigured
        With every reason.
    """
    wrong = [f"- {message.msg}" for message in run_checks(tags=[TAG])]
    if wrong:
        raise ImproperlyConfigured("\n".join(["This instance does not start:", *wrong]))


class Safe(bootsteps.Step):
    """A worker's first step."""

    def __init__(self, parent: Any, **options: Any) -> None:
        refuse_unsafe()
        super().__init__(parent, **options)
