"""What becomes of a notice that did not go: tried again, expired, given up, or in doubt."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F

from booking import attention, words
from booking.models import Appointment, Notice, NoticeStatus
from booking.planned import NoticeClass
from config.core.clock import now
from patients.models import Patient

MAX_ATTEMPTS = 8
LONGEST_WAIT = timedelta(minutes=15)
URGENT = (NoticeClass.S, NoticeClass.O)
REPEATABLE = (NoticeClass.S, NoticeClass.P, NoticeClass.O)
# A message that went out once too often does less harm than one of these missing.
AT_ONCE = 200


def lease() -> datetime:
    """Return until when a row taken now is in hand."""
    return now() + timedelta(seconds=settings.NOTICE_LEASE_SECONDS)


@contextmanager
def locked(pk: int) -> Iterator[Notice]:
    """Lock the patient, the visit, then the notice: the order of all who change a visit.

    A staff task opened here names patient and visit, so the rows it points to are locked first.
    """
    with transaction.atomic():
        ids = Notice.objects.values("appointment", "appointment__patient", "patient").get(pk=pk)
        patient = ids["appointment__patient"] or ids["patient"]
        Patient.objects.select_for_update(of=("self",), no_key=True).filter(pk=patient).first()
        Appointment.objects.select_for_update(of=("self",), no_key=True).filter(
            pk=ids["appointment"]
        ).first()
        yield Notice.objects.select_for_update().get(pk=pk)


def wait(notice: Notice) -> timedelta:
    """Return how long to wait before the next try: doubling, with jitter, shorter where urgent."""
    shortest = timedelta(seconds=5 if notice.notice_class in URGENT else 30)
    longest = min(shortest * 2.0 ** max(notice.attempts - 1, 0), LONGEST_WAIT)
    return longest * random.uniform(0.5, 1)  # noqa: S311  spreads load, hides nothing


def not_sent(*, pk: int, worker: str, problem: str, for_good: bool = False) -> None:
    """Try again later, or give up: the provider refuses for good, or time or patience is out."""
    with locked(pk) as notice:
        if not in_hand(notice, worker):
            return
        notice.problem = problem[:300]
        notice.next_try_at = now() + wait(notice)
        useless = notice.not_after is not None and notice.next_try_at >= notice.not_after
        if for_good or useless or notice.attempts >= MAX_ATTEMPTS:
            _close(notice, NoticeStatus.FAILED)
            _ask_for_a_call(notice, "message_failed")
        else:
            _close(notice, NoticeStatus.PENDING)


def in_doubt(*, pk: int, worker: str = "", problem: str = "") -> None:
    """The provider may have sent it: repeat once what matters, never a follow-up."""
    with locked(pk) as notice:
        if worker and not in_hand(notice, worker):
            return
        if notice.status != NoticeStatus.SENDING:
            return
        notice.problem = problem or "stopped while it was being sent"
        notice.answers_lost += 1
        _close(notice, NoticeStatus.UNKNOWN)
        if notice.notice_class not in REPEATABLE:
            return
        if notice.answers_lost == 1:
            # A lapsed lease was wait enough; a provider that just broke off is given a moment.
            notice.next_try_at = now() + wait(notice) if worker else None
            notice.status = NoticeStatus.PENDING
            notice.save(update_fields=["status", "next_try_at"])
        else:
            _ask_for_a_call(notice, "message_in_doubt")


def expire_one(pk: int) -> bool:
    """Mark a row that is past its use; staff are told where nothing like it got through."""
    with locked(pk) as notice:
        if notice.status != NoticeStatus.PENDING or not _is_past(notice):
            return False
        _close(notice, NoticeStatus.EXPIRED)
        if notice.notice_class in REPEATABLE:
            _ask_for_a_call(notice, "message_expired")
        return True


def expire() -> int:
    """Mark what is past its use and return how many."""
    waiting = Notice.objects.filter(status=NoticeStatus.PENDING)
    past = waiting.filter(not_after__lte=now()).order_by("not_after", "pk")
    return sum(expire_one(pk) for pk in past.values_list("pk", flat=True)[:AT_ONCE])


def _is_past(notice: Notice) -> bool:
    return notice.not_after is not None and notice.not_after <= now()


def recover_lapsed() -> int:
    """Take back what a worker claimed and did not finish, and return how much."""
    at = now()
    with transaction.atomic():
        claimed = Notice.objects.filter(status=NoticeStatus.CLAIMED, lease_until__lt=at)
        lapsed = list(claimed.select_for_update(skip_locked=True).values_list("pk", flat=True))
        back = Notice.objects.filter(pk__in=lapsed).update(
            status=NoticeStatus.PENDING, claimed_by="", lease_until=None
        )
    return back + _doubt_lapsed(at)


def _doubt_lapsed(at: datetime) -> int:
    """Doubt rows left in `sending`; one that a worker still holds locked is not left."""
    left = Notice.objects.filter(status=NoticeStatus.SENDING, lease_until__lt=at)
    with transaction.atomic():
        free = list(left.select_for_update(skip_locked=True).values_list("pk", flat=True))
    for pk in free:
        in_doubt(pk=pk)
    return len(free)


def in_hand(notice: Notice, worker: str) -> bool:
    """Whether the row is still this worker's to send."""
    return notice.status == NoticeStatus.SENDING and notice.claimed_by == worker


def postpone(notice: Notice, *, until: datetime) -> None:
    """Put a locked row back until the hour is less quiet; that was no try."""
    Notice.objects.filter(pk=notice.pk).update(
        status=NoticeStatus.PENDING,
        claimed_by="",
        lease_until=None,
        next_try_at=until,
        attempts=F("attempts") - 1,
    )


def supersede(notice: Notice, *, problem: str) -> None:
    """Close a locked row that must not go any more, and say why."""
    notice.problem = problem
    _close(notice, NoticeStatus.SUPERSEDED)


def _close(notice: Notice, status: NoticeStatus) -> None:
    notice.status, notice.claimed_by, notice.lease_until = status, "", None
    notice.save()


def _ask_for_a_call(notice: Notice, kind: str) -> None:
    """Open a task unless the other channel got the same message through."""
    twins = Notice.objects.filter(
        appointment=notice.appointment_id,
        patient=notice.patient_id,
        subject_of=notice.subject_of,
        kind=notice.kind,
        occurrence=notice.occurrence,
        recipient=notice.recipient,
        version=notice.version,
        revision=notice.revision,
    )
    if twins.filter(status=NoticeStatus.SENT).exists():
        return
    appointment = notice.appointment
    about = notice.appointment_id or notice.patient_id or notice.subject_of
    attention.ask(
        kind=kind,
        key=f"{about}/{notice.kind}/{notice.version}",
        detail=f"“{words.spoken(notice.kind)}” did not reach the {notice.recipient}: please call.",
        appointment=appointment,
        patient=appointment.patient if appointment else notice.patient,
    )
