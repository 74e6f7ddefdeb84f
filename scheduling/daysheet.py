"""The free stretches of every nurse at once: what `gaps.gaps` says of one, as columns.

Nearly every nurse's day is plain: its shifts, visits and lunch lie within the local day, visits
lie one after the other inside a shift. Those are reckoned all together. A day that is not, and
whatever hangs together with it over midnight, is handed to `gaps.gaps`; so is the meaning of it
all. Pure: columns in, rows out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache

import numpy as np

from scheduling import legs
from scheduling.gaps import Busy, Drive, Gap, gaps
from scheduling.instants import DAY, EPOCH, MINUTE, Instants, Mask, midnights
from scheduling.sheet import UNLIMITED, Floats, Held, Ints, Sheet, Spans, Staff, available_of
from scheduling.slots import Rows, rows_of
from scheduling.travel import Place, Travel, spots


def rows(*, sheet: Sheet, held: Held, travel: Travel) -> Rows:
    """The rows of all nurses: what `gaps.gaps` gives for each.

    Parameters
    ----------
    held
        All that the nurses hold on the local days of their windows, inside them or not.
    """
    order = np.lexsort((held.spans.start, held.spans.nurse))
    held = Held(held.spans.where(order), held.places[order])
    days = _Days.of(sheet, held)
    inside = _inside(sheet.windows, held.spans)
    odd = _odd(sheet, held, inside, days=days, travel=travel)
    plain = _plain(sheet, held, inside, days=days, odd=odd, travel=travel)
    return _joined(plain, rows_of(list(_by_hand(sheet, held, days=days, odd=odd, travel=travel))))


# -- local days ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Days:
    """Local days from one before everything to one after, by number; (zones, days + 1) begins."""

    begins: Instants
    zone: Ints

    @classmethod
    def of(cls, sheet: Sheet, held: Held) -> _Days:
        """The days that windows and visits touch, and what their drives may reach."""
        spans = (sheet.windows, sheet.lunches.shift, held.spans)
        first = min((int(span.start.min()) for span in spans if len(span.start)), default=0)
        last = max((int(span.end.max()) for span in spans if len(span.end)), default=0)
        before = (EPOCH + timedelta(days=first // DAY - 2)).date()
        count = last // DAY - first // DAY + 5
        begins = [midnights(zone, before, count) for zone in sheet.staff.zones]
        return cls(np.array(begins).reshape(-1, count + 1), sheet.staff.zone)

    @property
    def count(self) -> int:
        """How many days there are."""
        return self.begins.shape[1] - 1

    def number(self, nurse: Ints, at: Instants) -> Ints:
        """The day of a nurse on which each instant falls, the first or the last if outside."""
        found = np.zeros(len(at), dtype=np.int64)
        for zone, begins in enumerate(self.begins):
            its = self.zone[nurse] == zone if len(self.begins) > 1 else slice(None)
            found[its] = np.searchsorted(begins, at[its], side="right") - 1
        return np.clip(found, 0, self.count - 1)

    def bounds(self, nurse: Ints, day: Ints) -> tuple[Instants, Instants]:
        """When each day begins and ends for a nurse."""
        zone = self.zone[nurse]
        return self.begins[zone, day], self.begins[zone, day + 1]


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


# -- what is not plain -----------------------------------------------------------------------------


def _odd(
    sheet: Sheet, held: Held, inside: tuple[Ints, Ints], *, days: _Days, travel: Travel
) -> Mask:
    """Which days of which nurse, (nurses, days), are not plain."""
    odd = np.zeros((len(sheet.staff.numbers), days.count), dtype=np.bool_)
    for spans in (
        _over_midnight(sheet.windows, days),
        _over_midnight(held.spans, days),
        _over_midnight(sheet.lunches.shift, days),
        _odd_lunches(sheet, days),
        _overlapping(held.spans),
        _elsewhere(sheet, held, inside, travel=travel),
    ):
        first, last = days.number(spans.nurse, spans.start), days.number(spans.nurse, spans.end - 1)
        for number in range(int((last - first).max(initial=-1)) + 1):
            odd[spans.nurse, np.minimum(first + number, last)] = True
    return odd


def _over_midnight(spans: Spans, days: _Days) -> Spans:
    first = days.number(spans.nurse, spans.start)
    return spans.where(days.bounds(spans.nurse, first)[1] < spans.end)


def _odd_lunches(sheet: Sheet, days: _Days) -> Spans:
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
    there[far] = legs.between(travel, known, origins=home, destinations=place, near=home)
    back[far] = legs.between(travel, known, origins=place, destinations=home, near=home)
    return replace(spans, start=spans.start - there * MINUTE, end=spans.end + back * MINUTE)


def _by_hand(sheet: Sheet, held: Held, *, days: _Days, odd: Mask, travel: Travel) -> Iterator[Gap]:
    """The gaps of the days that are not plain, each run of them by itself."""
    drive = cache(travel.minutes)
    works = np.zeros_like(odd)
    windows = sheet.windows
    works[windows.nurse, days.number(windows.nurse, windows.start)] = True
    for nurse in np.flatnonzero(odd.any(axis=1)).tolist():
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


# -- plain days ------------------------------------------------------------------------------------


def _plain(
    sheet: Sheet,
    held: Held,
    inside: tuple[Ints, Ints],
    *,
    days: _Days,
    odd: Mask,
    travel: Travel,
) -> Rows:
    """The rows of plain days: before each visit, and after the last of each window."""
    windows = sheet.windows
    day = days.number(windows.nurse, windows.start)
    plain = ~odd[windows.nurse, day]
    first, stop = inside
    taken = (stop - first == 1) & np.append(plain, False)[np.minimum(first, len(plain))]
    # Where each window is among the plain ones; then everything else is of plain ones.
    place = np.cumsum(plain) - 1
    chains = _Chains.of(
        windows.where(plain), day[plain], held.spans.where(taken), place[first[taken]]
    )
    rows = _chained(sheet.staff, chains, held.places[taken], travel=travel)
    rows = _limited(sheet.staff, chains, rows)
    return _with_lunches(sheet, chains, rows, days=days)


@dataclass(frozen=True, slots=True)
class _Chains:
    """Windows with their visits, and the rows between: one before each visit, one at the end.

    Attributes
    ----------
    window
        (rows,) the window of each row.
    before_visit
        (visits,) the row before each visit; the next row follows it.
    group
        (windows,) ascending numbers of the nurses' days.
    """

    windows: Spans
    day: Ints
    visits: Spans
    window_of: Ints
    window: Ints
    before_visit: Ints
    group: Ints

    @classmethod
    def of(cls, windows: Spans, day: Ints, visits: Spans, window_of: Ints) -> _Chains:
        """Number the rows of windows and visits, both ascending."""
        count = len(windows.start)
        visits_of = np.bincount(window_of, minlength=count)
        other_day = (np.diff(windows.nurse) != 0) | (np.diff(day) != 0)
        return cls(
            windows=windows,
            day=day,
            visits=visits,
            window_of=window_of,
            window=np.repeat(np.arange(count), visits_of + 1),
            before_visit=np.arange(len(window_of)) + window_of,
            group=np.concatenate([[0], np.cumsum(other_day)])[:count],
        )


def _chained(staff: Staff, chains: _Chains, places: Floats, *, travel: Travel) -> Rows:
    """The rows with their places and drives, without limits; some have no time in them."""
    nurse = chains.windows.nurse[chains.window]
    # The two ends of a window are stops at home of no length.
    ready, due = chains.windows.start[chains.window], chains.windows.end[chains.window]
    before, after = nurse.copy(), nurse.copy()
    due[chains.before_visit] = chains.visits.start
    ready[chains.before_visit + 1] = chains.visits.end
    place = np.arange(len(places)) + len(staff.numbers)
    place = np.where(np.isnan(places[:, 0]), chains.visits.nurse, place)
    after[chains.before_visit] = place
    before[chains.before_visit + 1] = place
    known = spots(np.concatenate([staff.homes, np.nan_to_num(places)]))
    return Rows(
        nurse=nurse,
        ready=ready,
        due=due,
        opens=ready,
        closes=due,
        before=before,
        after=after,
        drive=legs.between(travel, known, origins=before, destinations=after, near=nurse),
        spare_driving=staff.max_driving[nurse],
        spare_working=staff.max_working[nurse],
        spots=known,
    )


def _limited(staff: Staff, chains: _Chains, rows: Rows) -> Rows:
    """The rows with what the limits of the day leave."""
    of_row, of_visit = chains.group[chains.window], chains.group[chains.window_of]
    driving = _sums(of_row, rows.drive)
    visits = _sums(of_visit, chains.visits.end - chains.visits.start, like=driving)
    working = driving + -(-visits // MINUTE)
    return replace(
        rows,
        nurse=staff.numbers[rows.nurse],
        spare_driving=_spare(rows.spare_driving, driving[of_row]),
        spare_working=_spare(rows.spare_working, working[of_row]),
    )


def _sums(group: Ints, values: Ints, *, like: Ints | None = None) -> Ints:
    """Sums of whole numbers by group; floats hold them exactly."""
    count = 0 if like is None else len(like)
    return np.bincount(group, weights=values, minlength=count).astype(np.int64)


def _spare(most: Ints, used: Ints) -> Ints:
    return np.where(most == UNLIMITED, UNLIMITED, most - used)


def _with_lunches(sheet: Sheet, chains: _Chains, rows: Rows, *, days: _Days) -> Rows:
    """The rows that leave lunch its time: see `gaps`, whose one case of a day this is."""
    lunches = sheet.lunches
    key = lunches.shift.nurse * days.count + days.number(lunches.shift.nurse, lunches.shift.start)
    of_day = np.full(len(sheet.staff.numbers) * days.count, -1)
    of_day[key] = np.arange(len(key))
    lunch = of_day[chains.windows.nurse * days.count + chains.day][chains.window]
    has_time = rows.ready < rows.due
    owed = np.flatnonzero(has_time & (lunch >= 0))
    lunch = lunch[owed]
    ready, due = rows.ready[owed], rows.due[owed]
    opens, closes = lunches.window.start[lunch], lunches.window.end[lunch]
    length = lunches.minutes[lunch] * MINUTE
    holds = np.minimum(due, closes) - np.maximum(ready, opens) >= length
    holds &= due - ready >= rows.drive[owed] * MINUTE + length
    group = chains.group[chains.window[owed]]
    holders = _sums(group, holds.astype(np.int64))[group]
    is_lost = (ready < lunches.shift.end[lunch]) & (lunches.shift.start[lunch] < due)
    has_time[owed[(holders == 0) & is_lost]] = False
    split = (holders == 1) & holds
    return _split(
        rows,
        kept=has_time,
        which=owed[split],
        window=(opens[split], closes[split]),
        length=length[split],
    )


def _split(
    rows: Rows, *, kept: Mask, which: Ints, window: tuple[Instants, Instants], length: Ints
) -> Rows:
    """The kept rows; of some, one with lunch after the visit and one with lunch before it."""
    opens, closes = window
    latest = np.minimum(rows.due[which], closes) - length
    earliest = np.maximum(rows.ready[which], opens) + length
    times = kept.astype(np.int64)
    times[which] = 2
    source = np.repeat(np.arange(len(times)), times)
    rows, stands = rows.take(source), np.ones(len(source), dtype=np.bool_)
    after = np.cumsum(times)[which] - 2  # the first of the two
    before = after + 1
    rows.due[after] -= length
    rows.closes[after] = np.minimum(rows.closes[after], latest)
    rows.ready[before] += length
    rows.opens[before] = np.maximum(rows.opens[before], earliest)
    stands[after] = latest >= opens
    stands[before] = earliest <= closes
    stands &= (rows.opens < rows.closes) & (rows.ready < rows.due)
    return rows.take(stands)


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
