"""Where a visit stands, in words for its patient: kind, and never to blame."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _, gettext_lazy

from booking.models import Appointment, Status


@dataclass(frozen=True, slots=True)
class State:
    """A word or two for a list, its colour, and what to say on the page of the visit."""

    tag: str
    colour: str
    headline: str
    detail: str


# status -> tag, its colour, headline, detail; of visits at home, then what differs for a talk
WORDS = {
    "booked": (gettext_lazy("booked"), "teal", "", ""),
    "due": (
        gettext_lazy("due now"),
        "amber",
        gettext_lazy("Your nurse is due"),
        gettext_lazy("If nobody has come, call us."),
    ),
    "unrecorded": (
        gettext_lazy("not closed yet"),
        "amber",
        gettext_lazy("We have not closed this visit yet"),
        gettext_lazy("There is nothing for you to do. If nobody came, call us."),
    ),
    Status.EN_ROUTE: (
        gettext_lazy("on the way"),
        "teal",
        gettext_lazy("Your nurse is on the way"),
        gettext_lazy("Nothing to eat or drink until then."),
    ),
    Status.ON_SITE: (
        gettext_lazy("under way"),
        "teal",
        gettext_lazy("Your nurse is with you"),
        gettext_lazy("We begin once everything is checked."),
    ),
    Status.INFUSING: (
        gettext_lazy("under way"),
        "teal",
        gettext_lazy("Your nurse is with you"),
        gettext_lazy("Rest. Tell your nurse about anything that feels wrong."),
    ),
    Status.OBSERVING: (
        gettext_lazy("under way"),
        "teal",
        gettext_lazy("Your nurse is with you"),
        gettext_lazy("The nurse stays until you are well enough, and tells you when that is."),
    ),
    Status.DISCHARGED: (
        gettext_lazy("done"),
        "green",
        gettext_lazy("This visit is done"),
        gettext_lazy("Rest today. If anything worries you, call us."),
    ),
    Status.COMPLETED: (
        gettext_lazy("done"),
        "green",
        gettext_lazy("This visit is done"),
        gettext_lazy("If anything worries you, call us."),
    ),
    Status.CANCELLED: (
        gettext_lazy("cancelled"),
        "",
        gettext_lazy("This visit is cancelled"),
        gettext_lazy("The time is free again, and the session is back on your order."),
    ),
    Status.NO_SHOW: (
        gettext_lazy("did not take place"),
        "",
        gettext_lazy("We missed each other"),
        gettext_lazy(
            "Our nurse came and could not meet you. It happens. The session is back on your order: "
            "call us, or book another time."
        ),
    ),
    Status.ABORTED: (
        gettext_lazy("stopped early"),
        "",
        gettext_lazy("This visit was stopped before it began"),
        gettext_lazy(
            "Something was not right for a safe visit that day, and that is no fault of yours. The "
            "session is back on your order. We talk about what comes next: call us at any time."
        ),
    ),
    Status.TRANSFERRED: (
        gettext_lazy("moved to emergency care"),
        "amber",
        gettext_lazy("You were taken to emergency care"),
        gettext_lazy(
            "We hope that you are recovering well. Follow what the hospital told you. We are in "
            "touch with you before anything else is booked."
        ),
    ),
}
OF_A_TALK = {
    "due": (
        gettext_lazy("now"),
        "amber",
        gettext_lazy("It is time for your talk"),
        gettext_lazy("If we do not reach you, call us."),
    ),
    Status.ON_SITE: (
        gettext_lazy("now"),
        "teal",
        gettext_lazy("Your talk is under way"),
        gettext_lazy("If you are cut off, call us."),
    ),
    "unrecorded": (
        gettext_lazy("not closed yet"),
        "amber",
        gettext_lazy("We have not closed this talk yet"),
        gettext_lazy("There is nothing for you to do. If we did not talk, call us."),
    ),
    Status.COMPLETED: (
        gettext_lazy("done"),
        "green",
        gettext_lazy("We have talked"),
        gettext_lazy("A prescriber now decides what comes next, and we tell you."),
    ),
    Status.CANCELLED: (
        gettext_lazy("cancelled"),
        "",
        gettext_lazy("This talk is cancelled"),
        gettext_lazy("The time is free again. Another talk is free as well."),
    ),
    Status.NO_SHOW: (
        gettext_lazy("did not take place"),
        "",
        gettext_lazy("We missed each other"),
        gettext_lazy("We could not reach you. It happens: book another time, or call us."),
    ),
    Status.ABORTED: (
        gettext_lazy("stopped early"),
        "",
        gettext_lazy("This talk was stopped early"),
        gettext_lazy("Call us, or book another time."),
    ),
}


def state_of(visit: Appointment, *, at: datetime) -> State:
    """Return where a visit stands at an instant."""
    key = _key(visit, at=at)
    words = OF_A_TALK.get(key, WORDS[key]) if visit.is_consultation else WORDS[key]
    tag, colour, headline, detail = words
    if key == Status.ABORTED and visit.dosed_at is not None:
        detail = _("Your nurse ended it early, for your safety. We talk about what comes next.")
        headline = _("This visit was ended early")
    return State(tag=str(tag), colour=colour, headline=str(headline), detail=str(detail))


def _key(visit: Appointment, *, at: datetime) -> str:
    if visit.status != Status.BOOKED:
        return Status(visit.status)
    if at < visit.starts_at:
        return "booked"
    return "due" if at < visit.ends_at else "unrecorded"
