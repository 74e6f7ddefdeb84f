"""What a visit means for a person, in words and in order, in the language in force.

The clock of a visit (`clock_view`) is drawn by `partials/clock.html`, wherever it is shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time
from enum import StrEnum
from hashlib import sha256
from itertools import pairwise
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils.translation import get_language, gettext as _, gettext_lazy

from booking import clock
from booking.clock import Times, check_range, local_day

WORDS = {
    "heavy-meal": (gettext_lazy("last heavy meal"), gettext_lazy("light food only from now")),
    "food": (gettext_lazy("nothing to eat from now"), gettext_lazy("clear drinks are fine")),
    "liquids": (gettext_lazy("last clear drink"), gettext_lazy("nothing at all from now")),
    "arrival": (gettext_lazy("nurse arrives"), gettext_lazy("keep the room quiet")),
    "leaving": (
        gettext_lazy("nurse leaves; no driving"),
        gettext_lazy("no machinery, no alcohol"),
    ),
    "driving": (gettext_lazy("driving allowed again"), gettext_lazy("if you feel fully alert")),
}
# A stop that ends a Spanish abbreviation ends the sentence as well.
TWO_STOPS = re.compile(r"\b([ap]\.m\.)\.")


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

    @property
    def fingerprint(self) -> str:
        """What tells it from another one: a page that shows it need not be told again."""
        return sha256(f"{self.until}\n{self.headline}\n{self.detail}".encode()).hexdigest()[:16]


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


def language() -> str:
    """Return the language in force."""
    return get_language() or settings.LANGUAGE_CODE


def say_time(instant: datetime, zone: ZoneInfo) -> str:
    """`1:00 PM`, in the language in force."""
    return clock.say_time(instant, zone, language=language())


def say_moment(instant: datetime, zone: ZoneInfo) -> str:
    """`Tue 24 Nov, 4:30 PM CST`, in the language in force."""
    return clock.say_moment(instant, zone, language=language())


def with_one_stop(sentence: str) -> str:
    """Take away the second of two full stops, which some languages would have after a time."""
    return TWO_STOPS.sub(r"\1", sentence)


def advice(*, food_hours: int) -> str:
    """Set what this clinic asks for beside the usual advice."""
    return _(
        "The usual advice is 4 to 6 hours without food before, and 4 to 6 hours without driving "
        "after. We ask for more: %(hours)s hours without food, and no driving until the next day."
    ) % {"hours": food_hours}


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
    said = _(
        "Heavy meals until %(heavy)s. Nothing to eat from %(food)s. Clear drinks until %(liquids)s."
        " The nurse is with you from %(start)s to %(end)s. No driving or machinery before "
        "%(drive)s."
    ) % {
        "heavy": heavy,
        "food": food,
        "liquids": liquids,
        "start": start,
        "end": end,
        "drive": say_moment(times.drive_after, zone),
    }
    return with_one_stop(said)


def now_view(*, times: Times, zone: ZoneInfo, at: datetime, stage: Stage = Stage.AHEAD) -> NowView:
    """Say what holds for the patient at an instant before or during a visit."""
    if stage == Stage.ON_THE_WAY:
        return NowView(
            _("Now"), _("Your nurse is on the way"), _("Nothing to eat or drink until then.")
        )
    if stage == Stage.HERE:
        return NowView(_("Now"), _("Your nurse is with you"), no_driving(times.drive_after, zone))
    for until, headline, detail in _before_the_visit(times, zone):
        if at < until:
            return NowView(_now_until(_near(until, at, zone)), headline, with_one_stop(detail))
    return NowView(_("Now"), _("Your nurse is due"), _("If nobody has come, call us."))


def no_driving_view(*, drive_after: datetime, zone: ZoneInfo) -> NowView:
    """Say the warning that holds after a dose."""
    return NowView(
        _now_until(say_moment(drive_after, zone)),
        _("Do not drive"),
        _("No machinery and no alcohol either. Stay with your adult, and rest."),
    )


def _now_until(said: str) -> str:
    return _("Now, until %(moment)s") % {"moment": said}


def talk_view(
    *, starts_at: datetime, ends_at: datetime, zone: ZoneInfo, at: datetime
) -> NowView | None:
    """Say, on its day, when a talk by video or phone is; it asks for nothing before."""
    if not _same_day(starts_at, at, zone) or at >= ends_at:
        return None
    time = {"time": say_time(starts_at, zone)}
    if at < starts_at:
        return NowView(
            _now_until(time["time"]),
            _("Your talk is today at %(time)s") % time,
            _("You need not prepare anything, and you may eat and drive as usual."),
        )
    return NowView(_("Now"), _("It is time for your talk"), _("If we do not reach you, call us."))


def no_driving(drive_after: datetime, zone: ZoneInfo) -> str:
    """Say in a sentence until when not to drive."""
    said = _("No driving or machinery before %(moment)s.")
    return with_one_stop(said % {"moment": say_moment(drive_after, zone)})


def _before_the_visit(times: Times, zone: ZoneInfo) -> Iterator[tuple[datetime, str, str]]:
    said = {
        "heavy": _near(times.heavy_meal_until, times.starts_at, zone),
        "food": _near(times.fast_from, times.starts_at, zone),
        "drink": say_time(times.liquids_until, zone),
        "start": say_time(times.starts_at, zone),
    }
    yield (
        times.heavy_meal_until,
        _("Eat as usual"),
        _(
            "Your last heavy meal is before %(heavy)s. Nothing at all to eat from %(food)s. "
            "No alcohol the day before."
        )
        % said,
    )
    yield times.fast_from, _("Light food only"), _("Nothing to eat from %(food)s.") % said
    yield (
        times.liquids_until,
        _("Nothing to eat now"),
        _("Clear drinks are fine until %(drink)s.") % said,
    )
    yield (
        times.starts_at,
        _("Nothing to eat or drink now"),
        _("Your nurse arrives at %(start)s. If you did eat, call us: we find another time.") % said,
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
            more=str(WORDS[kind][1]),
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
    if not is_midnight:
        return ""
    said = _("midnight at the start of %(day)s") % {"day": _say_day(instant, zone)}
    return f" ({said})"


def _say_day(instant: datetime, zone: ZoneInfo) -> str:
    return say_moment(instant, zone).partition(",")[0]


def _abbreviation(instant: datetime, zone: ZoneInfo) -> str:
    return check_range(instant).astimezone(zone).tzname() or ""
