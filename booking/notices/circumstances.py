"""What the plan of a visit has to know, read from its rows and its patient's."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db.models import Q

from booking.models import Appointment, Notice, NoticeStatus, Status
from booking.notices.later import about_consent, about_intake, lapsing, others, unsigned
from booking.notices.planned import Ask, Kind, Visit
from booking.notices.standing import GATE
from config.core.clock import now

FIRST_WORD = (Kind.booked, Kind.changed)
OVER = (Status.NO_SHOW, Status.ABORTED, Status.TRANSFERRED, Status.COMPLETED)


def new_visit(appointment: Appointment, *, infusions: Iterable[datetime]) -> Visit:
    """Return a visit booked in this very transaction: nobody was told anything of it yet.

    Parameters
    ----------
    infusions
        When the patient's infusions start, given and promised. The gate has just been asked, so
        nothing is left to sign; answers that will not hold are looked for by the sweep.
    """
    later = (start for start in infusions if start > appointment.starts_at)
    return _visit(appointment, next_infusion=min(later, default=None))


def visit_of(appointment: Appointment) -> Visit:
    """Return a visit as it is and as it was told."""
    was_told, preparation_told = _was_told(appointment)
    if appointment.is_consultation:
        return _visit(appointment, was_told=was_told)
    is_ahead = appointment.status == Status.BOOKED
    return _visit(
        appointment,
        was_told=was_told,
        preparation_told=preparation_told,
        next_infusion=_next_infusion(appointment),
        consent_due=_consent_due(appointment) if is_ahead else None,
        intake_lapses=_intake_lapses(appointment) if is_ahead else None,
    )


def _visit(
    appointment: Appointment,
    *,
    was_told: bool = False,
    preparation_told: bool = False,
    next_infusion: datetime | None = None,
    consent_due: Ask | None = None,
    intake_lapses: Ask | None = None,
) -> Visit:
    has_arrived = appointment.status not in (Status.BOOKED, Status.EN_ROUTE)
    return Visit(
        starts_at=appointment.starts_at,
        ends_at=appointment.ends_at,
        zone=ZoneInfo(appointment.time_zone),
        is_consultation=appointment.is_consultation,
        booked_at=promised_at(appointment),
        version=appointment.version,
        revision=appointment.revision,
        fast_from=appointment.fast_from,
        drive_after=appointment.drive_after,
        changed_at=appointment.changed_at if was_told else None,
        first_of_run=appointment.first_of_run,
        next_infusion=next_infusion,
        consent_due=consent_due,
        intake_lapses=intake_lapses,
        preparation_told=preparation_told,
        departed_at=appointment.departed_at,
        arrived_at=now() if has_arrived and appointment.departed_at else None,
        discharged_at=appointment.discharged_at,
        dose_given=appointment.dosed_at is not None,
        cancelled=appointment.status == Status.CANCELLED,
        over=appointment.status in OVER,
    )


def promised_at(appointment: Appointment) -> datetime:
    """Return when the time that holds was promised."""
    is_cancelled = appointment.status == Status.CANCELLED
    rebooked = None if is_cancelled else appointment.changed_at
    return rebooked or appointment.booked_at


def _next_infusion(appointment: Appointment) -> datetime | None:
    later = others(appointment).filter(starts_at__gt=appointment.starts_at).order_by("starts_at")
    return later.values_list("starts_at", flat=True).first()


def _consent_due(appointment: Appointment) -> Ask | None:
    found = unsigned(appointment.patient).values_list("pk", "published_at").first()
    if found is None:
        return None
    document_id, published_at = found
    return Ask(about_consent(document_id), max(published_at, promised_at(appointment)))


def _intake_lapses(appointment: Appointment) -> Ask | None:
    intake_id = lapsing(appointment)
    return Ask(about_intake(intake_id), promised_at(appointment)) if intake_id else None


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
