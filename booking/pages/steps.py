"""What is left before a visit can be booked: the gate as a list to work through, with its pages.

Each step says where it stands and leads to the page that does it; what is done can be changed there
as well.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import get_language, gettext as _, gettext_lazy, ngettext

from booking import clock
from booking.models import UNDER_WAY, Appointment, Status
from booking.notices import words
from config.core.clock import now
from patients import gate
from patients.accounts import address_of
from patients.models import Intake, Patient, Therapy

TALK = "consultation"


class State(StrEnum):
    """Whose turn it is."""

    DONE = "done"
    WITH_US = "with_us"
    YOURS = "yours"


TAGS = {
    State.DONE: gettext_lazy("done"),
    State.WITH_US: gettext_lazy("with us"),
    State.YOURS: gettext_lazy("your turn"),
}
COLOURS = {State.DONE: "green", State.WITH_US: "teal", State.YOURS: "amber"}


@dataclass(frozen=True, slots=True)
class Step:
    """One of the things to have before a visit can be booked.

    Attributes
    ----------
    name
        `intake`, `order`, `consents`, `escort`, `address`; `contact` for the free talk.
    label, detail
        What it is; what is to be done or waited for, or what is on file.
    url, action
        The page where it is done, seen or changed, and what the link to it says; both empty where
        there is none.
    """

    name: str
    label: str
    state: State
    detail: str = ""
    url: str = ""
    action: str = ""

    @property
    def is_done(self) -> bool:
        """Whether nothing is left to do."""
        return self.state is State.DONE

    @property
    def tag(self) -> str:
        """The state in a word or two."""
        return str(TAGS[self.state])

    @property
    def colour(self) -> str:
        """The colour of the tag."""
        return COLOURS[self.state]


@dataclass(frozen=True, slots=True)
class Checklist:
    """The steps in the order in which the gate asks them."""

    steps: tuple[Step, ...]

    @property
    def left(self) -> int:
        """How many are open, ours included."""
        return sum(not step.is_done for step in self.steps)

    @property
    def is_open(self) -> bool:
        """Whether nothing stands between the patient and a visit."""
        return not self.left

    @property
    def turn(self) -> Step | None:
        """The first step that the patient can take."""
        return next((step for step in self.steps if step.state is State.YOURS), None)

    @property
    def heading(self) -> str:
        """Say how many are left."""
        if self.is_open:
            return _("You are ready to book")
        return ngettext(
            "%(left)s step left before you can book",
            "%(left)s steps left before you can book",
            self.left,
        ) % {"left": self.left}


def checklist(*, patient: Patient, therapy: Therapy | None = None) -> Checklist:
    """Return what the gate asks of this patient now.

    Parameters
    ----------
    therapy
        Whose order is asked for; any order will do without one. The free talk asks for nothing but
        where to reach the patient.
    """
    if therapy is not None and not therapy.needs_order:
        return Checklist((_talk(patient, therapy),))
    closed = gate.summary(patient=patient, therapy=therapy)
    return Checklist(
        (
            _intake(patient, closed["intake"]),
            _order(patient, closed["order"]),
            _consents(closed["consents"]),
            _escort(patient, closed["escort"]),
            _address(patient, closed["address"]),
        )
    )


def step_for(*, patient: Patient, code: str) -> Step:
    """Return the step behind a code of the gate, such as `escort_missing`."""
    match code:
        case "not_cleared":
            return _intake(patient, code)
        case "order_missing" | "order_exhausted":
            return _order(patient, code)
        case "consent_missing":
            return _consents(code)
        case "escort_missing":
            return _escort(patient, code)
        case "contact_missing":
            return _contact(is_closed=True)
        case _:
            return _address(patient, code)


def _talk(patient: Patient, talk: Therapy) -> Step:
    at = now()
    is_closed = gate.ask(patient=patient, therapy=talk, starts_at=at, asked_at=at)
    return _contact(is_closed=bool(is_closed))


def _contact(*, is_closed: bool) -> Step:
    return Step(
        name="contact",
        label=_("Where we can reach you"),
        state=State.YOURS if is_closed else State.DONE,
        detail=_("Confirm your e-mail address and give us your phone number.") if is_closed else "",
        url=reverse("account-about"),
        action=_("Add your phone number") if is_closed else _("Change"),
    )


# -- the questions about your health --------------------------------------------------------------


def _intake(patient: Patient, code: str) -> Step:
    label = _("Questions about your health")
    if code == "ok":
        detail, url = _("All are answered."), reverse("intake")
        return Step("intake", label, State.DONE, detail, url, _("Change"))
    newest = Intake.objects.newest(patient=patient)
    if patient.intake_begun_at is not None or newest is None:
        return _intake_to_send(patient, label)
    if newest.status == Intake.Status.CLEARED:
        detail = _("Your answers are too old by now. Please answer our questions again.")
        url = reverse("intake-again")
        return Step("intake", label, State.YOURS, detail, url, _("Answer again"))
    return _intake_sent(newest, label)


def _intake_to_send(patient: Patient, label: str) -> Step:
    url = reverse("intake")
    if patient.intake_begun_at is not None:
        detail = _("You have begun. Your answers are saved.")
        return Step("intake", label, State.YOURS, detail, url, _("Go on where you stopped"))
    detail = _("About ten minutes. Your answers are saved as you go.")
    return Step("intake", label, State.YOURS, detail, url, _("Answer the questions"))


def _intake_sent(intake: Intake, label: str) -> Step:
    url = reverse("intake-outcome", args=[intake.pk])
    if intake.status == Intake.Status.AWAITING_REVIEW:
        detail = _("We have your answers. A clinician is reading them.")
        return Step("intake", label, State.WITH_US, detail, url, _("See what comes next"))
    if intake.status == Intake.Status.ASKED:
        detail = _("We asked you for more about your answers. Please call us.")
        return Step("intake", label, State.YOURS, detail, url, _("See what you sent"))
    detail = _(
        "We cannot offer you this treatment as things stand. Please call us: we would like to talk "
        "it over with you."
    )
    return Step("intake", label, State.YOURS, detail, url, _("Read more"))


# -- the order ------------------------------------------------------------------------------------


def _order(patient: Patient, code: str) -> Step:
    label = _("A prescriber's order")
    if code == "ok":
        return Step("order", label, State.DONE, _("It is written."))
    talk = _last_talk(patient)
    if talk is not None:
        return _order_after(talk, label)
    detail = (
        _("Every session of your order is used or booked. A free talk leads to a new one.")
        if code == "order_exhausted"
        else _("A prescriber writes it after a free talk with you, by video or phone.")
    )
    url = reverse("book-time", args=[TALK])
    return Step("order", label, State.YOURS, detail, url, _("Book a free talk"))


def _last_talk(patient: Patient) -> Appointment | None:
    """Return the talk that is to come, or that no order has followed yet."""
    to_come = Q(status__in=(Status.BOOKED, *UNDER_WAY), ends_at__gt=now())
    talks = Appointment.objects.of(patient=patient).filter(order__isnull=True)
    last = talks.filter(to_come | Q(status=Status.COMPLETED)).last()
    if last is None or last.status != Status.COMPLETED:
        return last
    newest = patient.orders.order_by("-created_at").first()
    return None if newest and newest.created_at > last.starts_at else last


def _order_after(talk: Appointment, label: str) -> Step:
    if talk.status == Status.COMPLETED:
        detail = _("We have talked. A prescriber now decides about your order, and we tell you.")
        return Step("order", label, State.WITH_US, detail)
    language = get_language() or settings.LANGUAGE_CODE
    day = clock.say_moment(talk.starts_at, ZoneInfo(talk.time_zone), language=language)
    detail = _("Your free talk is on %(day)s. A prescriber decides after it.") % {"day": day}
    url = reverse("visit", args=[talk.pk])
    return Step("order", label, State.WITH_US, detail, url, _("See your talk"))


# -- the rest -------------------------------------------------------------------------------------


def _consents(code: str) -> Step:
    label, url = _("Consent forms"), reverse("consent-list")
    if code == "ok":
        return Step("consents", label, State.DONE, _("All are signed."), url, _("Read them"))
    detail = _("Read each form and sign it by typing your name.")
    return Step("consents", label, State.YOURS, detail, url, _("Read and sign"))


def _escort(patient: Patient, code: str) -> Step:
    label, url = _("An adult who stays with you"), reverse("account-escort")
    if code == "ok":
        return Step("escort", label, State.DONE, words.name(patient.escort_name), url, _("Change"))
    detail = _("Somebody you trust, until the next day. We need their name and phone number.")
    return Step("escort", label, State.YOURS, detail, url, _("Name the adult"))


def _address(patient: Patient, code: str) -> Step:
    label, url = _("Where the nurse comes to"), reverse("account-home")
    home = address_of(patient)
    said = f"{home.line1}, {home.city}" if home else ""
    if code == "ok":
        return Step("address", label, State.DONE, said, url, _("Change"))
    if home is None:
        detail = _("Your home address, so that we know that a nurse can get there.")
        return Step("address", label, State.YOURS, detail, url, _("Give your address"))
    detail = (
        _("Visits at home are not offered in this state yet. Please call us about other ways.")
        if code == "not_permitted_here"
        else _("%(home)s lies outside the area we visit. Please check it, or call us.")
        % {"home": said}
    )
    return Step("address", label, State.YOURS, detail, url, _("Check the address"))
