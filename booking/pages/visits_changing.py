"""What the pages that change a visit show, and how a refusal is said on them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _, gettext_lazy

from booking import changes, prices
from booking.models import Appointment
from booking.pages import book_reasons, picker, visits_states
from booking.pages.visit_forms import MoveForm
from config.core import clock
from config.core.errors import Refused

STILL_YOURS = gettext_lazy("Your visit stays as it is until another time is held for you.")
WORDS = {
    "too_late_to_change": gettext_lazy("It is too late to change this visit here. Please call us."),
    "wrong_state": gettext_lazy("This visit is not to come any more."),
    "order_missing": gettext_lazy("Your order does not reach as far as that day."),
}
ELSE_OPEN = gettext_lazy("Something else is open before this visit. See it under “My visits”.")


def moving(visit: Appointment, query: Mapping[str, str]) -> dict[str, Any]:
    """Return what the page of other times shows; nothing is held for who looks."""
    at = clock.now()
    is_movable = changes.is_movable(visit, at=at)
    times = _times(visit, query) if is_movable else None
    chosen = times.chosen if times else None
    initial = {"version": visit.version, "starts_at": chosen.at if chosen else ""}
    return {
        "visit": visit,
        "state": visits_states.state_of(visit, at=at),
        "is_movable": is_movable,
        "is_cancellable": changes.is_cancellable(visit, at=at),
        "picker": times,
        "form": MoveForm(initial=initial),
        "beside": changes.beside_in_course(visit),
    }


def cancelling(visit: Appointment) -> dict[str, Any]:
    """Return what the page shows on which a visit is given up."""
    at, later = clock.now(), changes.later_of_course(visit)
    later_cents = sum(prices.cost_of_cancelling(one, at=at).cents for one in later)
    return {
        "visit": visit,
        "state": visits_states.state_of(visit, at=at),
        "is_movable": changes.is_movable(visit, at=at),
        "is_cancellable": changes.is_cancellable(visit, at=at),
        "later": later,
        "later_cost": prices.say(later_cents) if later_cents else "",
        "costs": prices.cancelling(visit, at=at),
    }


def _times(visit: Appointment, query: Mapping[str, str]) -> picker.Picker | None:
    try:
        return picker.of(patient=visit.patient, therapy=visit.therapy, query=query, without=visit)
    except Refused:
        return None


def in_words(refused: Refused, *, visit: Appointment) -> list[str]:
    """Say why a change was refused, in the language in force, and that nothing was lost."""
    if isinstance(refused, changes.MovedMeanwhile):
        return [
            _("This visit was changed in the meantime, perhaps in another window."),
            _("Below is how it stands now. Nothing else was changed: please choose again."),
        ]
    said = [_said(code, visit=visit) for code in refused.codes]
    return [*dict.fromkeys(said), str(STILL_YOURS)]


def _said(code: str, *, visit: Appointment) -> str:
    return (
        str(WORDS.get(code, ""))
        or book_reasons.in_words([code], therapy=visit.therapy)
        or str(ELSE_OPEN)
    )
