"""The times around a visit: pure values in, values out.

Hours before and after a visit are elapsed hours: everything is added and subtracted in UTC,
because Python's arithmetic inside one zone is wall-clock arithmetic and is wrong by the size of
the change on the two days a year when clocks change. A zone is used only to find a local day or
hour and to say a time aloud.

The figures are this clinic's policy (``docs/domain.md``, "When"), chosen from the strictest
of the sources and guidelines; `ClockRules` carries them.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from booking import datewords

EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = datetime(2200, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Lengths:
    """How long each part of a visit takes, in minutes."""

    prep: int
    infusion: int
    observation: int

    def __post_init__(self) -> None:
        if min(self.prep, self.infusion, self.observation) < 0 or self.total == 0:
            raise ValueError("the parts of a visit cannot be negative, nor all be zero")

    @property
    def total(self) -> int:
        """Minutes from the nurse's arrival to the end of the observation."""
        return self.prep + self.infusion + self.observation


@dataclass(frozen=True, slots=True)
class ClockRules:
    """The clinic's hours: elapsed hours before and after, local times of day, minutes of grid."""

    heavy_meal_hours: int = 8
    food_hours: int = 6
    liquids_hours: int = 2
    driving_hours: int = 24
    driving_not_before: time = time(8)
    opens: time = time(8)
    closes: time = time(20)
    grid_minutes: int = 15


@dataclass(frozen=True, slots=True)
class Times:
    """What a visit means for the patient, as aware UTC instants."""

    starts_at: datetime
    ends_at: datetime
    heavy_meal_until: datetime
    fast_from: datetime
    liquids_until: datetime
    drive_after: datetime


DEFAULT_RULES = ClockRules()


def check_range(instant: datetime) -> datetime:
    """Return the instant in UTC, refusing what later arithmetic could not hold.

    Raises
    ------
    ValueError
        If the instant is naive, or its year is outside 1970 to 2199. The year is looked at before
        any conversion, which would itself overflow near year 1 and year 9999.
    """
    if not EARLIEST.year <= instant.year < LATEST.year:
        raise ValueError(f"year {instant.year} is out of range")
    if instant.utcoffset() is None:
        raise ValueError("an instant needs a zone")
    return instant.astimezone(UTC)


def check_day(day: date) -> date:
    """Return the day; raise `ValueError` if its year is outside 1970 to 2199."""
    if not EARLIEST.year <= day.year < LATEST.year:
        raise ValueError(f"year {day.year} is out of range")
    return day


def at_local(day: date, clock: time, zone: ZoneInfo) -> datetime:
    """The UTC instant of a local time of day.

    A time that happens twice means the first; one that is skipped means the moment that the clock
    would have shown had it not been put forward.
    """
    return datetime.combine(check_day(day), clock, tzinfo=zone).astimezone(UTC)


def local_day(instant: datetime, zone: ZoneInfo) -> date:
    """The calendar day on which an instant falls in a zone."""
    return check_range(instant).astimezone(zone).date()


def times_around(
    *, starts_at: datetime, lengths: Lengths, zone: ZoneInfo, rules: ClockRules = DEFAULT_RULES
) -> Times:
    """All the times that follow from a start.

    Parameters
    ----------
    starts_at
        Aware instant; the nurse's arrival.
    zone
        Zone of the service address.

    Raises
    ------
    ValueError
        If the start is naive or out of range.
    """
    start = check_range(starts_at)
    end = start + timedelta(minutes=lengths.total)
    return Times(
        starts_at=start,
        ends_at=end,
        heavy_meal_until=start - timedelta(hours=rules.heavy_meal_hours),
        fast_from=start - timedelta(hours=rules.food_hours),
        liquids_until=start - timedelta(hours=rules.liquids_hours),
        drive_after=drive_after(observation_end=end, zone=zone, rules=rules),
    )


def drive_after(
    *, observation_end: datetime, zone: ZoneInfo, rules: ClockRules = DEFAULT_RULES
) -> datetime:
    """No driving or machinery before this UTC instant.

    The later of `driving_hours` after the end of the observation and `driving_not_before` on the
    next local day.
    """
    end = check_range(observation_end)
    morning = at_local(local_day(end, zone) + timedelta(days=1), rules.driving_not_before, zone)
    return max(end + timedelta(hours=rules.driving_hours), morning)


