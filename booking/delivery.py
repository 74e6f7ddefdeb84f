"""Claim what is due and send it, once, whatever breaks in between.

A row goes `pending -> claimed -> sending -> sent`. `sending` is committed before the provider is
called; then the row is locked again and stays so through the call, which makes a change of the
visit wait for the answer: no message of a dead version leaves after the change has committed.
"""

from __future__ import annotations

import logging
from uuid import uuid4

from django.db import DatabaseError, transaction
from django.db.models import F

from booking import channels, driving, messages, recovery, standing
from booking.calendars import domain
from booking.models import Notice, NoticeStatus
from config.core.clock import now

BATCH = 5
AT_ONCE = 100

logger = logging.getLogger(__name__)


def send_due(*, limit: int = AT_ONCE) -> int:
    """Send what is due, the most urgent first, and return how many went."""
    recovery.recover_lapsed()
    recovery.expire()
    worker = uuid4().hex
    sent = tried = 0
    while tried < limit:
        taken = claim_due(worker=worker, limit=min(BATCH, limit - tried))
        if not taken:
            break
        tried += len(taken)
        sent += sum(deliver(pk=pk, worker=worker) for pk in taken)
    return sent


@transaction.atomic
def claim_due(*, worker: str, limit: int) -> list[int]:
    """Take due rows that no other worker is taking, and return their numbers in order."""
    due = Notice.objects.due(at=now()).select_for_update(skip_locked=True)
    taken = list(due.values_list("pk", flat=True)[:limit])
    Notice.objects.filter(pk__in=taken).update(
        status=NoticeStatus.CLAIMED, claimed_by=worker, lease_until=recovery.lease()
    )
    return taken


def deliver(*, pk: int, worker: str) -> bool:
    """Send one claimed row; whatever it does, the next one is not held up."""
    try:
        _reckon(pk)
        return _begin(pk=pk, worker=worker) and _send(pk=pk, worker=worker)
    except channels.NeverSent as refused:
        recovery.not_sent(pk=pk, worker=worker, problem=str(refused), for_good=True)
    except channels.NotSent as refused:
        recovery.not_sent(pk=pk, worker=worker, problem=str(refused))
    except channels.PerhapsSent as lost:
        recovery.in_doubt(pk=pk, worker=worker, problem=str(lost))
    except DatabaseError as error:
        # The provider may have it and the row cannot say so: the lapsed lease will put it in doubt.
        logger.warning("notice %s: %s", pk, type(error).__name__)
    except Exception as error:  # noqa: BLE001  one poisonous row must not hold the others
        # Only the kind of error: its words could quote the patient.
        logger.warning("notice %s: %s", pk, type(error).__name__)
        recovery.not_sent(pk=pk, worker=worker, problem=type(error).__name__)
    return False


def _reckon(pk: int) -> None:
    """Reckon anew until when not to drive, where that is told late and nobody knows the end."""
    notice = Notice.objects.only("kind", "appointment_id").get(pk=pk)
    if notice.kind in standing.OF_DISCHARGE and notice.appointment_id is not None:
        driving.keep_to_be_told(notice.appointment_id)


def _begin(*, pk: int, worker: str) -> bool:
    """Commit that the provider is about to be called; false if the row is not ours any more."""
    mine = Notice.objects.filter(
        pk=pk, status=NoticeStatus.CLAIMED, claimed_by=worker, lease_until__gt=now()
    )
    begun = mine.update(
        status=NoticeStatus.SENDING, lease_until=recovery.lease(), attempts=F("attempts") + 1
    )
    return begun == 1


@transaction.atomic
def _send(*, pk: int, worker: str) -> bool:
    """Lock the row, ask everything again, and keep it locked until the provider answered."""
    notice = Notice.objects.select_for_update().get(pk=pk)
    if not recovery.in_hand(notice, worker):
        return False
    at = now()
    objection = standing.objection(notice)
    if objection:
        recovery.supersede(notice, problem=objection)
        return False
    until = standing.quiet_until(notice, at=at)
    if until is not None or (notice.not_after is not None and notice.not_after <= at):
        # Back to the queue, where it waits or is expired.
        recovery.postpone(notice, until=until or at)
        return False
    _hand_over(notice)
    return True


def _hand_over(notice: Notice) -> None:
    message = messages.render(notice)
    to = standing.addresses(notice)
    if not to:
        raise channels.NeverSent("no address is set")
    # The same at every try, so that whoever receives it twice can tell.
    notice.message_id = f"<notice-{notice.pk}-v{notice.version}-r{notice.revision}@{domain()}>"
    channels.send(channel=notice.channel, to=to, message=message, message_id=notice.message_id)
    notice.status, notice.sent_at = NoticeStatus.SENT, now()
    notice.address, notice.title = ", ".join(to)[:254], message.subject
    notice.body, notice.problem = message.text, ""
    notice.claimed_by, notice.lease_until = "", None
    notice.save()
