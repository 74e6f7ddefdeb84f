"""What can be booked: one look at the database over all the days there are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import numpy as np
from django.utils.translation import gettext as _, ngettext

from booking import assignments, clock, rules, search
from booking.grid import WallClock, wall_clock
from booking.models import Appointment
from booking.pages import picker_words as words
from booking.pages.picker_times import Time, nearest
from config.core.clock import now
from patients.models import Order, Patient, Therapy
from scheduling.instants import DAY, FIRST_DAY, Instants, instant, micros

Reach = tuple[tuple[date, date], ...]

WEEK = 7
NEXT_FREE = 3


@dataclass(frozen=True, slots=True)
class Day:
    """A day of the strip.

    Attributes
    ----------
    says, label
        How many times there are, in a word or two, and the whole day in a sentence.
    is_ordered
        Whether an order covers it; where none is written, no day is held against the patient.
    """

    date: date
    count: int
    is_offered: bool
    is_chosen: bool
    is_first: bool = True
    is_ordered: bool = True

    @property
    def href(self) -> str:
        """The address of its times."""
        return "?" + urlencode({"day": self.date.isoformat()})

    @property
    def weekday(self) -> str:
        """`Tue`."""
        return words.short_weekday(self.date)

    @property
    def month(self) -> str:
        """`Nov`, where a month or the strip begins."""
        return words.short_month(self.date) if self.is_first or self.number == 1 else ""

    @property
    def number(self) -> int:
        """The day of the month."""
        return self.date.day

    @property
    def is_full(self) -> bool:
        """Whether nothing of it can be booked."""
        return self.count == 0 or not self.is_ordered

    @property
    def says(self) -> str:
        """How many times there are."""
        if not self.is_ordered:
            return _("no order")
        if self.count:
            return ngettext("%(count)s time", "%(count)s times", self.count) % {"count": self.count}
        return _("full") if self.is_offered else _("no visits")

    @property
    def name(self) -> str:
        """`Tuesday 24 November`."""
        return words.say_day(self.date)

    @property
    def label(self) -> str:
        """The day and how many times there are."""
        return f"{self.name}: {self.says}"


@dataclass(frozen=True, slots=True)
class Look:
    """What was found: the starts that can be had, ascending, and those that break no rule.

    Attributes
    ----------
    counts, offered
        For each day from `first`: how many starts there are of either.
    reach
        From when until when the patient's orders can be used; empty where that was not asked.
    """

    wish: rules.Wish
    first: date
    counts: Instants
    offered: Instants
    starts: Instants
    clocks: WallClock
    reach: Reach = ()

    @property
    def zone(self) -> ZoneInfo:
        """By whose clock days are counted."""
        return self.wish.zone

    @property
    def last(self) -> date:
        """The last day that can be booked."""
        return self.first + timedelta(days=len(self.counts) - 1)

    def has(self, starts_at: datetime) -> bool:
        """Whether a start can be had."""
        return bool(np.isin(micros(starts_at), self.starts))

    def on(self, day: date) -> list[datetime]:
        """The starts of a day."""
        number = day.toordinal() - FIRST_DAY
        here = self.starts[self.clocks.local(self.starts) // DAY == number]
        return [instant(start) for start in here.tolist()]

    def day(self, number: int, *, chosen: date) -> Day:
        """One day of the strip, counted from the first."""
        at = self.first + timedelta(days=number)
        count, offered = int(self.counts[number]), bool(self.offered[number])
        return Day(at, count, offered, at == chosen, number % WEEK == 0, self.covers(at))

    def covers(self, day: date) -> bool:
        """Whether an order can be used on a day, as far as was asked."""
        return not self.reach or any(begin <= day <= end for begin, end in self.reach)

    def free(self) -> list[date]:
        """The days that have a time; those that an order covers, where it covers any of them."""
        days = [
            self.first + timedelta(days=number) for number in np.flatnonzero(self.counts).tolist()
        ]
        return [day for day in days if self.covers(day)] or days


def look(*, patient: Patient, therapy: Therapy, without: Appointment | None = None) -> Look:
    """Look once for every start that can be had, by a patient whose home was asked about."""
    at = now()
    wish = search.wish_for(
        patient=patient, therapy=therapy, starts_at=at, asked_at=at, without=without
    )
    first = clock.local_day(rules.earliest_start(therapy=therapy, asked_at=at), wish.zone)
    last = clock.local_day(rules.latest_start(asked_at=at), wish.zone)
    place = (
        assignments.where_booked(without)
        if without
        else search.where(patient=patient, therapy=therapy)
    )
    found = search.feasible(wish=wish, at=place, first=first, last=last, without=without)
    starts = found.open() if found else search.NONE
    kept = found.starts if found else search.NONE
    clocks = wall_clock(zone=wish.zone, starts=kept)
    counts, offered = (
        np.bincount(
            clocks.local(some) // DAY - (first.toordinal() - FIRST_DAY),
            minlength=(last - first).days + 1,
        )
        for some in (starts, kept)
    )
    return Look(wish, first, counts, offered, starts, clocks)


def with_reach(found: Look, *, patient: Patient, without: Appointment | None) -> Look:
    """Find out which days orders cover: a visit to be moved keeps its own order."""
    wish, order = found.wish, found.wish.order
    if not wish.therapy.needs_order:
        return found
    if order:
        span = (order.valid_from, order.valid_until)
        if without or (span[0] <= found.first and found.last <= span[1]):
            return replace(found, reach=(span,))
    orders = Order.objects.usable(from_day=found.first).filter(patient=patient)
    spans = orders.filter(therapy=wish.therapy).values_list("valid_from", "valid_until")
    return replace(found, reach=tuple(spans))


def nearest_in(found: Look, *, at: datetime) -> Iterator[Time]:
    """Yield the times nearest to one that cannot be had: that day's, then at that hour on others'.

    A start that can no longer be had is never among them.
    """
    day = clock.local_day(at, found.zone)
    days = sorted(found.free(), key=lambda one: (abs((one - day).days), one))
    by_day = [found.on(one) for one in days[: NEXT_FREE + 1]]
    return nearest(by_day, at=at, zone=found.zone)
