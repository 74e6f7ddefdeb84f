"""Many messages at once: each lane is a thread with its own database connection and line.

A lane is of one channel, so a provider that hangs keeps only its own lanes waiting.
"""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass, field

from django.conf import settings
from django.db import DatabaseError, connection

from booking.channels import lines
from booking.delivery import recovery, sending
from booking.models import Notice
from booking.notices.planned import NoticeClass
from config.core import heartbeats, steady
from config.core.clock import now

# Short, so that a worker that is told to stop can; the next ring goes on.
RING_SECONDS = 5.0
ROWS_PER_LANE = 5
POLL_SECONDS = 0.25

logger = logging.getLogger(__name__)
_watch = steady.Watch()


@dataclass
class _Ring:
    """What the lanes of one ring share."""

    ends: float = field(default_factory=lambda: time.monotonic() + RING_SECONDS)
    sent: int = 0
    at_work: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def enter(self) -> None:
        with self.lock:
            self.at_work += 1

    def leave(self, *, sent: int) -> bool:
        """Take note of a batch; whether other lanes are still at work."""
        with self.lock:
            self.at_work -= 1
            self.sent += sent
            return self.at_work > 0


def ring() -> int:
    """Send all that is due, within a time, and return how many went."""
    doubt = steady.doubt(_watch)
    if doubt:
        logger.error("only calls of staff are sent: %s", doubt)
    recovery.recover_lapsed()
    classes = (NoticeClass.O,) if doubt else sending.IN_ORDER
    shared, wanted = _Ring(), _wanted()
    if len(wanted) == 1:
        _drive(shared, channel=wanted[0], classes=classes)
    else:
        threads = [
            threading.Thread(target=_lane, args=[shared, channel, classes], name=f"lane-{channel}")
            for channel in wanted
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    if not doubt:
        recovery.expire()
        heartbeats.beat(heartbeats.NOTICES)
    return shared.sent


def _wanted() -> list[str]:
    """Return the channel of each lane worth opening, by how much is due."""
    lanes = {name: -(-_due(name) // ROWS_PER_LANE) for name in sending.CHANNELS}
    return [name for name, count in lanes.items() for _ in range(count)]


def _due(channel: str) -> int:
    """Count what is due by a channel, as far as lanes could be opened for it."""
    at = now()
    most: int = settings.NOTICE_LANES * ROWS_PER_LANE
    rows = [
        Notice.objects.in_line(channel=channel, notice_class=one, at=at)[:most].count()
        for one in sending.IN_ORDER
    ]
    return min(sum(rows), most)


def _lane(shared: _Ring, channel: str, classes: tuple[NoticeClass, ...]) -> None:
    try:
        _drive(shared, channel=channel, classes=classes)
    except DatabaseError as error:
        # What it had claimed lapses, and a later ring sends it.
        logger.warning("a lane ends: %s", type(error).__name__)
    finally:
        connection.close()


def _drive(shared: _Ring, *, channel: str, classes: tuple[NoticeClass, ...]) -> None:
    """Send batches until nothing is due while no other lane is at work either."""
    with lines.line() as line:
        sender = sending.Sender(line, by=(channel,), classes=classes)
        while time.monotonic() < shared.ends:
            taken = sent = 0
            shared.enter()
            try:
                taken, sent = sending.send_some(sender)
            finally:
                others = shared.leave(sent=sent)
            if not taken:
                if not others:
                    return
                time.sleep(POLL_SECONDS)
