"""Everybody's day at a glance."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from config.core.models import Role
from scheduling.models import Nurse
from tests.factories import make_nurse, make_patient, make_user
from tests.nurses.test_route import DAY, EVANSTON, book

BEFORE = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _stand_still(db: None) -> Any:
    with time_machine.travel(BEFORE, tick=False):
        yield


@pytest.fixture
def dan() -> APIClient:
    client = APIClient()
    client.force_login(make_user(role=Role.DISPATCHER, name="Dan Reyes"))
    return client


def day(client: APIClient) -> dict[str, Any]:
    answer = client.get(f"/api/v1/dispatch/{DAY}/")
    assert answer.status_code == 200
    body: dict[str, Any] = answer.json()
    return body


def test_it_shows_every_route_and_what_they_add_up_to(dan: APIClient) -> None:
    cleo, ben = make_nurse(), make_nurse(name="Ben Wu")
    book(cleo)
    book(ben, 1, place=EVANSTON)
    book(ben, 6)
    shown = day(dan)
    assert [row["nurse"] for row in shown["routes"]] == [
        {"id": ben.pk, "first_name": "Ben"},
        {"id": cleo.pk, "first_name": "Cleo"},
    ]
    assert [len(row["stops"]) for row in shown["routes"]] == [2, 1]
    for figure in ("travel_km", "travel_minutes", "visits"):
        parts = [row["totals"][figure] for row in shown["routes"]]
        assert shown["totals"][figure] == pytest.approx(sum(parts))
    assert shown["unassigned"] == []
    assert (shown["lower_bound_km"], shown["gap_percent"]) == (None, None)


def test_it_lists_visits_nobody_goes_to(dan: APIClient) -> None:
    visit = book(None)
    shown = day(dan)
    assert [(row["appointment"], row["why"]) for row in shown["unassigned"]] == [
        (str(visit.pk), "no_nurse")
    ]
    assert shown["totals"]["visits"] == 0


def test_it_shows_who_is_on_the_road_or_has_a_visit_all_the_same(dan: APIClient) -> None:
    make_nurse(name="Desk Nurse", kind="desk")
    on_shift = make_nurse(name="Ben Wu")
    away = make_nurse(name="Dora Lee")
    book(away)
    Nurse.objects.filter(pk=away.pk).update(is_active=False)
    names = [row["nurse"]["id"] for row in day(dan)["routes"]]
    assert names == [on_shift.pk, away.pk]


def test_it_asks_the_database_no_more_often_for_more_nurses(dan: APIClient) -> None:
    def asked() -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            day(dan)
        return len(queries)

    book(make_nurse())
    few = asked()
    for number in range(4):
        nurse = make_nurse(name=f"Nurse {number}")
        book(nurse)
        book(nurse, 5)
    assert len(day(dan)["routes"]) == 5
    assert asked() == few


@pytest.mark.parametrize("date", ["x", "2026-02-30", "9999-12-31", "0001-01-01", "2026-1-1"])
def test_it_refuses_what_is_no_date(dan: APIClient, date: str) -> None:
    assert dan.get(f"/api/v1/dispatch/{date}/").status_code == 400


def test_it_is_for_dispatchers_and_administrators() -> None:
    users = {
        Role.PATIENT: make_patient(ready=False).user,
        Role.NURSE: make_nurse().user,
        **{
            role: make_user(role=role, name="Dan Reyes")
            for role in (Role.CLINICIAN, Role.ADMINISTRATOR, Role.DISPATCHER)
        },
    }
    client = APIClient()
    assert client.get(f"/api/v1/dispatch/{DAY}/").status_code == 401
    for role, user in users.items():
        client.force_login(user)
        expected = 200 if role in (Role.DISPATCHER, Role.ADMINISTRATOR) else 403
        assert client.get(f"/api/v1/dispatch/{DAY}/").status_code == expected
