"""The whole record of a visit, and the rows that are evidence and not steps."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import ProgrammingError, transaction

from nurses.models import Check, Observation
from tests.nurses.story import NOW, Visit, after


def test_it_shows_the_whole_visit(visit: Visit) -> None:
    visit.is_discharged()
    record = visit.record()
    assert record["status"] == "discharged"
    assert record["order"]["dose_mg"] == 40
    assert record["order"]["rate_mg_per_hour"] == 60
    assert record["order"]["weight_kg"] == 80
    assert [event["event"] for event in record["events"]] == [
        "depart",
        "arrive",
        "start_infusion",
        "end_infusion",
        "discharge",
    ]
    assert len(record["checks"]) == 7
    assert [seen["discharge_score"] for seen in record["observations"]] == [None, 9, 9]
    assert record["patient"]["escort_name"] == "Sam Ortiz"
    assert record["next"] is None


def test_it_holds_the_six_elements_of_visit_verification(visit: Visit) -> None:
    visit.is_discharged()
    assert visit.record()["evv"] == {
        "type_of_service": visit.appointment.therapy.name,
        "person": "Ada Byrne",
        "date": "2026-11-24",
        "place": "1201 Lake St, Oak Park, IL 60301",
        "provider": "Cleo Marsh",
        "began_at": "2026-11-24T16:30:00Z",
        "ended_at": "2026-11-24T19:40:00Z",
    }


def test_it_takes_evidence_at_any_time(visit: Visit) -> None:
    assert visit.check("last_food", -60, after(-500).isoformat()).status_code == 201
    visit.event("no_show", 10)
    assert visit.vitals(20).status_code == 201


@pytest.mark.parametrize("what", ["checks", "observations", "adverse-events"])
def test_it_answers_a_replay_alike(visit: Visit, what: str) -> None:
    bodies: dict[str, list[dict[str, Any]]] = {
        "checks": [{"kind": "weight", "value": 80}, {"kind": "identity", "value": False}],
        "observations": [
            {"systolic": 120, "diastolic": 80, "heart_rate": 70, "spo2": 98},
            {"systolic": 190, "diastolic": 80, "heart_rate": 70, "spo2": 98},
        ],
        "adverse-events": [
            {"severity": "mild", "description": "nausea"},
            {"severity": "severe", "description": "fall"},
        ],
    }
    first, again = (
        visit.post(what, at=after(5), client_id="once", **body) for body in bodies[what]
    )
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()


def test_it_keeps_instants_of_checks_in_utc(visit: Visit) -> None:
    visit.check("last_food", 5, "2026-11-24T04:00:00-06:00")
    assert Check.objects.get().value == "2026-11-24T10:00:00+00:00"


def test_it_takes_no_meal_from_the_future(visit: Visit) -> None:
    answer = visit.check("last_food", 5, NOW.replace(year=2027).isoformat())
    assert answer.status_code == 400
    assert answer.json()["errors"] == [
        {
            "code": "in_the_future",
            "detail": "That has not happened yet: check the time.",
            "attr": "value",
        }
    ]


@pytest.mark.parametrize(
    "vitals",
    [
        {"systolic": 19},
        {"systolic": 301},
        {"diastolic": 9},
        {"heart_rate": -1},
        {"spo2": 101},
        {"respiratory_rate": 101},
        {"discharge_score": 11},
        {"systolic": 80, "diastolic": 120},
    ],
)
def test_it_takes_only_vitals_a_human_can_have(visit: Visit, vitals: dict[str, int]) -> None:
    assert visit.vitals(5, **vitals).status_code == 400
    assert not Observation.objects.exists()


def test_it_pages_on_call_for_an_adverse_event_once(visit: Visit) -> None:
    for _ in range(2):
        answer = visit.post(
            "adverse-events",
            at=after(40),
            client_id="once",
            severity="severe",
            description="Chest pain",
        )
    page = visit.appointment.notices.get(kind="adverse_event", occurrence=0)
    assert page.subject_of == f"adverse_event/{answer.json()['id']}"
    assert page.send_from == NOW
    assert "Chest" not in str(page.facts)


def test_it_never_changes_what_was_written_down(visit: Visit) -> None:
    visit.check("weight", 5, 80)
    for change in (
        lambda: Check.objects.update(value=90),
        lambda: Check.objects.all().delete(),
    ):
        with pytest.raises(ProgrammingError), transaction.atomic():
            change()
    assert Check.objects.get().value == 80
