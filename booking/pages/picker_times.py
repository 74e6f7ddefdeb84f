"""The times of a day, sorted for a person: mornings, afternoons, evenings, the round ones first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby, islice
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from booking import clock
from booking.pages import picker_words as words

NOON, EVENING = 12, 17
MANY = 8  # times in a part of the day: of more, those between the half hours are set apart
QUARTER = timedelta(minutes=15)
SAME_DAY, OTHER_DAYS = 3, 3


@dataclass(frozen=True, slots=True)
class Time:
    """A time that can be had."""

    starts_at: datetime
    zone: ZoneInfo
    is_chosen: bool = False

    @property
    def at(self) -> str:
        """The instant as addresses carry it."""
        return words.write_at(self.starts_at)

    @property
    def href(self) -> str:
        """The address of what it means."""
        day = clock.local_day(self.starts_at, self.zone)
        query = urlencode({"day": day.isoformat(), "at": self.at}, safe=":")
        return f"?{query}#chosen"

    @property
    def id(self) -> str:
        """Which element it is, so that the focus stays where it was."""
        return f"at-{int(self.starts_at.timestamp())}"

    @property
    def label(self) -> str:
        """`10:30 AM`."""
        return words.say_time(self.starts_at, self.zone)

    @property
    def said(self) -> str:
        """`Tuesday 24 November, 10:30 AM`."""
        return words.say_start(self.starts_at, self.zone)


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a day.

    Attributes
    ----------
    times, between
        Those shown, and those that are a quarter of an hour from one shown.
    """

    id: str
    name: str
    times: tuple[Time, ...]
    between: tuple[Time, ...]

    @property
    def is_open(self) -> bool:
        """Whether one of those set apart is chosen."""
        return any(time.is_chosen for time in self.between)


def parts_of(
    starts: Sequence[datetime], *, zone: ZoneInfo, chosen: datetime | None
) -> Iterator[Part]:
    """Yield the parts of a day that have a time."""
    names = {
        "morning": _("Morning"),
        "afternoon": _("Afternoon"),
        "evening": _("Evening"),
    }
    for part, times in groupby(starts, key=lambda start: _part(start.astimezone(zone).hour)):
        here = list(times)
        shown = _round(here, zone=zone)
        every = [Time(start, zone, start == chosen) for start in here]
        yield Part(
            id=part,
            name=names[part],
            times=tuple(time for time in every if time.starts_at in shown),
            between=tuple(time for time in every if time.starts_at not in shown),
        )


def _part(hour: int) -> str:
    if hour < NOON:
        return "morning"
    return "afternoon" if hour < EVENING else "evening"


def _round(starts: Sequence[datetime], *, zone: ZoneInfo) -> set[datetime]:
    """Return the starts to show: of many those on half hours, and those with none beside them."""
    if len(starts) <= MANY:
        return set(starts)
    halves = {start for start in starts if start.astimezone(zone).minute % 30 == 0}
    alone = {start for start in starts if not {start - QUARTER, start, start + QUARTER} & halves}
    return halves | alone


def nearest(days: Sequence[Sequence[datetime]], *, at: datetime, zone: ZoneInfo) -> Iterator[Time]:
    """Yield a few starts of the day of `at`, then one for each other day, the nearest to its hour.

    Parameters
    ----------
    days
        The starts of each day, the nearest day first; the day of `at` may be among them.
    """
    today = clock.local_day(at, zone)
    same = [start for day in days for start in day if clock.local_day(start, zone) == today]
    near = sorted(same, key=lambda start: (abs(start - at), start))[:SAME_DAY]
    yield from (Time(start, zone) for start in sorted(near))
    others = (
        min(day, key=lambda start: _apart(start.astimezone(zone), at.astimezone(zone)))
        for day in days
        if day and clock.local_day(day[0], zone) != today
    )
    yield from (Time(start, zone) for start in sorted(islice(others, OTHER_DAYS)))


def _apart(one: datetime, other: datetime) -> int:
    """Return by how many minutes two clocks differ, whatever their days."""
    return abs((one.hour - other.hour) * 60 + one.minute - other.minute)
