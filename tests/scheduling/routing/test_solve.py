import pytest
from hypothesis import given, settings, strategies as st

from scheduling.routing import solve
from scheduling.routing.verify import check
from tests.scheduling.routing.days import anything, city, least


@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=150, deadline=None)
def test_it_finds_the_best_plan_under_every_rule_at_once(seed):
    day = anything(seed=seed)
    plan = solve(day, seconds=20, seed=1)
    check(day, plan)
    assert plan.cost_metres == least(day)
    assert plan.lower_bound_metres <= plan.cost_metres
    assert plan.proven
