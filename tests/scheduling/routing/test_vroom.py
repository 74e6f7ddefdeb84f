"""What VROOM is asked, and that its answer helps where it is good and harms nowhere.

VROOM itself is not needed here; `real_vroom.py` asks it.
"""

import errno
import importlib.util
import signal
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from scheduling.routing import (
    Day,
    Lunch,
    NurseDay,
    Plan,
    Visit,
    search,
    solve,
    vroom_process,
    vroom_words,
)
from scheduling.routing.clock import Clock
from scheduling.routing.report import planned
from scheduling.routing.search import Search
from scheduling.routing.verify import check, routes_of
from scheduling.routing.vroom_words import understood, worded
from tests.scheduling.routing.days import CITY, anything, city, day_of

Fake = Callable[[str], None]

FAKE = """
import json, os, sys, time

class Given:
    def __init__(self, *args, **named):
        self.args, self.named = args, named

Vehicle = Job = TimeWindow = Break = Given

class Input:
    def __init__(self):
        self.profiles, self.vehicles, self.jobs = set(), [], []
    def set_durations_matrix(self, profile, matrix):
        self.profiles.add(profile)
    def set_costs_matrix(self, profile, matrix):
        self.profiles.add(profile)
    def add_vehicle(self, vehicle):
        self.vehicles.append(vehicle)
    def add_job(self, job):
        self.jobs.append(job)
    def solve(self, **options):
        {does}
        return self
    def to_dict(self):
        steps = [{{"type": "start"}}, *({{"type": "job", "id": job.args[0]}} for job in self.jobs)]
        return {{"routes": [{{"vehicle": {vehicle}, "steps": steps}}]}}
"""


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fake:
    """Install a VROOM that does this when asked, then gives the first vehicle every job."""

    def install(does: str) -> None:
        vehicle = "7" if does == "nobody" else "0"
        text = FAKE.format(does="pass" if does == "nobody" else does, vehicle=vehicle)
        (tmp_path / "vroom.py").write_text(text)

    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(vroom_process, "LEAST_VISITS", 1)
    importlib.invalidate_caches()
    return install


CLEO = NurseDay("cleo", CITY, ((480, 720), (800, 1000)), max_driving=90)
DORA = NurseDay("dora", CITY, ((500, 900),))
BOTH = frozenset({"cleo", "dora"})
NINE = Visit("nine", CITY, 540, 60, BOTH)


def _problem(day: Day) -> dict[str, Any]:
    words = worded(day)
    assert words is not None
    return words.problem


def test_a_nurse_is_a_vehicle_for_each_stretch_of_her_work() -> None:
    words = worded(day_of(CLEO, DORA, NINE, minutes=5))
    assert words is not None
    assert words.nurses == ("cleo", "cleo", "dora")
    spans = [(one["home"], one["from"], one["until"]) for one in words.problem["vehicles"]]
    assert spans == [(0, 0, 240), (0, 320, 520), (1, 20, 420)]
    assert [one["driving"] for one in words.problem["vehicles"]] == [90, 90, None]
    assert words.problem["minutes"][2] == [5, 5, 0]


def test_times_before_midnight_are_none_below_zero() -> None:
    early = replace(DORA, windows=((-60, 900),))
    (vehicle,) = _problem(day_of(early, NINE))["vehicles"]
    (job,) = _problem(day_of(early, NINE))["jobs"]
    assert (vehicle["from"], job["from"]) == (0, 600)


def test_a_start_that_may_move_is_a_window() -> None:
    (job,) = _problem(replace(day_of(DORA, NINE), slack_minutes=15))["jobs"]
    assert (job["from"], job["until"], job["minutes"]) == (25, 55, 60)


def test_a_break_is_kept_in_one_stretch_that_holds_it_and_none_off_work() -> None:
    at_noon, off = Lunch(30, 690, 870), Lunch(30, 720, 790)
    (first, second) = _problem(day_of(replace(CLEO, lunches=(at_noon, off)), NINE))["vehicles"]
    assert (first["breaks"], second["breaks"]) == ([], [])
    (first, second) = _problem(day_of(replace(CLEO, lunches=(Lunch(90, 600, 900),)), NINE))[
        "vehicles"
    ]
    assert (first["breaks"], second["breaks"]) == ([[120, 150, 90]], [])


def test_only_who_may_go_has_the_skill_of_a_visit() -> None:
    alone = replace(NINE, id="alone", nurses=frozenset({"dora"}))
    held = replace(NINE, id="held", nurses=frozenset(), pinned="cleo")
    nobody = replace(NINE, id="nobody", nurses=frozenset())
    words = worded(day_of(CLEO, DORA, NINE, alone, nobody, held))
    assert words is not None
    assert words.visits == ("nine", "alone", "held")
    both, hers, pinned = (job["skill"] for job in words.problem["jobs"])
    cleo, _, dora = (set(one["skills"]) for one in words.problem["vehicles"])
    assert (cleo, dora) == ({both, pinned}, {both, hers})
    worth = [job["priority"] for job in words.problem["jobs"]]
    assert worth == [10, 10, 100]


def test_what_a_nurse_costs_above_the_cheapest_is_hers_to_pay() -> None:
    lost = replace(NINE, id="lost", costs={"cleo": 500_000, "dora": 502_000})
    day = day_of(CLEO, DORA, NINE, lost)
    problem = _problem(day)
    assert problem["extra"] == {"dora": [[3, 2000]]}
    assert [one["profile"] for one in problem["vehicles"]] == ["all", "all", "dora"]
    assert [job["priority"] for job in problem["jobs"]] == [10, 5]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(vroom_words, "CELLS", 15)
        assert {one["profile"] for one in _problem(day)["vehicles"]} == {"all"}


