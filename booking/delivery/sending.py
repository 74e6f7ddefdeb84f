"""Claim what is due and send it, once, whatever breaks in between.

A row goes `pending -> claimed -> sending -> sent`. `sending` is committed before the provider is
called; then the row is locked again and stays so through the call, which makes a change of the
visit wait for the answer: no message of a dead version leaves after the change has committed.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID, uuid4

from django.conf import settings
from django.db import DatabaseError, connection, transaction

from booking import driving
from booking.calendars import domain
from booking.channels import lines
from booking.delivery import folding, inhand, providers, recovery
from booking.models import Notice, NoticeStatus
from booking.notices import messages, standing
from booking.notices.planned import Channel, NoticeClass
from config.core.clock import now

BATCH = 20
AT_ONCE = 100
CHANNELS = tuple(channel.value for channel in Channel)
IN_ORDER = (NoticeClass.O, NoticeClass.S, NoticeClass.P, NoticeClass.F)
# Of a lease; what is not begun by then goes back rather than lapse.
USE_OF_LEASE = 0.7
logger = logging.getLogger(__name__)


class NoAddress(lines.NeverSent):
    """There is nowhere to send it to."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A row in a worker's hand."""

    pk: int
    kind: str
    channel: str
    appointment_id: UUID | None


@dataclass(slots=True)
class Sender:
    """Who sends, and over what; one thread's.

    Attributes
    ----------
    by, classes
        What is sent: channels, and classes in the order in which they go.
    resting, failing
        Channels whose providers failed too often, and those that failed at all.
    """

    line: lines.Line
    worker: str = field(default_factory=lambda: uuid4().hex)
    by: Sequence[str] = CHANNELS
    classes: Sequence[str] = IN_ORDER
    resting: set[str] = field(default_factory=set)
    failing: set[str] = field(default_factory=set)


def send_due(*, limit: int = AT_ONCE) -> int:
    """Send what is due, the most urgent first, and return how many went."""
    recovery.recover_lapsed()
    sent = tried = 0
    with lines.line() as line:
        sender = Sender(line)
        while tried < limit:
            taken, went = send_some(sender, limit=min(BATCH, limit - tried))
            tried, sent = tried + taken, sent + went
            if not taken:
                break
    recovery.expire()
    return sent


def send_some(sender: Sender, *, limit: int = BATCH) -> tuple[int, int]:
    """Claim a batch and send it; return how many were taken and how many went."""
    ends = time.monotonic() + settings.NOTICE_LEASE_SECONDS * USE_OF_LEASE
    sender.resting.clear()
    left: list[int] = []
    sent = 0
    taken = claim_due(sender, limit=limit)
    for row in taken:
        if row.channel in sender.resting or time.monotonic() > ends:
            left.append(row.pk)
        elif deliver(row, sender):
            sent += 1
    if left:
        recovery.give_back(left, worker=sender.worker)
    return len(taken), sent


@transaction.atomic
def claim_due(sender: Sender, *, limit: int) -> list[Claimed]:
    """Take due rows that no other worker is taking, and return them in order."""
    at = now()
    room = {channel: _room(channel, sender, most=limit) for channel in sender.by}
    taken: list[Claimed] = []
    for notice_class in sender.classes:
        for channel in sender.by:
            most = min(room[channel], limit - len(taken))
            found = due_rows(channel=channel, notice_class=notice_class, at=at, limit=most)
            room[channel] -= len(found)
            taken += found
    Notice.objects.filter(pk__in=[row.pk for row in taken]).update(
        status=NoticeStatus.CLAIMED, claimed_by=sender.worker, lease_until=recovery.lease()
    )
    return taken


def due_rows(*, channel: str, notice_class: str, at: datetime, limit: int) -> list[Claimed]:
    """Lock what is due of a class by a channel, soonest first: one look along an index."""
    if limit <= 0:
        return []
    rows = Notice.objects.in_line(channel=channel, notice_class=notice_class, at=at)
    locked = rows.select_for_update(skip_locked=True)
    columns = locked.values_list("pk", "kind", "channel", "appointment_id")
    return [Claimed(*row) for row in columns[:limit]]


def _room(channel: str, sender: Sender, *, most: int) -> int:
    failures = providers.failures(channel)
    if failures:
        sender.failing.add(channel)
    return providers.room(channel=channel, failures=failures, most=most)


