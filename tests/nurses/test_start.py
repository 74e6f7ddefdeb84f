"""What stops an infusion from starting."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from booking.models import Status
from nurses.models import Event
from patients.models import Intake, Order
from tests.factories import use_up
from tests.nurses.story import NOW, Visit, after, codes

IN_ORDER = [
    "identity_unchecked",
    "escort_absent",
    "fasted_too_short",
    "drank_too_recently",
    "weight_missing",
    "vitals_missing",
]


def prepare(visit: Visit, *, without: str = "") -> None:
    visit.arrives()
    for code, step in visit.preparations().items():
        if code != without:
            assert step().status_code == 201


def start(visit: Visit, minutes: float = 30, **more: Any) -> Any:
    return visit.event("start_infusion", minutes, **more)


def test_it_starts_when_nothing_stands_in_the_way(visit: Visit) -> None:
    prepare(visit)
    assert start(visit).status_code == 201
    assert visit.now_stands().status == Status.INFUSING


def test_it_lists_everything_that_is_missing_in_order(visit: Visit) -> None:
    visit.arrives()
    answer = start(visit)
    assert answer.status_code == 409
    assert codes(answer) == IN_ORDER
    assert visit.now_stands().status == Status.ON_SITE
    assert not Event.objects.filter(event="start_infusion").exists()


@pytest.mark.parametrize("missing", IN_ORDER)
def test_it_names_the_one_thing_that_is_missing(visit: Visit, missing: str) -> None:
    prepare(visit, without=missing)
    answer = start(visit)
    assert (answer.status_code, codes(answer)) == (409, [missing])
    visit.preparations()[missing]()
    assert start(visit).status_code == 201


@pytest.mark.parametrize(
    ("kind", "value", "code"),
    [
        ("identity", False, "identity_unchecked"),
        ("escort_present", False, "escort_absent"),
        ("last_food", after(-3.6 * 60).isoformat(), "fasted_too_short"),
        ("last_food", after(-4.5 * 60).isoformat(), "fasted_too_short"),
        ("last_drink", after(-80).isoformat(), "drank_too_recently"),
        ("weight", 88.1, "weight_changed"),
        ("weight", 71.9, "weight_changed"),
    ],
)
def test_it_believes_the_newest_check(visit: Visit, kind: str, value: Any, code: str) -> None:
    prepare(visit)
    assert visit.check(kind, 20, value).status_code == 201
    assert codes(start(visit)) == [code]


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("last_food", after(30 - 6 * 60).isoformat()),
        ("last_drink", after(30 - 2 * 60).isoformat()),
        ("weight", 88),
        ("weight", 72),
    ],
)
def test_it_lets_the_exact_limit_pass(visit: Visit, kind: str, value: Any) -> None:
    prepare(visit)
    visit.check(kind, 20, value)
    assert start(visit).status_code == 201


def test_it_believes_no_check_made_after_the_start(visit: Visit) -> None:
    prepare(visit, without="identity_unchecked")
    visit.check("identity", 31, True)
    assert codes(start(visit, 30)) == ["identity_unchecked"]


def decide(visit: Visit, about: str, decision: str, minutes: float = 25) -> None:
    value = {"about": about, "decision": decision, "prescriber": "Erin Cole", "reason": "asked"}
    assert visit.check("prescriber_decision", minutes, value).status_code == 201


@pytest.mark.parametrize(
    ("kind", "value", "about"),
    [("last_food", after(-4.5 * 60).isoformat(), "food"), ("weight", 95, "weight")],
)
def test_it_lets_the_prescriber_say_go(visit: Visit, kind: str, value: Any, about: str) -> None:
    prepare(visit)
    visit.check(kind, 20, value)
    decide(visit, about, "go")
    assert start(visit).status_code == 201


def test_it_lets_nobody_say_go_less_than_four_hours_after_food(visit: Visit) -> None:
    prepare(visit)
    visit.check("last_food", 20, after(30 - 4 * 60 + 1).isoformat())
    decide(visit, "food", "go")
    assert codes(start(visit)) == ["fasted_too_short"]


@pytest.mark.parametrize(
    ("about", "code"), [("food", "fasted_too_short"), ("weight", "weight_changed")]
)
def test_it_obeys_a_prescriber_who_says_stop(visit: Visit, about: str, code: str) -> None:
    prepare(visit)
    decide(visit, about, "stop")
    assert codes(start(visit)) == [code]


def test_it_takes_no_decision_made_before_the_food_was_known(visit: Visit) -> None:
    prepare(visit)
    decide(visit, "food", "go", minutes=15)
    visit.check("last_food", 20, after(-4.5 * 60).isoformat())
    assert codes(start(visit)) == ["fasted_too_short"]


@pytest.mark.parametrize(
    "vitals",
    [{"systolic": 160}, {"diastolic": 100}, {"systolic": 190, "diastolic": 120}, {"spo2": 91}],
)
def test_it_stops_at_dangerous_vitals(visit: Visit, vitals: dict[str, int]) -> None:
    prepare(visit)
    visit.vitals(20, **vitals)
    assert codes(start(visit)) == ["vitals_block"]
    visit.vitals(25, systolic=159, diastolic=99, spo2=92)
    assert start(visit).status_code == 201


def test_it_wants_vitals_of_the_last_hour_taken_here(visit: Visit) -> None:
    prepare(visit, without="vitals_missing")
    visit.vitals(-1)
    assert codes(start(visit)) == ["vitals_missing"]
    visit.vitals(1)
    assert codes(start(visit, 61.5)) == ["vitals_missing"]
    assert start(visit, 61).status_code == 201


def test_it_names_a_closed_gate_with_its_codes(visit: Visit) -> None:
    prepare(visit)
    Order.objects.update(withdrawn_at=NOW, withdrawn_reason="blood test")
    answer = start(visit)
    assert codes(answer) == ["blocked"]
    assert "order_missing" in answer.json()["errors"][0]["detail"]


def test_it_counts_the_session_the_visit_holds_itself(visit: Visit) -> None:
    prepare(visit)
    use_up(Order.objects.get())
    assert start(visit).status_code == 201


def test_it_asks_the_intake_for_the_moment_of_the_event_however_late_it_arrives(
    visit: Visit,
) -> None:
    prepare(visit)
    newest = Intake.objects.get()
    newest.pk, newest.submitted_at, newest.valid_until = None, NOW - timedelta(days=1), after(45)
    newest.save(force_insert=True)
    assert codes(start(visit, 45)) == ["blocked"]
    assert start(visit, 44).status_code == 201


def test_it_keeps_what_happened_all_the_same_with_its_deviations(visit: Visit) -> None:
    visit.arrives()
    answer = start(visit, happened=True)
    assert answer.status_code == 201
    assert answer.json()["deviations"] == IN_ORDER
    assert visit.now_stands().status == Status.INFUSING
    task = visit.appointment.tasks.get(kind="deviation")
    assert task.detail.startswith("Recorded against the rules: started with the identity unchecked")
    assert task.detail.endswith("(by Cleo).")
    assert "_" not in task.detail
    page = visit.appointment.notices.get(kind="adverse_event", occurrence=0)
    assert page.subject_of == f"event/{answer.json()['id']}"
    assert page.notice_class == "O"


def test_it_tells_nobody_when_what_happened_was_in_order(visit: Visit) -> None:
    prepare(visit)
    answer = start(visit, happened=True)
    assert answer.json()["deviations"] == []
    assert not visit.appointment.tasks.exists()
    assert not visit.appointment.notices.filter(kind="adverse_event").exists()


def test_it_shows_in_the_record_what_would_refuse_now(visit: Visit) -> None:
    visit.arrives()
    step = visit.record()["next"]
    assert step["event"] == "start_infusion"
    assert [reason["code"] for reason in step["refusals"]] == IN_ORDER
