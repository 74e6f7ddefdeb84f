"""The times around a visit nobody has booked yet, for who wants to know what it would mean."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from booking import clock, presenting, rules
from config.core.errors import Reason, Refused
from patients.models import Therapy

AHEAD = timedelta(days=366)


def of(*, therapy: Therapy, day: date, at: time, zone: ZoneInfo, asked_at: datetime) -> clock.Times:
    """Return the times around an infusion that would start at a local time of day.

    Raises
    ------
    Refused
        Naming `day` or `at`, if no visit can start then, with when one could.
    """
    starts_at = clock.at_local(_sensible(day, zone, asked_at), at, zone)
    if starts_at.astimezone(zone).replace(tzinfo=None) != datetime.combine(day, at):
        said = _("Clocks go forward that day, and this time is skipped. Please choose another one.")
        raise Refused([Reason("no_such_time", said, "at")])
    if starts_at < asked_at:
        said = _("That time is over. Please choose one that is still to come.")
        raise Refused([Reason("past", said, "at")])
    lengths, figures = rules.lengths_of(therapy), rules.clock_rules()
    starts = clock.grid_starts(day=day, lengths=lengths, zone=zone, rules=figures)
    if starts_at not in starts:
        raise Refused([_not_offered(starts_at, starts, zone, figures)])
    return clock.times_around(starts_at=starts_at, lengths=lengths, zone=zone, rules=figures)


def is_bookable(times: clock.Times, *, therapy: Therapy, asked_at: datetime) -> bool:
    """Whether such a visit could be booked already, and still."""
    earliest = rules.earliest_start(therapy=therapy, asked_at=asked_at)
    return earliest <= times.starts_at <= rules.latest_start(asked_at=asked_at)


def _sensible(day: date, zone: ZoneInfo, asked_at: datetime) -> date:
    today = clock.local_day(asked_at, zone)
    if day < today:
        said = _("That day is over. Please choose one that is still to come.")
        raise Refused([Reason("past", said, "day")])
    if day > today + AHEAD:
        said = _("Please choose a day within the next year.")
        raise Refused([Reason("too_far", said, "day")])
    return day


def _not_offered(
    starts_at: datetime, starts: list[datetime], zone: ZoneInfo, figures: clock.ClockRules
) -> Reason:
    """Say when a visit could start that day; its hours leave room for any of our visits."""
    if not starts:
        return Reason("too_long", _("This visit does not fit into a day. Please call us."), "at")
    said = {
        "first": presenting.say_time(starts[0], zone),
        "last": presenting.say_time(starts[-1], zone),
    }
    if starts[0] <= starts_at <= starts[-1]:
        nearest = min(starts, key=lambda start: abs(start - starts_at))
        said["nearest"] = presenting.say_time(nearest, zone)
        words = _("Visits start on the quarter hour. The nearest is %(nearest)s.")
        return Reason("off_grid", presenting.with_one_stop(words % said), "at")
    closes = clock.at_local(starts[0].astimezone(zone).date(), figures.closes, zone)
    said["closes"] = presenting.say_time(closes, zone)
    words = _(
        "We do not come late at night: the nurse leaves by %(closes)s at the latest. "
        "This visit can start from %(first)s to %(last)s."
    )
    if starts_at < starts[0]:
        words = _("We do not come that early. This visit can start from %(first)s to %(last)s.")
    return Reason("outside_hours", presenting.with_one_stop(words % said), "at")