def deliver(row: Claimed, sender: Sender) -> bool:
    """Send one claimed row; whatever it does, the next one is not held up."""
    try:
        return _try(row, sender)
    except DatabaseError as error:
        # The provider may have it and the row cannot say so: the lapsed lease will put it in doubt.
        logger.warning("notice %s: %s", row.pk, type(error).__name__)
        connection.close_if_unusable_or_obsolete()
        return False


def _try(row: Claimed, sender: Sender) -> bool:
    try:
        _reckon(row)
        went = inhand.begin(pk=row.pk, worker=sender.worker) and _send(row, sender)
    except lines.NotSent as refused:
        _refused(row, sender, refused)
    except lines.PerhapsSent as lost:
        recovery.in_doubt(pk=row.pk, worker=sender.worker, problem=str(lost))
        _strike(row, sender, problem=str(lost), is_down=True)
    except DatabaseError:
        raise
    except Exception as error:  # noqa: BLE001  one poisonous row must not hold the others
        # Only the kind of error: its words could quote the patient.
        problem = type(error).__name__
        logger.warning("notice %s: %s", row.pk, problem)
        recovery.not_sent(pk=row.pk, worker=sender.worker, problem=problem, is_ours=True)
    else:
        if went and row.channel in sender.failing:
            providers.answered(channel=row.channel)
            sender.failing.discard(row.channel)
        return went
    return False


def _refused(row: Claimed, sender: Sender, refused: lines.NotSent) -> None:
    """Believe a refusal for good, save while the provider refuses everybody."""
    problem, is_final = str(refused), isinstance(refused, lines.NeverSent)
    is_ours = isinstance(refused, NoAddress)
    for_good = is_ours or (is_final and not providers.is_failing(row.channel))
    recovery.not_sent(pk=row.pk, worker=sender.worker, problem=problem, for_good=for_good)
    if not is_ours:
        is_down = isinstance(refused, lines.LineDown)
        _strike(row, sender, problem=problem, is_down=is_down)


def _strike(row: Claimed, sender: Sender, *, problem: str, is_down: bool) -> None:
    sender.failing.add(row.channel)
    if providers.failed(channel=row.channel, notice=row.pk, problem=problem, is_down=is_down):
        sender.resting.add(row.channel)


def _reckon(row: Claimed) -> None:
    """Reckon anew until when not to drive, where that is told late and nobody knows the end."""
    if row.kind in standing.OF_DISCHARGE and row.appointment_id is not None:
        driving.keep_to_be_told(row.appointment_id)


@transaction.atomic
def _send(row: Claimed, sender: Sender) -> bool:
    """Lock the row, ask everything again, and keep it locked until the provider answered."""
    notice = inhand.locked(row.pk)
    if not recovery.in_hand(notice, sender.worker):
        return False
    # Only now, under the lock: read together with it they could be as they were before it.
    inhand.read_about(notice)
    at = now()
    objection = standing.objection(notice)
    if objection.startswith(standing.CLOSED):
        raise NoAddress(objection)
    if objection:
        recovery.supersede(notice, problem=objection)
        return False
    until = _not_before(notice, at=at)
    if until is not None or (notice.not_after is not None and notice.not_after <= at):
        # Back to the queue, where it waits or is expired.
        recovery.postpone(notice, until=until or at)
        return False
    if folding.is_said_by_newer(notice, at=at):
        recovery.fold(notice)
        return False
    if folding.is_digest(notice, at=at):
        notice.why = folding.noted(notice.why)
    _hand_over(notice, sender.line)
    return True


def _not_before(notice: Notice, *, at: datetime) -> datetime | None:
    """Return when it may go if not now: the clock was set back, or the hour is quiet."""
    if notice.send_from > at:
        return notice.send_from
    return standing.quiet_until(notice, at=at)


def _hand_over(notice: Notice, line: lines.Line) -> None:
    message = messages.render(notice)
    to = standing.addresses(notice)
    if not to:
        raise NoAddress("no address is set")
    # The same at every try, so that whoever receives it twice can tell.
    notice.message_id = f"<notice-{notice.pk}-v{notice.version}-r{notice.revision}@{domain()}>"
    line.send(channel=notice.channel, to=to, message=message, message_id=notice.message_id)
    notice.status, notice.sent_at = NoticeStatus.SENT, now()
    notice.address, notice.title = ", ".join(to)[:254], message.subject
    notice.body = message.text
    inhand.record(notice)
    recovery.arrived(notice)
