"""What is to be said about a visit, kept in rows: planned with the visit, in its transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Case, F, IntegerField, Max, Min, Q, QuerySet, Value, When
from django.db.models.functions import Greatest

from booking import attention, clock, plan, rules
from booking.delivery import send_due
from booking.models import OPEN, Appointment, Notice, NoticeStatus, Status
from booking.planned import Channel, Kind, NoticeClass, PlannedNotice, Recipient, Visit
from booking.recovery import expire, recover_lapsed
from booking.standing import CANCELLED, GATE, preferences_of
from config.core.clock import now
from config.core.errors import Reason
from patients.models import Patient
from scheduling.models import Nurse

__all__ = [
    "expire",
    "oldest_overdue_seconds",
    "plan_for",
    "plan_new",
    "recover_lapsed",
    "send_due",
    "tell_blocked",
    "tell_route",
]

FIRST_WORD = (Kind.booked, Kind.changed)
OVER = (Status.NO_SHOW, Status.ABORTED, Status.TRANSFERRED, Status.COMPLETED)
KEY = ("kind", "occurrence", "recipient", "channel", "version", "revision", "subject_of")
EVERY_CHANNEL = plan.Preferences(email=True, sms=True, sms_in_quiet_hours=True, escort_sms=True)
MOMENTS = ("ideal_at", "send_from", "not_after", "why")


def plan_new(*, appointment: Appointment) -> None:
    """Make the rows of a visit booked in this very transaction, which can have none yet."""
    rows = _planned(appointment, preferences_of(appointment.patient))
    Notice.objects.bulk_create(rows.values(), ignore_conflicts=True)


def plan_for(*, appointment: Appointment) -> None:
    """Make the rows what the plan of the visit says, in the caller's transaction.

    All open rows are locked first: a worker in the middle of one holds its lock, so this waits for
    the provider's answer and then knows what the patient was told.
    """
    rows = Notice.objects.filter(appointment=appointment).exclude(recipient=Recipient.on_call)
    list(rows.filter(status__in=OPEN).order_by("pk").select_for_update().values_list("pk"))
    _supersede(rows.exclude(version=appointment.version))
    wanted = _planned(appointment, preferences_of(appointment.patient))
    # A row by a channel that was declined later waits: it is asked about again when it is due.
    possible = {**_planned(appointment, EVERY_CHANNEL), **wanted}
    standing = {_key(row): row for row in rows.filter(version=appointment.version)}
    Notice.objects.bulk_create(
        [row for key, row in wanted.items() if key not in standing], ignore_conflicts=True
    )
    _retime(standing=standing, wanted=possible)
    unwanted = [row.pk for key, row in standing.items() if key not in possible]
    _supersede(rows.filter(pk__in=unwanted).exclude(_still_speaks(appointment)))


def _planned(
    appointment: Appointment, preferences: plan.Preferences
) -> dict[tuple[Any, ...], Notice]:
    notices = plan.plan(
        visit=visit_of(appointment),
        preferences=preferences,
        now=now(),
        rules=rules.plan_rules(),
    )
    rows = (_row(notice, appointment) for notice in notices)
    return {_key(row): row for row in rows}


def _row(planned: PlannedNotice, appointment: Appointment) -> Notice:
    is_farewell = planned.kind == Kind.changed and appointment.status == Status.CANCELLED
    return Notice(
        appointment=appointment,
        subject_of=CANCELLED if is_farewell else "",
        kind=planned.kind.value,
        occurrence=planned.occurrence,
        recipient=planned.recipient.value,
        channel=planned.channel.value,
        notice_class=planned.notice_class.value,
        version=planned.version,
        revision=planned.revision,
        ideal_at=planned.ideal_at,
        send_from=planned.send_from,
        not_after=planned.not_after,
        why=planned.why,
    )


def _key(notice: Notice) -> tuple[Any, ...]:
    return tuple(getattr(notice, field) for field in KEY)


def _supersede(rows: QuerySet[Notice]) -> None:
    """Close open rows; one that was being sent may have been."""
    lost = Case(
        When(status=NoticeStatus.SENDING, then=F("answers_lost") + 1),
        default=F("answers_lost"),
        output_field=IntegerField(),
    )
    rows.filter(status__in=OPEN).update(
        status=NoticeStatus.SUPERSEDED,
        answers_lost=lost,
        problem=Value("replaced by a newer plan"),
        claimed_by="",
        lease_until=None,
    )


def _still_speaks(appointment: Appointment) -> Q:
    """Name rows that the plan does not know and that stand nevertheless.

    Past their use, they are to be expired and listed, not forgotten. What was said of a closed
    gate holds while the visit is to come.
    """
    if appointment.status == Status.CANCELLED:
        return Q(pk__in=[])
    past = Q(not_after__lte=now())
    return past | Q(subject_of=GATE) if appointment.status == Status.BOOKED else past


def _retime(
    *, standing: Mapping[tuple[Any, ...], Notice], wanted: Mapping[tuple[Any, ...], Notice]
) -> None:
    """Move waiting rows whose moments the plan has moved."""
    for key in standing.keys() & wanted.keys():
        moments = {field: getattr(wanted[key], field) for field in MOMENTS}
        if any(getattr(standing[key], field) != moment for field, moment in moments.items()):
            Notice.objects.filter(pk=standing[key].pk, status=NoticeStatus.PENDING).update(
                **moments
            )


def visit_of(appointment: Appointment) -> Visit:
    """Return what the plan needs to know of a visit, as it is and as it was told."""
    was_told, preparation_told = _was_told(appointment)
    is_cancelled = appointment.status == Status.CANCELLED
    rebooked = appointment.changed_at if appointment.changed_at and not is_cancelled else None
    has_arrived = appointment.status not in (Status.BOOKED, Status.EN_ROUTE)
    return Visit(
        starts_at=appointment.starts_at,
        ends_at=appointment.ends_at,
        zone=ZoneInfo(appointment.time_zone),
        is_consultation=appointment.is_consultation,
        booked_at=rebooked or appointment.booked_at,
        version=appointment.version,
        revision=appointment.revision,
        fast_from=appointment.fast_from,
        drive_after=appointment.drive_after,
        changed_at=appointment.changed_at if was_told else None,
        first_of_run=appointment.first_of_run,
        preparation_told=preparation_told,
        departed_at=appointment.departed_at,
        arrived_at=now() if has_arrived and appointment.departed_at else None,
        discharged_at=appointment.discharged_at,
        dose_given=appointment.dosed_at is not None,
        cancelled=is_cancelled,
        over=appointment.status in OVER,
    )


def _was_told(appointment: Appointment) -> tuple[bool, bool]:
    """Whether the promise that has just been changed went out, or may have, and its preparation."""
    is_cancelled = appointment.status == Status.CANCELLED
    if appointment.version == 1 and not is_cancelled:
        return False, False  # nothing was promised before
    sent = Q(status__in=[NoticeStatus.SENT, NoticeStatus.SENDING]) | Q(answers_lost__gt=0)
    told = Notice.objects.filter(sent, appointment=appointment)
    if not is_cancelled:
        told = told.filter(version__lt=appointment.version)
    first_word = told.filter(kind__in=FIRST_WORD).exclude(subject_of=GATE)
    return first_word.exists(), told.filter(kind=Kind.prepare).exists()


def tell_blocked(*, appointment: Appointment, reasons: Sequence[Reason]) -> None:
    """Tell the patient and staff that a gate closed over a promised visit, and what comes next."""
    about = Notice.objects.filter(appointment=appointment, subject_of=GATE)
    _supersede(about)
    at = now()
    figures = rules.plan_rules()
    is_near = appointment.starts_at - at < figures.near
    accepts = preferences_of(appointment.patient).accept
    said_before = about.filter(version=appointment.version).aggregate(last=Max("occurrence"))
    row = {
        "appointment": appointment,
        "subject_of": GATE,
        "kind": Kind.changed.value,
        "occurrence": 0 if said_before["last"] is None else said_before["last"] + 1,
        "recipient": Recipient.patient.value,
        "notice_class": (NoticeClass.S if is_near else NoticeClass.F).value,
        "version": appointment.version,
        "ideal_at": at,
        "send_from": at if is_near else at + figures.grace,
        "not_after": max(appointment.starts_at, at + figures.grace),
    }
    Notice.objects.bulk_create(
        Notice(**row, channel=channel.value)
        for channel in Channel
        if accepts(Recipient.patient, channel)
    )
    attention.ask(
        kind="visit_blocked",
        key=str(appointment.pk),
        detail=f"A promised visit may not go ahead: {', '.join(r.code for r in reasons)}."[:500],
        appointment=appointment,
        patient=appointment.patient,
    )


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
    _supersede(Notice.objects.filter(kind=Kind.route, subject_of__in=instead_of))
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


def oldest_overdue_seconds() -> float:
    """Return for how long the longest-waiting due notice has waited."""
    at = now()
    due = Notice.objects.due(at=at).order_by()
    oldest: datetime | None = due.aggregate(at=Min(Greatest("send_from", "next_try_at")))["at"]
    return (at - oldest).total_seconds() if oldest else 0.0
