"""`manage.py dispatch_bench` against other ways to dispatch the same day, all checked alike."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from config.launch import state as states
from config.launch.bench import instances
from config.launch.bench.house import quietly
from config.launch.bench.report import Bar, Section, table
from config.launch.bench.rivals import day as days

RIVALS = f"{__package__}.rivals"
VENV = states.VAR / "bench-rivals"
# Each in the version this was written for: their interfaces move.
SOLVERS = {"vroom": "pyvroom==1.15.2", "pyvrp": "pyvrp==0.14.1", "ortools": "ortools==9.15.6755"}
NAMES = {
    "ours": "Stillwater",
    "nearest": "first-fit nearest",
    "insertion": "cheapest insertion",
    "vroom": "VROOM",
    "pyvrp": "PyVRP",
    "ortools": "OR-Tools",
}
GREEDY = ("nearest", "insertion")
LONG, SEED, PATIENCE = 60, 1, 120
ROUNDING_KM = 0.1


@dataclass(frozen=True)
class Found:
    """One answer, driven again by the checker; `judged` is None where there is nothing to judge."""

    who: str
    seconds: float
    judged: days.Judged | None
    problem: str = ""
    said: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Dispatched:
    """Everybody's answers to one day."""

    name: str
    limit: int
    found: Mapping[str, Found]


def measure(
    state: Path, *, quick: bool, seconds: int | None = None, rivals: bool = True
) -> Section:
    """Let everybody dispatch each day, one after another."""
    missing = _install() if rivals else dict.fromkeys(SOLVERS, "not asked for")
    state.mkdir(parents=True, exist_ok=True)
    dispatched = [
        _dispatch(file, limit=_limit(file, quick=quick, seconds=seconds), missing=missing)
        for file in instances.files(state, quick=quick)
    ]
    return _section(dispatched, missing, bars=[_repeated(state, quick=quick)])


def _repeated(state: Path, *, quick: bool) -> Bar:
    """Dispatch the first day twice more with one seed."""
    file = instances.files(state, quick=quick)[0]
    command = dict(_commands(file, _limit(file, quick=quick, seconds=None), {}))["ours"]
    plans = [_answer(days.read(file), "ours", command).said.get("routes") for _ in range(2)]
    same = plans[0] is not None and plans[0] == plans[1]
    return Bar("same seed and enough time, same plan", "same" if same else "another", same)


def _limit(file: Path, *, quick: bool, seconds: int | None) -> int:
    return seconds or (2 if quick else instances.SECONDS.get(file.stem, LONG))


def _install() -> dict[str, str]:
    """Install the solvers beside the product, each alone; gives why one is missing."""
    python = VENV / "bin" / "python"
    if not python.exists():
        quietly([sys.executable, "-m", "venv", str(VENV)])
    pip = [str(python), "-m", "pip", "install", "--quiet", "--only-binary", ":all:", "numpy"]
    missing = {}
    for name, wanted in SOLVERS.items():
        done = quietly([*pip, wanted])
        if done.returncode:
            missing[name] = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
    return missing


def _dispatch(file: Path, *, limit: int, missing: Mapping[str, str]) -> Dispatched:
    day = days.read(file)
    _ = day.metres  # reckoned once, before any clock runs
    found = {who: _answer(day, who, command) for who, command in _commands(file, limit, missing)}
    for who, why in missing.items():
        found[who] = Found(who, 0.0, None, why)
    return Dispatched(day.name, limit, found)


def _commands(
    file: Path, limit: int, missing: Mapping[str, str]
) -> Iterator[tuple[str, Sequence[str]]]:
    ours = [sys.executable, "manage.py", "dispatch_bench", str(file)]
    yield "ours", [*ours, "--seconds", str(limit), "--seed", str(SEED)]
    for way in GREEDY:
        yield way, [sys.executable, "-m", f"{RIVALS}.greedy", way, str(file)]
    for name in SOLVERS:
        if name not in missing:
            command = [str(VENV / "bin" / "python"), "-m", f"{RIVALS}.with_{name}", str(file)]
            yield name, [*command, str(limit), str(os.cpu_count() or 1)]