def test_it_asks_nothing_of_a_day_without_work_to_give() -> None:
    assert worded(day_of(replace(CLEO, windows=()), NINE)) is None
    assert worded(day_of(CLEO, replace(NINE, nurses=frozenset()))) is None


@pytest.mark.parametrize(
    "answer", [None, {}, [[0]], [[9, []]], [[-1, []]], [["0", []]], [[0, [1]]], [[0, ["x"]]]]
)
def test_an_answer_to_another_question_is_none(answer: object) -> None:
    words = worded(day_of(DORA, NINE))
    assert words is not None
    assert understood(words, [[0, [0]]]) == {"dora": ["nine"]}
    with pytest.raises(ValueError, match=r"\w"):
        understood(words, answer)


def _searched(day: Day, said: dict[str, list[str]]) -> Plan:
    """Search without time for more than a first plan."""
    found = Search(day, Clock(0), np.random.default_rng(1), routes_of(day, {}))
    found.run(lambda: said)
    return planned(day, found.best, found.low, 0.0, 1)


def test_a_better_plan_made_elsewhere_is_taken() -> None:
    day = city(seed=5, nurses=8, visits=24)
    best = solve(day, seconds=60, seed=1)
    taken = _searched(day, {nurse: list(stops) for nurse, stops in best.routes.items()})
    assert taken.routes == best.routes
    assert taken.cost_metres < _searched(day, {}).cost_metres


@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=15, deadline=None)
def test_a_plan_made_elsewhere_that_breaks_rules_never_makes_ours_worse(seed: int) -> None:
    day = anything(seed=seed)
    rng = np.random.default_rng(seed)
    said = {
        nurse.id: [visit.id for visit in day.visits if rng.random() < 0.7] for nurse in day.nurses
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(search, "LOOSE", -1.0)
        taken = _searched(day, {"who": ["gone"], **said})
    check(day, taken)
    assert taken.cost_metres <= _searched(day, {}).cost_metres


LATER = day_of(CLEO, DORA, NINE, replace(NINE, id="noon", start=720), minutes=5)


def _told(seconds: float = 600) -> dict[str, list[str]]:
    with vroom_process.asked(LATER, Clock(seconds), wanted=True) as answer:
        return answer()


def test_it_hears_what_vroom_says(fake: Fake) -> None:
    fake(
        "assert self.profiles == {'all'} and len(self.vehicles) == 3 and options['nb_threads'] == 1"
    )
    assert _told() == {"cleo": ["nine", "noon"]}


@pytest.mark.parametrize(
    "does",
    [
        "raise RuntimeError('inexplicable')",
        "os.abort()",
        "print('to whom it may concern')",
        "nobody",
        "self.jobs *= 2; self.jobs.append(Job(99))",
    ],
)
def test_it_does_without_a_vroom_that_fails(
    does: str, fake: Fake, caplog: pytest.LogCaptureFixture
) -> None:
    fake(does)
    assert _told() == {}
    assert [record.message[:18] for record in caplog.records] == ["VROOM gave no plan"]


def test_it_does_not_wait_for_a_vroom_that_never_ends(
    fake: Fake, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake("time.sleep(600)")
    begun: list[subprocess.Popen[str]] = []
    popen = subprocess.Popen

    def begin(*args: Any, **options: Any) -> subprocess.Popen[str]:
        begun.append(popen(*args, **options))
        return begun[-1]

    monkeypatch.setattr(subprocess, "Popen", begin)
    monkeypatch.setattr(vroom_process, "LEAST_SECONDS", 0.0)
    assert _told(0.5) == {}
    assert [process.returncode for process in begun] == [-signal.SIGKILL]


def test_a_day_is_solved_alike_whatever_vroom_does(
    fake: Fake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "LOOSE", -1.0)
    day = city(seed=3, nurses=4, visits=10)
    fake("os.abort()")
    plans = [solve(day, seconds=60, seed=1, with_vroom=wanted) for wanted in (True, False)]
    fake("pass")
    plans.append(solve(day, seconds=60, seed=1))
    assert all(plan.proven for plan in plans)
    assert plans[0].routes == plans[1].routes == plans[2].routes


@pytest.mark.parametrize("why", ["missing", "unwanted", "small", "hasty", "all pinned", "no room"])
def test_vroom_is_not_asked_where_that_is_no_use(
    why: str, fake: Fake, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    fake("pass")
    day, seconds = LATER, 30.0
    if why == "missing":
        monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    if why == "small":
        monkeypatch.setattr(vroom_process, "LEAST_VISITS", 3)
    if why == "hasty":
        seconds = 0.5
    if why == "all pinned":
        day = replace(day, visits=tuple(replace(one, pinned="dora") for one in day.visits))
    if why == "no room":
        monkeypatch.setattr(vroom_process, "_file", _full_disk)
    else:
        monkeypatch.setattr(subprocess, "Popen", None)
    with vroom_process.asked(day, Clock(seconds), wanted=why != "unwanted") as answer:
        assert answer() == {}
    assert len(caplog.records) == (why == "no room")


def _full_disk() -> IO[str]:
    raise OSError(errno.ENOSPC, "no space left on device")
