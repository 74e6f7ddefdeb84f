"""What the page behind a link shows: no more of a person than a first name and a time."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings

from booking import driving, other_times, prices
from booking.clock import say_moment
from booking.links import answers
from booking.links.answers import Closed
from booking.links.tokens import Link, Purpose
from booking.models import Appointment
from booking.notices import words
from booking.notices.planned import Recipient
from config.core.clock import now
from config.core.errors import Refused
from patients import accounts
from patients.models import Patient

STATUS = {
    Closed.over: 410,
    Closed.moved: 409,
    Closed.cancelled: 410,
    Closed.begun: 409,
}


def patient_of(link: Link) -> Patient | None:
    """Return whom the message was about."""
    visit = link.notice.appointment
    return visit.patient if visit else link.notice.patient


def zone_of(link: Link) -> ZoneInfo:
    """Return the zone in which the page says times."""
    visit, patient = link.notice.appointment, link.notice.patient
    if visit is not None:
        return ZoneInfo(visit.time_zone)
    return accounts.zone_of(patient) if patient else ZoneInfo(settings.CLINIC_TIME_ZONE)


def language_of(link: Link) -> str:
    """Return the language of whoever was written to; staff read English."""
    patient = patient_of(link)
    is_theirs = link.notice.recipient in (Recipient.patient, Recipient.escort)
    return patient.language if patient and is_theirs else "en"


def frame(link: Link) -> dict[str, Any]:
    """Return what every page of a link shows."""
    patient = patient_of(link)
    is_the_patient = link.notice.recipient == Recipient.patient
    name = words.first_name(patient.user.name) if patient and is_the_patient else ""
    return {
        "purpose": link.purpose.value,
        "language": language_of(link),
        "first_name": name,
    }


def page(link: Link, *, refusal: str = "") -> dict[str, Any]:
    """Return everything the page of a link shows, and which page it is."""
    at, visit = now(), link.notice.appointment
    closed = answers.closed(link, visit=visit, at=at)
    answer = answers.given(link)
    shown = frame(link) | {
        "answer": answer,
        "said_at": _say(answer.at, link) if answer else "",
        "closed": closed,
        "refusal": refusal,
        "shape": _shape(link, closed=closed),
        "status": STATUS[closed] if closed else 200,
    }
    if refusal:
        shown["status"] = 409
    if visit is not None:
        shown |= _visit(link, visit, at=at)
    if link.purpose is Purpose.ate and answer is not None:
        shown["ate_at"] = _say(datetime.fromisoformat(answer.facts["at"]), link)
    if link.purpose is Purpose.visit and visit is not None and closed is None:
        shown["costs"] = prices.cancelling(visit, at=at)
        shown["times"] = [(start.isoformat(), _say(start, link)) for start in _others(visit, at=at)]
    return shown | (_call(link) if link.purpose is Purpose.page else {})


def _others(visit: Appointment, *, at: datetime) -> list[datetime]:
    """Return other times; without them the page still takes an answer."""
    try:
        return other_times.offered(visit=visit, at=at)
    except Refused:
        return []


def _shape(link: Link, *, closed: Closed | None) -> str:
    # Whoever feels unwell is never told only that a link is too old.
    is_shut = closed is not None and link.purpose is not Purpose.unwell
    return "closed" if is_shut else link.purpose.value


def _say(instant: datetime, link: Link) -> str:
    return say_moment(instant, zone_of(link), language=language_of(link), in_full=True)


def _visit(link: Link, visit: Appointment, *, at: datetime) -> dict[str, Any]:
    drive_after = driving.latest(visit, at=at) if link.purpose is Purpose.warning else None
    return {
        "starts": _say(visit.starts_at, link),
        "has_phone": bool(visit.patient.phone),
        "drive_after": _say(drive_after, link) if drive_after else "",
        "is_for_the_escort": link.notice.recipient == Recipient.escort,
    }


def _call(link: Link) -> dict[str, Any]:
    """Return what a page to on-call staff shows without signing in: nothing of the patient."""
    notice = link.notice
    by = notice.acknowledged_by
    return {
        "kind": words.spoken(notice.kind),
        "rang_at": _say(notice.send_from, link),
        "taken_by": str(by) if by else notice.acknowledged_as,
        "taken_at": _say(notice.acknowledged_at, link) if notice.acknowledged_at else "",
    }
