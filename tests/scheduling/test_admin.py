from datetime import UTC, datetime

import pytest
from django.test import Client
from django.urls import reverse

from config.core.models import Role
from scheduling.models import Leave, Nurse
from tests.factories import make_nurse, make_user

pytestmark = pytest.mark.django_db


def page_of(nurse: Nurse) -> str:
    return reverse("admin:scheduling_nurse_change", args=[nurse.pk])


def form_of(nurse: Nurse, *leaves: tuple[str, str]) -> dict[str, str]:
    """What the browser sends when only leave is entered."""
    form = {
        "is_active": "on",
        "time_zone": nurse.time_zone,
        "home_latitude": str(nurse.home_latitude),
        "home_longitude": str(nurse.home_longitude),
    }
    for part in ("licences", "qualifications", "shifts", "leaves"):
        form |= {f"{part}-TOTAL_FORMS": "0", f"{part}-INITIAL_FORMS": "0"}
    form["leaves-TOTAL_FORMS"] = str(len(leaves))
    for number, (starts, ends) in enumerate(leaves):
        for name, moment in (("starts_at", starts), ("ends_at", ends)):
            day, clock = moment.split(" ")
            form |= {f"leaves-{number}-{name}_0": day, f"leaves-{number}-{name}_1": clock}
    return form


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
