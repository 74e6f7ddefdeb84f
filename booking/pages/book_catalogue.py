"""What can be booked, as a patient compares it."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _, gettext_lazy, gettext_noop, ngettext

from booking import prices, series
from config.core.clock import now
from patients.accounts import zone_of
from patients.models import Order, Patient, Therapy

PURPOSES: dict[str, Promise] = {
    "consultation": gettext_lazy(
        "A talk about your health and what you hope for. You can ask everything. It comes first, "
        "and binds you to nothing."
    ),
    "mood-40": gettext_lazy(
        "For depression, anxiety, PTSD or OCD that other treatments have not lifted enough. "
        "Usually six visits over two to three weeks."
    ),
    "pain-240": gettext_lazy(
        "For lasting nerve pain and complex regional pain syndrome (CRPS). Usually five visits, "
        "on five days in a row."
    ),
    "maintenance-40": gettext_lazy(
        "For people whose first visits helped. One visit every four to six weeks."
    ),
}

# What a new clinic's treatments are called; one renamed since is called what it is called.
NAMES = (
    gettext_noop("Free consultation"),
    gettext_noop("Mood session, 40 minutes"),
    gettext_noop("Pain session, 4 hours"),
    gettext_noop("Maintenance session, 40 minutes"),
)

KEEPS_UP = "maintenance-40"


@dataclass(frozen=True, slots=True)
class Treatment:
    """One thing that can be booked.

    Attributes
    ----------
    left
        How many visits the patient's orders still hold; None for a talk, which needs none.
    """

    therapy: Therapy
    left: int | None

    @property
    def name(self) -> str:
        """What it is called."""
        return _(self.therapy.name)

    @property
    def price(self) -> str:
        """What a visit costs."""
        cents = self.therapy.price_cents
        return prices.say(cents) if cents else _("Free")

    @property
    def purpose(self) -> str:
        """What it is for."""
        return str(PURPOSES.get(self.therapy.slug, ""))

    @property
    def length(self) -> str:
        """How long it takes, in words."""
        return say_minutes(self.therapy.total_minutes)

    @property
    def parts(self) -> str:
        """What the time is for."""
        if not self.therapy.needs_order:
            return _("by video or phone; nobody comes to your home")
        return _("%(infusion)s of treatment, then %(observation)s of rest with the nurse") % {
            "infusion": say_minutes(self.therapy.infusion_minutes),
            "observation": say_minutes(self.therapy.observation_minutes),
        }

    @property
    def course(self) -> int | None:
        """How many visits a whole course has; None where they are booked one by one."""
        pattern = series.PATTERNS.get(self.therapy.slug)
        return pattern.visits if pattern else None

    @property
    def in_course(self) -> int:
        """How many visits can be booked at once."""
        return min(self.course or 0, self.left or 0)

    @property
    def can_be_course(self) -> bool:
        """Whether more than one visit can be booked at once."""
        return self.in_course > 1

    @property
    def held(self) -> str:
        """What the orders hold."""
        if self.left is None:
            return ""
        if not self.left:
            return _("Needs a prescriber's order first")
        return ngettext(
            "Your order holds %(left)s visit", "Your order holds %(left)s visits", self.left
        ) % {"left": self.left}


def treatments(*, patient: Patient) -> list[Treatment]:
    """Return everything that can be booked, with what the patient's orders hold of it."""
    left = sessions_left(patient)
    return [
        Treatment(therapy, left.get(therapy.pk, 0) if therapy.needs_order else None)
        for therapy in Therapy.objects.filter(is_active=True)
    ]


def treatment(therapy: Therapy, *, patient: Patient) -> Treatment:
    """Return one of them."""
    left = sessions_left(patient).get(therapy.pk, 0) if therapy.needs_order else None
    return Treatment(therapy, left)


def sessions_left(patient: Patient) -> dict[str, int]:
    """Return how many sessions of each therapy are left on orders in force or to come."""
    today = now().astimezone(zone_of(patient)).date()
    left: dict[str, int] = {}
    for order in Order.objects.usable(from_day=today).filter(patient=patient):
        left[order.therapy_id] = left.get(order.therapy_id, 0) + order.sessions_left
    return left


def again(*, patient: Patient) -> str:
    """Return what this patient would book again: maintenance, or the one thing that is left."""
    left = sessions_left(patient)
    if KEEPS_UP in left:
        return KEEPS_UP
    return next(iter(left)) if len(left) == 1 else ""


def say_minutes(minutes: int) -> str:
    """`3 hours 10 minutes`."""
    hours, rest = divmod(minutes, 60)
    said = []
    if hours:
        said.append(ngettext("%(count)s hour", "%(count)s hours", hours) % {"count": hours})
    if rest or not hours:
        said.append(ngettext("%(count)s minute", "%(count)s minutes", rest) % {"count": rest})
    return " ".join(said)
