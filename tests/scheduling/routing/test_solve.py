from dataclasses import replace

import pytest
from hypothesis import given, settings, strategies as st

from scheduling.routing import UNASSIGNED_METRES, Lunch, NurseDay, Visit, Why, solve
from scheduling.routing.verify import check
from tests.scheduling.routing.days import CITY, anything, city, day_of, least


@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=60, deadline=None)
def test_it_finds_the_best_plan_under_every_rule_at_once(seed: int) -> None:
    day = anything(seed=seed)
    plan = solve(day, seconds=60, seed=1)
    check(day, plan)
    assert plan.cost_metres == least(day)
    assert plan.proven


@pytest.mark.parametrize(("nurses", "visits", "slack"), [(6, 16, 0), (5, 24, 0), (5, 14, 15)])
def test_it_needs_no_more_than_the_bound_on_a_small_city(
    nurses: int, visits: int, slack: int
) -> None:
    day = city(seed=nurses + visits, nurses=nurses, visits=visits, slack=slack)
    plan = solve(day, seconds=60, seed=1)
    check(day, plan)
    assert plan.proven
    assert plan.lower_bound_metres == pytest.approx(plan.cost_metres, abs=1)


def test_the_same_seed_gives_the_same_plan() -> None:
    day = city(seed=3, nurses=12, visits=40, slack=5)
    first, second = (solve(day, seconds=60, seed=7) for _ in range(2))
    assert first.routes == second.routes


def test_a_large_day_without_time_has_a_plan_and_a_bound_that_hold() -> None:
    day = city(seed=4, nurses=60, visits=230)
    plan = solve(day, seconds=0, seed=1)
    check(day, plan)
    assert 0 <= plan.lower_bound_metres <= plan.cost_metres
    assert plan.gap_percent > 0
    assert not plan.proven


def test_known_routes_are_kept_where_there_is_no_time_for_better_ones() -> None:
    day = city(seed=5, nurses=8, visits=24)
    known = solve(day, seconds=60, seed=1)
    again = solve(day, seconds=0, seed=1, start=known.routes)
    assert again.routes == known.routes


def test_of_known_routes_only_what_breaks_no_rule_is_kept() -> None:
    cleo = NurseDay("cleo", CITY, ((480, 720),))
    at_nine = Visit("nine", CITY, 540, 60, frozenset({"cleo"}))
    day = day_of(cleo, at_nine, replace(at_nine, id="too", start=570))
    plan = solve(day, seconds=0, seed=1, start={"cleo": ["nine", "too", "gone"], "who": ["too"]})
    check(day, plan)
    assert plan.routes == {"cleo": ("nine",)}


def test_a_day_without_visits_or_nurses_is_solved() -> None:
    cleo = NurseDay("cleo", CITY, ((480, 720),))
    assert solve(day_of(cleo), seconds=1, seed=1).routes == {"cleo": ()}
    alone = replace(day_of(Visit("nine", CITY, 540, 60, frozenset())))
    plan = solve(alone, seconds=1, seed=1)
    assert plan.unassigned == ("nine",)
    assert plan.proven
    assert plan.cost_metres == plan.lower_bound_metres == UNASSIGNED_METRES


def test_a_pinned_visit_is_carried_though_she_is_off_sick_and_late() -> None:
    cleo = NurseDay("cleo", CITY, (), (Lunch(30, 540, 600),), max_driving=0, max_working=10)
    now = Visit("now", CITY, 540, 60, frozenset(), pinned="cleo")
    day = day_of(cleo, now, replace(now, id="next", start=570))
    plan = solve(day, seconds=1, seed=1)
    assert plan.routes == {"cleo": ("now", "next")}
    assert plan.proven


def test_a_nurse_who_costs_more_for_a_visit_leaves_it_to_another() -> None:
    cleo, dora = (NurseDay(name, CITY, ((480, 720),)) for name in ("cleo", "dora"))
    both = frozenset({"cleo", "dora"})
    visits = [Visit(f"v{k}", CITY, 500 + 60 * k, 60, both, costs={"cleo": 1}) for k in range(3)]
    plan = solve(day_of(cleo, dora, *visits), seconds=1, seed=1)
    assert plan.routes["dora"] == ("v0", "v1", "v2")
    plan = solve(replace(day_of(cleo, dora, *visits), uneven_metres=10), seconds=1, seed=1)
    assert sorted(len(route) for route in plan.routes.values()) == [1, 2]


NINE = Visit("nine", CITY, 540, 60, frozenset({"cleo"}))


@pytest.mark.parametrize(
    ("nurse", "visit", "rule"),
    [
        ({}, {"nurses": frozenset()}, "papers"),
        ({}, {"start": 690}, "shift"),
        ({"lunches": (Lunch(60, 530, 620),)}, {}, "lunch"),
        ({"max_working": 50}, {}, "hours"),
        ({}, {"start": 600}, "busy"),
    ],
)
def test_it_says_what_stops_a_nurse(
    nurse: dict[str, object], visit: dict[str, object], rule: str
) -> None:
    cleo = replace(NurseDay("cleo", CITY, ((480, 720),)), **nurse)  # type: ignore[arg-type]
    held = replace(NINE, id="held", start=630 if rule == "busy" else 480, pinned="cleo", minutes=20)
    left = replace(NINE, **visit)  # type: ignore[arg-type]
    plan = solve(day_of(cleo, held, left), seconds=1, seed=1)
    assert plan.unassigned == ("nine",)
    assert plan.why == {"nine": (Why("cleo", rule),)}


def test_it_says_that_a_nurse_would_drive_too_much() -> None:
    day = day_of(NurseDay("cleo", CITY, ((480, 720),), max_driving=9), NINE, minutes=5)
    assert solve(day, seconds=1, seed=1).why == {"nine": (Why("cleo", "driving"),)}


@pytest.mark.parametrize(
    "broken",
    [
        {"slack_minutes": -1},
        {"visits": (NINE, NINE)},
        {"visits": (replace(NINE, minutes=0),)},
        {"visits": (replace(NINE, pinned="who"),)},
        {"visits": (replace(NINE, pinned="cleo"),), "slack_minutes": 5},
        {"nurses": ()},
    ],
)
def test_a_day_whose_parts_do_not_fit_is_refused(broken: dict[str, object]) -> None:
    day = day_of(NurseDay("cleo", CITY, ((480, 720),)), NINE)
    with pytest.raises(ValueError, match=r"\w"):
        replace(day, **broken)  # type: ignore[arg-type]
