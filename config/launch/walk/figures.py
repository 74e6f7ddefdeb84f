"""The figures of docs/domain.md, worked out once more: elapsed hours in UTC, zones at the edge."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

MINUTES = {"prep": 30, "infusion": 40, "observation": 120}  # mood-40
LENGTH = timedelta(minutes=sum(MINUTES.values()))
OPENS, CLOSES = time(8), time(20)
QUIET_FROM, QUIET_UNTIL, QUIET_UNTIL_THAT_DAY = time(21), time(8), time(7)
GRACE = timedelta(minutes=3)

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def now() -> datetime:
    """The present instant."""
    return datetime.now(UTC)


def shift(instant: datetime, *, hours: float = 0, minutes: float = 0) -> datetime:
    """Return so many elapsed hours and minutes later, in UTC."""
    return instant.astimezone(UTC) + timedelta(hours=hours, minutes=minutes)


def at_local(day: date, clock: time, zone: ZoneInfo) -> datetime:
    """Return the instant of a local time of day."""
    return datetime.combine(day, clock, tzinfo=zone).astimezone(UTC)


def said(instant: datetime, zone: ZoneInfo) -> str:
    """Return a local moment as it is said: `Tue 24 Nov, 4:30 PM CST`."""
    local = instant.astimezone(zone)
    day = f"{WEEKDAYS[local.weekday()]} {local.day} {MONTHS[local.month - 1]}"
    half = "AM" if local.hour < 12 else "PM"
    return f"{day}, {local.hour % 12 or 12}:{local.minute:02d} {half} {local.tzname()}"


def drive_after(end: datetime, zone: ZoneInfo) -> datetime:
    """Return until when not to drive: 24 h after the observation, and 8 AM at the earliest."""
    morning = at_local(end.astimezone(zone).date() + timedelta(days=1), OPENS, zone)
    return max(shift(end, hours=24), morning)


def around(start: datetime, zone: ZoneInfo) -> dict[str, datetime]:
    """Return every instant that a start of a `mood-40` session implies."""
    end = start.astimezone(UTC) + LENGTH
    return {
        "starts_at": start,
        "ends_at": end,
        "heavy_meal_until": shift(start, hours=-8),
        "fast_from": shift(start, hours=-6),
        "liquids_until": shift(start, hours=-2),
        "drive_after": drive_after(end, zone),
    }


def in_service_hours(start: datetime, zone: ZoneInfo) -> bool:
    """Whether the visit, observation included, lies within 08:00 to 20:00 of one local day."""
    day, end = start.astimezone(zone).date(), start.astimezone(UTC) + LENGTH
    return at_local(day, OPENS, zone) <= start and end <= at_local(day, CLOSES, zone)


def on_quarter_hour(start: datetime, zone: ZoneInfo) -> bool:
    """Whether a start lies on a local quarter hour."""
    local = start.astimezone(zone)
    return local.minute % 15 == 0 and local.second == local.microsecond == 0


@dataclass(frozen=True)
class Expected:
    """One message that a booked session must have."""

    kind: str
    recipient: str
    channel: str
    notice_class: str
    ideal_at: datetime
    send_from: datetime
    not_after: datetime

    @property
    def name(self) -> tuple[str, str, str]:
        """What tells it from the others."""
        return self.kind, self.recipient, self.channel


def notices(*, start: datetime, told_at: datetime, zone: ZoneInfo) -> list[Expected]:
    """Return the messages of a session booked (or moved) at least four days ahead.

    That far ahead nothing is late and nothing is folded into a digest; only what belongs to the day
    itself is left out where it would come before its morning, because the evening before says it.
    """
    rows = [
        *_first_word(start, told_at, zone),
        *_preparation(start, zone),
        *_that_day(start, zone),
        *_driving(start, zone),
        *_afterwards(start, zone),
    ]
    return sorted(rows, key=lambda row: row.send_from)


def _first_word(start: datetime, told_at: datetime, zone: ZoneInfo) -> Iterator[Expected]:
    ideal = told_at + GRACE
    yield Expected("booked", "patient", "email", "F", ideal, ideal, start)
    morning = out_of_quiet(ideal, zone, earlier=False)
    yield Expected("booked", "patient", "sms", "F", ideal, morning, start)


def _preparation(start: datetime, zone: ZoneInfo) -> Iterator[Expected]:
    eve = at_local(start.astimezone(zone).date() - timedelta(days=1), time(19), zone)
    table = (
        ("prepare", ("email",), shift(start, hours=-72), shift(start, hours=-24)),
        ("confirm_escort", ("email", "sms"), shift(start, hours=-24), shift(start, hours=-12)),
        ("evening_before", ("email", "sms"), eve, shift(start, hours=-6)),
    )
    for kind, channels, ideal, useless in table:
        for channel in channels:
            send = out_of_quiet(ideal, zone, earlier=True)
            yield Expected(kind, "patient", channel, "P", ideal, send, useless)


def _that_day(start: datetime, zone: ZoneInfo) -> Iterator[Expected]:
    table = (
        ("fasting", QUIET_UNTIL, shift(start, hours=-7), shift(start, hours=-6)),
        ("last_check", QUIET_UNTIL, shift(start, hours=-4), shift(start, hours=-2)),
        ("today", QUIET_UNTIL_THAT_DAY, shift(start, hours=-3), start),
    )
    for kind, quiet_until, ideal, useless in table:
        if ideal.astimezone(zone).time() >= quiet_until:
            yield Expected(kind, "patient", "sms", "P", ideal, ideal, useless)


def _driving(start: datetime, zone: ZoneInfo) -> Iterator[Expected]:
    times = around(start, zone)
    end, until = times["ends_at"], times["drive_after"]
    for channel in ("email", "sms"):
        yield Expected("driving_warning", "patient", channel, "S", end, end, until)
    yield Expected("driving_warning_escort", "escort", "sms", "S", end, end, until)


def _afterwards(start: datetime, zone: ZoneInfo) -> Iterator[Expected]:
    """What comes once after the only session there is; what comes twice is left out."""
    until = around(start, zone)["drive_after"]
    free = out_of_quiet(until, zone, earlier=False)
    yield Expected("driving_ended", "patient", "email", "F", until, free, shift(until, hours=12))
    asked = at_local(start.astimezone(zone).date() + timedelta(days=1), time(10), zone)
    for channel in ("email", "sms"):
        useless = shift(asked, hours=24)
        yield Expected("how_are_you", "patient", channel, "F", asked, asked, useless)


def out_of_quiet(instant: datetime, zone: ZoneInfo, *, earlier: bool) -> datetime:
    """Return the instant itself, or 20:30 before it, or 08:00 after it, where it is quiet."""
    local = instant.astimezone(zone)
    late = local.time() >= QUIET_FROM
    if not late and local.time() >= QUIET_UNTIL:
        return instant
    evening = local.date() if late else local.date() - timedelta(days=1)
    if earlier:
        return at_local(evening, time(20, 30), zone)
    return at_local(evening + timedelta(days=1), QUIET_UNTIL, zone)
