"""What a visit means for a person, in words and in order: pure values in, values out.

The clock of a visit (`clock_view`) is drawn by `partials/clock.html`, wherever it is shown.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time
from enum import StrEnum
from itertools import pairwise
from zoneinfo import ZoneInfo

from booking.clock import Times, check_range, local_day, say_moment, say_time

WORDS = {
    "heavy-meal": ("last heavy meal", "light food only from now"),
    "food": ("nothing to eat from now", "clear drinks are fine"),
    "liquids": ("last clear drink", "nothing at all from now"),
    "arrival": ("nurse arrives", "keep the room quiet"),
    "leaving": ("nurse leaves; no driving", "no machinery, no alcohol"),
    "driving": ("driving allowed again", "if you feel fully alert"),
}


@dataclass(frozen=True, slots=True)
class Mark:
    """One time on the clock.

    Attributes
    ----------
    day
        The day in words where it is not the day of the mark before; else empty.
    time
        The local time; with the zone's abbreviation where that differs from the start's.
    """

    kind: str
    at: datetime
    day: str
    time: str
    what: str
    more: str


@dataclass(frozen=True, slots=True)
class ClockView:
    """The times of a visit, ready to be drawn and to be read aloud."""

    marks: tuple[Mark, ...]
    zone: str
    sentence: str


@dataclass(frozen=True, slots=True)
class NowView:
    """The one thing that is true now, and until when."""

    until: str
    headline: str
    detail: str


class Stage(StrEnum):
    """How far a visit has come, as its patient sees it."""

    AHEAD = "ahead"
    ON_THE_WAY = "on_the_way"
    HERE = "here"


def clock_view(*, times: Times, zone: ZoneInfo) -> ClockView:
    """Say and order the times of a visit in the zone of its address.

    Raises
    ------
    ValueError
        If a time is naive or out of range.
    """
    return ClockView(
        marks=tuple(_marks(times, zone)),
        zone=_abbreviation(times.starts_at, zone),
        sentence=sentence(times=times, zone=zone),
    )


def advice(*, food_hours: int) -> str:
    """Set what this clinic asks for beside the usual advice."""
    return (
        "The usual advice is 4 to 6 hours without food before, and 4 to 6 hours without driving "
        f"after. We ask for more: {food_hours} hours without food, and no driving until the "
        "next day."
    )


def sentence(*, times: Times, zone: ZoneInfo) -> str:
    """Say all of the clock in plain words; a day is named wherever it changes."""
    instants = (
        times.heavy_meal_until,
        times.fast_from,
        times.liquids_until,
        times.starts_at,
        times.ends_at,
    )
    first = _moment(instants[0], zone)
    heavy, food, liquids, start, end = (first, *_later(instants, zone))
    return (
        f"Heavy meals until {heavy}. Nothing to eat from {food}. Clear drinks until {liquids}. "
        f"The nurse is with you from {start} to {end}. "
        f"No driving or machinery before {say_moment(times.drive_after, zone)}."
    )


def now_view(*, times: Times, zone: ZoneInfo, at: datetime, stage: Stage = Stage.AHEAD) -> NowView:
    """Say what holds for the patient at an instant before or during a visit."""
    if stage == Stage.ON_THE_WAY:
        return NowView("Now", "Your nurse is on the way", "Nothing to eat or drink until then.")
    if stage == Stage.HERE:
        no_driving = f"No driving or machinery before {say_moment(times.drive_after, zone)}."
        return NowView("Now", "Your nurse is with you", no_driving)
    for until, headline, detail in _before_the_visit(times, zone):
        if at < until:
            return NowView(f"Now, until {_near(until, at, zone)}", headline, detail)
    return NowView("Now", "Your nurse is due", "If nobody has come, call us.")


def no_driving_view(*, drive_after: datetime, zone: ZoneInfo) -> NowView:
    """Say the warning that holds after a dose."""
    return NowView(
        f"Now, until {say_moment(drive_after, zone)}",
        "Do not drive",
        "No machinery and no alcohol either. Stay with your adult, and rest.",
    )


def _before_the_visit(times: Times, zone: ZoneInfo) -> Iterator[tuple[datetime, str, str]]:
    heavy = _near(times.heavy_meal_until, times.starts_at, zone)
    food = _near(times.fast_from, times.starts_at, zone)
    drink, start = say_time(times.liquids_until, zone), say_time(times.starts_at, zone)
    yield (
        times.heavy_meal_until,
        "Eat as usual",
        f"Your last heavy meal is before {heavy}. Nothing at all to eat from {food}. "
        "No alcohol the day before.",
    )
    yield times.fast_from, "Light food only", f"Nothing to eat from {food}."
    yield times.liquids_until, "Nothing to eat now", f"Clear drinks are fine until {drink}."
    yield (
        times.starts_at,
        "Nothing to eat or drink now",
        f"Your nurse arrives at {start}. If you did eat, call us: we find another time.",
    )


def _marks(times: Times, zone: ZoneInfo) -> Iterator[Mark]:
    instants = {
        "heavy-meal": times.heavy_meal_until,
        "food": times.fast_from,
        "liquids": times.liquids_until,
        "arrival": times.starts_at,
        "leaving": times.ends_at,
        "driving": times.drive_after,
    }
    usual = _abbreviation(times.starts_at, zone)
    before: datetime | None = None
    for kind, at in instants.items():
        abbreviation = _abbreviation(at, zone)
        yield Mark(
            kind=kind,
            at=at,
            day="" if before and _same_day(before, at, zone) else _say_day(at, zone),
            time=say_time(at, zone) + ("" if abbreviation == usual else f" {abbreviation}"),
            what=f"{WORDS[kind][0]}{_midnight(at, zone)}",
            more=WORDS[kind][1],
        )
        before = at


def _later(instants: tuple[datetime, ...], zone: ZoneInfo) -> Iterator[str]:
    for before, at in pairwise(instants):
        yield say_time(at, zone) if _same_day(before, at, zone) else _moment(at, zone)


def _near(instant: datetime, other: datetime, zone: ZoneInfo) -> str:
    """The time alone where the day cannot be mistaken, else the whole moment."""
    is_plain = _same_day(instant, other, zone) and not _midnight(instant, zone)
    return say_time(instant, zone) if is_plain else _moment(instant, zone)


def _same_day(one: datetime, other: datetime, zone: ZoneInfo) -> bool:
    return local_day(one, zone) == local_day(other, zone)


def _moment(instant: datetime, zone: ZoneInfo) -> str:
    return say_moment(instant, zone) + _midnight(instant, zone)


def _midnight(instant: datetime, zone: ZoneInfo) -> str:
    """12:00 AM is taken for either end of its day: say which, and nothing of another hour."""
    is_midnight = check_range(instant).astimezone(zone).time() == time.min
    return f" (midnight at the start of {_say_day(instant, zone)})" if is_midnight else ""


def _say_day(instant: datetime, zone: ZoneInfo) -> str:
    return say_moment(instant, zone).partition(",")[0]


def _abbreviation(instant: datetime, zone: ZoneInfo) -> str:
    return check_range(instant).astimezone(zone).tzname() or ""
