"""Whether the clock may be believed: what is due is read from it, and a wrong one sends too early.

Two things give a wrong clock away: PostgreSQL's is another, or it jumped, which a clock that counts
the seconds since the machine was started shows. A jump that stays is believed after a while, since
it may have been set right.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import datetime

from django.db import connection

from config.core.clock import now

MOST_APART = 60.0  # seconds
BELIEVED_AFTER = 600.0  # seconds
WRONG = "clock"


def _since_start() -> float:
    """Return seconds that no setting of the clock changes; sleep of the machine counts."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


@dataclass
class Watch:
    """Remembers how the clock stood to the seconds since the start.

    Attributes
    ----------
    offset
        Seconds between the two when they were last believed.
    jumped_at
        Since when, in seconds since the start, the clock stands elsewhere.
    """

    offset: float = field(default_factory=lambda: now().timestamp() - _since_start())
    jumped_at: float | None = None

    def jump(self) -> float:
        """Return by how many seconds the clock jumped; 0 once that is believed."""
        at = _since_start()
        by = now().timestamp() - at - self.offset
        if abs(by) <= MOST_APART:
            self.jumped_at = None
            return 0.0
        self.jumped_at = at if self.jumped_at is None else self.jumped_at
        if at - self.jumped_at < BELIEVED_AFTER:
            return by
        self.offset, self.jumped_at = self.offset + by, None
        return 0.0


def apart() -> float:
    """Return by how many seconds our clock is ahead of PostgreSQL's."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        theirs: datetime = cursor.fetchone()[0]
    return (now() - theirs).total_seconds()


def doubt(watch: Watch) -> str:
    """Say why the clock is not to be believed; empty if it is."""
    by = watch.jump()
    if by:
        return f"the clock of this machine jumped by {by:.0f} s"
    ahead = apart()
    if abs(ahead) > MOST_APART:
        return f"the clock of this machine is {ahead:+.0f} s from the database's"
    return ""
