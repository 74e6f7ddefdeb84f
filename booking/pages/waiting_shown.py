"""What the pages of the waiting list show, in plain words."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils.translation import get_language, gettext as _, ngettext

from booking import clock, datewords, offer_links, payments, presenting, rules, waiting
from booking.models import Offer, WaitingEntry
from booking.notices import words
from booking.pages import steps
from booking.pages.payments_shown import Row
from booking.pages.waiting_forms import PARTS, WEEKDAYS
from config.core.clock import now
from config.core.errors import Refused
from patients.models import Patient, Therapy

State = Offer.State
A_WEEK = timedelta(days=7)
EARLIER_SHOWN = 3
STATUS = {State.WITHDRAWN.value: 410, State.LAPSED.value: 410, State.DECLINED.value: 200}


def initial(
    entry: WaitingEntry | None, *, days: tuple[date, date], asked: date | None
) -> dict[str, Any]:
    """Return what the form begins with: what is waited for, or the day that was found full."""
    if entry is not None:
        return {
            "first_day": max(entry.first_day, days[0]),
            "last_day": entry.last_day,
            "weekdays": entry.weekdays,
            "part": entry.part,
        }
    if asked is not None and days[0] <= asked <= days[1]:
        return {"first_day": asked, "last_day": asked, "part": WaitingEntry.Part.ANY}
    return {"first_day": days[0], "last_day": min(days[0] + 2 * A_WEEK, days[1]), "part": "any"}


def page_of(therapy: Therapy, *, patient: Patient, entry: WaitingEntry | None) -> dict[str, Any]:
    """Return everything that the page of the waiting list shows besides its form."""
    shown: dict[str, Any] = {
        "therapy": therapy,
        "entry": entry,
        "checklist": steps.checklist(patient=patient, therapy=therapy),
        "answer_time": _answer_time(settings.OFFER_MINUTES),
    }
    if entry is None:
        return shown
    standing = Offer.objects.open().filter(entry=entry, expires_at__gt=now()).first()
    earlier = entry.offers.exclude(state=State.OFFERED)[:EARLIER_SHOWN]
    return shown | {
        "place": waiting.place(entry),
        "rows": list(_wishes(entry)),
        "offer": _offer(standing) if standing else None,
        "earlier": [(_say(one.starts_at, one), SAID[State(one.state)]()) for one in earlier],
    }


def _answer_time(minutes: int) -> str:
    hours = minutes // 60
    if minutes % 60 or not hours:
        return _("%(minutes)s minutes") % {"minutes": minutes}
    return ngettext("%(hours)s hour", "%(hours)s hours", hours) % {"hours": hours}


def _wishes(entry: WaitingEntry) -> list[Row]:
    first, last = entry.first_day, entry.last_day
    days = _day(first) if first == last else f"{_day(first)} – {_day(last)}"
    weekdays = ", ".join(str(name) for number, name in WEEKDAYS if number in entry.weekdays)
    return [
        Row(_("Days"), days, weekdays),
        Row(_("Time of day"), str(dict(PARTS)[WaitingEntry.Part(entry.part)])),
    ]


def _day(day: date) -> str:
    noon = datetime.combine(day, time(12), tzinfo=UTC)
    return datewords.of(get_language() or settings.LANGUAGE_CODE).say_day(noon, in_full=False)


SAID = {
    State.LAPSED: lambda: _("The time to answer ran out."),
    State.DECLINED: lambda: _("You said no."),
    State.WITHDRAWN: lambda: _("Somebody else booked it first."),
    State.TAKEN: lambda: _("You took it."),
    State.OFFERED: lambda: _("It is offered to you."),
}


def _offer(offer: Offer) -> dict[str, str]:
    return {
        "starts": _say(offer.starts_at, offer),
        "until": _say(offer.expires_at, offer),
        "url": offer_links.url(offer),
    }


def _say(instant: datetime, offer: Offer) -> str:
    return presenting.say_moment(instant, ZoneInfo(offer.time_zone))


# -- an offer ------------------------------------------------------------------------------------


def offer_page(offer: Offer, *, refused: Refused | None = None) -> dict[str, Any]:
    """Return everything that the page of an offer shows: no more of a person than a first name."""
    entry, at = offer.entry, now()
    shape = _shape(offer, at=at)
    shown = {
        "language": entry.patient.language,
        "first_name": words.first_name(entry.patient.user.name),
        "shape": shape,
        "starts": _say(offer.starts_at, offer),
        "until": _say(offer.expires_at, offer),
        "is_refused": refused is not None,
        "is_waiting": entry.ended_at is None,
        "status": 409 if refused else STATUS.get(shape, 200),
    }
    if shape == State.OFFERED and entry.therapy.needs_order:
        shown["clock"] = _clock(offer)
    if offer.appointment is not None:
        shown["next"] = payments.after_booking(offer.appointment)
    if entry.ended_at is None and shape != State.OFFERED:
        shown["place"] = waiting.place(entry)
    return shown


def _shape(offer: Offer, *, at: datetime) -> str:
    """Return where the offer stands; its time may be up before the row says so."""
    is_over = offer.state == State.OFFERED and offer.expires_at <= at
    return State.LAPSED.value if is_over else offer.state


def _clock(offer: Offer) -> presenting.ClockView:
    zone = ZoneInfo(offer.time_zone)
    times = clock.times_around(
        starts_at=offer.starts_at,
        lengths=rules.lengths_of(offer.entry.therapy),
        zone=zone,
        rules=rules.clock_rules(),
    )
    return presenting.clock_view(times=times, zone=zone)
