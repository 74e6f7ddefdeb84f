"""What is to be said about a visit, kept in rows: planned with the visit, in its transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Q

from booking import clock, rules
from booking.delivery import fallback
from booking.delivery.overdue import oldest_overdue_seconds
from booking.delivery.recovery import expire, recover_lapsed
from booking.delivery.sending import send_due
from booking.models import ENDED, OPEN, Appointment, Notice, NoticeStatus, Status
from booking.notices import plan
from booking.notices.circumstances import new_visit, visit_of
from booking.notices.planned import Channel, Kind, NoticeClass, PlannedNotice, Recipient, Visit
from booking.notices.replaced import supersede
from booking.notices.standing import CANCELLED, GATE, RESENT, preferences_of
from config.core.clock import now
from config.core.postgres import prepared
from scheduling.models import Nurse

__all__ = [
    "expire",
    "fields_of",
    "oldest_overdue_seconds",
    "plan_for",
    "plan_new",
    "recover_lapsed",
    "send_due",
    "tell_route",
]

FOLLOW_UPS = (Kind.how_are_you, Kind.coming_days, Kind.maintenance)
KEY = ("kind", "occurrence", "recipient", "channel", "version", "revision", "subject_of")
EVERY_CHANNEL = plan.Preferences(email=True, sms=True, sms_in_quiet_hours=True, escort_sms=True)
NO_TEXTS = replace(EVERY_CHANNEL, has_phone=False)
MOMENTS = ("ideal_at", "send_from", "not_after", "why")


def plan_new(*, appointments: Sequence[Appointment], infusions: Sequence[datetime]) -> None:
    """Make the rows of visits booked in this very transaction, which can have none yet.

    Parameters
    ----------
    appointments
        Of one patient: a visit, or all of a course.
    infusions
        When the patient's infusions start, given and promised.
    """
    at, figures = now(), rules.plan_rules()
    preferences = preferences_of(appointments[0].patient)
    each = [
        {**fields_of(planned), "appointment_id": appointment.pk}
        for appointment in appointments
        for planned in plan.plan(
            visit=new_visit(appointment, infusions=infusions),
            preferences=preferences,
            now=at,
            rules=figures,
        )
    ]
    prepared.insert_each(Notice(), each=each)


def plan_for(*, appointment: Appointment) -> None:
    """Make the rows what the plan of the visit says, in the caller's transaction.

    All open rows are locked first: a worker in the middle of one holds its lock, so this waits for
    the provider's answer and then knows what the patient was told.
    """
    rows = Notice.objects.filter(appointment=appointment).exclude(recipient=Recipient.on_call)
    list(rows.filter(status__in=OPEN).order_by("pk").select_for_update().values_list("pk"))
    supersede(rows.exclude(version=appointment.version))
    visit = visit_of(appointment)
    wanted = _planned(appointment, visit, preferences_of(appointment.patient))
    standing = {_key(row): row for row in rows.filter(version=appointment.version)}
    Notice.objects.bulk_create(
        [row for key, row in wanted.items() if key not in standing], ignore_conflicts=True
    )
    possible = wanted
    if not standing.keys() <= wanted.keys():
        # A row by a channel that was declined later waits: it is asked about again when it is due.
        by_any, by_mail = (_planned(appointment, visit, one) for one in (EVERY_CHANNEL, NO_TEXTS))
        possible = {**by_any, **by_mail, **wanted}
    _retime(standing=standing, wanted=possible)
    unwanted = [row.pk for key, row in standing.items() if key not in possible]
    supersede(rows.filter(pk__in=unwanted).exclude(_still_speaks(appointment)))


def _planned(
    appointment: Appointment, visit: Visit, preferences: plan.Preferences
) -> dict[tuple[Any, ...], Notice]:
    notices = plan.plan(visit=visit, preferences=preferences, now=now(), rules=rules.plan_rules())
    rows = (_row(notice, appointment) for notice in notices)
    return {_key(row): row for row in rows}


def fields_of(planned: PlannedNotice) -> dict[str, Any]:
    """Return what a plan says of a message, as its row has it."""
    return {
        "subject_of": planned.subject,
        "kind": planned.kind.value,
        "occurrence": planned.occurrence,
        "recipient": planned.recipient.value,
        "channel": planned.channel.value,
        "notice_class": planned.notice_class.value,
        "version": planned.version,
        "revision": planned.revision,
        "ideal_at": planned.ideal_at,
        "send_from": planned.send_from,
        "not_after": planned.not_after,
        "why": planned.why,
    }


def _row(planned: PlannedNotice, appointment: Appointment) -> Notice:
    row = Notice(**fields_of(planned), appointment=appointment)
    if planned.kind == Kind.changed and appointment.status == Status.CANCELLED:
        row.subject_of = CANCELLED
    return row


def _key(notice: Notice) -> tuple[Any, ...]:
    return tuple(getattr(notice, field) for field in KEY)


def _still_speaks(appointment: Appointment) -> Q:
    """Name rows that the plan does not know and that stand nevertheless.

    Past their use, they are to be expired and listed, not forgotten; staff had sent one once more.
    What was said of a closed gate holds while the visit is to come. What comes after a visit is
    asked about when it is due: the next one may be cancelled until then.
    """
    if appointment.status == Status.CANCELLED:
        return Q(pk__in=[])
    kept = Q(not_after__lte=now()) | Q(facts__has_key=RESENT)
    if appointment.status in ENDED and appointment.status != Status.DISCHARGED:
        return kept
    kept |= Q(kind__in=FOLLOW_UPS) | Q(kind=Kind.driving_ended, revision=appointment.revision)
    return kept | Q(subject_of=GATE) if appointment.status == Status.BOOKED else kept


def _retime(
    *, standing: Mapping[tuple[Any, ...], Notice], wanted: Mapping[tuple[Any, ...], Notice]
) -> None:
    """Move waiting rows whose moments the plan has moved; an e-mail for a failed text stays."""
    for key in standing.keys() & wanted.keys():
        row = standing[key]
        moments = {field: getattr(wanted[key], field) for field in MOMENTS}
        has_moved = any(getattr(row, field) != moment for field, moment in moments.items())
        if has_moved and row.why != fallback.WHY:
            Notice.objects.filter(pk=row.pk, status=NoticeStatus.PENDING).update(**moments)


def tell_route(
    *, nurse: Nurse, subject_of: str, instead_of: Sequence[str], day: date, facts: Mapping[str, Any]
) -> None:
    """Tell a nurse by e-mail of her route, once per subject; what it replaces is not told any more.

    Parameters
    ----------
    subject_of, instead_of
        The published version, and those before it.
    day
        The day of the route, after which it is of no use.
    """
    at = now()
    ends = clock.at_local(day + timedelta(days=1), time(), ZoneInfo(nurse.time_zone))
    supersede(Notice.objects.filter(kind=Kind.route, subject_of__in=instead_of))
    row = Notice(
        subject_of=subject_of,
        kind=Kind.route.value,
        recipient=Recipient.nurse.value,
        channel=Channel.email.value,
        notice_class=NoticeClass.P.value,
        ideal_at=at,
        send_from=at,
        not_after=max(ends, at),
        facts={"nurse": nurse.pk, **facts},
    )
    Notice.objects.bulk_create([row], ignore_conflicts=True)
