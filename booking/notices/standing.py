"""Whether a notice about to go may still go: asked under its lock, just before it is sent."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings

from booking.clock import at_local, local_day
from booking.delivery import paging
from booking.models import ENDED, FREED, Appointment, Notice, Status
from booking.notices import later
from booking.notices.plan import NO_TEXTS
from booking.notices.planned import Channel, Kind, NoticeClass, PlanRules, Preferences, Recipient
from config.core.clock import now
from config.core.models import User
from patients import contacts
from patients.accounts import zone_of
from patients.models import Patient

PAGES = (Kind.adverse_event, Kind.crisis, Kind.unwell)
DESK = (Recipient.on_call, Recipient.staff)
FIRST_WORD = (Kind.booked, Kind.changed)
OF_DISCHARGE = (Kind.driving_warning, Kind.driving_warning_escort)
TOLD_ANEW = (*OF_DISCHARGE, Kind.driving_ended)
EARLY = (Kind.today, Kind.on_the_way)
GATE = "gate"  # what a `changed` about a closed gate is about
GATE_OPEN = "is_open"  # the fact of one that says that it is open again
CANCELLED = "cancelled"
RESENT = "resent_by"  # the fact of a message that staff sent once more
CLOSED = "the address is closed"
LATE_SMS_UNTIL = time(22)
RULES = PlanRules()


def preferences_of(patient: Patient) -> Preferences:
    """Return which messages the patient takes, and whether the escort has agreed to any."""
    return Preferences(
        email="email" in patient.channels,
        sms="sms" in patient.channels,
        sms_in_quiet_hours=patient.sms_in_quiet_hours,
        escort_sms=patient.escort_texts,
        has_phone=bool(patient.phone),
    )


def addresses(notice: Notice) -> list[str]:
    """Return where the notice goes; nowhere if no such address is on file."""
    if "to" in notice.facts:
        return [to] if (to := notice.facts["to"]) else []
    if notice.recipient in DESK:
        return list(settings.ON_CALL_EMAILS)
    if notice.recipient == Recipient.nurse:
        return [person_of(notice).email]
    patient = patient_of(notice)
    if notice.recipient == Recipient.escort:
        found = patient.escort_phone
    else:
        found = patient.user.email if notice.channel == Channel.email else patient.phone
    return [found] if found else []


def patient_of(notice: Notice) -> Patient:
    """Return whom the notice concerns."""
    patient = notice.appointment.patient if notice.appointment else notice.patient
    if patient is None:
        raise ValueError(f"notice {notice.pk} concerns nobody")
    return patient


def person_of(notice: Notice) -> User:
    """Return the account the words are for: the nurse of a route, else the patient."""
    if notice.recipient == Recipient.nurse:
        return User.objects.get(nurse=notice.facts["nurse"])
    return patient_of(notice).user


def objection(notice: Notice) -> str:
    """Say why the notice must not go any more; empty if it may."""
    if notice.recipient == Recipient.on_call:
        silenced = paging.objection(notice, at=now())
        if silenced or notice.kind in PAGES:
            return silenced
    if notice.recipient == Recipient.nurse:
        return "" if person_of(notice).is_active else "the account is closed"
    outdated = _outdated(notice, notice.appointment) if notice.appointment else ""
    return outdated or later.objection(notice, at=now()) or _unreachable(notice)


def _unreachable(notice: Notice) -> str:
    """Say why the recipient is not written to by this channel."""
    recipient, channel = Recipient(notice.recipient), Channel(notice.channel)
    if recipient in DESK:
        return ""
    preferences = preferences_of(patient_of(notice))
    if not preferences.accept(recipient, channel):
        return "not wanted by this channel"
    is_in_place_of_text = NO_TEXTS in notice.why and RESENT not in notice.facts
    if is_in_place_of_text and preferences.sms and preferences.has_phone:
        return "goes by text"
    where = addresses(notice)
    if not where:
        return "no address on file"
    reason = contacts.closed(channel=channel, address=where[0])
    return f"{CLOSED}: {reason}" if reason else ""


def _outdated(notice: Notice, appointment: Appointment) -> str:
    if notice.version != appointment.version:
        return "the visit was moved"
    if notice.kind in TOLD_ANEW and notice.revision != appointment.revision:
        return "the visit's facts were corrected"
    if notice.kind in OF_DISCHARGE:
        return _discharge_outdated(appointment)
    if notice.kind == Kind.on_the_way and appointment.status != Status.EN_ROUTE:
        return "the nurse is not on the way any more"
    is_farewell = notice.kind == Kind.changed and notice.subject_of == CANCELLED
    if appointment.status in ENDED:
        return "" if is_farewell or notice.kind in later.AFTERWARDS else "the visit has ended"
    return _gate_outdated(notice, appointment) if notice.subject_of == GATE else ""


def _gate_outdated(notice: Notice, appointment: Appointment) -> str:
    if notice.facts.get(GATE_OPEN):
        return "something stands in the way again" if appointment.blocked else ""
    return "" if appointment.blocked else "nothing stands in the way any more"


def _discharge_outdated(appointment: Appointment) -> str:
    undosed = appointment.dosed_at is None and appointment.status in FREED
    return "nothing was given" if undosed else ""


def quiet_until(notice: Notice, *, at: datetime) -> datetime | None:
    """Return when to look at a notice again that is due and may not go yet.

    The hour is too quiet for it, or it waits for the visit to be closed. A preparation that is late
    goes by e-mail at any hour, and by text until ten at night.
    """
    waits_until = later.not_yet(notice, at=at)
    if waits_until is not None or not _is_bound(notice):
        return waits_until
    zone = _zone_of(notice)
    is_late_preparation = notice.notice_class == NoticeClass.P
    begins = LATE_SMS_UNTIL if is_late_preparation else RULES.quiet_from
    today = local_day(at, zone)
    if at >= at_local(today, begins, zone):
        return _morning(notice, today + timedelta(days=1), zone)
    morning = _morning(notice, today, zone)
    return morning if at < morning else None


def _is_bound(notice: Notice) -> bool:
    """Whether quiet hours hold for a notice that is due."""
    if notice.notice_class == NoticeClass.O or notice.recipient == Recipient.nurse:
        return False
    if notice.channel == Channel.email:
        return notice.notice_class == NoticeClass.F and notice.kind not in FIRST_WORD
    is_patient = notice.recipient == Recipient.patient
    agreed = is_patient and patient_of(notice).sms_in_quiet_hours
    return not (notice.notice_class == NoticeClass.S and agreed)


def _zone_of(notice: Notice) -> ZoneInfo:
    """Where the recipient is: at home, where the visit is."""
    appointment = notice.appointment
    return ZoneInfo(appointment.time_zone) if appointment else zone_of(patient_of(notice))


def _morning(notice: Notice, day: date, zone: ZoneInfo) -> datetime:
    """Return when quiet hours end on a day; earlier on the day of the visit for some kinds."""
    appointment = notice.appointment
    is_the_day = appointment is not None and day == local_day(appointment.starts_at, zone)
    early = notice.kind in EARLY and is_the_day
    return at_local(day, RULES.quiet_until_on_the_day if early else RULES.quiet_until, zone)
