"""The free stretches of every nurse at once: what `gaps.gaps` says of one, as columns.

Nearly every nurse's day is plain: its shifts, visits and lunch lie within the local day, visits
lie one after the other inside a shift. Those are reckoned all together. A day that is not, and
whatever hangs together with it over midnight, is handed to `gaps.gaps`; so is the meaning of it
all. Pure: columns in, rows out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache

import numpy as np

from scheduling import legs, plaindays
from scheduling.gaps import Busy, Drive, Gap, gaps
from scheduling.instants import MINUTE, Instants, Mask
from scheduling.plaindays import Chains
from scheduling.sheet import Days, Held, Ints, Sheet, Spans, available_of
from scheduling.slots import Rows, rows_of
from scheduling.travel import Place, Travel, spots


def rows(*, sheet: Sheet, held: Held, travel: Travel, shortest: int = 0) -> Rows:
    """The rows of all nurses: what `gaps.gaps` gives for each.

    Parameters
    ----------
    held
        All that the nurses hold on the local days of their windows, inside them or not.
    shortest
        Minutes: rows of plain days that are shorter may be left out.
    """
    held = held.sorted()
    days = Days.of(sheet, held)
    inside = _inside(sheet.windows, held.spans)
    odd = _odd(sheet, held, inside, days=days, travel=travel)
    day = days.number(sheet.windows.nurse, sheet.windows.start)
    is_plain = ~odd[sheet.windows.nurse, day]
    taken = inside[1] - inside[0] == 1
    taken &= np.append(is_plain, np.False_)[np.minimum(inside[0], len(is_plain))]
    place = np.cumsum(is_plain) - 1  # of each window among the plain ones
    chains = Chains.of(
        sheet.windows.where(is_plain),
        day=day[is_plain],
        visits=Held(held.spans.where(taken), held.places[taken]),
        window_of=place[inside[0][taken]],
    )
    plain = plaindays.rows(sheet, chains, days=days, travel=travel, shortest=shortest)
    return _joined(plain, rows_of(list(_by_hand(sheet, held, days=days, odd=odd, travel=travel))))


# -- what is not plain -----------------------------------------------------------------------------


def _inside(windows: Spans, spans: Spans) -> tuple[Ints, Ints]:
    """The range [first, stop) of windows that each span overlaps."""
    both = (windows, spans)
    ends = [int(one.end.max()) for one in both if len(one.end)]
    base = min((int(one.start.min()) for one in both if len(one.start)), default=0)
    width = max(ends, default=0) - base + 1

    def keys(nurse: Ints, at: Instants) -> Ints:
        return nurse * width + (at - base)

    first = np.searchsorted(
        keys(windows.nurse, windows.end), keys(spans.nurse, spans.start), side="right"
    )
    stop = np.searchsorted(
        keys(windows.nurse, windows.start), keys(spans.nurse, spans.end), side="left"
    )
    return first, stop


def _odd(
    sheet: Sheet, held: Held, inside: tuple[Ints, Ints], *, days: Days, travel: Travel
) -> Mask:
    """Which days of which nurse, (nurses, days), are not plain."""
    odd = np.zeros((len(sheet.staff.numbers), days.count), dtype=np.bool_)
    for spans in (
        _over_midnight(sheet.windows, days),
        _over_midnight(_beyond(sheet.windows, held.spans, inside), days),
        _over_midnight(sheet.lunches.shift, days),
        _odd_lunches(sheet, days),
        _overlapping(held.spans),
        _elsewhere(sheet, held, inside, travel=travel),
    ):
        first, last = days.number(spans.nurse, spans.start), days.number(spans.nurse, spans.end - 1)
        for number in range(int((last - first).max(initial=-1)) + 1):
            odd[spans.nurse, np.minimum(first + number, last)] = True
    return odd


def _over_midnight(spans: Spans, days: Days) -> Spans:
    first = days.number(spans.nurse, spans.start)
    return spans.where(days.bounds(spans.nurse, first)[1] < spans.end)


def _beyond(windows: Spans, spans: Spans, inside: tuple[Ints, Ints]) -> Spans:
    """Spans that no window holds: the others lie over midnight only if their window does."""
    first, stop = inside
    if not len(windows.start):
        return spans
    window = np.minimum(first, len(windows.start) - 1)
    held = (stop - first == 1) & (windows.start[window] <= spans.start)
    return spans.where(~(held & (spans.end <= windows.end[window])))


def _odd_lunches(sheet: Sheet, days: Days) -> Spans:
    """Shifts whose lunch is not the day's only one, or not all within one window."""
    lunches = sheet.lunches
    first, stop = _inside(sheet.windows, lunches.window)
    there = np.minimum(first, max(len(sheet.windows.start) - 1, 0))
    is_within = stop - first == 1
    if len(sheet.windows.start):
        is_within &= sheet.windows.start[there] <= lunches.window.start
        is_within &= lunches.window.end <= sheet.windows.end[there]
    key = lunches.shift.nurse * days.count + days.number(lunches.shift.nurse, lunches.shift.start)
    _, whose, count = np.unique(key, return_inverse=True, return_counts=True)
    return lunches.shift.where(~is_within | (count[whose] > 1))


