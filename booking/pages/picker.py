"""The picker of a time: the days that can be had, the times of one, and what one of them means.

Everything is read at one look over all the days that can be booked. Addresses are relative, so that
the same picker serves every page that asks for a time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from django.conf import settings

from booking import clock, presenting, rules, search
from booking.models import Appointment
from booking.pages import picker_words as words
from booking.pages.picker_look import NEXT_FREE, WEEK, Day, Look, look, nearest_in, with_reach
from booking.pages.picker_times import Part, Time, parts_of
from config.core.clock import now
from patients.accounts import address_of
from patients.models import Patient, Therapy

MARGIN = timedelta(days=30)  # what is reckoned around an instant stays in range as well


@dataclass(frozen=True, slots=True)
class Chosen:
    """The time that was chosen, and what it means."""

    starts_at: datetime
    at: str
    time: str
    day: str
    clock: presenting.ClockView | None

    @property
    def weekday(self) -> str:
        """`Tuesday`."""
        return self.day.split(" ", 1)[0]

    @property
    def said(self) -> str:
        """`Tuesday 24 November, 10:30 AM`."""
        return f"{self.day}, {self.time}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Picker:
    """What the page shows.

    Attributes
    ----------
    zone, town
        Whose clock the times are by; the town is empty for a talk.
    last
        The last day that can be booked.
    days, earlier, later
        A week, and the addresses of the weeks beside it; empty where there is none.
    gone
        The time that was asked for, where it cannot be had; `others` are those nearest to it.
    order_ended
        The last day of the order that does not reach to the day shown.
    """

    therapy: Therapy
    zone: str
    town: str
    last: date
    days: tuple[Day, ...]
    day: Day
    earlier: str
    later: str
    parts: tuple[Part, ...]
    next_free: tuple[Day, ...]
    chosen: Chosen | None
    gone: str
    order_ended: str
    others: tuple[Time, ...]
    is_empty: bool

    @property
    def closes(self) -> str:
        """When every visit is over."""
        return words.say_clock(settings.SERVICE_CLOSES)

    @property
    def last_day(self) -> str:
        """The last day that can be booked, in words."""
        return words.say_day(self.last)


def of(
    *,
    patient: Patient,
    therapy: Therapy,
    query: Mapping[str, str],
    without: Appointment | None = None,
) -> Picker:
    """Return the picker as a query asks for it: `day` and `at`; what is not understood is left out.

    Parameters
    ----------
    without
        The visit that is to be moved: its own time does not stand in its way.

    Raises
    ------
    Refused
        If there is no home that a visit could be paid to.
    """
    if without is None:
        search.refuse_outside(patient=patient, therapy=therapy)
    found = look(patient=patient, therapy=therapy, without=without)
    found = with_reach(found, patient=patient, without=without)
    at = read_at(query.get("at", ""))
    day = _day(found, asked=read_day(query.get("day", "")), at=at)
    is_had = at is not None and found.has(at)
    number = (day - found.first).days
    begin = number - number % WEEK
    shown = range(begin, min(begin + WEEK, len(found.counts)))
    home = address_of(patient) if therapy.needs_order else None
    chosen = _chosen(at, therapy=therapy, zone=found.zone) if at and is_had else None
    return Picker(
        therapy=therapy,
        zone=words.say_zone(found.zone, at=now()),
        town=(without.city if without else home.city) if home else "",
        last=found.last,
        days=tuple(found.day(one, chosen=day) for one in shown),
        day=found.day(number, chosen=day),
        earlier=_week(found, begin - WEEK),
        later=_week(found, begin + WEEK),
        parts=tuple(parts_of(found.on(day), zone=found.zone, chosen=at)),
        next_free=tuple(_next_free(found, day=day)),
        chosen=chosen,
        gone="" if at is None or is_had else words.say_start(at, found.zone),
        others=() if at is None or is_had else tuple(nearest_in(found, at=at)),
        order_ended=_order_ended(found, day=day),
        is_empty=not len(found.starts),
    )


def read_at(text: str) -> datetime | None:
    """Return the instant that an address names, in UTC; None where it names none."""
    try:
        starts_at = datetime.fromisoformat(text)
        for edge in (starts_at - MARGIN, starts_at + MARGIN):
            clock.check_range(edge)
        return clock.check_range(starts_at)
    except (ValueError, OverflowError):
        return None


def read_day(text: str) -> date | None:
    """Return the day that an address names; None where it names none."""
    try:
        return clock.check_day(date.fromisoformat(text))
    except ValueError:
        return None


def _day(found: Look, *, asked: date | None, at: datetime | None) -> date:
    """The day to show: the one asked for, that of the time, else the first that has one."""
    if asked is None and at is not None:
        asked = clock.local_day(at, found.zone)
    if asked is None:
        return next(iter(found.free()), found.first)
    return min(max(asked, found.first), found.last)


def _week(found: Look, begin: int) -> str:
    """The address of the week that begins so many days after the first."""
    if not 0 <= begin < len(found.counts):
        return ""
    free = np.flatnonzero(found.counts[begin : begin + WEEK])
    return found.day(begin + (int(free[0]) if len(free) else 0), chosen=found.first).href


def _next_free(found: Look, *, day: date) -> Iterator[Day]:
    """Where a day has nothing: the next days that have, and those before it where none has."""
    free = found.free()
    if day in free:
        return
    for one in ([one for one in free if one > day] or free)[:NEXT_FREE]:
        yield found.day((one - found.first).days, chosen=day)


def _order_ended(found: Look, *, day: date) -> str:
    if found.covers(day):
        return ""
    ends = [end for _, end in found.reach if end < day]
    return words.say_day(max(ends)) if ends else ""


def _chosen(at: datetime, *, therapy: Therapy, zone: ZoneInfo) -> Chosen:
    return Chosen(
        starts_at=at,
        at=words.write_at(at),
        time=words.say_time(at, zone),
        day=words.say_day(clock.local_day(at, zone)),
        clock=clock_of(at, therapy=therapy, zone=zone),
    )


def clock_of(at: datetime, *, therapy: Therapy, zone: ZoneInfo) -> presenting.ClockView | None:
    """Return the clock around a start; a talk has none."""
    if not therapy.needs_order:
        return None
    times = clock.times_around(
        starts_at=at, lengths=rules.lengths_of(therapy), zone=zone, rules=rules.clock_rules()
    )
    return presenting.clock_view(times=times, zone=zone)
