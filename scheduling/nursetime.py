"""A nurse's time as values: when she may be sent, what is given away, and what is free between."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from scheduling.intervals import Interval
from scheduling.travel import Place

Drive = Callable[[Place, Place], int]


@dataclass(frozen=True, slots=True, order=True)
class Lunch:
    """A break of `minutes` somewhere in `window`, owed by whoever works `shift`."""

    window: Interval
    minutes: int
    shift: Interval


@dataclass(frozen=True, slots=True)
class Available:
    """A nurse who may be sent, the stretches of time in which she may, and her limits.

    Attributes
    ----------
    max_driving, max_working
        Minutes of driving, and of visits and driving, on one of her local days; None for any.
    """

    nurse_id: int
    home: Place
    zone: ZoneInfo
    windows: tuple[Interval, ...]
    lunches: tuple[Lunch, ...] = ()
    max_driving: int | None = None
    max_working: int | None = None


@dataclass(frozen=True, slots=True)
class Busy:
    """Time already given away: a visit at a place, or (place None) a consultation at home."""

    interval: Interval
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Gap:
    """One free stretch of a nurse's day, `ready` to `due`, and the places at its two ends.

    Attributes
    ----------
    drive
        Minutes from `before` to `after` with nothing put between.
    opens, closes
        What bounds the visit alone, its drives apart.
    spare_driving, spare_working
        Minutes that the day's limits still leave; None where there is no limit.
    """

    nurse_id: int
    ready: datetime
    due: datetime
    before: Place
    after: Place
    drive: int
    opens: datetime
    closes: datetime
    spare_driving: int | None = None
    spare_working: int | None = None

    @property
    def span(self) -> Interval:
        """All of it, the drives included."""
        return Interval(self.ready, self.due)


def minutes(interval: Interval) -> float:
    """How long an interval is."""
    return (interval.end - interval.start) / timedelta(minutes=1)
