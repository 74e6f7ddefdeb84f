"""Why a time cannot be booked, in words with a next step: never a dead end."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.conf import settings
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _, gettext_lazy

from booking.pages import picker_words as words
from booking.pages.book_catalogue import sessions_left
from booking.pages.steps import State, Step, step_for
from config.core.errors import Reason
from patients.models import Patient, Therapy

# Which step of the checklist opens a gate.
NAMES = {
    "not_cleared": "intake",
    "order_missing": "order",
    "order_exhausted": "order",
    "consent_missing": "consents",
    "escort_missing": "escort",
    "outside_service_area": "address",
    "not_permitted_here": "address",
    "contact_missing": "contact",
}
GONE = ("slot_taken", "not_offered")
TIMES: dict[str, Promise] = {
    "slot_taken": gettext_lazy("This time is not free any more."),
    "not_offered": gettext_lazy("This time is not free any more."),
    "notice_too_short": gettext_lazy(
        "This is too soon. Visits are booked at least %(notice)s hours ahead."
    ),
    "beyond_horizon": gettext_lazy(
        "This is too far ahead. Visits are booked at most %(horizon)s days ahead."
    ),
    "too_late_at_night": gettext_lazy(
        "Visits lie between %(opens)s and %(closes)s, the rest afterwards included."
    ),
    "interval_too_short": gettext_lazy("This is too close to another of your visits."),
    "patient_busy": gettext_lazy("You already have a visit at this time."),
}


def missing(reasons: Iterable[Reason], *, patient: Patient, therapy: Therapy) -> tuple[Step, ...]:
    """Return the step behind each closed gate, in the order of the rules."""
    codes = {NAMES[reason.code]: reason.code for reason in reasons if reason.code in NAMES}
    return tuple(_step(code, patient=patient, therapy=therapy) for code in codes.values())


def _step(code: str, *, patient: Patient, therapy: Therapy) -> Step:
    if NAMES[code] == "order" and sessions_left(patient).get(therapy.pk):
        return Step(
            name="order",
            label=_("Your order does not reach that far"),
            state=State.YOURS,
            detail=_("Choose fewer visits or other days, or talk with us about a new order."),
            url=reverse("book-time", args=["consultation"]),
            action=_("Book a free talk"),
        )
    return step_for(patient=patient, code=code)


def in_words(codes: Sequence[str], *, therapy: Therapy) -> str:
    """Say which time rules a start breaks; empty where it breaks none."""
    facts = {
        "notice": settings.NOTICE_HOURS if therapy.needs_order else 1,
        "horizon": settings.HORIZON_DAYS,
        "opens": words.say_clock(settings.SERVICE_OPENS),
        "closes": words.say_clock(settings.SERVICE_CLOSES),
    }
    return " ".join(str(TIMES[code]) % facts for code in codes if code in TIMES)
