"""The free stretches of plain days: windows, the visits in each, and at most one lunch a day.

`daysheet` says which days are plain, and `gaps` what all of it means. Pure: columns in, rows out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scheduling import legs
from scheduling.instants import MINUTE, Instants, Mask
from scheduling.sheet import UNLIMITED, Days, Held, Ints, Sheet, Spans, Staff
from scheduling.slots import Rows
from scheduling.travel import Travel, spots


@dataclass(frozen=True, slots=True)
class Chains:
    """Windows with their visits, and the rows between: one before each visit, one at the end.

    Attributes
    ----------
    windows, day
        Ascending; (windows,) the number of each one's local day.
    visits, window_of
        Ascending; (visits,) the window of each.
    window
        (rows,) the window of each row.
    before_visit
        (visits,) the row before each visit; the next row follows it.
    group
        (windows,) ascending numbers of the nurses' days.
    """

    windows: Spans
    day: Ints
    visits: Held
    window_of: Ints
    window: Ints
    before_visit: Ints
    group: Ints

    @classmethod
    def of(cls, windows: Spans, *, day: Ints, visits: Held, window_of: Ints) -> Chains:
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

    def with_room(self, minutes: int) -> Chains:
        """The nurses' days that have a stretch so long: most full days have none, whatever else."""
        ready, due = self.stretches()
        long = due - ready >= max(minutes * MINUTE, 1)
        has_room = np.zeros(int(self.group.max(initial=-1)) + 1, dtype=np.bool_)
        has_room[self.group[self.window[long]]] = True
        if has_room.all():
            return self
        kept = has_room[self.group]
        visits = np.flatnonzero(kept[self.window_of])
        place = np.cumsum(kept) - 1
        return Chains.of(
            self.windows.where(kept),
            day=self.day[kept],
            visits=Held(self.visits.spans.where(visits), self.visits.places[visits]),
            window_of=place[self.window_of[visits]],
        )

    def stretches(self) -> tuple[Instants, Instants]:
        """From when to when each row is free; some have no time at all in them."""
        ready, due = self.windows.start[self.window], self.windows.end[self.window]
        due[self.before_visit] = self.visits.spans.start
        ready[self.before_visit + 1] = self.visits.spans.end
        return ready, due

    def stops(self, staff: Staff) -> tuple[Ints, Ints]:
        """Where each row begins and ends: homes by number, then the visits' places."""
        visits = np.arange(len(self.window_of)) + len(staff.numbers)
        at = np.where(np.isnan(self.visits.places[:, 0]), self.visits.spans.nurse, visits)
        # The two ends of a window are stops at home of no length.
        before = self.windows.nurse[self.window]
        after = before.copy()
        after[self.before_visit] = at
        before[self.before_visit + 1] = at
        return before, after


def rows(sheet: Sheet, chains: Chains, *, days: Days, travel: Travel, shortest: int) -> Rows:
    """The rows of plain days that keep lunch and limits and last so many minutes at least."""
    staff, chains = sheet.staff, chains.with_room(shortest)
    places = chains.visits.places
    known = spots(np.concatenate([staff.homes, np.where(np.isnan(places), 0.0, places)]))
    before, after = chains.stops(staff)
    nurse = chains.windows.nurse[chains.window]
    ready, due = chains.stretches()
    drive = legs.between(travel, known, origins=before, destinations=after)
    times, lunch = _lunches(sheet, chains, days=days, ready=ready, due=due, drive=drive)
    times[due - ready < shortest * MINUTE] = 0
    which = np.repeat(np.arange(len(times)), times)
    group = chains.group[chains.window[which]]
    driving, working = _spare(staff, chains, drive=drive)
    ready, due = ready[which], due[which]
    found = Rows(
        nurse=staff.numbers[nurse[which]],
        ready=ready,
        due=due,
        opens=ready.copy(),
        closes=due.copy(),
        before=before[which],
        after=after[which],
        drive=drive[which],
        spare_driving=driving[group],
        spare_working=working[group],
        spots=known,
    )
    return _around_lunch(sheet, found, lunch=lunch[which], split=times[which] == 2)


