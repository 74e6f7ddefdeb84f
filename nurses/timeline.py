"""A day drawn to scale: instants as places between the left and the right edge."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from booking.clock import at_local, say_time
from scheduling.intervals import Interval

HOUR = timedelta(hours=1)
# With more hours than these, only every second one is named.
CROWDED = 15


class Span(NamedTuple):
    """Where something lies, as SVG says it: per cent of the width."""

    x: str
    width: str


class Tick(NamedTuple):
    """One whole hour."""

    x: str
    label: str


@dataclass(frozen=True, slots=True)
class Axis:
    """The hours of a day that are shown, whole ones, and the zone that names them."""

    start: datetime
    end: datetime
    zone: ZoneInfo

    @property
    def ticks(self) -> list[Tick]:
        """Every whole hour, named where there is room."""
        hours = round((self.end - self.start) / HOUR)
        step = 1 if hours <= CROWDED else 2
        return [
            Tick(self.place(at), self.name(at) if not number % step and number < hours else "")
            for number, at in ((n, self.start + n * HOUR) for n in range(hours + 1))
        ]

    @property
    def zone_name(self) -> str:
        """What the clock is called there that day: `CST`."""
        return self.start.astimezone(self.zone).strftime("%Z")

    def place(self, instant: datetime) -> str:
        """Say where an instant lies; what is outside lies on the edge."""
        return _per_cent(self._share(instant))

    def span(self, interval: Interval) -> Span:
        """Say where the part of an interval lies that is on the axis."""
        start, end = self._share(interval.start), self._share(interval.end)
        return Span(_per_cent(start), _per_cent(end - start))

    def shows(self, interval: Interval) -> bool:
        """Whether any of an interval is on the axis."""
        return interval.start < self.end and self.start < interval.end

    def name(self, instant: datetime) -> str:
        """Say a time in short: `8:15 AM`, `9 AM`."""
        return say_time(instant, self.zone).replace(":00", "")

    def spoken(self, interval: Interval) -> str:
        """Say a stretch of the day in short: `8:15 AM–1 PM`."""
        return f"{self.name(interval.start)}–{self.name(interval.end)}"

    def _share(self, instant: datetime) -> float:
        share = (instant - self.start) / (self.end - self.start)
        return min(max(share, 0.0), 1.0)


def axis(*, day: date, opens: time, closes: time, zone: ZoneInfo, held: Iterable[Interval]) -> Axis:
    """Return the hours of service on a day, and as many more as what is held needs."""
    instants = [at_local(day, opens, zone), at_local(day, closes, zone)]
    for interval in held:
        instants += [interval.start, interval.end]
    first, last = _whole_hour(min(instants)), _whole_hour(max(instants))
    end = last if last == max(instants) else last + HOUR
    return Axis(start=first, end=max(end, first + HOUR), zone=zone)


def spoken(interval: Interval, zone: ZoneInfo) -> str:
    """Say a stretch of a day: `8:15 AM–11:25 AM`."""
    return f"{say_time(interval.start, zone)}–{say_time(interval.end, zone)}"


def _whole_hour(instant: datetime) -> datetime:
    """Return the hour that an instant lies in; every zone served is whole hours from UTC."""
    return instant.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def _per_cent(share: float) -> str:
    # Never as the reader's language writes numbers: SVG knows only the point.
    return f"{100 * share:.3f}%"
