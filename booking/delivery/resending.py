"""What a person at the desk does about a message: say it once more, or see to it themselves."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.db.models import Max

from booking.locks import locked
from booking.models import Notice, NoticeStatus
from booking.models.notice import IDENTITY
from booking.notices import standing
from booking.notices.planned import NoticeClass
from config.core.clock import now
from config.core.errors import Malformed, WrongState, deadlocks_retried
from config.core.models import User

REASON_LENGTH = 100
GONE = (NoticeStatus.SENT, NoticeStatus.FAILED, NoticeStatus.EXPIRED, NoticeStatus.UNKNOWN)
IN_ITS_KEY = tuple(field for field in IDENTITY if field != "occurrence")
SAME = (*IN_ITS_KEY, "notice_class", "not_after")


@deadlocks_retried
def resend(*, notice: Notice, reason: str, by: User, form: UUID) -> Notice:
    """Say a message once more, now, as a new row that says why and by whom.

    Parameters
    ----------
    form
        The form that was shown: sent twice it is one message.

    Raises
    ------
    Malformed
        Without a reason.
    WrongState
        If it must not go any more, or has not gone yet.
    """
    reason = " ".join(reason.split())
    if not reason:
        raise Malformed("required", "Please say why it is sent once more.", "reason")
    with transaction.atomic():
        if notice.appointment_id is not None:
            notice.appointment = locked(notice.appointment_id)
        known = Notice.objects.filter(
            appointment=notice.appointment_id, patient=notice.patient_id, facts__form=str(form)
        ).first()
        if known is not None:
            return known
        again = _again(notice, reason=reason, by=by, form=form)
        _refuse(notice, again)
        again.save()
    return again


def may_be_resent(notice: Notice) -> bool:
    """Whether it is a message that went, or that should have, to somebody other than on-call."""
    is_ours = notice.notice_class == NoticeClass.O
    return notice.status in GONE and not is_ours


def _again(notice: Notice, *, reason: str, by: User, form: UUID) -> Notice:
    at = now()
    alike = Notice.objects.filter(**{field: getattr(notice, field) for field in IN_ITS_KEY})
    last = alike.aggregate(last=Max("occurrence"))["last"] or 0
    return Notice(
        **{field: getattr(notice, field) for field in SAME},
        occurrence=last + 1,
        ideal_at=at,
        send_from=at,
        why=reason[:REASON_LENGTH],
        facts={**notice.facts, standing.RESENT: by.pk, "resent_of": notice.pk, "form": str(form)},
    )


def _refuse(notice: Notice, again: Notice) -> None:
    if notice.notice_class == NoticeClass.O:
        raise WrongState("A call rings by itself until somebody acknowledges it.")
    if notice.status not in GONE:
        raise WrongState("It has not gone yet, or was replaced by a newer message.")
    if again.not_after is not None and again.not_after <= again.send_from:
        raise WrongState("It is too late for this message: please call.")
    objection = standing.objection(again)
    if objection:
        raise WrongState(f"It cannot go any more: {objection}.")


def handle(*, notice: Notice, by: User) -> None:
    """Record who saw to a message that did not get through; the first one counts."""
    waiting = Notice.objects.undelivered().filter(pk=notice.pk)
    waiting.update(handled_at=now(), handled_by=by)
