"""Who may be sent, and when: shifts and their exceptions less leave, where the papers stand.

It never sees an appointment: booking brings times and places as values, or as rows to be read in
the same statement.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from patients.models import Permit, Therapy
from scheduling import entries
from scheduling.entries import Asked
from scheduling.gaps import Available
from scheduling.models import Closure, Licence, Nurse, Qualification, Shift
from scheduling.sheet import Held, Sheet, availables

__all__ = ["Available", "available", "has_papers", "look", "on_shift", "working_on"]

DAY = timedelta(days=1)
# As `Closure.objects.in_force().touching()` gives them.
CLOSURES = """
    SELECT first_day, last_day, states, postal_prefixes, includes_consultations
    FROM scheduling_closure
    WHERE taken_back_at IS NULL AND first_day <= %(last)s AND last_day >= %(first)s
"""


def _kind(therapy: Therapy) -> Shift.Kind:
    """A consultation is held from a desk, and asks for no licence in the patient's state."""
    return Shift.Kind.FIELD if therapy.needs_order else Shift.Kind.DESK


# -- a search --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Look:
    """What a search found in one look: who works when, what they hold, and the closed days."""

    sheet: Sheet
    held: Held
    closed: frozenset[date]


def look(
    *,
    therapy: Therapy,
    state: str,
    postal_code: str,
    first: date,
    last: date,
    held: str,
    held_parameters: Mapping[str, Any],
    nurse_ids: Sequence[int] | None = None,
) -> Look:
    """Read in one statement all that a search from `first` to `last` asks about nurses.

    Parameters
    ----------
    held
        A query of what takes the time of nurses, see `entries.Asked`, on these days and one more on
        both sides.
    """
    found = entries.read(
        Asked(
            kind=_kind(therapy),
            first=first,
            last=last,
            nurse_ids=nurse_ids,
            therapy=therapy,
            state=state,
            held=held,
            held_parameters=held_parameters,
            also=CLOSURES,
        )
    )
    shut = _days_closed(
        (_closure(row) for row in found.also),
        therapy=therapy,
        state=state,
        postal_code=postal_code,
        days=days_between(first, last),
    )
    return Look(found.sheet, found.held, shut)


# -- who works -------------------------------------------------------------------------------------


def available(
    *,
    therapy: Therapy,
    state: str,
    first: date,
    last: date,
    nurse_ids: Sequence[int] | None = None,
) -> list[Available]:
    """Return the nurses who may be sent on some day from `first` to `last`, both included.

    Days are local to each nurse.
    """
    found = entries.read(
        Asked(
            kind=_kind(therapy),
            first=first,
            last=last,
            nurse_ids=nurse_ids,
            therapy=therapy,
            state=state,
        )
    )
    return availables(found.sheet)


def on_shift(
    *, kind: Shift.Kind, first: date, last: date, nurse_ids: Sequence[int] | None = None
) -> list[Available]:
    """Return who works on some day from `first` to `last`, whatever her papers let her do."""
    asked = Asked(kind=kind, first=first, last=last, nurse_ids=nurse_ids)
    return availables(entries.read(asked).sheet)


def working_on(day: date) -> set[int]:
    """Return the numbers of the nurses on the road on their local day, leave left out of it."""
    asked = Asked(kind=Shift.Kind.FIELD, first=day, last=day, employed=False, with_leave=False)
    sheet = entries.read(asked).sheet
    return set(sheet.staff.numbers[sheet.windows.nurse].tolist())


def has_papers(*, nurse: Nurse, therapy: Therapy, state: str, day: date) -> bool:
    """Whether licence and qualification let the nurse give the therapy in a state on a day."""
    qualified = Qualification.objects.filter(nurse=nurse, therapy=therapy, valid_until__gte=day)
    if not qualified.exists():
        return False
    if not therapy.needs_order:
        return True
    kinds = Permit.objects.filter(state=state, is_permitted=True).values("licence_kind")
    return Licence.objects.filter(
        nurse=nurse, state=state, kind__in=kinds, valid_from__lte=day, valid_until__gte=day
    ).exists()


# -- closures --------------------------------------------------------------------------------------


def _closure(row: dict[str, Any]) -> Closure:
    """Return a closure as it was read among other things."""
    days = {name: date.fromisoformat(row[name]) for name in ("first_day", "last_day")}
    return Closure(**{**row, **days})


def _days_closed(
    closures: Iterable[Closure],
    *,
    therapy: Therapy,
    state: str,
    postal_code: str,
    days: Sequence[date],
) -> frozenset[date]:
    return frozenset(
        day
        for closure in closures
        for day in days
        if closure.covers(
            day=day,
            state=state,
            postal_code=postal_code,
            is_consultation=not therapy.needs_order,
        )
    )


def days_between(first: date, last: date) -> list[date]:
    """Return the days from `first` to `last`, both included."""
    return [first + n * DAY for n in range((last - first).days + 1)]
