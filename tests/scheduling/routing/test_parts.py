"""The search's parts, each held to what the whole rests on."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings, strategies as st

from scheduling.routing import UNASSIGNED_METRES, Day, NurseDay, Visit, pricing, solve, tightening
from scheduling.routing.branching import Tree
from scheduling.routing.clock import Clock
from scheduling.routing.graph import Graph, build
from scheduling.routing.insertion import fill
from scheduling.routing.master import Sizes
from scheduling.routing.packing import cost_of, pack
from scheduling.routing.pricing import routes_below
from scheduling.routing.routes import Routes, distinct
from scheduling.routing.tightening import Tight, Tightened
from scheduling.routing.values import Unsolvable
from scheduling.routing.verify import routes_of, walk
from scheduling.travel import Matrix
from tests.scheduling.routing.days import CITY, anything, city, routes_by_hand

SEEDS = st.integers(0, 2**32 - 1)


@pytest.fixture
def one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """The solver gets routes one by one, so that it often lacks those it needs."""
    monkeypatch.setattr(tightening, "BATCH", 1)


def _all(graph: Graph) -> Routes:
    worth = np.full(graph.visits, float(UNASSIGNED_METRES))
    routes, complete = routes_below(graph, worth, np.full(graph.nurses, 1e12))
    assert complete
    return routes


@given(seed=SEEDS)
@settings(max_examples=60, deadline=None)
def test_the_cheapest_order_of_every_set_of_visits_is_listed(seed: int) -> None:
    day = anything(seed=seed)
    graph = build(day)
    assume(len(graph.nurse))
    listed = distinct(_all(graph))
    for nurse in range(len(day.nurses)):
        forced = graph.forced.nurse == nurse
        own = {stop for stops in graph.forced.stops[forced] for stop in stops if stop >= 0}
        known = {
            sum(1 << stop for stop in stops): cost
            for (who, stops), cost in zip(listed.named(), listed.cost.tolist(), strict=True)
            if who == nurse
        }
        by_hand = routes_by_hand(day, nurse)
        # The route of just what is pinned breaks no rule whatever it does, and stands apart.
        for carried in (0, sum(1 << int(stop) for stop in own)):
            by_hand.pop(carried, None)
            known.pop(carried, None)
        assert known == by_hand


@given(seed=SEEDS, share=st.integers(1, 40), slack=st.sampled_from([0, 25]))
@settings(max_examples=25, deadline=None)
def test_listing_by_shares_equals_listing_at_once(seed: int, share: int, slack: int) -> None:
    graph = build(city(seed=seed, nurses=3, visits=7, slack=slack))
    at_once = _all(graph)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pricing, "AT_ONCE", share)
        by_shares = _all(graph)
    assert by_shares.named() == at_once.named()
    assert by_shares.cost.tolist() == at_once.cost.tolist()
    assert by_shares.metres.tolist() == at_once.metres.tolist()


@given(seed=SEEDS)
@settings(max_examples=60, deadline=None)
def test_insertion_keeps_every_rule_and_what_was_there(seed: int) -> None:
    day = anything(seed=seed)
    start = routes_of(day, {})
    order = np.random.default_rng(seed).permutation(len(day.visits)).tolist()
    filled = fill(day, build(day), start, order)
    carried = [stop for _, stops in filled.named() for stop in stops]
    assert len(carried) == len(set(carried))
    for nurse, stops in start.named():
        kept = dict(filled.named())[nurse]
        assert [stop for stop in kept if stop in stops] == list(stops)
    for row, (nurse, stops) in enumerate(filled.named()):
        walked = walk(day, nurse, stops)
        assert walked.broken is None
        assert (walked.cost, walked.metres) == (filled.cost[row], filled.metres[row])


def test_insertion_goes_where_the_detour_is_least() -> None:
    """The shorter way to the visit is Ben's; past Ada it lies on her way home."""
    ada, ben = (NurseDay(name, CITY, ((480, 1000),)) for name in ("ada", "ben"))
    both = frozenset({"ada", "ben"})
    far = Visit("far", CITY, 540, 60, both)
    near = replace(far, id="near", start=700)
    metres = np.array(
        [[0, 0, 50, 30], [0, 0, 50, 12], [50, 50, 0, 21], [30, 12, 21, 0]], dtype=np.int32
    )
    travel = Matrix(metres, 1000 * metres, np.zeros(metres.shape, dtype=bool))
    day = Day((ada, ben), (far, near), travel)
    filled = fill(day, build(day), routes_of(day, {"ada": ["far"]}), [1])
    assert filled.named() == [(0, (0, 1))]


