"""What a notice says. Neutral by rule: never what the visit is for, nor where it is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Max
from django.template.loader import render_to_string
from django.urls import reverse

from booking import calendars, driving, words
from booking.channels import Attachment, Message
from booking.clock import local_day, say_moment, say_time
from booking.models import Appointment, Notice
from booking.planned import Channel, Kind, NoticeClass
from booking.standing import CANCELLED, GATE, person_of
from config.core.clock import now

WITH_CALENDAR = (Kind.booked, Kind.changed)
TIMES = ("heavy_meal_until", "fast_from", "liquids_until", "drive_after")

# gate code -> what the patient can do about it, in words that say nothing of the visit
NEXT_STEPS = {
    "not_cleared": "Answer the health questions again; if you already have, we are reading them.",
    "order_missing": "Nothing to do now: our clinicians are renewing your paperwork.",
    "order_exhausted": "Nothing to do now: our clinicians are renewing your paperwork.",
    "consent_missing": "Read and sign the current version of your documents.",
    "escort_missing": "Tell us which adult stays with you until the next day.",
    "outside_service_area": "Check the address you gave us.",
    "not_permitted_here": "Nothing to do now: we will call you about the place.",
    "contact_missing": "Confirm your e-mail address and add a phone number.",
}
CALL_US = "Nothing to do now: we will call you."


def render(notice: Notice) -> Message:
    """Return the message as it should be said now."""
    facts = context(notice)
    if notice.channel == Channel.sms:
        return Message(subject="", text=_sms(notice.kind, facts))
    return Message(
        subject=" ".join(_say(notice.kind, "subject.txt", facts).split())[:200],
        text=re.sub(r"\n{3,}", "\n\n", _say(notice.kind, "text.txt", facts).strip()) + "\n",
        html=_say(notice.kind, "html.html", facts),
        attachments=_attachments(notice),
    )


def _say(kind: str, part: str, facts: Mapping[str, Any]) -> str:
    return render_to_string(f"booking/messages/{kind}-{part}", dict(facts))


def _sms(kind: str, facts: Mapping[str, Any]) -> str:
    """Return one SMS; the link, then the names, give way where it would be longer than one."""
    unlinked = {"link": "", "nurse_name": ""}
    unnamed = {**unlinked, "first_name": ""}
    spoken = ""
    for less in ({}, unlinked, unnamed, {**unnamed, "clinic_name": ""}):
        spoken = words.gsm(_say(kind, "sms.txt", {**facts, **less}))
        if words.fits_sms(spoken):
            break
    return spoken


def _attachments(notice: Notice) -> tuple[Attachment, ...]:
    if notice.appointment is None or notice.kind not in WITH_CALENDAR:
        return ()
    if notice.subject_of == GATE:
        return ()
    entry = calendars.ics_for(notice.appointment).decode()
    return (Attachment("visit.ics", entry, "text/calendar"),)


def context(notice: Notice) -> dict[str, Any]:
    """Return what the templates may say; nothing that must not be said is in it."""
    facts: dict[str, Any] = {
        "clinic_name": settings.CLINIC_NAME,
        "clinic_phone": settings.CLINIC_PHONE,
        "emergency_number": settings.EMERGENCY_NUMBER,
        "link": settings.SITE_URL,
        "first_name": words.first_name(person_of(notice).name),
        "initials": words.initials(person_of(notice).name),
        "is_digest": "digest" in notice.why,
        "says_today": "with today" in notice.why or "digest" in notice.why,
        **notice.facts,
    }
    if notice.appointment is not None:
        facts |= _visit(notice, notice.appointment)
    if notice.notice_class == NoticeClass.O:
        facts |= _desk(notice)
    return facts


def _desk(notice: Notice) -> dict[str, Any]:
    """Return where staff go from here."""
    links = {"on_call_link": settings.SITE_URL + reverse("on-call")}
    if notice.appointment_id is not None:
        visit = reverse("admin:booking_appointment_change", args=[notice.appointment_id])
        links["visit_link"] = settings.SITE_URL + visit
    return links


def _visit(notice: Notice, appointment: Appointment) -> dict[str, Any]:
    zone, at = ZoneInfo(appointment.time_zone), now()
    nurse = appointment.nurse
    return {
        "starts": say_moment(appointment.starts_at, zone),
        "starts_time": say_time(appointment.starts_at, zone),
        "starts_today": local_day(at, zone) == local_day(appointment.starts_at, zone),
        "ends_time": say_time(appointment.ends_at, zone),
        "is_consultation": appointment.is_consultation,
        "join_link": _join_link(appointment),
        "nurse_name": words.first_name(nurse.user.name) if nurse else "",
        "escort_name": words.name(appointment.patient.escort_name),
        "is_cancelled": notice.subject_of == CANCELLED,
        "next_steps": _next_steps(appointment) if notice.subject_of == GATE else [],
        "times": _times(appointment, zone=zone, at=at),
        "drive_after": _driving(appointment, zone=zone, at=at),
    }


def _join_link(appointment: Appointment) -> str:
    """Return where a consultation is held by video; empty where the clinic calls by phone."""
    if not appointment.is_consultation:
        return ""
    url: str = settings.CONSULTATION_URL
    return url.replace("{visit}", appointment.pk.hex)


def _next_steps(appointment: Appointment) -> list[str]:
    return list(dict.fromkeys(NEXT_STEPS.get(code, CALL_US) for code in appointment.blocked))


def _times(appointment: Appointment, *, zone: ZoneInfo, at: datetime) -> dict[str, str]:
    """Return the moments around the visit that are still ahead, each as it is said.

    On the day of the visit itself the hour is enough for an SMS: `<name>_time`, with the day where
    it is another day.
    """
    said: dict[str, str] = {}
    for field in TIMES[:-1]:
        moment = getattr(appointment, field)
        if moment is not None and moment > at:
            same_day = local_day(moment, zone) == local_day(appointment.starts_at, zone)
            said[field] = say_moment(moment, zone)
            said[f"{field}_time"] = say_time(moment, zone) if same_day else say_moment(moment, zone)
    return said


def _driving(appointment: Appointment, *, zone: ZoneInfo, at: datetime) -> str:
    """Return until when not to drive: the latest over this visit and all that were given."""
    given = Appointment.objects.filter(patient=appointment.patient_id, dosed_at__isnull=False)
    latest = given.aggregate(latest=Max("drive_after"))["latest"]
    moments = [
        moment for moment in (driving.to_be_told(appointment, at=at), latest) if moment is not None
    ]
    return say_moment(max(moments), zone) if moments else ""