# -- the limits of a day ---------------------------------------------------------------------------


def _spare(staff: Staff, chains: Chains, *, drive: Ints) -> tuple[Ints, Ints]:
    """What the limits leave of driving and of work, (groups,)."""
    whose = np.zeros(int(chains.group.max(initial=-1)) + 1, dtype=np.int64)
    whose[chains.group] = chains.windows.nurse
    driving = _sums(chains.group[chains.window], drive, count=len(whose))
    visits = chains.visits.spans
    taken = _sums(chains.group[chains.window_of], visits.end - visits.start, count=len(whose))
    working = driving + -(-taken // MINUTE)
    return _left(staff.max_driving[whose], driving), _left(staff.max_working[whose], working)


def _sums(group: Ints, values: Ints, *, count: int) -> Ints:
    """Sums of whole numbers by group; floats hold them exactly."""
    return np.bincount(group, weights=values, minlength=count).astype(np.int64)


def _left(most: Ints, used: Ints) -> Ints:
    return np.where(most == UNLIMITED, UNLIMITED, most - used)


# -- lunch -----------------------------------------------------------------------------------------


def _lunches(
    sheet: Sheet, chains: Chains, *, days: Days, ready: Instants, due: Instants, drive: Ints
) -> tuple[Ints, Ints]:
    """How many rows each stretch makes, (rows,): none, one, or two around lunch; and its lunch.

    The lunch of a day without one is -1.
    """
    times = (ready < due).astype(np.int64)
    if not len(sheet.lunches.minutes):
        return times, np.full(len(times), -1)
    lunches = sheet.lunches
    day = days.number(lunches.shift.nurse, lunches.shift.start)
    of_day = np.full((len(sheet.staff.numbers), days.count), -1)
    of_day[lunches.shift.nurse, day] = np.arange(len(day))
    lunch = of_day[chains.windows.nurse, chains.day][chains.window]
    owed = np.flatnonzero((times > 0) & (lunch >= 0))
    its, ready, due = lunch[owed], ready[owed], due[owed]
    length = lunches.minutes[its] * MINUTE
    within = np.minimum(due, lunches.window.end[its]) - np.maximum(ready, lunches.window.start[its])
    holds = (within >= length) & (due - ready >= drive[owed] * MINUTE + length)
    group = chains.group[chains.window[owed]]
    holders = _sums(group, holds.astype(np.int64), count=0)[group]
    of_shift = (ready < lunches.shift.end[its]) & (lunches.shift.start[its] < due)
    times[owed[(holders == 0) & of_shift]] = 0
    times[owed[(holders == 1) & holds]] = 2
    return times, lunch


def _around_lunch(sheet: Sheet, rows: Rows, *, lunch: Ints, split: Mask) -> Rows:
    """The rows; of two for one stretch, the first has lunch after the visit, the second before."""
    both = np.flatnonzero(split)
    if not len(both):
        return rows
    stands = np.ones(len(split), dtype=np.bool_)
    window, length = sheet.lunches.window, sheet.lunches.minutes * MINUTE
    later, its = both[::2], lunch[both[::2]]
    latest = np.minimum(rows.due[later], window.end[its]) - length[its]
    rows.due[later] -= length[its]
    rows.closes[later] = np.minimum(rows.closes[later], latest)
    stands[later] = latest >= window.start[its]
    sooner, its = both[1::2], lunch[both[1::2]]
    earliest = np.maximum(rows.ready[sooner], window.start[its]) + length[its]
    rows.ready[sooner] += length[its]
    rows.opens[sooner] = np.maximum(rows.opens[sooner], earliest)
    stands[sooner] = earliest <= window.end[its]
    return rows.take(stands & (rows.opens < rows.closes) & (rows.ready < rows.due))
