"""A nurse's free stretches: shifts less visits, with room left for lunch and the day's limits.

A gap says where the nurse comes from and must be next, and what a visit put between may take: see
`slots`. Pure: the nurse's shifts and visits in, gaps out.

Lunch is flexible: `minutes` in one piece, anywhere in its hours; driving may be split by it, a
visit may not. While another gap of the shift can hold it, a gap is one row. The last gap that can
hold it becomes two: lunch after the visit, and lunch before it.

The limits count the nurse's local day: a visit counts to every day it touches, a drive to the day
of the visit it leads to, the drive home to that of the visit it comes from. A gap that reaches over
midnight becomes a row for each day, and one for the visits that touch both.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from math import ceil
from zoneinfo import ZoneInfo

from scheduling.intervals import Interval, merge, overlaps, subtract
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


def gaps(*, nurse: Available, visits: Sequence[Busy], drive: Drive) -> list[Gap]:
    """The free stretches of one nurse's windows, ascending; rows of one stretch may overlap.

    The nurse leaves home at or after a window's start and is home again by its end. What reaches
    out of a window takes its part inside. What lies outside all of them is an outing from home and
    back, whose drives take time from the windows they reach into. Windows that touch are one: she
    need not be home in between.

    Parameters
    ----------
    visits
        All that she holds on the local days of her windows, whether inside them or not.
    drive
        Whole minutes from one place to another.
    """
    windows = merge(nurse.windows)
    stops = sorted(visits, key=lambda busy: busy.interval)
    outings = _outings(windows=windows, visits=stops, zone=nurse.zone)
    held = [*stops, *(_away(outing, home=nurse.home, drive=drive) for outing in outings)]
    chains = [_inside(window, held) for window in windows]
    free = [
        gap
        for window, chain in zip(windows, chains, strict=True)
        for gap in _free(nurse=nurse, window=window, stops=chain, drive=drive)
    ]
    rows = _with_lunches(free, owed=_owed(nurse=nurse, windows=windows, visits=visits))
    if nurse.max_driving is None and nurse.max_working is None:
        return rows
    days = _Days(nurse.zone)
    used = _used(home=nurse.home, visits=stops, chains=chains + outings, drive=drive, days=days)
    return [limited for row in rows for limited in _limited(row, nurse=nurse, used=used, days=days)]


def _inside(window: Interval, held: Iterable[Busy]) -> list[Busy]:
    """What touches a window, ascending."""
    found = (busy for busy in held if overlaps(busy.interval, window))
    return sorted(found, key=lambda busy: busy.interval)


def _outings(
    *, windows: Sequence[Interval], visits: Sequence[Busy], zone: ZoneInfo
) -> list[list[Busy]]:
    """Visits outside all windows; those of one day with no window between are one outing."""
    outings: list[list[Busy]] = []
    for busy in visits:
        if any(overlaps(busy.interval, window) for window in windows):
            continue
        if outings and _follows(outings[-1][-1].interval, busy.interval, windows, zone):
            outings[-1].append(busy)
        else:
            outings.append([busy])
    return outings


def _follows(one: Interval, later: Interval, windows: Sequence[Interval], zone: ZoneInfo) -> bool:
    if one.start.astimezone(zone).date() != later.start.astimezone(zone).date():
        return False
    return not any(one.start < window.start < later.start for window in windows)


def _away(outing: Sequence[Busy], *, home: Place, drive: Drive) -> Busy:
    """An outing as time away from home, its first and last drive included."""
    first, last = outing[0], max(outing, key=lambda busy: busy.interval.end)
    leaves = first.interval.start - timedelta(minutes=drive(home, first.place or home))
    returns = last.interval.end + timedelta(minutes=drive(last.place or home, home))
    return Busy(Interval(leaves, returns), home)


def _free(*, nurse: Available, window: Interval, stops: Sequence[Busy], drive: Drive) -> list[Gap]:
    """What the stops leave of a window; its two ends are stops at home of no length."""
    free: list[Gap] = []
    ready, before = window.start, nurse.home
    for stop in [*stops, None]:
        due = stop.interval.start if stop else window.end
        after = (stop.place if stop else None) or nurse.home
        if ready < due:
            minutes = drive(before, after)
            free.append(Gap(nurse.nurse_id, ready, due, before, after, minutes, ready, due))
        # Of two stops that overlap, the one that ends last says where she is.
        if stop and stop.interval.end > ready:
            ready, before = stop.interval.end, after
    return free


# -- lunch ---------------------------------------------------------------------------------------


def _owed(*, nurse: Available, windows: Sequence[Interval], visits: Sequence[Busy]) -> list[Lunch]:
    """The lunches that no time off within their hours is long enough for, ascending."""
    taken = [*windows, *(busy.interval for busy in visits)]
    return sorted(
        lunch
        for lunch in nurse.lunches
        if all(_minutes(off) < lunch.minutes for off in subtract([lunch.window], taken))
    )


def _with_lunches(free: Sequence[Gap], *, owed: Sequence[Lunch]) -> list[Gap]:
    """The rows of these gaps that leave every lunch its time; none of a shift that has none."""
    rows = list(free)
    for lunch in owed:
        holders = [gap for gap in free if _holds(gap, lunch, owed)]
        if not holders:
            rows = [row for row in rows if not overlaps(_span(row), lunch.shift)]
        elif len(holders) == 1:
            rows = [
                kept
                for row in rows
                for kept in (_around(row, lunch) if _is_part(row, holders[0]) else [row])
            ]
    return rows


def _holds(gap: Gap, lunch: Lunch, owed: Sequence[Lunch]) -> bool:
    """Whether a gap left as it is has time for lunch, beside the drive and other lunches in it."""
    start, end = max(gap.ready, lunch.window.start), min(gap.due, lunch.window.end)
    if end - start < timedelta(minutes=lunch.minutes):
        return False
    needed = sum(other.minutes for other in owed if overlaps(other.window, _span(gap)))
    return _minutes(_span(gap)) >= gap.drive + needed


def _around(row: Gap, lunch: Lunch) -> list[Gap]:
    """The row with lunch after the visit, and with lunch before it, where there is time."""
    break_ = timedelta(minutes=lunch.minutes)
    latest = min(row.due, lunch.window.end) - break_
    earliest = max(row.ready, lunch.window.start) + break_
    split = []
    if latest >= lunch.window.start:
        split.append(replace(row, due=row.due - break_, closes=min(row.closes, latest)))
    if earliest <= lunch.window.end:
        split.append(replace(row, ready=row.ready + break_, opens=max(row.opens, earliest)))
    return [part for part in split if part.opens < part.closes and part.ready < part.due]


def _is_part(row: Gap, gap: Gap) -> bool:
    return gap.ready <= row.ready and row.due <= gap.due


def _span(gap: Gap) -> Interval:
    return Interval(gap.ready, gap.due)


def _minutes(interval: Interval) -> float:
    return (interval.end - interval.start) / timedelta(minutes=1)


# -- the limits of a day -------------------------------------------------------------------------


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
            used[day].working += _minutes(busy.interval)
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
    touched = days.of(_span(row))
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
