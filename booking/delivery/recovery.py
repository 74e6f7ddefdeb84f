"""What becomes of a notice that did not go: tried again, expired, given up, or in doubt."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q

from booking import attention
from booking.delivery import fallback, folding
from booking.models import Appointment, Notice, NoticeStatus, StaffTask
from booking.notices import words
from booking.notices.planned import Channel, NoticeClass
from config.core.clock import now
from patients.models import Patient

MAX_ATTEMPTS = 8  # of ours that fail by our own fault
LONGEST_WAIT = timedelta(minutes=10)
LONGEST_URGENT_WAIT = timedelta(minutes=1)
DELAYED_AFTER = timedelta(minutes=2)
DELAYED = "message_delayed"
UNDELIVERED = "taken, and not delivered"
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
    is_urgent = notice.notice_class in URGENT
    shortest = timedelta(seconds=5 if is_urgent else 30)
    most = LONGEST_URGENT_WAIT if is_urgent else LONGEST_WAIT
    longest = min(shortest * 2.0 ** min(max(notice.attempts - 1, 0), 10), most)
    return longest * random.uniform(0.5, 1)  # noqa: S311  spreads load, hides nothing


def not_sent(
    *, pk: int, worker: str, problem: str, for_good: bool = False, is_ours: bool = False
) -> None:
    """Try again later, or give up.

    Parameters
    ----------
    for_good
        The provider will never take it.
    is_ours
        It failed before any provider was asked, which more tries seldom mend. Whom a provider turns
        away for now is tried for as long as the message is of use.
    """
    with locked(pk) as notice:
        if not in_hand(notice, worker):
            return
        notice.problem = problem[:300]
        notice.next_try_at = now() + wait(notice)
        useless = notice.not_after is not None and notice.next_try_at >= notice.not_after
        if for_good or useless or (is_ours and notice.attempts >= MAX_ATTEMPTS):
            _close(notice, NoticeStatus.FAILED)
            if not fallback.by_email(notice):
                _ask_for_a_call(notice, "message_failed")
            return
        _close(notice, NoticeStatus.PENDING)
        if notice.notice_class in URGENT and now() - notice.send_from >= DELAYED_AFTER:
            _tell_of_delay(notice)


def not_delivered(pk: int) -> bool:
    """Say another way what a provider took and could not deliver, while it is of use; once."""
    with locked(pk) as notice:
        if notice.status != NoticeStatus.SENT or notice.problem or _is_past(notice):
            return False
        notice.problem = UNDELIVERED
        notice.save(update_fields=["problem"])
        if not fallback.by_email(notice):
            _ask_for_a_call(notice, "message_failed")
        return True


def in_doubt(*, pk: int, worker: str = "", problem: str = "") -> None:
    """The provider may have sent it: repeat once what matters, never a follow-up."""
    with locked(pk) as notice:
        if worker and not in_hand(notice, worker):
            return
        if notice.status != NoticeStatus.SENDING or not (worker or _has_lapsed(notice)):
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
        # Held since a restore and perhaps sent before it: listed, and no reason to call.
        is_told = notice.held_at is not None and notice.answers_lost > 0
        if notice.notice_class in REPEATABLE and not is_told:
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
        claimed = Notice.objects.filter(_lapsed(at), status=NoticeStatus.CLAIMED)
        lapsed = list(claimed.select_for_update(skip_locked=True).values_list("pk", flat=True))
        back = Notice.objects.filter(pk__in=lapsed).update(
            status=NoticeStatus.PENDING, claimed_by="", lease_until=None
        )
    return back + _doubt_lapsed(at) + _call_back(at)


def _lapsed(at: datetime) -> Q:
    """Name leases that are over; one that ends later than any was taken on a clock set wrong."""
    return Q(lease_until__lt=at) | Q(lease_until__gt=at + _longest_lease())


def _has_lapsed(notice: Notice) -> bool:
    at, until = now(), notice.lease_until
    return until is not None and (until < at or until > at + _longest_lease())


def _longest_lease() -> timedelta:
    return timedelta(seconds=settings.NOTICE_LEASE_SECONDS + 1)


def _call_back(at: datetime) -> int:
    """Have calls of staff tried at once that a clock set wrong has put off."""
    far = at + 2 * LONGEST_URGENT_WAIT
    calls = Notice.objects.filter(status=NoticeStatus.PENDING, notice_class=NoticeClass.O)
    # In the words of the index, or every message that waits would be looked at.
    known = calls.filter(channel__in=Channel, held_at__isnull=True)
    return known.filter(next_try_at__gt=far).update(next_try_at=None)


def _doubt_lapsed(at: datetime) -> int:
    """Doubt rows left in `sending`; one that a worker still holds locked is not left."""
    left = Notice.objects.filter(_lapsed(at), status=NoticeStatus.SENDING)
    with transaction.atomic():
        free = list(left.select_for_update(skip_locked=True).values_list("pk", flat=True))
    for pk in free:
        in_doubt(pk=pk)
    return len(free)


def give_back(taken: Sequence[int], *, worker: str) -> None:
    """Put rows that were claimed and not begun back into the queue."""
    mine = Notice.objects.filter(pk__in=taken, status=NoticeStatus.CLAIMED, claimed_by=worker)
    mine.update(status=NoticeStatus.PENDING, claimed_by="", lease_until=None)


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


def fold(notice: Notice) -> None:
    """Close a locked row that a newer one says as well; listed, and nobody need call."""
    notice.problem = folding.FOLDED
    _close(notice, NoticeStatus.EXPIRED)


def supersede(notice: Notice, *, problem: str) -> None:
    """Close a locked row that must not go any more, and say why."""
    notice.problem = problem
    _close(notice, NoticeStatus.SUPERSEDED)


def _close(notice: Notice, status: NoticeStatus) -> None:
    notice.status, notice.claimed_by, notice.lease_until = status, "", None
    notice.save()


def arrived(notice: Notice) -> None:
    """Close what asked for a call because a message was late, now that it went."""
    if notice.attempts > 1 and notice.notice_class in URGENT:
        attention.solved(StaffTask.objects.filter(kind=DELAYED, key=_key(notice)))


def _tell_of_delay(notice: Notice) -> None:
    """Ask for a call about what cannot wait; once, though it is tried again every minute."""
    if not StaffTask.objects.filter(kind=DELAYED, key=_key(notice)).exists():
        _ask_for_a_call(notice, DELAYED)


def _key(notice: Notice) -> str:
    about = notice.appointment_id or notice.patient_id or notice.subject_of
    return f"{about}/{notice.kind}/{notice.version}"


def _ask_for_a_call(notice: Notice, kind: str) -> None:
    """Open a task unless the other channel got the same message through."""
    others = Notice.objects.twins_of(notice).exclude(pk=notice.pk)
    if others.filter(status=NoticeStatus.SENT).exists():
        return
    appointment = notice.appointment
    attention.ask(
        kind=kind,
        key=_key(notice),
        detail=f"“{words.spoken(notice.kind)}” did not reach the {notice.recipient}: please call.",
        appointment=appointment,
        patient=appointment.patient if appointment else notice.patient,
    )
