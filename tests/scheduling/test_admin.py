from datetime import UTC, date, datetime, time
from typing import Any

import pytest
import time_machine
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse

from config.core.models import Role
from scheduling.models import Closure, Leave, Nurse
from tests.factories import make_area, make_nurse, make_user

pytestmark = pytest.mark.django_db


def page_of(nurse: Nurse) -> str:
    return reverse("admin:scheduling_nurse_change", args=[nurse.pk])


@pytest.fixture(autouse=True)
def _morning() -> Any:
    with time_machine.travel(datetime(2026, 12, 1, 15, tzinfo=UTC), tick=False):
        yield


PARTS = ("licences", "qualifications", "shifts", "shift_exceptions", "leaves")


def form_with(nurse: Nurse, **parts: list[dict[str, str]]) -> dict[str, str]:
    """What the browser sends: the nurse as she is, and new rows of some parts."""
    form = {
        "is_active": "on",
        "time_zone": nurse.time_zone,
        "home_latitude": str(nurse.home_latitude),
        "home_longitude": str(nurse.home_longitude),
    }
    for part in PARTS:
        rows = parts.get(part, [])
        form |= {f"{part}-TOTAL_FORMS": str(len(rows)), f"{part}-INITIAL_FORMS": "0"}
        for number, row in enumerate(rows):
            form |= {f"{part}-{number}-{name}": value for name, value in row.items()}
    return form


def form_of(nurse: Nurse, *leaves: tuple[str, str]) -> dict[str, str]:
    """What the browser sends when only leave is entered."""
    rows = []
    for starts, ends in leaves:
        moments = {"starts_at": starts.split(" "), "ends_at": ends.split(" ")}
        rows.append({f"{name}_{n}": moments[name][n] for name in moments for n in (0, 1)})
    return form_with(nurse, leaves=rows)


def shift(**changes: str) -> dict[str, str]:
    return {
        "weekday": "0",
        "kind": "field",
        "starts": "08:00",
        "ends": "16:00",
        "lunch_minutes": "0",
        "valid_from": "2026-01-01",
        **changes,
    }


def sign_in(client: Client, role: str) -> None:
    client.force_login(make_user(role=role, name="Dan Okafor"))


@pytest.mark.parametrize("role", [Role.DISPATCHER, Role.ADMINISTRATOR])
def test_it_takes_leave_in_the_nurses_own_time_from_those_who_keep_the_roster(
    client: Client, role: str
) -> None:
    nurse = make_nurse()
    sign_in(client, role)
    answer = client.post(page_of(nurse), form_of(nurse, ("2026-12-01 08:00", "2026-12-02 08:00")))
    assert answer.status_code == 302
    assert Leave.objects.get().starts_at == datetime(2026, 12, 1, 14, tzinfo=UTC)


def test_it_says_that_leave_overlaps_rather_than_failing(client: Client) -> None:
    nurse = make_nurse()
    sign_in(client, Role.DISPATCHER)
    twice = form_of(
        nurse, ("2026-12-01 08:00", "2026-12-03 08:00"), ("2026-12-02 08:00", "2026-12-04 08:00")
    )
    answer = client.post(page_of(nurse), twice)
    assert "Two of these overlap" in answer.content.decode()
    assert not Leave.objects.exists()


def test_it_shows_a_clinician_the_roster_and_takes_no_change(client: Client) -> None:
    nurse = make_nurse()
    sign_in(client, Role.CLINICIAN)
    assert client.get(page_of(nurse)).status_code == 200
    leave = form_of(nurse, ("2026-12-01 08:00", "2026-12-02 08:00"))
    assert client.post(page_of(nurse), leave).status_code == 403
    assert not Leave.objects.exists()


def test_it_lists_what_each_nurse_may_do_today(client: Client) -> None:
    qualification = make_nurse().qualifications.select_related("therapy").earliest("pk")
    sign_in(client, Role.DISPATCHER)
    shown = client.get(reverse("admin:scheduling_nurse_changelist")).content.decode()
    assert "Cleo Marsh" in shown
    assert "IL" in shown
    assert qualification.therapy.name in shown


def test_it_offers_only_nurses_without_a_page_for_a_new_one(client: Client) -> None:
    make_nurse()
    make_user(role=Role.NURSE, name="Fay Nwosu")
    sign_in(client, Role.DISPATCHER)
    shown = client.get(reverse("admin:scheduling_nurse_add")).content.decode()
    assert "Fay Nwosu" in shown
    assert "Cleo Marsh" not in shown


def test_it_finds_nobody_under_a_number_that_is_none(client: Client) -> None:
    sign_in(client, Role.DISPATCHER)
    answer = client.get(reverse("admin:scheduling_nurse_change", args=["²"]))
    assert answer.status_code == 302


