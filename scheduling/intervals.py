"""Stretches of time as half-open UTC intervals: the start belongs to them, the end does not.

Touching intervals therefore do not overlap, and a list that a function returns is sorted, with
overlapping and touching pieces made one.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True, order=True)
class Interval:
    """From `start` until just before `end`, both kept in UTC.

    Raises
    ------
    ValueError
        If an end is naive or too far off to be held in UTC, or the interval is empty.
    """

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        # Two instants of one zone compare by wall clock, wrong when clocks go back: keep UTC.
        object.__setattr__(self, "start", _utc(self.start))
        object.__setattr__(self, "end", _utc(self.end))
        if self.start >= self.end:
            raise ValueError("an interval ends after it starts")


def _utc(instant: datetime) -> datetime:
    if instant.utcoffset() is None:
        raise ValueError("an instant needs a zone")
    try:
        return instant.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(f"year {instant.year} is out of range") from error


def contains(outer: Interval, inner: Interval) -> bool:
    """Whether all of `inner` lies in `outer`."""
    return outer.start <= inner.start and inner.end <= outer.end


def overlaps(one: Interval, other: Interval) -> bool:
    """Whether the two share any moment; touching is not sharing."""
    return one.start < other.end and other.start < one.end


def merge(intervals: Iterable[Interval]) -> list[Interval]:
    """The same stretches of time, sorted, with overlapping and touching ones made one."""
    merged: list[Interval] = []
    for interval in sorted(intervals):
        if merged and interval.start <= merged[-1].end:
            last = merged.pop()
            merged.append(Interval(last.start, max(last.end, interval.end)))
        else:
            merged.append(interval)
    return merged


def subtract(intervals: Iterable[Interval], taken: Iterable[Interval]) -> list[Interval]:
    """What is left of `intervals` once `taken` is cut out."""
    left: list[Interval] = []
    cuts = merge(taken)
    for interval in merge(intervals):
        free_from = interval.start
        for cut in cuts:
            if not overlaps(interval, cut):
                continue
            if free_from < cut.start:
                left.append(Interval(free_from, cut.start))
            free_from = cut.end
        if free_from < interval.end:
            left.append(Interval(free_from, interval.end))
    return left
