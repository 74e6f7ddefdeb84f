"""The real VROOM answers what it is asked. Not collected by itself: the extra is nobody's duty.

.venv/bin/python -m pip install --only-binary :all: --require-hashes -r requirements-vroom.lock
.venv/bin/python -m pytest tests/scheduling/routing/real_vroom.py
"""

from dataclasses import replace

import pytest

from scheduling.routing import Lunch, NurseDay, Visit, instances, search, solve, vroom_process
from scheduling.routing.clock import Clock
from scheduling.routing.verify import check, routes_of
from tests.scheduling.routing.days import CITY, anything, city, day_of
from tests.scheduling.routing.test_instances import FILES

pytest.importorskip("vroom")


@pytest.fixture(autouse=True)
def _every_day_is_worth_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vroom_process, "LEAST_VISITS", 1)


@pytest.mark.parametrize("slack", [0, 15])
def test_its_routes_break_no_rule_it_has_a_word_for(slack: int) -> None:
    day = city(seed=9, nurses=10, visits=30, slack=slack)
    with vroom_process.asked(day, Clock(600), wanted=True) as answer:
        said = answer()
    carried = [visit for route in said.values() for visit in route]
    assert len(carried) > 20
    kept = routes_of(day, said)
    assert sum(len(stops) for _, stops in kept.named()) == len(carried)


def test_it_keeps_breaks_pins_limits_and_stretches_of_work() -> None:
    lunch = Lunch(30, 660, 780)
    cleo = NurseDay("cleo", CITY, ((480, 700), (760, 1000)), (lunch,), max_driving=60)
    dora = NurseDay("dora", CITY, ((480, 1000),), (lunch,))
    both = frozenset({"cleo", "dora"})
    nine = Visit("nine", CITY, 540, 60, both)
    day = day_of(
        cleo,
        dora,
        nine,
        replace(nine, id="held", start=550, pinned="dora"),
        replace(nine, id="noon", start=680, minutes=80),
        replace(nine, id="late", start=900, nurses=frozenset({"cleo"})),
        minutes=10,
    )
    with vroom_process.asked(day, Clock(600), wanted=True) as answer:
        assert answer() == {"cleo": ["nine", "late"], "dora": ["held"]}


@pytest.mark.parametrize("seed", range(12))
def test_it_understands_any_day(seed: int, caplog: pytest.LogCaptureFixture) -> None:
    day = anything(seed=seed)
    with vroom_process.asked(day, Clock(600), wanted=True) as answer:
        routes_of(day, answer())
    assert not caplog.records


def test_a_day_is_solved_with_it_as_without_and_alike_each_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(search, "LOOSE", -1.0)
    _, day = instances.read((FILES / "metro20-slack15.json").read_text())
    plans = [solve(day, seconds=120, seed=1, with_vroom=wanted) for wanted in (True, True, False)]
    for plan in plans:
        check(day, plan)
        assert plan.proven
    assert plans[0].routes == plans[1].routes
    assert len({plan.cost_metres for plan in plans}) == 1
