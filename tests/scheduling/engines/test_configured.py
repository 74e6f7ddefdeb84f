"""The whole way from the setting to a slot, over real sockets."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core.checks import run_checks
from django.test import Client, TestCase
from pytest_django import Settings
from rest_framework.test import APIClient

from scheduling import engines
from scheduling.engines.road import Road
from scheduling.models import TravelTime
from scheduling.travel import Haversine
from tests.factories import make_nurse, make_patient
from tests.scheduling.engines.questions import HELSINKI, QUESTIONS
from tests.scheduling.engines.recorded import Answer, Recorded, serving

MONDAY = datetime(2027, 2, 1, 18, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    """No engine is left from the test before, and none of this one's stays open."""
    engines.forget()
    yield
    engines.forget()


def test_it_needs_no_engine(settings: Settings) -> None:
    assert settings.TRAVEL_URL == ""
    assert engines.configured() == Haversine()


def test_it_keeps_one_engine_for_the_process(settings: Settings) -> None:
    settings.TRAVEL_URL = "osrm+http://127.0.0.1:5000"
    page, plan = engines.configured(), engines.configured(budget_seconds=60)

    assert isinstance(page, Road)
    assert isinstance(plan, Road)
    assert page.server is plan.server
    assert page.breaker is plan.breaker
    assert (page.budget_seconds, plan.budget_seconds) == (2, 60)


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("TRAVEL_URL", "http://router:5000", "must look like"),
        ("TRAVEL_URL", "osrm+http://router:fivethousand", "TRAVEL_URL cannot be used"),
        ("TRAVEL_SECONDS", 0.0, "TRAVEL_SECONDS"),
        ("TRAVEL_SECONDS", 11.0, "TRAVEL_SECONDS"),
        ("TRAVEL_FALLBACK_FACTOR", 0.9, "TRAVEL_FALLBACK_FACTOR"),
        ("TRAVEL_FALLBACK_FACTOR", float("nan"), "TRAVEL_FALLBACK_FACTOR"),
        ("TRAVEL_CACHE_DAYS", 0, "TRAVEL_CACHE_DAYS"),
    ],
)
def test_it_refuses_to_start_with_what_it_cannot_use(
    settings: Settings, name: str, value: object, told: str
) -> None:
    setattr(settings, name, value)

    assert [told in error.msg for error in run_checks()] == [True]


@pytest.mark.django_db
@pytest.mark.parametrize(("kind", "minutes", "metres"), [("osrm", 2, 561), ("valhalla", 2, 560)])
def test_it_drives_as_a_real_server_said(
    settings: Settings, kind: str, minutes: int, metres: int
) -> None:
    with serving(Recorded.load(kind)) as server:
        settings.TRAVEL_URL = f"{kind}+{server.url}"
        with TestCase.captureOnCommitCallbacks(execute=True):
            assert engines.configured().minutes(HELSINKI[1], HELSINKI[4]) == minutes
        assert engines.configured().metres(HELSINKI[1], HELSINKI[4]) == metres

    assert len(server.asked) == 1
    assert TravelTime.objects.get().engine == kind


@pytest.mark.django_db
def test_it_writes_no_coordinates_into_the_log(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    with serving(lambda *_: (500, b"")) as server:
        settings.TRAVEL_URL = f"osrm+{server.url}"
        engines.configured().table(*QUESTIONS["downtown"])
        assert "does not answer" in caplog.text
        assert "24.9" not in caplog.text

        logging.getLogger("httpx").setLevel(logging.INFO)  # what it would write
        try:
            engines.forget()
            engines.configured().table(*QUESTIONS["downtown"])
        finally:
            logging.getLogger("httpx").setLevel(logging.WARNING)
        assert "24.9" in caplog.text


def slow(minutes: int) -> Answer:
    """An OSRM for which every drive takes so long."""

    def answer(path: str, body: bytes) -> tuple[int, bytes]:
        sources, destinations = path.partition("&sources=")[2].split("&destinations=")
        n, m = (len(part.split(";")) for part in (sources, destinations))
        told = {
            "code": "Ok",
            "durations": [[minutes * 60] * m] * n,
            "distances": [[minutes * 600] * m] * n,
            "sources": [{"distance": 1}] * n,
            "destinations": [{"distance": 1}] * m,
        }
        return 200, json.dumps(told).encode()

    return answer


def ada() -> APIClient:
    client = APIClient()
    client.force_authenticate(make_patient().user)
    return client


def first_slot(client: APIClient) -> str:
    answer = client.get(
        "/api/v1/slots/", {"therapy": "mood-40", "from": "2027-02-04", "to": "2027-02-04"}
    )
    assert answer.status_code == 200
    slots = answer.json()["slots"]
    return str(slots[0]["starts_at"]) if slots else ""


@pytest.mark.django_db
def test_it_offers_and_books_no_visit_the_engine_says_nobody_reaches(settings: Settings) -> None:
    with time_machine.travel(MONDAY, tick=False), serving(slow(95)) as server:
        make_nurse()
        client = ada()
        by_the_crow = first_slot(client)
        settings.TRAVEL_URL = f"osrm+{server.url}"

        by_road = first_slot(client)

        assert by_the_crow < by_road
        early = datetime.fromisoformat(by_road) - timedelta(minutes=15)
        for start, status in ((early.isoformat(), 409), (by_road, 201)):
            body = {"therapy": "mood-40", "starts_at": start}
            assert client.post("/api/v1/appointments/", body).status_code == status


@pytest.mark.django_db
def test_it_books_on_an_estimate_while_the_engine_is_down(settings: Settings) -> None:
    with time_machine.travel(MONDAY, tick=False), serving(lambda *_: (503, b"")) as server:
        make_nurse()
        client = ada()
        by_the_crow = first_slot(client)
        settings.TRAVEL_URL = f"osrm+{server.url}"
        estimated = first_slot(client)

        body = {"therapy": "mood-40", "starts_at": estimated}
        assert client.post("/api/v1/appointments/", body).status_code == 201

        assert by_the_crow <= estimated
        assert len(server.asked) == 1
        assert not TravelTime.objects.exists()


@pytest.mark.django_db
def test_it_tells_an_operator_that_the_engine_is_silent_and_stays_ready(
    settings: Settings, client: Client
) -> None:
    ready = client.get("/readyz")
    assert ready.json()["travel_engine"] == "haversine"
    with serving(lambda *_: (503, b"")) as server, TestCase.captureOnCommitCallbacks(execute=True):
        settings.TRAVEL_URL = f"osrm+{server.url}"
        engines.configured().table(HELSINKI[:1], HELSINKI[1:2])

    silent = client.get("/readyz")
    assert silent.json()["travel_engine"].startswith("does not answer")
    assert silent.status_code == ready.status_code