def _overlapping(spans: Spans) -> Spans:
    """Visits that begin before the one before them has ended, and that one."""
    clash = (spans.nurse[1:] == spans.nurse[:-1]) & (spans.start[1:] < spans.end[:-1])
    which = np.flatnonzero(clash)
    return spans.where(np.union1d(which, which + 1))


def _elsewhere(sheet: Sheet, held: Held, inside: tuple[Ints, Ints], *, travel: Travel) -> Spans:
    """Visits that lie not in one window, with the drives there and back if they lie in none."""
    first, stop = inside
    which = np.flatnonzero(stop - first != 1)
    spans = held.spans.where(which)
    outside = (stop - first)[which] == 0
    there, back = np.zeros((2, len(which)), dtype=np.int64)
    far = np.flatnonzero(outside & ~np.isnan(held.places[which, 0]))
    known = spots(np.concatenate([sheet.staff.homes, held.places[which[far]]]))
    home, place = spans.nurse[far], np.arange(len(far)) + len(sheet.staff.homes)
    there[far] = legs.between(travel, known, origins=home, destinations=place)
    back[far] = legs.between(travel, known, origins=place, destinations=home)
    return replace(spans, start=spans.start - there * MINUTE, end=spans.end + back * MINUTE)


def _by_hand(sheet: Sheet, held: Held, *, days: Days, odd: Mask, travel: Travel) -> Iterator[Gap]:
    """The gaps of the days that are not plain, each run of them by itself."""
    drive = cache(travel.minutes)
    works = np.zeros_like(odd)
    windows = sheet.windows
    works[windows.nurse, days.number(windows.nurse, windows.start)] = True
    for nurse in np.flatnonzero((odd & works).any(axis=1)).tolist():
        padded = np.concatenate([[False], odd[nurse], [False]])
        edges = np.flatnonzero(np.diff(padded)).tolist()
        for one, stop in zip(edges[::2], edges[1::2], strict=True):
            if works[nurse, one:stop].any():
                begin, end = days.begins[days.zone[nurse], [one, stop]].tolist()
                yield from _gaps_between(
                    sheet, held, nurse=nurse, begin=begin, end=end, drive=drive
                )


def _gaps_between(
    sheet: Sheet, held: Held, *, nurse: int, begin: int, end: int, drive: Drive
) -> list[Gap]:
    available = available_of(sheet, nurse=nurse, begin=begin, end=end)
    visits = [
        Busy(
            held.spans.interval(number),
            None if np.isnan(held.places[number, 0]) else Place(*held.places[number].tolist()),
        )
        for number in held.spans.near(nurse, begin=begin, end=end)
    ]
    return gaps(nurse=available, visits=visits, drive=drive)


def _joined(one: Rows, other: Rows) -> Rows:
    """The rows of both; a nurse in both has them for different days."""
    if not len(other.nurse):
        return one
    shift = len(one.spots.degrees)
    other = replace(other, before=other.before + shift, after=other.after + shift)
    columns = {
        name: np.concatenate([getattr(one, name), getattr(other, name)])
        for name in Rows.__slots__
        if name != "spots"
    }
    degrees = np.concatenate([one.spots.degrees, other.spots.degrees])
    return Rows(**columns, spots=spots(degrees))
