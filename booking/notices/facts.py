"""What a message may say: the facts of a notice and of its visit, made fit to be said.

Nothing that must not be said is in it. Instants are said in the language in force and in the zone
of the visit; free texts are passed on only where they say nothing of what a visit is for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import cache, partial
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.urls import reverse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import get_language, gettext as _, gettext_lazy

from booking import clock, driving
from booking.links import tokens
from booking.links.tokens import Purpose
from booking.models import Appointment, Notice
from booking.notices import words
from booking.notices.planned import Channel, Kind, NoticeClass, Recipient
from booking.notices.standing import CANCELLED, GATE, patient_of, person_of
from config.core.clock import now
from patients.accounts import zone_of

STOPS = ("heavy_meal_until", "fast_from", "liquids_until")
LABELS = {
    "heavy_meal_until": gettext_lazy("No heavy meal from"),
    "fast_from": gettext_lazy("Nothing to eat from"),
    "liquids_until": gettext_lazy("Nothing to drink from"),
    "starts_at": gettext_lazy("Your visit starts"),
    "ends_at": gettext_lazy("Your visit ends at about"),
}
NO_ALCOHOL_BEFORE = timedelta(hours=24)
DAY = timedelta(days=1)

# gate code -> what the patient can do about it, in words that say nothing of the visit
NEXT_STEPS = {
    "not_cleared": gettext_lazy(
        "Answer the health questions again. If you already have, we are reading them."
    ),
    "order_missing": gettext_lazy("Nothing to do now. Our clinicians are renewing your papers."),
    "order_exhausted": gettext_lazy("Nothing to do now. Our clinicians are renewing your papers."),
    "consent_missing": gettext_lazy("Read and sign the new version of your documents."),
    "escort_missing": gettext_lazy("Tell us which adult stays with you until the next day."),
    "outside_service_area": gettext_lazy("Check the address you gave us."),
    "not_permitted_here": gettext_lazy("Nothing to do now. We will call you about the place."),
    "contact_missing": gettext_lazy("Confirm your e-mail address and add a phone number."),
}
CALL_US = gettext_lazy("Nothing to do now. We will call you.")

# How a visit's links are called in the templates.
LINKS = {
    "escort_link": Purpose.escort,
    "ate_link": Purpose.ate,
    "change_link": Purpose.visit,
    "read_link": Purpose.warning,
    "unwell_link": Purpose.unwell,
    "feeling_link": Purpose.feeling,
}
# Where a message leads that asks for something to be done.
PAGES: dict[str, str] = {Kind.maintenance: "book-again", Kind.intake_incomplete: "intake-again"}


@dataclass(frozen=True, slots=True)
class Line:
    """One time on the clock of a visit: when in the visit it is, what it is, and when."""

    part: str
    label: str
    said: str


@dataclass(frozen=True, slots=True)
class Say:
    """How instants are said in one message: a text is short, an e-mail has whole sentences."""

    zone: ZoneInfo
    language: str
    in_full: bool

    def moment(self, instant: datetime) -> str:
        """Say day, time and zone."""
        return clock.say_moment(instant, self.zone, language=self.language, in_full=self.in_full)

    def time(self, instant: datetime) -> str:
        """Say the time; with the zone's abbreviation on a day on which clocks change."""
        said = clock.say_time(instant, self.zone, language=self.language)
        day = clock.local_day(instant, self.zone)
        begins, ends = (
            clock.at_local(one, time(), self.zone).astimezone(self.zone) for one in (day, day + DAY)
        )
        if begins.utcoffset() == ends.utcoffset():
            return said
        return f"{said} {instant.astimezone(self.zone).tzname()}"


def language_of(notice: Notice) -> str:
    """Return the language of whoever reads it: the escort reads the patient's, staff English."""
    is_theirs = notice.recipient in (Recipient.patient, Recipient.escort)
    return patient_of(notice).language if is_theirs else "en"


def context(notice: Notice) -> dict[str, Any]:
    """Return what the templates may say, in the language in force."""
    say = _say(notice)
    facts = _facts(notice, say=say)
    # Sent once more, its `why` is the reason that a person gave; it says what it said before.
    why = str(notice.facts.get("was_why", notice.why))
    facts |= {
        "language": say.language,
        "clinic_name": words.clinic(settings.CLINIC_NAME),
        "clinic_phone": settings.CLINIC_PHONE,
        "emergency_number": settings.EMERGENCY_NUMBER,
        "link": _ours(facts.get("link"), kind=notice.kind),
        "first_name": words.first_name(person_of(notice).name),
        "initials": words.initials(person_of(notice).name),
        "is_digest": "digest" in why,
        "says_today": "with today" in why or "digest" in why,
        "occurrence": notice.occurrence,
        "by": say.moment(notice.not_after) if notice.not_after else "",
    }
    if notice.appointment is not None:
        facts |= _visit(notice, notice.appointment, say=say)
    if notice.notice_class == NoticeClass.O:
        facts |= _desk(notice)
    return facts


def _say(notice: Notice) -> Say:
    if notice.appointment is not None:
        zone = ZoneInfo(notice.appointment.time_zone)
    elif notice.patient is not None:
        zone = zone_of(notice.patient)
    else:
        zone = ZoneInfo(settings.CLINIC_TIME_ZONE)
    language = get_language() or settings.LANGUAGE_CODE
    return Say(zone=zone, language=language, in_full=notice.channel == Channel.email)