def test_it_takes_a_shift_with_lunch_and_one_over_midnight(client: Client) -> None:
    nurse = make_nurse()
    nurse.shifts.all().delete()
    sign_in(client, Role.DISPATCHER)
    lunch = {"lunch_minutes": "30", "lunch_from": "11:00", "lunch_until": "14:00"}
    night = shift(weekday="1", starts="20:00", ends="04:00")

    answer = client.post(page_of(nurse), form_with(nurse, shifts=[shift(**lunch), night]))

    assert answer.status_code == 302
    assert [str(one) for one in nurse.shifts.all()] == [
        "Monday 08:00-16:00",
        "Tuesday 20:00-04:00",
    ]
    assert nurse.shifts.earliest("weekday").lunch_until == time(14)


@pytest.mark.parametrize(
    ("part", "rows", "said"),
    [
        (
            "licences",
            [
                {
                    "state": "IL",
                    "kind": "RN",
                    "number": "1",
                    "valid_from": "2026-02-01",
                    "valid_until": "2026-01-01",
                }
            ],
            "The licence ends before it begins",
        ),
        ("shifts", [shift(ends="08:00")], "A shift ends at another time than it starts"),
        ("shifts", [shift(valid_until="2025-01-01")], "The pattern ends before it begins"),
        ("shifts", [shift(lunch_minutes="30")], "Lunch has its minutes and both its times"),
        (
            "shifts",
            [shift(lunch_minutes="30", lunch_from="15:00", lunch_until="17:00")],
            "Lunch lies within the shift",
        ),
        (
            "shifts",
            [shift(lunch_minutes="90", lunch_from="11:00", lunch_until="12:00")],
            "Lunch is longer than the time",
        ),
        ("shifts", [shift(), shift(starts="15:00", ends="20:00")], "lie at the same time"),
        (
            "shifts",
            [shift(starts="20:00", ends="04:00"), shift(starts="22:00", ends="23:00")],
            "lie at the same time",
        ),
        (
            "shift_exceptions",
            [{"day": "2026-12-01", "effect": "extra", "kind": "field"}],
            "Give both times.",
        ),
        (
            "shift_exceptions",
            [{"day": "2026-12-01", "effect": "off", "kind": "field", "starts": "08:00"}],
            "Neither of them means the whole day off",
        ),
        (
            "shift_exceptions",
            [
                {
                    "day": "2026-12-01",
                    "effect": "off",
                    "kind": "field",
                    "starts": "08:00",
                    "ends": "08:00",
                }
            ],
            "It ends at another time than it starts",
        ),
    ],
)
def test_it_says_in_words_what_cannot_be(
    client: Client, part: str, rows: list[dict[str, str]], said: str
) -> None:
    nurse = make_nurse()
    sign_in(client, Role.DISPATCHER)
    shown = client.post(page_of(nurse), form_with(nurse, **{part: rows})).content.decode()
    assert said in shown
    assert "is violated" not in shown


def test_it_says_which_way_round_leave_goes(client: Client) -> None:
    nurse = make_nurse()
    sign_in(client, Role.DISPATCHER)
    answer = client.post(page_of(nurse), form_of(nurse, ("2026-12-03 08:00", "2026-12-01 08:00")))
    assert "The leave ends before it starts" in answer.content.decode()


@pytest.mark.parametrize(
    "other",
    [
        {"kind": "desk"},
        {"weekday": "1"},
        {"starts": "16:00", "ends": "20:00"},
        {"valid_until": "2025-12-31", "valid_from": "2025-01-01"},
    ],
)
def test_it_takes_two_shifts_that_are_not_at_once(client: Client, other: dict[str, str]) -> None:
    nurse = make_nurse()
    nurse.shifts.all().delete()
    sign_in(client, Role.DISPATCHER)
    form = form_with(nurse, shifts=[shift(), shift(**other)])
    assert client.post(page_of(nurse), form).status_code == 302
    assert nurse.shifts.count() == 2


def test_it_takes_days_off_and_extra_hours_and_takes_them_back(client: Client) -> None:
    nurse = make_nurse()
    sign_in(client, Role.DISPATCHER)
    off = {"day": "2026-12-01", "effect": "off", "kind": "field", "reason": "training"}
    extra = {**off, "effect": "extra", "starts": "18:00", "ends": "20:00"}
    form = form_with(nurse, shift_exceptions=[off, extra])
    assert client.post(page_of(nurse), form).status_code == 302
    day_off = nurse.shift_exceptions.get(effect="off")
    assert [str(one) for one in nurse.shift_exceptions.order_by("effect")] == [
        "Extra on 2026-12-01 18:00-20:00",
        "Off on 2026-12-01",
    ]

    form = form_with(nurse, shift_exceptions=[{**off, "id": str(day_off.pk), "DELETE": "on"}])
    form |= {"shift_exceptions-INITIAL_FORMS": "1", "shift_exceptions-0-nurse": str(nurse.pk)}
    assert client.post(page_of(nurse), form).status_code == 302
    assert [one.effect for one in nurse.shift_exceptions.all()] == ["extra"]


