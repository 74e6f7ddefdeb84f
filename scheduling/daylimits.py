"""What the limits of a nurse's local days leave of her gaps: driving, and all of her work.

A visit counts to every day it touches, a drive to the day of the visit it leads to, the drive home
to that of the visit it comes from. A gap that reaches over midnight becomes a row for each day, and
one for the visits that touch both.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from math import ceil
from zoneinfo import ZoneInfo

from scheduling.intervals import Interval
from scheduling.nursetime import Available, Busy, Drive, Gap, minutes
from scheduling.travel import Place


def limited(
    rows: Iterable[Gap],
    *,
    nurse: Available,
    visits: Sequence[Busy],
    chains: Sequence[Sequence[Busy]],
    drive: Drive,
) -> list[Gap]:
    """The rows with what each day's limits still leave, those of two days apart.

    Parameters
    ----------
    visits
        All that she holds on the local days of the rows.
    chains
        The same in the order in which she drives, each from home and back.
    drive
        Whole minutes from one place to another.
    """
    days = _Days(nurse.zone)
    used = _used(home=nurse.home, visits=visits, chains=chains, drive=drive, days=days)
    return [part for row in rows for part in _limited(row, nurse=nurse, used=used, days=days)]


class _Days:
    """The local days of a zone."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone

    def of(self, interval: Interval) -> list[date]:
        """Every local day that an interval touches."""
        first = interval.start.astimezone(self._zone).date()
        last = (interval.end - timedelta.resolution).astimezone(self._zone).date()
        return [first + timedelta(days=n) for n in range((last - first).days + 1)]

    def start(self, day: date) -> datetime:
        """The instant at which a day begins."""
        return datetime.combine(day, time(), tzinfo=self._zone).astimezone(UTC)


@dataclass(slots=True)
class _Used:
    """Minutes that a day has already."""

    driving: int = 0
    working: float = 0


def _used(
    *,
    home: Place,
    visits: Sequence[Busy],
    chains: Sequence[Sequence[Busy]],
    drive: Drive,
    days: _Days,
) -> dict[date, _Used]:
    """What each local day holds: its visits, and the drives of its chains from home and back."""
    used: dict[date, _Used] = defaultdict(_Used)
    for busy in visits:
        for day in days.of(busy.interval):
            used[day].working += minutes(busy.interval)
    for chain in chains:
        for one, next_ in pairwise([None, *chain, None]):
            place, there = ((busy.place if busy else None) or home for busy in (one, next_))
            led = next_ or one
            for day in days.of(led.interval) if led else ():
                used[day].driving += drive(place, there)
                used[day].working += drive(place, there)
    return used


def _limited(row: Gap, *, nurse: Available, used: dict[date, _Used], days: _Days) -> Iterable[Gap]:
    """The row with what the limits leave: for each of its days, and for a visit on two of them."""
    touched = days.of(row.span)
    both = list(pairwise(touched))
    for number, day in enumerate(touched):
        yield from _within(row, (day,), nurse=nurse, used=used, days=days)
        for pair in both[number : number + 1]:
            yield from _within(row, pair, nurse=nurse, used=used, days=days)


def _within(
    row: Gap, run: Sequence[date], *, nurse: Available, used: dict[date, _Used], days: _Days
) -> Iterable[Gap]:
    """The row for visits that lie within a run of days."""
    held = [used[day] for day in run]
    within = replace(
        row,
        opens=max(row.opens, days.start(run[0])),
        closes=min(row.closes, days.start(run[-1] + timedelta(days=1))),
        spare_driving=_spare(nurse.max_driving, max(one.driving for one in held)),
        spare_working=_spare(nurse.max_working, max(one.working for one in held)),
    )
    if within.opens < within.closes:
        yield within


def _spare(limit: int | None, used: float) -> int | None:
    return None if limit is None else limit - ceil(used)
