from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from booking.clock import Lengths, Times, say_moment, times_around
from booking.presenting import Stage, clock_view, no_driving_view, now_view, sentence

CHICAGO = ZoneInfo("America/Chicago")
NEW_YORK = ZoneInfo("America/New_York")
MOOD = Lengths(prep=30, infusion=40, observation=120)


def tuesday(hour: int, minute: int = 0, *, day: int = 24) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=CHICAGO).astimezone(UTC)


def around(starts_at: datetime, zone: ZoneInfo = CHICAGO) -> Times:
    return times_around(starts_at=starts_at, lengths=MOOD, zone=zone)


def test_it_names_the_five_times_and_the_nurses_leaving_in_order() -> None:
    view = clock_view(times=around(tuesday(10, 30)), zone=CHICAGO)
    assert [(mark.kind, mark.day, mark.time) for mark in view.marks] == [
        ("heavy-meal", "Tue 24 Nov", "2:30 AM"),
        ("food", "", "4:30 AM"),
        ("liquids", "", "8:30 AM"),
        ("arrival", "", "10:30 AM"),
        ("leaving", "", "1:40 PM"),
        ("driving", "Wed 25 Nov", "1:40 PM"),
    ]
    assert view.zone == "CST"


def test_it_says_all_of_the_clock_in_a_sentence() -> None:
    assert sentence(times=around(tuesday(10, 30)), zone=CHICAGO) == (
        "Heavy meals until Tue 24 Nov, 2:30 AM CST. Nothing to eat from 4:30 AM. "
        "Clear drinks until 8:30 AM. The nurse is with you from 10:30 AM to 1:40 PM. "
        "No driving or machinery before Wed 25 Nov, 1:40 PM CST."
    )


def test_it_names_the_day_again_where_a_stop_falls_on_the_day_itself() -> None:
    times = around(tuesday(8))
    said = sentence(times=times, zone=CHICAGO)
    assert (
        "Heavy meals until Tue 24 Nov, 12:00 AM CST (midnight at the start of Tue 24 Nov)." in said
    )
    assert "Nothing to eat from 2:00 AM." in said
    before_midnight = around(datetime(2026, 11, 24, 7, 30, tzinfo=CHICAGO))
    assert "Heavy meals until Mon 23 Nov, 11:30 PM CST. Nothing to eat from Tue 24 Nov" in (
        sentence(times=before_midnight, zone=CHICAGO)
    )


def test_it_says_which_midnight_it_means() -> None:
    first, *rest = clock_view(times=around(tuesday(8)), zone=CHICAGO).marks
    assert (first.day, first.time) == ("Tue 24 Nov", "12:00 AM")
    assert first.what == "last heavy meal (midnight at the start of Tue 24 Nov)"
    assert not any("midnight" in mark.what for mark in rest)
    view = now_view(times=around(tuesday(8)), zone=CHICAGO, at=tuesday(20, day=23))
    midnight = "Tue 24 Nov, 12:00 AM CST (midnight at the start of Tue 24 Nov)"
    assert view.until == f"Now, until {midnight}"
    assert f"Your last heavy meal is before {midnight}." in view.detail


def test_it_names_the_zone_of_a_time_on_the_other_side_of_a_clock_change() -> None:
    start = datetime(2027, 3, 14, 8, tzinfo=NEW_YORK)
    view = clock_view(times=around(start, NEW_YORK), zone=NEW_YORK)
    assert [mark.time for mark in view.marks][:4] == [
        "11:00 PM EST",
        "1:00 AM EST",
        "6:00 AM",
        "8:00 AM",
    ]
    assert view.zone == "EDT"


@pytest.mark.parametrize(
    ("at", "until", "headline"),
    [
        (tuesday(20, day=22), "Now, until Tue 24 Nov, 2:30 AM CST", "Eat as usual"),
        (tuesday(2, 29), "Now, until 2:30 AM", "Eat as usual"),
        (tuesday(2, 30), "Now, until 4:30 AM", "Light food only"),
        (tuesday(4, 30), "Now, until 8:30 AM", "Nothing to eat now"),
        (tuesday(8, 30), "Now, until 10:30 AM", "Nothing to eat or drink now"),
        (tuesday(10, 30), "Now", "Your nurse is due"),
    ],
)
def test_it_says_the_one_thing_that_is_true_now(at: datetime, until: str, headline: str) -> None:
    view = now_view(times=around(tuesday(10, 30)), zone=CHICAGO, at=at)
    assert (view.until, view.headline) == (until, headline)


def test_it_follows_the_nurse_rather_than_the_hour_once_she_has_set_off() -> None:
    times = around(tuesday(10, 30))
    on_the_way = now_view(times=times, zone=CHICAGO, at=tuesday(9), stage=Stage.ON_THE_WAY)
    here = now_view(times=times, zone=CHICAGO, at=tuesday(12), stage=Stage.HERE)
    assert on_the_way.headline == "Your nurse is on the way"
    assert (
        here.detail == f"No driving or machinery before {say_moment(times.drive_after, CHICAGO)}."
    )


def test_it_warns_about_driving_with_the_whole_moment() -> None:
    view = no_driving_view(drive_after=around(tuesday(10, 30)).drive_after, zone=CHICAGO)
    assert (view.until, view.headline) == ("Now, until Wed 25 Nov, 1:40 PM CST", "Do not drive")