def _answer(day: days.Day, who: str, command: Sequence[str]) -> Found:
    begun = time.perf_counter()
    try:
        done = quietly(command, cwd=states.ROOT, timeout=LONG + PATIENCE)
    except subprocess.TimeoutExpired:
        return Found(who, time.perf_counter() - begun, None, "did not end")
    seconds = time.perf_counter() - begun
    if done.returncode:
        return Found(who, seconds, None, (done.stderr.strip().splitlines() or ["failed"])[-1][:80])
    try:
        said = json.loads(done.stdout.strip().splitlines()[-1])
        return Found(who, seconds, days.judge(day, said["routes"]), said=said)
    except (days.Wrong, ValueError, LookupError) as error:
        return Found(who, seconds, None, f"no plan that can be driven: {error}"[:100])


def _section(
    dispatched: Sequence[Dispatched], missing: Mapping[str, str], *, bars: Sequence[Bar]
) -> Section:
    promised = [bar for one in dispatched for bar in _bars(one)]
    notes = [f"{NAMES[who]} could not be installed here: {why}" for who, why in missing.items()]
    wrong = [
        f"{NAMES[who]} on {one.name}: {found.problem}."
        for one in dispatched
        for who, found in one.found.items()
        if found.problem and who not in missing
    ]
    return Section(
        name="dispatch",
        title="Dispatch",
        explained="""
Promised starts do not move. Everybody gets the same day and the same limit, one after another, in
a process of their own; VROOM, PyVRP and OR-Tools with the starts as time windows and a missing
visit priced as in the objective (fewest unassigned, then fewest kilometres). Every answer is driven
again by one checker, which reckons kilometres and feasibility from the coordinates; the figures
are the checker's. Seconds are of the whole process, its start included; `dispatch_bench` counts its
start (and the import of the whole product) into the limit, and certifies gap and "proven".
""",
        tables=tuple(_table(one) for one in dispatched),
        bars=(*promised, *bars),
        notes=(*notes, *wrong),
    )


def _table(one: Dispatched) -> str:
    vroom = one.found.get("vroom")
    head = (f"{one.name}, {one.limit} s", "unassigned", "km", "km / VROOM's", "gap %", "seconds")
    return table(head, [_row(found, vroom) for found in one.found.values()])


def _row(found: Found, vroom: Found | None) -> tuple[str, ...]:
    if found.judged is None:
        return NAMES[found.who], "no plan", "", "", "", f"{found.seconds:.1f}"
    against = vroom.judged if vroom else None
    # Kilometres of plans that leave different visits out do not compare.
    same = against is not None and against.unassigned == found.judged.unassigned
    ratio = f"{found.judged.metres / against.metres:.3f}" if against and same else ""
    gap = found.said.get("gap_percent")
    certified = "" if gap is None else f"{gap:.2f}{' proven' if found.said.get('proven') else ''}"
    km = f"{found.judged.metres / 1000:.1f}"
    return (
        NAMES[found.who],
        str(found.judged.unassigned),
        km,
        ratio,
        certified,
        f"{found.seconds:.1f}",
    )


def _bars(one: Dispatched) -> Iterator[Bar]:
    ours = one.found["ours"]
    known = instances.KNOWN.get(one.name)
    if ours.judged is None:
        yield Bar(f"{one.name}: a plan", ours.problem, met=False)
        return
    said = f"{ours.judged.metres / 1000:.1f} km, {ours.judged.unassigned} unassigned"
    if known:
        best = days.Judged(known.unassigned, round(1000 * (known.km + ROUNDING_KM)))
        promise = f"{one.name}: no worse than {known.km} km, {known.unassigned} unassigned"
        yield Bar(promise, said, ours.judged <= best)
        yield _gap_bar(one.name, ours, known)
    vroom = one.found.get("vroom")
    if vroom and vroom.judged:
        yield Bar(f"{one.name}: no worse than VROOM", said, ours.judged <= vroom.judged)


def _gap_bar(name: str, ours: Found, known: instances.Known) -> Bar:
    gap, proven = float(ours.said["gap_percent"]), bool(ours.said["proven"])
    if known.gap_percent == 0:
        within = instances.SECONDS[name]
        seconds = float(ours.said["seconds"])
        measured = f"gap {gap:.3f} %, {'proven' if proven else 'not proven'}, {seconds:.1f} s"
        return Bar(f"{name}: proven within {within} s", measured, proven and seconds <= within)
    promise = f"{name}: gap <= {known.gap_percent} % within {LONG} s"
    return Bar(promise, f"{gap:.2f} %", gap <= known.gap_percent)