def test_it_keeps_a_nurse_s_own_limits_and_a_zone_that_exists(client: Client) -> None:
    nurse = make_nurse()
    sign_in(client, Role.DISPATCHER)
    limits = {"max_driving_minutes": "200", "max_working_minutes": "480"}
    assert client.post(page_of(nurse), form_with(nurse) | limits).status_code == 302
    nurse.refresh_from_db()
    assert (nurse.max_driving_minutes, nurse.max_working_minutes) == (200, 480)

    long = client.post(page_of(nurse), form_with(nurse) | {"max_driving_minutes": "1441"})
    assert "A day has 1440 minutes" in long.content.decode()
    for zone in ("America/Gotham", "../etc/passwd", "/etc/localtime"):
        strange = client.post(page_of(nurse), form_with(nurse) | {"time_zone": zone})
        assert "No such zone" in strange.content.decode()


# -- closures --------------------------------------------------------------------------------------

CLOSURES = "admin:scheduling_closure_changelist"
ADD = "admin:scheduling_closure_add"


def storm(**changes: str) -> dict[str, str]:
    return {
        "name": "a winter storm",
        "first_day": "2026-12-02",
        "last_day": "2026-12-03",
        "states": "il",
        "postal_prefixes": "463, 464",
        "cancels_visits": "on",
        **changes,
    }


def test_it_warns_before_a_closure_and_says_what_follows_it(client: Client) -> None:
    make_area()
    sign_in(client, Role.DISPATCHER)
    assert "every visit that is booked on them is cancelled" in (
        client.get(reverse(ADD)).content.decode()
    )

    shown = client.post(reverse(ADD), storm(), follow=True).content.decode()

    made = Closure.objects.get()
    assert (made.states, made.postal_prefixes) == (["IL"], ["463", "464"])
    assert (made.created_by and made.created_by.name, made.taken_back_at) == ("Dan Okafor", None)
    assert "Visits booked on these days are cancelled now" in shown
    for words in ("IL, ZIP 463…, ZIP 464…", "cancelled", "to come"):
        assert words in shown


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"last_day": "2026-12-01"}, "It ends before it begins"),
        ({"first_day": "2026-11-30"}, "This day is over"),
        ({"last_day": "2027-12-02"}, "31 days at most"),
        ({"states": "IL, ZZ"}, "no permit row for ZZ"),
        ({"states": "Illinois"}, "at most 2 characters"),
        ({"postal_prefixes": "606xx"}, "one to five digits"),
        ({"name": ""}, "This field is required"),
    ],
)
def test_it_says_what_is_wrong_with_a_closure(
    client: Client, changes: dict[str, str], said: str
) -> None:
    make_area()
    sign_in(client, Role.DISPATCHER)
    shown = client.post(reverse(ADD), storm(**changes)).content.decode()
    assert said in shown
    assert "is violated" not in shown
    assert not Closure.objects.exists()


def test_it_takes_a_closure_back_for_good_and_never_deletes_one(client: Client) -> None:
    make_area()
    sign_in(client, Role.DISPATCHER)
    client.post(reverse(ADD), storm(cancels_visits="", includes_consultations="on"))
    made = Closure.objects.get()
    page = reverse("admin:scheduling_closure_change", args=[made.pk])
    assert "Take this closure back" in client.get(page).content.decode()
    assert client.post(page.replace("change", "delete"), {"post": "yes"}).status_code == 403

    assert client.post(page, storm(take_back="on")).status_code == 302

    made.refresh_from_db()
    assert made.taken_back_at == datetime(2026, 12, 1, 15, tzinfo=UTC)
    assert "taken back" in client.get(reverse(CLOSURES)).content.decode()
    assert client.post(page, storm()).status_code == 403
    assert "Take this closure back" in LogEntry.objects.latest("pk").get_change_message()


def test_it_leaves_a_closure_that_is_over_as_it_was(client: Client) -> None:
    over = Closure.objects.create(
        name="a holiday", first_day=date(2026, 11, 26), last_day=date(2026, 11, 26)
    )
    now_ = Closure.objects.create(
        name="a flood", first_day=date(2026, 11, 30), last_day=date(2026, 12, 1)
    )
    sign_in(client, Role.ADMINISTRATOR)
    page = reverse("admin:scheduling_closure_change", args=[over.pk])
    assert client.get(page).status_code == 200
    assert client.post(page, storm()).status_code == 403
    running = reverse("admin:scheduling_closure_change", args=[now_.pk])
    longer = storm(first_day="2026-11-30", states="", postal_prefixes="")
    assert client.post(running, longer).status_code == 302
    shown = client.get(reverse(CLOSURES)).content.decode()
    for words in ("everywhere", "closed now", "over"):
        assert words in shown


@pytest.mark.parametrize(("role", "status"), [(Role.CLINICIAN, 403), (Role.NURSE, 302)])
def test_it_lets_nobody_else_close(client: Client, role: str, status: int) -> None:
    sign_in(client, role)
    assert client.post(reverse(ADD), storm()).status_code == status
    assert not Closure.objects.exists()