def within_service_hours(
    *, starts_at: datetime, ends_at: datetime, zone: ZoneInfo, rules: ClockRules = DEFAULT_RULES
) -> bool:
    """Whether the whole visit, observation included, lies in one local day's service hours."""
    start, end = check_range(starts_at), check_range(ends_at)
    day = local_day(start, zone)
    return at_local(day, rules.opens, zone) <= start < end <= at_local(day, rules.closes, zone)


def latest_start(
    *, day: date, lengths: Lengths, zone: ZoneInfo, rules: ClockRules = DEFAULT_RULES
) -> datetime:
    """The last UTC instant at which a visit may start on a local day, on the grid or not."""
    return at_local(day, rules.closes, zone) - timedelta(minutes=lengths.total)


def on_grid(starts_at: datetime, zone: ZoneInfo, rules: ClockRules = DEFAULT_RULES) -> bool:
    """Whether an instant is a whole local grid step (a quarter hour), seconds included."""
    local = check_range(starts_at).astimezone(zone)
    minute_of_day = local.hour * 60 + local.minute
    return minute_of_day % rules.grid_minutes == 0 and local.second == local.microsecond == 0


def grid_starts(
    *, day: date, lengths: Lengths, zone: ZoneInfo, rules: ClockRules = DEFAULT_RULES
) -> list[datetime]:
    """Every start of a local day on the grid and within service hours, ascending, in UTC.

    On a day when clocks change, steps that do not exist are left out and steps that happen twice
    are given twice, an instant each.
    """
    start = _next_step(at_local(day, rules.opens, zone), zone, rules)
    last = latest_start(day=day, lengths=lengths, zone=zone, rules=rules)
    step = timedelta(minutes=rules.grid_minutes)
    if start.astimezone(zone).utcoffset() == last.astimezone(zone).utcoffset():
        return [start + number * step for number in range((last - start) // step + 1)]
    starts: list[datetime] = []
    while start <= last:
        starts.append(start)
        start = _next_step(start + step, zone, rules)
    return starts


def _next_step(instant: datetime, zone: ZoneInfo, rules: ClockRules) -> datetime:
    """The first instant from this whole minute on that is on the local grid."""
    local = instant.astimezone(zone)
    return instant + timedelta(minutes=-(local.hour * 60 + local.minute) % rules.grid_minutes)


def spacing_ok(*, earlier: datetime, later: datetime, minimum_hours: int, zone: ZoneInfo) -> bool:
    """Whether two infusions, start to start, are far enough apart.

    A minimum of n x 24 h also accepts the same local clock time n days later, which is 23 hours
    after on the day clocks go forward. Two infusions never share a local day. The two may be given
    in either order.
    """
    first, second = sorted((check_range(earlier), check_range(later)))
    here, there = first.astimezone(zone), second.astimezone(zone)
    if here.date() == there.date():
        return False
    if second - first >= timedelta(hours=minimum_hours):
        return True
    clock_hours = there.replace(tzinfo=None) - here.replace(tzinfo=None)
    return minimum_hours % 24 == 0 and clock_hours >= timedelta(hours=minimum_hours)


def say_time(instant: datetime, zone: ZoneInfo, *, language: str = "en") -> str:
    """A local time of day, minutes always shown: ``1:00 PM``; in Spanish ``1:00 p.m.``."""
    local = check_range(instant).astimezone(zone)
    half = datewords.of(language).half(local)
    return f"{local.hour % 12 or 12}:{local.minute:02d} {half}"


def say_moment(
    instant: datetime, zone: ZoneInfo, *, language: str = "en", in_full: bool = False
) -> str:
    """A local moment that cannot be mistaken: ``Tue 24 Nov, 4:30 PM CST``.

    In Spanish ``mar 24 nov, 4:30 p.m. CST``; `in_full`, as it stands in a sentence, ``martes 24 de
    noviembre, 4:30 p.m. CST``.
    """
    local = check_range(instant).astimezone(zone)
    day = datewords.of(language).say_day(local, in_full=in_full)
    return f"{day}, {say_time(instant, zone, language=language)} {local.tzname()}"