def _facts(notice: Notice, *, say: Say) -> dict[str, Any]:
    """Return what the row itself carries."""
    street = notice.appointment.line1.casefold() if notice.appointment else ""
    counts = {f"{name}_count": len(v) for name, v in notice.facts.items() if isinstance(v, list)}
    fit = {name: _fit(v, say=say, street=street) for name, v in notice.facts.items()}
    return counts | fit


def _fit(value: object, *, say: Say, street: str) -> object:
    """Return one fact as it may be said: instants aloud, texts only where they are neutral."""
    if isinstance(value, list):
        return [fit for one in value if (fit := _fit(one, say=say, street=street))]
    if isinstance(value, bool | int):
        return value
    return _fit_text(value, say=say, street=street) if isinstance(value, str) else None


def _fit_text(value: str, *, say: Say, street: str) -> str:
    if street and street in value.casefold():
        return ""
    if value.startswith(f"{settings.SITE_URL}/"):
        return value
    if value == words.A_CLOSURE:
        return _("a closure")
    try:
        instant = datetime.fromisoformat(value)
    except ValueError:
        return words.neutral(value, marks=",;:_")
    return say.moment(instant) if instant.tzinfo else ""


def _ours(link: object, *, kind: str) -> str:
    """Return a link into our own pages; where a row has none, to the patient's."""
    home: str = settings.SITE_URL
    if isinstance(link, str) and link.startswith(f"{home}/"):
        return link
    return home + reverse(PAGES[kind]) if kind in PAGES else home


def _desk(notice: Notice) -> dict[str, Any]:
    """Return where staff go from here."""
    said = {
        "on_call_link": settings.SITE_URL + reverse("on-call"),
        "page_link": tokens.url(Purpose.page, notice),
    }
    if notice.appointment_id is not None:
        visit = reverse("admin:booking_appointment_change", args=[notice.appointment_id])
        said["visit_link"] = settings.SITE_URL + visit
    return said


def _visit(notice: Notice, appointment: Appointment, *, say: Say) -> dict[str, Any]:
    """Return what is to be said of the visit; what few messages say is reckoned as they say it."""
    at = now()
    nurse = appointment.nurse
    until = cache(partial(driving.latest, appointment, at=at))
    said: dict[str, Any] = {
        "starts": say.moment(appointment.starts_at),
        "ends": say.moment(appointment.ends_at),
        "starts_today": _day(at, say) == _day(appointment.starts_at, say),
        "is_consultation": appointment.is_consultation,
        "join_link": join_link(appointment),
        "nurse_name": words.first_name(nurse.user.name) if nurse else "",
        "escort_name": words.name(appointment.patient.escort_name),
        "is_cancelled": notice.subject_of == CANCELLED,
        "next_steps": _next_steps(appointment) if notice.subject_of == GATE else [],
        "drive_after": SimpleLazyObject(lambda: say.moment(moment) if (moment := until()) else ""),
        "fast_from": say.moment(appointment.fast_from) if appointment.fast_from else "",
        "liquids_until": (
            say.moment(appointment.liquids_until) if appointment.liquids_until else ""
        ),
        "times": _times(appointment, say=say, at=at),
        "clock": cache(lambda: list(_clock(appointment, until=until, say=say, at=at))),
    }
    return said | {
        name: SimpleLazyObject(partial(tokens.url, purpose, notice))
        for name, purpose in LINKS.items()
    }


def _day(instant: datetime, say: Say) -> object:
    return clock.local_day(instant, say.zone)


def join_link(appointment: Appointment) -> str:
    """Return where a consultation is held by video; empty where the clinic calls by phone."""
    if not appointment.is_consultation:
        return ""
    url: str = settings.CONSULTATION_URL
    return url.replace("{visit}", appointment.pk.hex)


def _next_steps(appointment: Appointment) -> list[str]:
    steps = (str(NEXT_STEPS.get(code, CALL_US)) for code in appointment.blocked)
    return list(dict.fromkeys(steps))


def _times(appointment: Appointment, *, say: Say, at: datetime) -> dict[str, str]:
    """Return the stops before the visit that are still ahead, each as a text says it.

    The day is named where it is not the day of the visit, which the text names as well.
    """
    said: dict[str, str] = {}
    for field in STOPS:
        moment = getattr(appointment, field)
        if moment is not None and moment > at:
            same_day = _day(moment, say) == _day(appointment.starts_at, say)
            said[field] = say.moment(moment)
            said[f"{field}_time"] = say.time(moment) if same_day else said[field]
    return said


def _clock(
    appointment: Appointment, *, until: Callable[[], datetime | None], say: Say, at: datetime
) -> Iterator[Line]:
    """Yield everything about the visit that is still ahead, in the order in which it comes."""
    if appointment.is_consultation:
        return
    without_alcohol = appointment.starts_at - NO_ALCOHOL_BEFORE
    if at < without_alcohol:
        yield Line("before", _("No alcohol from"), say.moment(without_alcohol))
    elif at < appointment.starts_at:
        yield Line("before", _("No alcohol"), _("from now on"))
    for field in (*STOPS, "starts_at", "ends_at"):
        moment = getattr(appointment, field)
        if moment is not None and moment > at:
            part = "before" if field in STOPS else "visit"
            yield Line(part, str(LABELS[field]), say.moment(moment))
    drive_after = until()
    if drive_after:
        yield Line("after", _("No driving, machinery or alcohol until"), say.moment(drive_after))
