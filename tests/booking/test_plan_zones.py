"""Messages on days when clocks change, to the minute, and where a day is left out."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from booking.clock import grid_starts
from booking.notices.plan import Kind, PlannedNotice, Preferences
from config.launch.walk import figures
from tests.booking.plan_help import EVERYTHING, MOOD, infusion, planned

NEW_YORK, PHOENIX = "America/New_York", "America/Phoenix"
LORD_HOWE, APIA, TROLL = "Australia/Lord_Howe", "Pacific/Apia", "Antarctica/Troll"


def said(start: str, zone: str, preferences: Preferences = EVERYTHING) -> dict[Kind, PlannedNotice]:
    """What is sent of a short visit booked two weeks ahead, by kind."""
    there = ZoneInfo(zone)
    starts_at = datetime.fromisoformat(start).replace(tzinfo=there)
    visit = infusion(starts_at, starts_at - timedelta(days=14), there)
    return {n.kind: n for n in reversed(planned(visit, preferences))}


def clock(moment: datetime | None, zone: str) -> str:
    assert moment is not None
    return f"{moment.astimezone(ZoneInfo(zone)):%d %H:%M %Z}"


@pytest.mark.parametrize(
    ("start", "zone", "kind", "when"),
    [
        # Clocks go forward in the night before: an hour less on the clock than elapsed.
        ("2027-03-14 15:00", NEW_YORK, Kind.prepare, "11 14:00 EST"),
        ("2027-03-14 15:00", NEW_YORK, Kind.confirm_escort, "13 14:00 EST"),
        ("2027-03-14 15:00", NEW_YORK, Kind.evening_before, "13 19:00 EST"),
        ("2027-03-14 15:00", NEW_YORK, Kind.fasting, "14 08:00 EDT"),
        ("2027-03-14 15:00", NEW_YORK, Kind.last_check, "14 11:00 EDT"),
        ("2027-03-14 15:00", NEW_YORK, Kind.today, "14 12:00 EDT"),
        ("2027-03-14 15:00", NEW_YORK, Kind.driving_warning, "14 18:10 EDT"),
        ("2027-03-14 15:00", NEW_YORK, Kind.driving_ended, "15 18:10 EDT"),
        ("2027-03-14 08:00", NEW_YORK, Kind.evening_before, "13 19:00 EST"),
        # They go forward in the night after.
        ("2027-03-13 15:30", NEW_YORK, Kind.driving_ended, "14 19:40 EDT"),
        ("2027-03-13 15:30", NEW_YORK, Kind.how_are_you, "14 10:00 EDT"),
        ("2027-03-13 15:30", NEW_YORK, Kind.coming_days, "14 19:40 EDT"),
        # They go back in the night before.
        ("2027-11-07 12:00", NEW_YORK, Kind.confirm_escort, "06 13:00 EDT"),
        ("2027-11-07 12:00", NEW_YORK, Kind.evening_before, "06 19:00 EDT"),
        ("2027-11-07 12:00", NEW_YORK, Kind.last_check, "07 08:00 EST"),
        ("2027-11-07 12:00", NEW_YORK, Kind.today, "07 09:00 EST"),
        # They go back in the night after: 24 elapsed hours end at 5:40 PM.
        ("2027-11-06 15:30", NEW_YORK, Kind.driving_ended, "07 17:40 EST"),
        ("2027-11-06 15:30", NEW_YORK, Kind.how_are_you, "07 10:00 EST"),
        # Nothing changes: the control.
        ("2027-03-14 15:00", PHOENIX, Kind.fasting, "14 08:00 MST"),
        ("2027-03-14 15:00", PHOENIX, Kind.confirm_escort, "13 15:00 MST"),
        ("2027-03-13 15:30", PHOENIX, Kind.driving_ended, "14 18:40 MST"),
        # Half an hour only.
        ("2027-04-04 12:00", LORD_HOWE, Kind.last_check, "04 08:00 +1030"),
        ("2027-04-04 12:00", LORD_HOWE, Kind.confirm_escort, "03 12:30 +11"),
        ("2027-04-04 12:00", LORD_HOWE, Kind.evening_before, "03 19:00 +11"),
        # Two hours: by seven in the evening it would be too late to eat first.
        ("2027-03-28 08:00", TROLL, Kind.evening_before, "27 18:00 +00"),
        # The 30th of December 2011 was left out.
        ("2011-12-31 15:00", APIA, Kind.confirm_escort, "29 15:00 -10"),
        ("2011-12-31 15:00", APIA, Kind.evening_before, "29 20:30 -10"),
        ("2011-12-31 15:00", APIA, Kind.fasting, "31 08:00 +14"),
        ("2011-12-29 15:00", APIA, Kind.how_are_you, "31 10:00 +14"),
    ],
)
def test_it_keeps_elapsed_hours_and_local_hours_apart(
    start: str, zone: str, kind: Kind, when: str
) -> None:
    assert clock(said(start, zone)[kind].send_from, zone) == when


@pytest.mark.parametrize(
    ("start", "zone", "stop"),
    [
        ("2027-03-14 08:00", NEW_YORK, "14 01:00 EST"),
        ("2027-03-14 08:00", PHOENIX, "14 02:00 MST"),
        ("2027-03-14 15:00", NEW_YORK, "14 09:00 EDT"),
        ("2027-11-07 08:00", NEW_YORK, "07 02:00 EST"),
        ("2027-04-04 08:00", LORD_HOWE, "04 02:00 +1030"),
        ("2027-03-14 08:00", "America/St_Johns", "14 01:00 NST"),
    ],
)
def test_it_tells_of_the_food_stop_until_it_comes(start: str, zone: str, stop: str) -> None:
    assert clock(said(start, zone)[Kind.evening_before].not_after, zone) == stop


@pytest.mark.parametrize(
    ("start", "zone", "until"),
    [
        ("2027-03-13 15:30", NEW_YORK, "14 19:40 EDT"),
        ("2027-11-06 15:30", NEW_YORK, "07 17:40 EST"),
        ("2027-03-13 15:30", PHOENIX, "14 18:40 MST"),
        ("2027-04-03 15:30", LORD_HOWE, "04 18:10 +1030"),
    ],
)
def test_it_forbids_driving_for_24_elapsed_hours(start: str, zone: str, until: str) -> None:
    assert clock(said(start, zone)[Kind.driving_warning].not_after, zone) == until


@pytest.mark.parametrize("zone", [NEW_YORK, PHOENIX, LORD_HOWE])
@pytest.mark.parametrize("first", ["2027-03-12", "2027-04-02", "2027-11-05"])
def test_it_agrees_with_the_same_table_reckoned_by_another_hand(zone: str, first: str) -> None:
    there = ZoneInfo(zone)
    days = [date.fromisoformat(first) + timedelta(days=n) for n in range(4)]
    starts = [start for day in days for start in grid_starts(day=day, lengths=MOOD, zone=there)]
    for start in starts[::3]:
        told_at = start - timedelta(days=6, hours=5)
        plan = planned(infusion(start, told_at, there))
        found = {(n.kind.value, n.recipient.value, n.channel.value): n for n in plan}
        for row in figures.notices(start=start, told_at=told_at, zone=there):
            notice = found.pop(row.name)
            moments = (notice.ideal_at, notice.send_from, notice.not_after)
            assert moments == (row.ideal_at, row.send_from, row.not_after)
            assert notice.notice_class == row.notice_class
        assert {kind for kind, _, _ in found} == {"coming_days", "maintenance", "no_discharge"}
