"""After a backup was restored: what had been open in it waits for a person.

The backup does not know what was sent after it was made, so nothing of it is sent unasked. Staff
release what is still due, or drop what the recipient has; what nobody decides about is of no use in
the end, and is listed.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import F, QuerySet, Value
from django.db.models.functions import Concat, Left

from booking import attention
from booking.delivery import alarm
from booking.models import Notice, NoticeStatus, Restoration, StaffTask
from config.core.clock import now
from config.core.errors import WrongState
from config.core.models import User

TASK = "messages_held"
PERHAPS_SENT = "may have been sent after the backup was made"


@transaction.atomic
def begin(*, backup_at: datetime) -> Restoration:
    """Hold every open message, before any worker runs again.

    Parameters
    ----------
    backup_at
        Until when the backup knows what was sent; what fell due since may have been sent.

    Raises
    ------
    WrongState
        If the backup were of the future.
    """
    at = now()
    if backup_at > at:
        raise WrongState("A backup is older than now.")
    _lay_down()
    waiting = Notice.objects.filter(status=NoticeStatus.PENDING)
    # Whatever fell due since the backup may have gone, and what was in hand then.
    due = waiting.filter(send_from__lte=at)
    due.update(answers_lost=F("answers_lost") + 1, problem=PERHAPS_SENT)
    held = waiting.update(held_at=at)
    row = Restoration.objects.create(at=at, backup_at=backup_at, held=held)
    if held:
        attention.ask(kind=TASK, key=f"restoration/{row.pk}", detail=_said(row))
    return row


def tell(row: Restoration) -> bool:
    """Write to on-call staff that messages wait for them; false if that did not go."""
    return alarm.write(subject="Messages wait for you", text=_said(row))


def held() -> QuerySet[Notice]:
    """Return what waits for a person, the soonest due first."""
    rows = Notice.objects.held().order_by("send_from", "pk")
    return rows.select_related("appointment__patient__user", "patient__user")


@transaction.atomic
def release(*, notices: Iterable[int], by: User) -> int:
    """Let messages go that are still due, under the rules of any other; return how many."""
    freed = _chosen(notices).update(held_at=None, next_try_at=None, why=_by(by), problem="")
    _close_tasks()
    return freed


@transaction.atomic
def drop(*, notices: Iterable[int], by: User, reason: str) -> int:
    """Give up messages that went before, or that nobody needs; return how many."""
    dropped = _chosen(notices).update(
        status=NoticeStatus.SUPERSEDED,
        problem=f"dropped after the restore by {by.email}: {reason}"[:300],
    )
    _close_tasks()
    return dropped


def _lay_down() -> None:
    """Bring what was in a worker's hand back to the queue, by the ways its states allow."""
    free = {"claimed_by": "", "lease_until": None}
    claimed = Notice.objects.filter(status=NoticeStatus.CLAIMED)
    claimed.update(status=NoticeStatus.PENDING, **free)
    sending = Notice.objects.filter(status=NoticeStatus.SENDING)
    for pk in list(sending.select_for_update().values_list("pk", flat=True)):
        row = Notice.objects.filter(pk=pk)
        row.update(status=NoticeStatus.UNKNOWN, **free)
        row.update(status=NoticeStatus.PENDING)


def _chosen(notices: Iterable[int]) -> QuerySet[Notice]:
    chosen = Notice.objects.held().filter(pk__in=list(notices))
    list(chosen.order_by("pk").select_for_update().values_list("pk"))
    return chosen


def _by(by: User) -> Left:
    """Add to why a message is as it is who decided that it goes."""
    return Left(Concat(F("why"), Value(f" released by {by.email}")), 100)


def _close_tasks() -> None:
    if not Notice.objects.held().exists():
        attention.solved(StaffTask.objects.filter(kind=TASK))


def _said(row: Restoration) -> str:
    pages = Notice.objects.filter(held_at=row.at, notice_class="O").count()
    return (
        f"A backup of {row.backup_at:%Y-%m-%d %H:%M} UTC was restored. {row.held} messages wait: "
        f"look which of them are still due, and release those. {pages} of them call on-call staff. "
        f"Whatever was entered after the backup is lost: {settings.SITE_URL}"
    )
