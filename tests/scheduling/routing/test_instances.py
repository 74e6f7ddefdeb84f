import json
import time
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from config.core import started
from scheduling.management.commands import dispatch_bench
from scheduling.routing import Day, Plan, instances, solve
from scheduling.routing.verify import check

FILES = Path(__file__).parents[2] / "data" / "instances"


@pytest.mark.parametrize(
    ("name", "metres", "left"),
    [
        ("metro20", 1_299_522, 0),
        ("metro20-slack15", 1_041_977, 0),
        ("metro20-oversubscribed", 989_741, 18),
    ],
)
def test_twenty_nurses_are_dispatched_as_well_as_can_be(name: str, metres: int, left: int) -> None:
    called, day = instances.read((FILES / f"{name}.json").read_text())
    plan = solve(day, seconds=60, seed=1)
    check(day, plan)
    assert called == name
    assert (plan.metres, len(plan.unassigned), plan.proven) == (metres, left, True)
    assert set(plan.why) == set(plan.unassigned)


def test_a_hundred_nurses_have_a_bound_soon_and_a_plan_that_keeps_the_rules() -> None:
    _, day = instances.read((FILES / "metro100.json").read_text())
    plan = solve(day, seconds=3, seed=1)
    check(day, plan)
    assert plan.lower_bound_metres < 3_393_800


def test_the_command_prints_one_object_of_the_format() -> None:
    out = StringIO()
    call_command("dispatch_bench", str(FILES / "metro20.json"), seconds=30, seed=5, stdout=out)
    said = json.loads(out.getvalue())
    visits = [visit for route in said.pop("routes").values() for visit in route]
    assert len(visits) == len(set(visits)) == 66
    assert said.pop("seconds") > 0
    assert said == {
        "instance": "metro20",
        "unassigned": [],
        "km": 1299.522,
        "lower_bound_km": 1299.522,
        "gap_percent": 0.0,
        "proven": True,
        "seed": 5,
    }


def test_the_start_of_the_program_counts_into_the_time_it_may_take(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    given, helped = [], []

    def noted(day: Day, *, seconds: float, seed: int, with_vroom: bool) -> Plan:
        given.append(seconds)
        helped.append(with_vroom)
        return solve(day, seconds=0, seed=seed)

    monkeypatch.setattr(dispatch_bench, "solve", noted)
    monkeypatch.setattr(started, "AT", time.monotonic() - 5)
    command = [*("manage.py", "dispatch_bench", str(FILES / "metro20.json")), "--seconds"]
    dispatch_bench.Command().run_from_argv([*command, "60"])
    dispatch_bench.Command().run_from_argv([*command, "10", "--no-vroom"])
    assert 48 < given[0] < 53
    assert given[1] == dispatch_bench.LEAST
    assert helped == [True, False]
    assert capsys.readouterr().out.count("unassigned") == 2


EMPTY = {
    "name": "none",
    "travel": {"earth_radius_km": 6371.0088, "detour": 1.3, "km_per_hour": 40},
    "nurses": [],
    "visits": [],
}
NURSE = {"id": "n", "latitude": 41, "longitude": -87, "shift_start": 480, "shift_end": 900}
VISIT = {"id": "v", "latitude": 41, "longitude": -87, "start": 600, "minutes": 60, "skill": "pain"}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[" * 100_000,
        "[]",
        "{}",
        json.dumps({**EMPTY, "nurses": {}}),
        json.dumps({**EMPTY, "nurses": [7]}),
        json.dumps({**EMPTY, "nurses": [NURSE]}),
        json.dumps({**EMPTY, "nurses": [{**NURSE, "skills": [1]}]}),
        json.dumps({**EMPTY, "nurses": [{**NURSE, "skills": [], "shift_end": 480}]}),
        json.dumps({**EMPTY, "visits": [{**VISIT, "latitude": 91}]}),
        json.dumps({**EMPTY, "visits": [{**VISIT, "latitude": "41"}]}),
        json.dumps({**EMPTY, "visits": [{**VISIT, "longitude": 10**400}]}),
        json.dumps({**EMPTY, "visits": [{**VISIT, "minutes": 0.5}]}),
        json.dumps({**EMPTY, "visits": [{**VISIT, "minutes": 0}]}),
        json.dumps({**EMPTY, "visits": [{**VISIT, "start": True}]}),
        json.dumps({**EMPTY, "visits": [VISIT, VISIT]}),
        json.dumps({**EMPTY, "slack_minutes": -5}),
        json.dumps({**EMPTY, "travel": {**EMPTY["travel"], "km_per_hour": 0}}),  # type: ignore[dict-item]
        json.dumps({**EMPTY, "travel": None}),
        json.dumps({**EMPTY, "name": None}),
    ],
)
def test_the_command_names_what_is_wrong_with_a_file_in_one_line(text: str, tmp_path: Path) -> None:
    file = tmp_path / "day.json"
    file.write_text(text)
    with pytest.raises(CommandError) as refused:
        call_command("dispatch_bench", str(file))
    assert refused.value.returncode == 2
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("options", [{"seconds": -1}, {"seconds": float("nan")}, {"seed": -1}])
def test_the_command_refuses_less_than_no_time(options: dict[str, float]) -> None:
    with pytest.raises(CommandError, match="below zero"):
        call_command("dispatch_bench", str(FILES / "metro20.json"), **options)


def test_a_file_that_is_not_there_is_named() -> None:
    with pytest.raises(CommandError, match=r"nowhere\.json"):
        call_command("dispatch_bench", "nowhere.json")