@pytest.mark.parametrize("seed", [36, 53])
def test_visits_at_one_door_may_change_places(seed: int) -> None:
    """Two orders cost the same there; the plan's may be one that the list does not hold."""
    nurses, visits = 3, 10
    day = city(seed=seed, nurses=nurses, visits=visits, slack=45, minutes=90)
    doors = np.random.default_rng(seed).integers(0, 3, visits)
    places = np.r_[np.arange(nurses), nurses + doors]
    square = np.ix_(places, places)
    guessed = np.zeros((len(places), len(places)), dtype=bool)
    travel = Matrix(day.travel.seconds[square], day.travel.metres[square], guessed)
    assert solve(replace(day, travel=travel), seconds=60, seed=1).proven


def _puzzle(seed: int) -> tuple[Sizes, Routes, np.ndarray]:
    """Routes of any cost, some nurses with a visit that is theirs alone; and a first plan."""
    rng = np.random.default_rng(seed)
    nurses, visits = 6, 9
    must = rng.random(nurses) < 0.4
    own = {int(nurse): visits + k for k, nurse in enumerate(np.flatnonzero(must))}
    named = [(nurse, [stop]) for nurse, stop in own.items()]
    for _ in range(80):
        nurse = int(rng.integers(nurses))
        stops = sorted(rng.choice(visits, int(rng.integers(2, 5)), replace=False).tolist())
        named.append((nurse, [*stops, *([own[nurse]] if nurse in own else [])]))
    cost = rng.integers(1000, 4000, len(named)) * np.array([len(stops) for _, stops in named])
    cost[: len(own)] = 30_000
    padded = np.array([[*stops, *[-1] * (5 - len(stops))] for _, stops in named])
    table = distinct(Routes(np.array([nurse for nurse, _ in named]), cost, cost, padded))
    alone = np.flatnonzero((table.stops[:, 0] >= visits) & (table.stops[:, 1] < 0))
    optional = np.arange(visits + len(own)) < visits
    return Sizes(optional, must), table, alone


@pytest.mark.usefixtures("one_at_a_time")
@pytest.mark.parametrize("seed", range(4, 16))
def test_cases_prove_what_choosing_at_once_finds(seed: int) -> None:
    sizes, table, first = _puzzle(seed)
    best = pack(sizes, table, first, clock=Clock(60), likely=np.zeros(len(table))).metres
    tight = Tight(sizes, table, first)
    tree = Tree(tight, tight.solve())
    low = tree.run(cost_of(sizes, table.take(first)) + 1, Clock(60), cases=1_000)
    assert cost_of(sizes, tree.plan()) == best
    assert best - 0.5 < low < best + 0.5


@pytest.mark.parametrize("fails", [1, 2, 5])
def test_a_case_the_solver_fails_at_is_not_taken_for_proven(
    fails: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes, table, first = _puzzle(8)
    best = pack(sizes, table, first, clock=Clock(60), likely=np.zeros(len(table))).metres
    tight = Tight(sizes, table, first)
    root = tight.solve()
    tree = Tree(tight, root)
    solve_as_ever, asked = tight.solve, iter(range(1, 10_000))

    def failing() -> Tightened:
        if next(asked) == fails:
            raise Unsolvable("out of order")
        return solve_as_ever()

    monkeypatch.setattr(tight, "solve", failing)
    low = tree.run(cost_of(sizes, table.take(first)) + 1, Clock(60), cases=1_000)
    assert root.metres <= low < best - 0.5
