"""A nurse's free stretches: shifts less visits, with room left for lunch and the day's limits.

A gap says where the nurse comes from and must be next, and what a visit put between may take: see
`slots`. Pure: the nurse's shifts and visits in, gaps out.

Lunch is flexible: `minutes` in one piece, anywhere in its hours; driving may be split by it, a
visit may not. While another gap of the shift can hold it, a gap is one row. The last gap that can
hold it becomes two: lunch after the visit, and lunch before it.

The limits of the nurse's local days are reckoned in `daylimits`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

from scheduling.daylimits import limited
from scheduling.intervals import Interval, merge, overlaps, subtract
from scheduling.nursetime import Available, Busy, Drive, Gap, Lunch, minutes
from scheduling.travel import Place

__all__ = ["Available", "Busy", "Drive", "Gap", "Lunch", "gaps"]


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
    return limited(rows, nurse=nurse, visits=stops, chains=chains + outings, drive=drive)


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
            apart = drive(before, after)
            free.append(Gap(nurse.nurse_id, ready, due, before, after, apart, ready, due))
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
        if all(minutes(off) < lunch.minutes for off in subtract([lunch.window], taken))
    )


def _with_lunches(free: Sequence[Gap], *, owed: Sequence[Lunch]) -> list[Gap]:
    """The rows of these gaps that leave every lunch its time; none of a shift that has none."""
    rows = list(free)
    for lunch in owed:
        holders = [gap for gap in free if _holds(gap, lunch, owed)]
        if not holders:
            rows = [row for row in rows if not overlaps(row.span, lunch.shift)]
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
    needed = sum(other.minutes for other in owed if overlaps(other.window, gap.span))
    return minutes(gap.span) >= gap.drive + needed


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
