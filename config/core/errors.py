"""What a rule answers when it refuses, and the one map from a constraint to that answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import psycopg
from django.db import IntegrityError, OperationalError, connection

P = ParamSpec("P")
R = TypeVar("R")

DEADLOCK_TRIES = 5


@dataclass(frozen=True, slots=True)
class Reason:
    """One refusal: a stable code, a sentence for a person, and the field it concerns."""

    code: str
    detail: str
    attr: str | None = None


# What could be had instead; looked for only where somebody is answered, after locks are gone.
Alternatives = Callable[[], Sequence[Mapping[str, Any]]]


class Refused(Exception):
    """A rule refuses what was asked; every reason is listed, in the order of the rules."""

    def __init__(
        self, reasons: Sequence[Reason], *, alternatives: Alternatives | None = None
    ) -> None:
        super().__init__("; ".join(f"{r.code}: {r.detail}" for r in reasons))
        self.reasons = tuple(reasons)
        self.alternatives = alternatives

    @property
    def codes(self) -> list[str]:
        """The codes, in order."""
        return [reason.code for reason in self.reasons]


class WrongState(Refused):
    """The thing asked for is not possible in the present state."""

    def __init__(self, detail: str) -> None:
        super().__init__([Reason("wrong_state", detail)])


class Malformed(Exception):
    """The input can never be right, whatever the state: answered as 400 with the field."""

    def __init__(self, code: str, detail: str, attr: str | None = None) -> None:
        super().__init__(detail)
        self.reason = Reason(code, detail, attr)


# A constraint's name -> what callers see. Names are sentences: see docs/decisions.
CONSTRAINTS: dict[str, Reason] = {
    "appointment_one_at_a_time_per_nurse": Reason("slot_taken", "That time has just been taken."),
    "appointment_one_at_a_time_per_patient": Reason(
        "patient_busy", "You already have a visit at that time."
    ),
    "appointment_one_infusion_per_patient_and_day": Reason(
        "interval_too_short", "This is too close to another of your visits."
    ),
    "order_reserves_no_more_than_it_holds": Reason(
        "order_exhausted", "The order has no sessions left."
    ),
    "order_dose_within_limits": Reason(
        "dose_too_high", "The dose or rate is above the limit for this weight."
    ),
    "dose_adds_up": Reason("unbalanced", "Drawn must equal given + wasted + returned."),
    "dose_witness_is_another_person": Reason(
        "witness_is_self", "Waste is witnessed by another person."
    ),
}


def constraint_of(error: BaseException) -> str | None:
    """Return the name of the constraint that a database error broke."""
    cause = error.__cause__
    return cause.diag.constraint_name if isinstance(cause, psycopg.Error) else None


@contextmanager
def constraints_as_refusals() -> Iterator[None]:
    """Turn a broken constraint into the refusal callers know; anything else passes."""
    try:
        yield
    except IntegrityError as error:
        reason = CONSTRAINTS.get(constraint_of(error) or "")
        if reason is None:
            raise
        raise Refused([reason]) from error


def is_deadlock(error: BaseException) -> bool:
    """Whether the database chose this transaction as the victim of a deadlock."""
    return isinstance(error.__cause__, psycopg.errors.DeadlockDetected)


def deadlocks_retried(function: Callable[P, R]) -> Callable[P, R]:
    """Run `function` again when the database broke a deadlock by refusing it.

    Only the outermost transaction can be run again, so inside one this does nothing.
    """

    @wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        if connection.in_atomic_block:
            return function(*args, **kwargs)
        for _ in range(DEADLOCK_TRIES - 1):
            try:
                return function(*args, **kwargs)
            except OperationalError as error:
                if not is_deadlock(error):
                    raise
        return function(*args, **kwargs)

    return run
