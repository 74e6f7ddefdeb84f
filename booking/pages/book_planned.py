"""A visit as the pages of booking show it, promised already or about to be."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self
from zoneinfo import ZoneInfo

from booking import overview, presenting
from booking.clock import Times, local_day
from booking.models import Appointment
from booking.pages import picker, picker_words as words
from patients.models import Therapy


@dataclass(frozen=True, slots=True)
class Planned:
    """One visit that is about to be promised.

    Attributes
    ----------
    problem
        Why this start cannot be had; empty where it can.
    is_new
        Whether it was put in the place of one that cannot be had.
    times
        Where it is promised already: what was said then.
    """

    starts_at: datetime
    zone: ZoneInfo
    therapy: Therapy
    problem: str = ""
    is_new: bool = False
    times: Times | None = None

    @classmethod
    def of(cls, visit: Appointment) -> Self:
        """Return a visit that is promised already, as it is shown here."""
        zone = ZoneInfo(visit.time_zone)
        return cls(visit.starts_at, zone, visit.therapy, times=overview.times_of(visit))

    @property
    def at(self) -> str:
        """The instant as addresses carry it."""
        return words.write_at(self.starts_at)

    @property
    def day(self) -> str:
        """`Tuesday 24 November`."""
        return words.say_day(local_day(self.starts_at, self.zone))

    @property
    def said(self) -> str:
        """`Tuesday 24 November, 10:30 AM`."""
        return words.say_start(self.starts_at, self.zone)

    @property
    def time(self) -> str:
        """`10:30 AM`."""
        return words.say_time(self.starts_at, self.zone)

    @property
    def until(self) -> str:
        """When it ends: `1:40 PM`."""
        ends_at = self.starts_at + timedelta(minutes=self.therapy.total_minutes)
        return words.say_time(ends_at, self.zone)

    @property
    def food(self) -> str:
        """From when on there is nothing to eat."""
        return self._said("food")

    @property
    def liquids(self) -> str:
        """From when on there is nothing to drink."""
        return self._said("liquids")

    @property
    def driving(self) -> str:
        """When driving is allowed again."""
        return self._said("driving")

    def _said(self, kind: str) -> str:
        """Say one of the times around it, with its day where that is not the day of the visit."""
        mark = self.marks.get(kind)
        if mark is None:
            return ""
        is_that_day = local_day(mark.at, self.zone) == local_day(self.starts_at, self.zone)
        return mark.time if is_that_day else words.say_short(mark.at, self.zone)

    @property
    def clock(self) -> presenting.ClockView | None:
        """The times around it, as they were promised or would be; a talk has none."""
        if self.times:
            return presenting.clock_view(times=self.times, zone=self.zone)
        return picker.clock_of(self.starts_at, therapy=self.therapy, zone=self.zone)

    @property
    def marks(self) -> dict[str, presenting.Mark]:
        """The times around it by name: `food`, `driving`."""
        return {mark.kind: mark for mark in self.clock.marks} if self.clock else {}
