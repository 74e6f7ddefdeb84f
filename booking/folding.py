"""After an outage one message says what several would have: the newest, as a digest.

What comes too late to be said for itself is not sent beside the message that says it better.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Q, QuerySet

from booking.models import Notice, NoticeStatus
from booking.planned import Kind

# Each of these can say, as a digest, what those before it do.
PREPARATION = (Kind.prepare, Kind.confirm_escort, Kind.evening_before)
# A reminder and its repetition say the same.
REPEATED = (Kind.intake_incomplete, Kind.consent_due, Kind.coming_days, Kind.maintenance)
LATE = timedelta(hours=1)
FOLDED = "said by a newer message"
DIGEST = "digest"
WAITING = (NoticeStatus.PENDING, NoticeStatus.CLAIMED)


def is_said_by_newer(notice: Notice, *, at: datetime) -> bool:
    """Whether a row an hour late or more has a newer one beside it that says it too, and is due."""
    if at - notice.send_from < LATE:
        return False
    newer = _others(notice, newer=True)
    useful = Q(not_after__isnull=True) | Q(not_after__gt=at)
    due = newer.filter(useful, held_at__isnull=True, send_from__lte=at)
    return due.filter(status__in=WAITING).exists()


def is_digest(notice: Notice, *, at: datetime) -> bool:
    """Whether a row has to say what an older one did not get to say."""
    if notice.kind not in PREPARATION[1:]:
        return False
    older = _others(notice, newer=False).filter(send_from__lte=at - LATE)
    unsaid = Q(status__in=[*WAITING, NoticeStatus.SENDING], held_at__isnull=True)
    return older.filter(unsaid | Q(status=NoticeStatus.EXPIRED, problem=FOLDED)).exists()


def noted(why: str) -> str:
    """Return why a message is as it is, once it is a digest."""
    if DIGEST in why:
        return why
    return f"{why}, {DIGEST}" if why else DIGEST


def _others(notice: Notice, *, newer: bool) -> QuerySet[Notice]:
    """Return the rows beside this one that say what it does, before it or after it."""
    beside = Notice.objects.filter(
        appointment=notice.appointment_id,
        patient=notice.patient_id,
        subject_of=notice.subject_of,
        recipient=notice.recipient,
        channel=notice.channel,
        version=notice.version,
    )
    if notice.kind in PREPARATION:
        place = PREPARATION.index(Kind(notice.kind))
        return beside.filter(kind__in=PREPARATION[place + 1 :] if newer else PREPARATION[:place])
    if notice.kind not in REPEATED:
        return beside.none()
    alike = beside.filter(kind=notice.kind)
    if newer:
        return alike.filter(occurrence__gt=notice.occurrence)
    return alike.filter(occurrence__lt=notice.occurrence)
