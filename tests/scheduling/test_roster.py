"""Who is on shift when: patterns, exceptions, leave, lunch, papers, closures."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError, transaction
from pytest_django import Settings

from config.core.errors import constraint_of
from scheduling import roster
from scheduling.intervals import Interval
from scheduling.models import Closure, Leave, Nurse, Shift, ShiftException
from tests.factories import make_area, make_nurse, therapy

pytestmark = pytest.mark.django_db

CHICAGO = ZoneInfo("America/Chicago")
MONDAY = date(2026, 11, 23)
DAY = timedelta(days=1)


def clock(day: date, hours: str) -> datetime:
    return datetime.combine(day, time.fromisoformat(hours), tzinfo=CHICAGO)


def hours(day: date, *pairs: tuple[str, str]) -> list[Interval]:
    """Stretches of a day; one that does not end later ends the next day."""
    return [
        Interval(clock(day, begin), clock(day if end > begin else day + DAY, end))
        for begin, end in pairs
    ]


def make_cleo(**changes: Any) -> Nurse:
    make_area()
    return make_nurse(**{"starts": time(8), "ends": time(17), **changes})


def change(nurse: Nurse, effect: str, begin: str = "", end: str = "", **more: Any) -> None:
    ShiftException.objects.create(
        nurse=nurse,
        effect=effect,
        starts=time.fromisoformat(begin) if begin else None,
        ends=time.fromisoformat(end) if end else None,
        **{"day": MONDAY, **more},
    )


def windows(
    first: date = MONDAY, last: date | None = None, slug: str = "mood-40"
) -> list[Interval]:
    found = roster.available(therapy=therapy(slug), state="IL", first=first, last=last or first)
    return [window for one in found for window in one.windows]


@pytest.mark.parametrize(
    ("begin", "end", "left"),
    [
        ("", "", []),
        ("07:00", "10:00", [("10:00", "17:00")]),
        ("15:00", "19:00", [("08:00", "15:00")]),
        ("12:00", "12:30", [("08:00", "12:00"), ("12:30", "17:00")]),
    ],
)
def test_it_takes_exactly_the_hours_off(begin: str, end: str, left: list[tuple[str, str]]) -> None:
    change(make_cleo(), "off", begin, end)

    assert windows() == hours(MONDAY, *left)
    assert windows(MONDAY + DAY) == hours(MONDAY + DAY, ("08:00", "17:00"))


def test_it_adds_extra_hours_on_a_day_without_a_shift() -> None:
    nurse = make_cleo()
    nurse.shifts.all().delete()
    change(nurse, "extra", "09:00", "12:00")

    assert windows() == hours(MONDAY, ("09:00", "12:00"))
    assert roster.working_on(MONDAY) == {nurse.pk}
    assert roster.working_on(MONDAY + DAY) == set()


def test_it_lets_hours_off_win_over_extra_hours() -> None:
    nurse = make_cleo()
    change(nurse, "extra", "16:00", "20:00")
    change(nurse, "off", "18:00", "19:00")

    assert windows() == hours(MONDAY, ("08:00", "18:00"), ("19:00", "20:00"))


def test_it_keeps_the_road_and_the_desk_apart() -> None:
    nurse = make_cleo()
    change(nurse, "off")
    change(nurse, "extra", "09:00", "12:00", kind=Shift.Kind.DESK)

    assert windows() == []
    assert windows(slug="consultation") == hours(MONDAY, ("09:00", "12:00"))


def test_it_makes_one_interval_of_a_shift_over_midnight() -> None:
    make_cleo(starts=time(20), ends=time(4))

    assert windows() == [
        *hours(MONDAY - DAY, ("20:00", "04:00")),
        *hours(MONDAY, ("20:00", "04:00")),
    ]


def test_it_takes_the_whole_shift_that_begins_on_a_day_off() -> None:
    nurse = make_cleo(starts=time(20), ends=time(4))
    change(nurse, "off")

    assert windows() == hours(MONDAY - DAY, ("20:00", "00:00"))
    assert roster.working_on(MONDAY + DAY) == {nurse.pk}


def test_it_says_when_lunch_may_be_taken_and_how_much_she_may_drive_and_work(
    settings: Settings,
) -> None:
    settings.MAX_DRIVING_MINUTES, settings.MAX_WORKING_MINUTES = 240, 600
    nurse = make_cleo()
    nurse.shifts.update(lunch_minutes=30, lunch_from=time(11), lunch_until=time(15))
    nurse.max_driving_minutes = 90
    nurse.save()

    [found] = roster.on_shift(kind=Shift.Kind.FIELD, first=MONDAY, last=MONDAY)

    [lunch] = [one for one in found.lunches if one.shift == hours(MONDAY, ("08:00", "17:00"))[0]]
    assert (lunch.minutes, [lunch.window]) == (30, hours(MONDAY, ("11:00", "15:00")))
    assert (found.max_driving, found.max_working) == (90, 600)


def test_it_finds_lunch_after_midnight_in_a_night_shift() -> None:
    nurse = make_cleo(starts=time(20), ends=time(4))
    nurse.shifts.update(lunch_minutes=30, lunch_from=time(23, 30), lunch_until=time(1))
    tuesday = nurse.shifts.filter(weekday=1)
    tuesday.update(lunch_from=time(0, 30), lunch_until=time(2))

    [found] = roster.on_shift(kind=Shift.Kind.FIELD, first=MONDAY + DAY, last=MONDAY + DAY)

    assert [one.window for one in found.lunches] == [
        *hours(MONDAY, ("23:30", "01:00")),
        *hours(MONDAY + 2 * DAY, ("00:30", "02:00")),
    ]


def test_it_takes_a_day_whose_papers_do_not_stand_from_a_shift_of_the_night_before() -> None:
    nurse = make_cleo(starts=time(20), ends=time(4))
    nurse.licences.update(valid_until=MONDAY)

    assert windows(MONDAY, MONDAY + DAY) == [
        *hours(MONDAY - DAY, ("20:00", "04:00")),
        *hours(MONDAY, ("20:00", "00:00")),
    ]


def test_it_works_around_hours_that_the_clock_skips() -> None:
    make_cleo(starts=time(2, 30), ends=time(3, 15))  # 2:30 is 3:30 that night

    assert windows(date(2027, 3, 14)) == []
    assert windows(date(2027, 3, 15)) == hours(date(2027, 3, 15), ("02:30", "03:15"))


# -- closures --------------------------------------------------------------------------------------


def closed(slug: str = "mood-40", state: str = "IL", postal_code: str = "60302") -> frozenset[date]:
    found = roster.look(
        therapy=therapy(slug),
        state=state,
        postal_code=postal_code,
        first=MONDAY - DAY,
        last=MONDAY + 3 * DAY,
        held="",
        held_parameters={},
    )
    return found.closed


def close(**changes: Any) -> Closure:
    return Closure.objects.create(
        **{"name": "a winter storm", "first_day": MONDAY, "last_day": MONDAY + DAY, **changes}
    )


def test_it_closes_every_area_when_none_is_named() -> None:
    close()

    assert closed() == {MONDAY, MONDAY + DAY}
    assert closed(state="IN", postal_code="46320") == {MONDAY, MONDAY + DAY}
    assert closed("consultation") == set()


def test_it_closes_the_state_or_the_beginning_of_a_postal_code() -> None:
    close(states=["IN"], postal_prefixes=["603"])

    assert closed() == {MONDAY, MONDAY + DAY}
    assert closed(state="IN", postal_code="46320") == {MONDAY, MONDAY + DAY}
    assert closed(postal_code="60611") == set()


def test_it_stops_consultations_only_where_it_says_so() -> None:
    close(states=["IL"], includes_consultations=True)

    assert closed("consultation", state="", postal_code="") == {MONDAY, MONDAY + DAY}


def test_it_opens_again_what_was_taken_back() -> None:
    storm = close()
    storm.taken_back_at = clock(MONDAY, "06:00")
    storm.save()

    assert closed() == set()


# -- what the database refuses ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "constraint"),
    [
        ({"ends": time(8)}, "shift_has_length"),
        ({"lunch_minutes": 30}, "shift_lunch_has_length_and_hours"),
        ({"lunch_from": time(11)}, "shift_lunch_has_length_and_hours"),
        (
            {"lunch_minutes": 30, "lunch_from": time(7), "lunch_until": time(12)},
            "shift_lunch_fits_its_hours",
        ),
        (
            {"lunch_minutes": 30, "lunch_from": time(16), "lunch_until": time(18)},
            "shift_lunch_lies_within_it",
        ),
        (
            {"lunch_minutes": 61, "lunch_from": time(12), "lunch_until": time(13)},
            "shift_lunch_fits_its_hours",
        ),
        (
            {"lunch_minutes": 30, "lunch_from": time(14), "lunch_until": time(13)},
            "shift_lunch_fits_its_hours",
        ),
    ],
)
def test_it_refuses_a_shift_that_cannot_be_worked(changes: dict[str, Any], constraint: str) -> None:
    shifts = make_cleo().shifts.filter(weekday=0)

    shifts.update(lunch_minutes=60, lunch_from=time(8), lunch_until=time(9))
    shifts.update(lunch_minutes=0, lunch_from=None, lunch_until=None)
    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        shifts.update(**changes)
    assert constraint_of(refused.value) == constraint


@pytest.mark.parametrize(
    ("changes", "constraint"),
    [
        ({"effect": "extra"}, "shift_exception_has_hours_or_is_a_day_off"),
        ({"starts": time(8)}, "shift_exception_has_hours_or_is_a_day_off"),
        ({"starts": time(8), "ends": time(8)}, "shift_exception_has_length"),
        ({"effect": "more", "starts": time(8), "ends": time(9)}, "shift_exception_is_off_or_extra"),
        ({"kind": "air"}, "shift_exception_is_on_the_road_or_at_a_desk"),
        ({"day": MONDAY + DAY}, "shift_exception_is_entered_once"),
    ],
)
def test_it_refuses_an_exception_that_says_nothing(
    changes: dict[str, Any], constraint: str
) -> None:
    nurse = make_cleo()
    change(nurse, "off", day=MONDAY + DAY)
    change(nurse, "off")

    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        ShiftException.objects.filter(day=MONDAY).update(**changes)
    assert constraint_of(refused.value) == constraint


@pytest.mark.parametrize(
    ("changes", "constraint"),
    [
        ({"last_day": MONDAY - DAY}, "closure_ends_after_it_begins"),
        ({"last_day": date(2200, 1, 1)}, "closure_lies_in_the_years_we_reckon_with"),
        ({"name": ""}, "closure_says_why"),
        ({"states": ["IL", "in"]}, "closure_names_states_by_two_letters"),
        ({"postal_prefixes": ["603", ""]}, "closure_names_areas_by_digits"),
        ({"postal_prefixes": [""]}, "closure_names_areas_by_digits"),
        ({"postal_prefixes": ["603", None]}, "closure_names_areas_by_digits"),
        ({"states": [""]}, "closure_names_states_by_two_letters"),
        ({"postal_prefixes": ["603021"]}, "closure_names_areas_by_digits"),
        ({"taken_back_at": None}, "closure_is_taken_back_once"),
    ],
)
def test_it_refuses_a_closure_that_closes_nothing_known(
    changes: dict[str, Any], constraint: str
) -> None:
    storm = close(states=["IL"], taken_back_at=datetime(2026, 11, 20, tzinfo=UTC))

    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        Closure.objects.filter(pk=storm.pk).update(**changes)
    assert constraint_of(refused.value) == constraint


@pytest.mark.parametrize(
    ("field", "constraint"),
    [
        ("max_driving_minutes", "nurse_drives_no_longer_than_a_day"),
        ("max_working_minutes", "nurse_works_no_longer_than_a_day"),
    ],
)
def test_it_refuses_limits_longer_than_a_day(field: str, constraint: str) -> None:
    nurses = Nurse.objects.filter(pk=make_cleo().pk)

    nurses.update(**{field: 1440})
    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        nurses.update(**{field: 1441})
    assert constraint_of(refused.value) == constraint


def test_it_still_asks_leave_last() -> None:
    nurse = make_cleo()
    change(nurse, "extra", "17:00", "20:00")
    Leave.objects.create(
        nurse=nurse, starts_at=clock(MONDAY, "16:00"), ends_at=clock(MONDAY, "19:00")
    )

    assert windows() == hours(MONDAY, ("08:00", "16:00"), ("19:00", "20:00"))
