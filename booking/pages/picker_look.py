"""What can be booked: one look at the database over all the days there are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
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
from patients.models import Patient, Therapy
from scheduling.instants import DAY, FIRST_DAY, Instants, instant, micros

WEEK = 7
NEXT_FREE = 3


@dataclass(frozen=True, slots=True)
class Day:
    """A day of the strip.

    Attributes
    ----------
    says, label
        How many times there are, in a word or two, and the whole day in a sentence.
    """

    date: date
    count: int
    is_offered: bool
    is_chosen: bool
    is_first: bool = True

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
        """Whether nothing is left of it."""
        return self.count == 0

    @property
    def says(self) -> str:
        """How many times there are."""
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
    """

    wish: rules.Wish
    first: date
    counts: Instants
    offered: Instants
    starts: Instants
    clocks: WallClock

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
        return Day(at, count, offered, at == chosen, number % WEEK == 0)

    def free(self) -> list[date]:
        """The days that have a time."""
        return [
            self.first + timedelta(days=number) for number in np.flatnonzero(self.counts).tolist()
        ]


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


def nearest_in(found: Look, *, at: datetime) -> Iterator[Time]:
    """Yield the times nearest to one that cannot be had: that day's, then at that hour on others'.

    A start that can no longer be had is never among them.
    """
    day = clock.local_day(at, found.zone)
    days = sorted(found.free(), key=lambda one: (abs((one - day).days), one))
    by_day = [found.on(one) for one in days[: NEXT_FREE + 1]]
    return nearest(by_day, at=at, zone=found.zone)
