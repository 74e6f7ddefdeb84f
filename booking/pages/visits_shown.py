"""What the page of one visit shows, gathered from the rules and said in plain words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _, gettext_lazy

from booking import changes, driving, overview, payments, presenting, prices
from booking.models import ENDED, FREED, UNDER_WAY, Appointment, Status, VisitAnswer
from booking.notices import later, words
from booking.notices.facts import join_link
from booking.pages import steps, steps_blocking, visits_states, visits_todo, visits_told
from booking.pages.visits_when import say_near
from patients import homes
from patients.accounts import address_of
from patients.models import Patient

DIRECTIONS = {
    "parking": gettext_lazy("Parking"),
    "entry": gettext_lazy("Door"),
    "stairs": gettext_lazy("Stairs"),
    "pets": gettext_lazy("Pets"),
    "more": gettext_lazy("Also"),
}
WHERE = ("line1", "line2", "city", "state", "postal_code")


@dataclass(frozen=True, slots=True)
class Escort:
    """The adult who stays, and whether that was confirmed for this visit."""

    name: str
    phone: str
    tag: str
    colour: str
    detail: str


def page_of_all(patient: Patient, *, at: datetime) -> dict[str, Any]:
    """Return everything that the page of all visits shows."""
    shown = overview.of(patient=patient, at=at)
    upcoming = shown.visit
    if upcoming is not None:
        upcoming.patient = patient
    return {
        "overview": shown,
        "now": shown.now,
        "at": at,
        "first_name": words.first_name(patient.user.name),
        "checklist": steps.checklist(patient=patient),
        "blocking": steps_blocking.blocking(upcoming) if upcoming else [],
        "is_movable": upcoming is not None and changes.is_movable(upcoming, at=at),
    }


def now_of(visit: Appointment, *, at: datetime) -> presenting.NowView | None:
    """Return the one thing that is true now, where it is this visit that makes it so."""
    return _now(visit, overview.visits_of(visit.patient), at=at)


def _now(
    visit: Appointment, visits: list[Appointment], *, at: datetime
) -> presenting.NowView | None:
    first, warning = overview.first_ahead(visits, at=at), overview.warning_of(visits, at=at)
    is_of_this = (first and first.pk == visit.pk) or (warning and warning.visit_id == visit.pk)
    return overview.now_of(visits, at=at) if is_of_this else None


def page_of(visit: Appointment, *, at: datetime) -> dict[str, Any]:
    """Return everything that the page of a visit shows."""
    visits = overview.visits_of(visit.patient)
    first = overview.first_ahead(visits, at=at)
    place, among = overview.place_in_course(visit, visits)
    is_ahead = overview.is_ahead(visit, at=at)
    return {
        "visit": visit,
        "state": visits_states.state_of(visit, at=at),
        "now": _now(visit, visits, at=at),
        "is_ahead": is_ahead,
        "comes_first": first if is_ahead and first and first.pk != visit.pk else None,
        "clock": overview.clock_of(visit) if is_ahead else None,
        "drive_after": drive_after(visit, at=at),
        "has_paper": visit.dosed_at is not None and visit.status in ENDED,
        "place": place,
        "among": among,
        "blocking": steps_blocking.blocking(visit) if is_ahead else [],
        "lapses": is_ahead and not visit.blocked and later.lapsing(visit) is not None,
        "todos": visits_todo.todos_of(visit, at=at) if is_ahead else None,
        "messages_about": visits_told.messages_of(visit, at=at),
        "join_link": join_link(visit) if is_ahead else "",
        "is_movable": changes.is_movable(visit, at=at),
        "is_cancellable": changes.is_cancellable(visit, at=at),
        "money": _money(visit),
        **_at_home(visit, at=at),
    }


def _at_home(visit: Appointment, *, at: datetime) -> dict[str, Any]:
    """Return where it is, who comes and who stays; nothing for a talk."""
    if visit.is_consultation:
        return {}
    home = address_of(visit.patient)
    is_there = home and all(getattr(home, name) == getattr(visit, name) for name in WHERE)
    return {
        "nurse": words.first_name(visit.nurse.user.name) if visit.nurse else "",
        "arrival": _arrival(visit, at=at),
        "escort": _escort(visit),
        "directions": _directions(visit),
        "lives_elsewhere": not is_there,
    }


def _directions(visit: Appointment) -> list[tuple[str, str]]:
    """Return what was said of getting into the home that the visit was promised at."""
    said = homes.as_said(homes.notes_at([visit]).get(visit.pk))
    return [(str(DIRECTIONS[name]), text) for name, text in said.items()]


def _arrival(visit: Appointment, *, at: datetime) -> str:
    """Say when the nurse comes, or came."""
    zone = overview.zone_of(visit)
    expected = {"time": say_near(visit.starts_at, at=at, zone=zone)}
    if visit.status == Status.EN_ROUTE and visit.departed_at:
        left = {"left": presenting.say_time(visit.departed_at, zone)} | expected
        return presenting.with_one_stop(_("Set off at %(left)s; expected %(time)s.") % left)
    if visit.status in UNDER_WAY:
        return _("With you now.")
    if visit.status in ENDED:
        return ""
    return presenting.with_one_stop(_("Arrives %(time)s.") % expected)


def _escort(visit: Appointment) -> Escort | None:
    """Return who stays; what was confirmed for an earlier time of the visit does not count."""
    patient = visit.patient
    if not patient.escort_name:
        return None
    rows = VisitAnswer.objects.filter(
        appointment=visit, purpose=VisitAnswer.Purpose.ESCORT, version=visit.version
    )
    answer = rows.order_by("at", "pk").last()
    said = answer.facts.get("answer") if answer else None
    tag, colour, detail = {
        "yes": (_("ready"), "green", ""),
        "no": (_("not sure yet"), "amber", _("You told us. We call you and find a way.")),
    }.get(
        str(said),
        (_("not confirmed yet"), "amber", _("We ask you the day before the visit.")),
    )
    if visit.status in ENDED:
        tag = colour = detail = ""
    return Escort(words.name(patient.escort_name), patient.escort_phone, tag, colour, detail)


def _money(visit: Appointment) -> dict[str, Any] | None:
    """Return what the visit costs and what of it was paid, in words; None for what is free."""
    owed = prices.owed(visit)
    if not owed.price or (visit.status in FREED and not (owed.paid or owed.back)):
        return None
    return {
        "price": prices.say(owed.price),
        "paid": prices.say(owed.paid) if owed.paid else "",
        "back": prices.say(owed.back) if owed.back else "",
        "may_be_paid": payments.may_be_paid(visit),
    }


def drive_after(visit: Appointment, *, at: datetime) -> str:
    """Say until when not to drive after a visit that was given; empty once that is over."""
    until = driving.latest(visit, at=at) if visit.dosed_at else None
    return presenting.say_moment(until, overview.zone_of(visit)) if until and until > at else ""
