"""Calling on-call staff: at once, at any hour, and again until somebody takes care of it.

A call is rows: one for each address, each channel and each time it rings. All are written together,
so nothing has to remember to ring again; whoever acknowledges locks them all, and a row that is in
the middle of being sent is waited for. After that none goes any more.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from booking import attention
from booking.models import Appointment, Notice, NoticeStatus
from booking.notices import words
from booking.notices.planned import Channel, Kind, NoticeClass, Recipient
from config.core.clock import now
from config.core.models import User
from patients.models import Patient

# At once, and again until somebody acknowledges (`docs/domain.md`, rows 17, 19 and 20).
RINGS = (timedelta(0), timedelta(minutes=5), timedelta(minutes=15))
UNANSWERED_AFTER = timedelta(minutes=20)
TAKEN_CARE_OF = "somebody took care of it"
AT_ONCE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What on-call staff are called about; all rows of one call have this in common."""

    kind: str
    subject_of: str = ""
    appointment: Appointment | None = None
    patient: Patient | None = None
    version: int = 1
    revision: int = 0
    facts: Mapping[str, Any]


def page(
    *,
    kind: str,
    subject_of: str,
    detail_facts: Mapping[str, Any],
    appointment: Appointment | None = None,
    patient: Patient | None = None,
) -> None:
    """Call on-call staff at once, at any hour; once per subject."""
    call = Call(
        kind=kind,
        subject_of=subject_of,
        appointment=appointment,
        patient=None if appointment else patient,
        facts=detail_facts,
    )
    Notice.objects.bulk_create(_rows(call, at=now()), ignore_conflicts=True)


def _rows(call: Call, *, at: datetime) -> Iterator[Notice]:
    for occurrence, after in enumerate(RINGS):
        for channel, seat, address in seats():
            yield Notice(
                appointment=call.appointment,
                patient=call.patient,
                subject_of=call.subject_of,
                kind=call.kind,
                occurrence=occurrence,
                recipient=Recipient.on_call.value,
                channel=channel.value,
                seat=seat,
                notice_class=NoticeClass.O.value,
                version=call.version,
                revision=call.revision,
                ideal_at=at + after,
                send_from=at + after,
                facts={**call.facts, "to": address},
            )


def seats() -> Iterator[tuple[Channel, int, str]]:
    """Yield how on-call staff are reached; a row that cannot go says so, where nobody is named."""
    for seat, address in enumerate(settings.ON_CALL_EMAILS or [""]):
        yield Channel.email, seat, address
    for seat, number in enumerate(settings.ON_CALL_PHONES):
        yield Channel.sms, seat, number


# -- acknowledging -------------------------------------------------------------------------------


def of_one_call(notice: Notice) -> QuerySet[Notice]:
    """Return every row of the call that a row belongs to."""
    return Notice.objects.beside(notice).filter(
        notice_class=NoticeClass.O, kind=notice.kind, revision=notice.revision
    )


@transaction.atomic
def acknowledge(*, notice: Notice, by: User | None = None, address: str = "") -> bool:
    """Record who took care of a call, and ring no more; the first one counts.

    Parameters
    ----------
    by, address
        Who is signed in; or else the address whose link was followed.
    """
    rows = list(of_one_call(notice).order_by("pk").select_for_update(of=("self",)))
    if any(row.acknowledged_at for row in rows):
        return False
    keys = [row.pk for row in rows]
    Notice.objects.filter(pk__in=keys).update(
        acknowledged_at=now(), acknowledged_by=by, acknowledged_as="" if by else address
    )
    waiting = (NoticeStatus.PENDING, NoticeStatus.CLAIMED)
    Notice.objects.filter(pk__in=keys, status__in=waiting).update(
        status=NoticeStatus.SUPERSEDED, problem=TAKEN_CARE_OF, claimed_by="", lease_until=None
    )
    return True


def objection(notice: Notice, *, at: datetime) -> str:
    """Say why a row of a call must not ring any more; empty if it may."""
    if notice.acknowledged_at is not None:
        return TAKEN_CARE_OF
    later = RINGS[notice.occurrence + 1 :]
    rings_again = [notice.send_from - RINGS[notice.occurrence] + after for after in later]
    # After an outage one ring says it, not three at once.
    return "it rings again" if any(ring <= at for ring in rings_again) else ""


# -- looked for every few seconds ----------------------------------------------------------------


def sweep() -> int:
    """Ring on about visits without a discharge, and say which calls nobody answered."""
    return ring_on() + ask_about_unanswered()


def ring_on() -> int:
    """Have the planned notice of a missed discharge ring as every call does."""
    again = Notice.objects.filter(
        kind=Kind.no_discharge,
        recipient=Recipient.on_call,
        appointment=OuterRef("appointment"),
        version=OuterRef("version"),
        revision=OuterRef("revision"),
    )
    overdue = Notice.objects.calling().filter(kind=Kind.no_discharge, recipient=Recipient.staff)
    keys = list(overdue.filter(~Exists(again)).values_list("pk", flat=True)[:AT_ONCE])
    return sum(_ring_on(pk) for pk in keys)


@transaction.atomic
def _ring_on(pk: int) -> bool:
    first = Notice.objects.select_for_update(of=("self",)).get(pk=pk)
    if first.acknowledged_at is not None or first.status == NoticeStatus.SUPERSEDED:
        return False
    call = Call(
        kind=first.kind,
        subject_of=first.subject_of,
        appointment=first.appointment,
        version=first.version,
        revision=first.revision,
        facts=first.facts,
    )
    said = (0, Channel.email)  # by the planned row itself
    rows = _rows(call, at=first.send_from)
    Notice.objects.bulk_create(
        [row for row in rows if (row.occurrence, row.channel) != said], ignore_conflicts=True
    )
    return True


def unanswered() -> QuerySet[Notice]:
    """Return calls that rang to the end and nobody acknowledged: one row each, newest first."""
    last = Notice.objects.calling().filter(send_from__lte=now() - UNANSWERED_AFTER)
    return last.filter(occurrence=0)


def ask_about_unanswered() -> int:
    """Open a task for each call that nobody answered, once."""
    asked = 0
    for notice in unanswered()[:AT_ONCE]:
        about = notice.subject_of or str(notice.appointment_id)
        asked += attention.ask_once(
            kind="page_unanswered",
            key=f"unanswered/{about}/{notice.kind}",
            detail=f"“{words.spoken(notice.kind)}” rang and nobody acknowledged it.",
            appointment=notice.appointment,
            patient=notice.patient,
        )
    return asked
