"""Why a time cannot be booked, in words with a next step: never a dead end."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _, gettext_lazy

from booking.pages import picker_words as words
from booking.pages.steps import Step, checklist
from config.core.errors import Reason
from patients.models import Patient, Therapy

# Which step of the checklist opens a gate.
STEPS = {
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


@dataclass(frozen=True, slots=True)
class Missing:
    """A closed gate, and the page that opens it."""

    label: str
    detail: str
    url: str
    action: str


def missing(
    reasons: Iterable[Reason], *, patient: Patient, therapy: Therapy
) -> tuple[Missing, ...]:
    """Return each closed gate once, in the order of the rules, with its next step."""
    codes = [reason.code for reason in reasons if reason.code in STEPS]
    if not codes:
        return ()
    steps = {step.name: step for step in checklist(patient=patient, therapy=therapy).steps}
    names = dict.fromkeys(STEPS[code] for code in codes)
    return tuple(_missing(steps[name]) for name in names if name in steps)


def _missing(step: Step) -> Missing:
    if step.is_done:  # today, and not on the day of the visit
        label = _("The order does not reach to this day")
        detail = _("Choose an earlier day, or talk with us about a new order.")
        return Missing(label, detail, reverse("book-time", args=["consultation"]), _("Book a talk"))
    return Missing(step.label, step.detail, step.url, step.action)


def in_words(codes: Sequence[str], *, therapy: Therapy) -> str:
    """Say which time rules a start breaks; empty where it breaks none."""
    facts = {
        "notice": settings.NOTICE_HOURS if therapy.needs_order else 1,
        "horizon": settings.HORIZON_DAYS,
        "opens": words.say_clock(settings.SERVICE_OPENS),
        "closes": words.say_clock(settings.SERVICE_CLOSES),
    }
    return " ".join(str(TIMES[code]) % facts for code in codes if code in TIMES)
