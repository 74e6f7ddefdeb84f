"""What a patient is told when something comes to stand in the way of a promised visit, or goes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models import Max, Q, QuerySet

from booking import attention, rules
from booking.models import OPEN, Appointment, Notice, NoticeStatus
from booking.notices.planned import Channel, Kind, NoticeClass, Recipient
from booking.notices.replaced import supersede
from booking.notices.standing import GATE, GATE_OPEN, preferences_of
from config.core.clock import now
from config.core.errors import Reason

REACHED = Q(status__in=[NoticeStatus.SENT, NoticeStatus.SENDING]) | Q(answers_lost__gt=0)


def tell_closed(*, appointment: Appointment, reasons: Sequence[Reason]) -> None:
    """Tell the patient and staff that a gate closed over a promised visit, and what comes next."""
    _say(appointment, facts={})
    attention.ask(
        kind="visit_blocked",
        key=str(appointment.pk),
        detail=f"A promised visit may not go ahead: {', '.join(r.code for r in reasons)}."[:500],
        appointment=appointment,
        patient=appointment.patient,
    )


def tell_open(*, appointment: Appointment) -> None:
    """Tell that every gate is open again, to whom was told that one had closed."""
    said = _about(appointment)
    list(said.filter(status__in=OPEN).order_by("pk").select_for_update().values_list("pk"))
    last = said.filter(REACHED).order_by("occurrence").last()
    if last is None or last.facts.get(GATE_OPEN):
        supersede(said)
    else:
        _say(appointment, facts={GATE_OPEN: True})


def _about(appointment: Appointment) -> QuerySet[Notice]:
    return Notice.objects.filter(
        appointment=appointment, subject_of=GATE, version=appointment.version
    )


def _say(appointment: Appointment, *, facts: dict[str, Any]) -> None:
    """Say it in place of whatever was still to be said about the gates of this visit."""
    about = Notice.objects.filter(appointment=appointment, subject_of=GATE)
    supersede(about)
    at = now()
    said_before = _about(appointment).aggregate(last=Max("occurrence"))["last"]
    row = {
        **_when(appointment, at=at),
        "appointment": appointment,
        "subject_of": GATE,
        "kind": Kind.changed.value,
        "occurrence": 0 if said_before is None else said_before + 1,
        "recipient": Recipient.patient.value,
        "version": appointment.version,
        "facts": facts,
    }
    accepts = preferences_of(appointment.patient).accept
    Notice.objects.bulk_create(
        Notice(**row, channel=channel.value)
        for channel in Channel
        if accepts(Recipient.patient, channel)
    )


def _when(appointment: Appointment, *, at: datetime) -> dict[str, Any]:
    figures = rules.plan_rules()
    is_near = appointment.starts_at - at < figures.near
    return {
        "notice_class": (NoticeClass.S if is_near else NoticeClass.F).value,
        "ideal_at": at,
        "send_from": at if is_near else at + figures.grace,
        "not_after": max(appointment.starts_at, at + figures.grace),
    }
