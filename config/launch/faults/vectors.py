"""Visits about the days when clocks change, with what has to be said of them, worked out by hand.

Every visit lasts 190 minutes. Hours before and after are elapsed hours; docs/domain.md has the
rules. Grouped by when they are booked, the earliest first.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

NEW_YORK = "America/New_York"


@dataclass(frozen=True)
class Vector:
    """One visit.

    Attributes
    ----------
    booked
        When, in UTC.
    starts
        On the clock of its zone.
    meal, food, drink
        From when to take no heavy meal, no food and nothing to drink.
    drive
        Until when not to drive.
    """

    booked: str
    zone: str
    starts: str
    meal: str
    food: str
    drink: str
    drive: str

    @property
    def booked_at(self) -> datetime:
        """The instant of the booking."""
        return datetime.fromisoformat(self.booked).replace(tzinfo=UTC)

    @property
    def starts_at(self) -> datetime:
        """The instant of the start."""
        there = datetime.fromisoformat(self.starts).replace(tzinfo=ZoneInfo(self.zone))
        return there.astimezone(UTC)


VECTORS = (
    # Clocks go forward in the night before.
    Vector(
        "2027-03-08 16:00", NEW_YORK, "2027-03-14 08:00", "Sat 13 Mar, 11:00 PM EST",
        "Sun 14 Mar, 1:00 AM EST", "Sun 14 Mar, 6:00 AM EDT", "Mon 15 Mar, 11:10 AM EDT",
    ),
    Vector(
        "2027-03-08 16:00", "America/St_Johns", "2027-03-14 08:00", "Sat 13 Mar, 11:00 PM NST",
        "Sun 14 Mar, 1:00 AM NST", "Sun 14 Mar, 6:00 AM NDT", "Mon 15 Mar, 11:10 AM NDT",
    ),
    # They go forward in the night after.
    Vector(
        "2027-03-08 16:00", NEW_YORK, "2027-03-13 15:30", "Sat 13 Mar, 7:30 AM EST",
        "Sat 13 Mar, 9:30 AM EST", "Sat 13 Mar, 1:30 PM EST", "Sun 14 Mar, 7:40 PM EDT",
    ),
    # Nothing changes: the control.
    Vector(
        "2027-03-08 16:00", "America/Phoenix", "2027-03-14 08:00", "Sun 14 Mar, 12:00 AM MST",
        "Sun 14 Mar, 2:00 AM MST", "Sun 14 Mar, 6:00 AM MST", "Mon 15 Mar, 11:10 AM MST",
    ),
    # Back by half an hour, in a zone whose abbreviation is a number.
    Vector(
        "2027-03-29 16:00", "Australia/Lord_Howe", "2027-04-04 12:00", "Sun 4 Apr, 4:00 AM +1030",
        "Sun 4 Apr, 6:00 AM +1030", "Sun 4 Apr, 10:00 AM +1030", "Mon 5 Apr, 3:10 PM +1030",
    ),
    # Back in the night before: half past one comes twice, and each visit means another.
    Vector(
        "2027-11-01 16:00", NEW_YORK, "2027-11-07 08:30", "Sun 7 Nov, 1:30 AM EDT",
        "Sun 7 Nov, 2:30 AM EST", "Sun 7 Nov, 6:30 AM EST", "Mon 8 Nov, 11:40 AM EST",
    ),
    Vector(
        "2027-11-01 16:00", NEW_YORK, "2027-11-07 09:30", "Sun 7 Nov, 1:30 AM EST",
        "Sun 7 Nov, 3:30 AM EST", "Sun 7 Nov, 7:30 AM EST", "Mon 8 Nov, 12:40 PM EST",
    ),
    # Back in the night after.
    Vector(
        "2027-11-01 16:00", NEW_YORK, "2027-11-06 15:30", "Sat 6 Nov, 7:30 AM EDT",
        "Sat 6 Nov, 9:30 AM EDT", "Sat 6 Nov, 1:30 PM EDT", "Sun 7 Nov, 5:40 PM EST",
    ),
)  # fmt: skip
