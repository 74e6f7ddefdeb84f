"""What the product reckons of all nurses at once, told one by one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from scheduling.gaps import Gap, Lunch
from scheduling.intervals import Interval, merge, overlaps, subtract
from scheduling.models import Shift, ShiftException
from scheduling.travel import Place, Travel
from tests.scheduling.columns import limit

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)


def hours(
    *,
    shifts: Sequence[Shift],
    exceptions: Sequence[ShiftException],
    off: Iterable[Interval],
    zone: ZoneInfo,
    first: date,
    last: date,
) -> tuple[list[Interval], list[Lunch]]:
    """The stretches worked on the days from `first` to `last`, and the lunches."""
    off_all_day = {one.day for one in exceptions if one.starts is None}
    patterns = [
        (stretch, lunch(shift, day, stretch, zone))
        for day in days(first - DAY, last)
        for shift in shifts
        if day not in off_all_day and is_worked(shift, day)
        for stretch in between(day, shift.starts, shift.ends, zone)
    ]
    changed = [(one, stretch) for one in exceptions for stretch in change(one, zone)]
    worked = [stretch for stretch, _ in patterns]
    worked += [
        stretch for one, stretch in changed if one.effect == "extra" and one.day not in off_all_day
    ]
    taken = [*off, *(stretch for one, stretch in changed if one.effect == "off")]
    asked = Interval(midnight(first, zone), midnight(last + DAY, zone))
    kept = [one for one in merge(worked) if overlaps(one, asked)]
    return subtract(kept, taken), sorted(one for _, lunches in patterns for one in lunches)


def change(one: ShiftException, zone: ZoneInfo) -> list[Interval]:
    if one.starts is None or one.ends is None:
        return [Interval(midnight(one.day, zone), midnight(one.day + DAY, zone))]
    return between(one.day, one.starts, one.ends, zone)


def is_worked(shift: Shift, day: date) -> bool:
    if shift.weekday != day.weekday() or day < shift.valid_from:
        return False
    return shift.valid_until is None or day <= shift.valid_until


def lunch(shift: Shift, day: date, stretch: Interval, zone: ZoneInfo) -> list[Lunch]:
    if shift.lunch_from is None or shift.lunch_until is None:
        return []
    begins = day if shift.lunch_from >= shift.starts else day + DAY
    return [
        Lunch(window, min(shift.lunch_minutes, (window.end - window.start) // MINUTE), stretch)
        for window in between(begins, shift.lunch_from, shift.lunch_until, zone)
    ]


def between(day: date, starts: time, ends: time, zone: ZoneInfo) -> list[Interval]:
    """The stretch between two clock times; none if the clock skips it."""
    until = day if ends > starts else day + DAY
    start = datetime.combine(day, starts, tzinfo=zone).astimezone(UTC)
    end = datetime.combine(until, ends, tzinfo=zone).astimezone(UTC)
    return [Interval(start, end)] if start < end else []


def midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), tzinfo=zone).astimezone(UTC)


def days(first: date, last: date) -> list[date]:
    return [first + number * DAY for number in range((last - first).days + 1)]


def feasible(
    *, gap: Gap, here: Place | None, starts_at: datetime, minutes: int, travel: Travel
) -> bool:
    """Whether a visit fits a gap, with the drives before and after it.

    Parameters
    ----------
    here
        Where the visit is; None for a consultation at the desk, which counts no travel.
    minutes
        Length of the whole visit.
    """
    drive_to = travel.minutes(gap.before, here) if here else 0
    drive_on = travel.minutes(here, gap.after) if here else 0
    extra = drive_to + drive_on - gap.drive if here else 0
    earliest = max(gap.opens, gap.ready + timedelta(minutes=drive_to))
    latest = min(gap.closes, gap.due - timedelta(minutes=drive_on)) - timedelta(minutes=minutes)
    return (
        earliest <= starts_at <= latest
        and (here is None or extra <= limit(gap.spare_driving))
        and extra + minutes <= limit(gap.spare_working)
    )
