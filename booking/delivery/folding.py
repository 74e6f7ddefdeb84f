"""After an outage one message says what several would have: the newest, as a digest.

What comes too late to be said for itself is not sent beside the message that says it better.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Q, QuerySet

from booking.models import Notice, NoticeStatus
from booking.notices.planned import Kind
from config.core.postgres import prepared

# Each of these can say, as a digest, what those before it do.
PREPARATION = (Kind.prepare, Kind.confirm_escort, Kind.evening_before)
# A reminder and its repetition say the same.
REPEATED = (Kind.intake_incomplete, Kind.consent_due, Kind.coming_days, Kind.maintenance)
LATE = timedelta(hours=1)
FOLDED = "said by a newer message"
DIGEST = "digest"
UNSAID = """
SELECT 1 FROM booking_notice
WHERE appointment_id = %s AND version = %s AND recipient = %s AND channel = %s AND kind = ANY(%s)
  AND send_from <= %s
  AND (status IN ('pending', 'claimed', 'sending') AND held_at IS NULL
       OR status = 'expired' AND problem = %s)
LIMIT 1
"""
WAITING = (NoticeStatus.PENDING, NoticeStatus.CLAIMED)


def is_said_by_newer(notice: Notice, *, at: datetime) -> bool:
    """Whether a row an hour late or more has a newer one beside it that says it too, and is due."""
    if at - notice.send_from < LATE:
        return False
    newer = _newer(notice)
    useful = Q(not_after__isnull=True) | Q(not_after__gt=at)
    due = newer.filter(useful, held_at__isnull=True, send_from__lte=at)
    return due.filter(status__in=WAITING).exists()


def is_digest(notice: Notice, *, at: datetime) -> bool:
    """Whether a row has to say what an older one did not get to say."""
    if notice.kind not in PREPARATION[1:] or notice.appointment_id is None:
        return False
    older = [kind.value for kind in PREPARATION[: PREPARATION.index(Kind(notice.kind))]]
    whose = [notice.appointment_id, notice.version, notice.recipient, notice.channel]
    return prepared.row(UNSAID, [*whose, older, at - LATE, FOLDED]) is not None


def noted(why: str) -> str:
    """Return why a message is as it is, once it is a digest."""
    if DIGEST in why:
        return why
    return f"{why}, {DIGEST}" if why else DIGEST


def _newer(notice: Notice) -> QuerySet[Notice]:
    """Return the rows after this one that can say what it does."""
    beside = Notice.objects.beside(notice).filter(
        recipient=notice.recipient, channel=notice.channel
    )
    if notice.kind in PREPARATION:
        place = PREPARATION.index(Kind(notice.kind))
        return beside.filter(kind__in=PREPARATION[place + 1 :])
    if notice.kind in REPEATED:
        return beside.filter(kind=notice.kind, occurrence__gt=notice.occurrence)
    return beside.none()
