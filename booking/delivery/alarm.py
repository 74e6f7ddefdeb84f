"""Nobody delivers: noticed by a process that needs neither Redis nor a worker, and told directly.

An outage is a row, opened once and closed once. Staff get a task and on-call an e-mail that does
not go through the queue it warns of, at the beginning and at the end.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.utils.formats import date_format

from booking import attention
from booking.delivery import providers
from booking.models import Outage, StaffTask
from booking.notices import ledger
from config.core import heartbeats, steady
from config.core.clock import now

SILENT_AFTER = timedelta(minutes=2)
OVERDUE_AFTER = timedelta(minutes=3)
FAILING_AFTER = timedelta(minutes=2)
# All is well for this long before an outage counts as over: one that comes and goes is told once.
WELL_FOR = timedelta(minutes=1)
DELIVERY, DATABASE = "delivery", "database"
TASK = "messages_stopped"

logger = logging.getLogger(__name__)


@dataclass
class Lookout:
    """What one process that watches remembers between two looks."""

    began_at: datetime = field(default_factory=now)
    clock: steady.Watch = field(default_factory=steady.Watch)
    well_since: dict[str, datetime] = field(default_factory=dict)


def look(lookout: Lookout) -> list[str]:
    """Open, tell and close outages; return the kinds of those that are open."""
    at = now()
    wrong = dict(_wrong(lookout, at=at))
    for kind, detail in wrong.items():
        lookout.well_since.pop(kind, None)
        _open(kind=kind, detail=detail)
    for outage in Outage.objects.filter(ended_at__isnull=True).exclude(kind__in=wrong):
        if at - lookout.well_since.setdefault(outage.kind, at) >= WELL_FOR:
            _close(outage)
    _tell()
    heartbeats.beat(heartbeats.WATCH)
    return list(wrong)


def _wrong(lookout: Lookout, *, at: datetime) -> Iterator[tuple[str, str]]:
    """Name what keeps messages from going out."""
    doubt = steady.doubt(lookout.clock)
    if doubt:
        yield steady.WRONG, f"Messages wait, since {doubt}: set it right."
    for line in providers.failing().filter(failing_since__lte=at - FAILING_AFTER):
        yield (
            f"{line.channel} provider",
            f"The provider of {line.channel} has taken no message since "
            f"{_clock(line.failing_since or at)}: {line.problem}.",
        )
    # What was left lying while the whole house stood still is no alarm yet: its senders start too.
    watched = at - lookout.began_at
    silent_since = max(heartbeats.last(heartbeats.NOTICES) or lookout.began_at, lookout.began_at)
    waited = timedelta(seconds=ledger.oldest_overdue_seconds())
    if not doubt and at - silent_since >= SILENT_AFTER:
        yield DELIVERY, f"Nobody has looked for due messages since {_clock(silent_since)}."
    elif not doubt and min(waited, watched) >= OVERDUE_AFTER:
        yield DELIVERY, f"Due messages do not go out: the oldest waits since {_clock(at - waited)}."


@transaction.atomic
def _open(*, kind: str, detail: str) -> None:
    """Open an outage unless it is open, with its task."""
    row = Outage(kind=kind, detail=detail[:500])
    Outage.objects.bulk_create([row], ignore_conflicts=True)
    outage = Outage.objects.get(kind=kind, ended_at__isnull=True)
    if not StaffTask.objects.filter(kind=TASK, key=_key(outage)).exists():
        logger.critical("%s", outage.detail)
        attention.ask(kind=TASK, key=_key(outage), detail=outage.detail)


@transaction.atomic
def _close(outage: Outage) -> None:
    if Outage.objects.filter(pk=outage.pk, ended_at__isnull=True).update(ended_at=now()):
        attention.solved(StaffTask.objects.filter(kind=TASK, key=_key(outage)))


def _key(outage: Outage) -> str:
    return f"outage/{outage.pk}"


def _tell() -> None:
    """Tell on-call staff of each outage, and that it is over: each once, whoever else watches."""
    for outage in Outage.objects.filter(ended_at__isnull=True, told_at__isnull=True):
        _tell_one(outage, told="told_at", subject="Messages do not go out", text=outage.detail)
    for outage in Outage.objects.filter(ended_at__isnull=False, told_over_at__isnull=True):
        times = f"From {_clock(outage.began_at)} to {_clock(outage.ended_at or now())}"
        text = f"It is over. {times}: {outage.detail}"
        _tell_one(outage, told="told_over_at", subject="Messages go out again", text=text)


@transaction.atomic
def _tell_one(outage: Outage, *, told: str, subject: str, text: str) -> None:
    untold = Outage.objects.filter(pk=outage.pk, **{f"{told}__isnull": True})
    mine = untold.select_for_update(skip_locked=True).first()
    if mine is not None and write(subject=subject, text=text):
        setattr(mine, told, now())
        mine.save(update_fields=[told])


def write(*, subject: str, text: str) -> bool:
    """Write to on-call staff directly, past the queue; false if that did not go either."""
    if not settings.ON_CALL_EMAILS:
        return False
    link = f"{settings.SITE_URL}/readyz"
    email = EmailMessage(
        subject=f"{settings.CLINIC_NAME}: {subject}",
        body=f"{text}\n\nHow things stand: {link}\n",
        to=list(settings.ON_CALL_EMAILS),
        headers={"Auto-Submitted": "auto-generated"},
    )
    try:
        email.send()
    except Exception as error:  # noqa: BLE001  whatever it was, it is tried again
        logger.critical("on-call staff could not be told: %s", type(error).__name__)
        return False
    return True


def standing() -> str:
    """Say what is wrong, for an operator's probe; "ok" if nothing is."""
    open_ones = Outage.objects.filter(ended_at__isnull=True).order_by("began_at")
    return " ".join(outage.detail for outage in open_ones) or "ok"


def _clock(at: datetime) -> str:
    return f"{date_format(at, 'D j M, H:i')} UTC"
