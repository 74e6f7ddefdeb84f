"""Many instants at once: int64 arrays of microseconds since 1970, and local midnights."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import TypeAlias
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

Instants: TypeAlias = NDArray[np.int64]
Mask: TypeAlias = NDArray[np.bool_]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FIRST_DAY = EPOCH.date().toordinal()
MICROSECOND = timedelta(microseconds=1)
SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR


def micros(instant: datetime) -> int:
    """Microseconds since 1970, exact where a float of seconds is not."""
    return (instant - EPOCH) // MICROSECOND


def instant(microseconds: int) -> datetime:
    """The aware UTC instant of so many microseconds since 1970."""
    return EPOCH + microseconds * MICROSECOND


def array(instants: Iterable[datetime]) -> Instants:
    """Instants as an array."""
    return np.array([micros(one) for one in instants], dtype=np.int64)


def at_local(day: date, clock: time, zone: ZoneInfo) -> int:
    """The instant of a local time of day.

    A time that happens twice means the first; one that is skipped means the moment that the clock
    would have shown had it not been put forward.
    """
    return micros(datetime.combine(day, clock, tzinfo=zone).astimezone(UTC))


@lru_cache(maxsize=256)
def midnights(zone: ZoneInfo, first: date, count: int) -> Instants:
    """The instants at which `count` local days begin, and the one at which the last ends.

    Searches ask for the same days again and again: they share the answer, and none can change it.
    """
    days = (first + timedelta(days=number) for number in range(count + 1))
    begins = np.array([at_local(day, time(), zone) for day in days], dtype=np.int64)
    begins.flags.writeable = False
    return begins
