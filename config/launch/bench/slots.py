"""The slot search: its core against a C loop, and `GET /slots/` over four weeks."""

import json
import statistics
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from config.launch.bench.clients import Ask, percentile, work
from config.launch.bench.house import INSIDE, Failed, House, quietly
from config.launch.bench.report import Bar, Section, days, table

DAYS = 28
CLINIC = "bench_slots"
PLAIN = "/api/v1/therapies/"
CORE_BAR = 3.0
QUERIES_BAR = 8
P50_BARS = {50: 25.0, 500: 60.0}


@dataclass(frozen=True)
class Core:
    """Seconds of each way at one size, one per repeat; C has none without a compiler."""

    nurses: int
    rows: int
    ours: Sequence[float]
    c: Sequence[float]
    plain: Sequence[float]

    @property
    def ratio(self) -> float | None:
        """Ours over C's: the median of the repeats."""
        pairs = zip(self.ours, self.c, strict=False)
        ratios = [ours / theirs for ours, theirs in pairs]
        return statistics.median(ratios) if ratios else None


@dataclass(frozen=True)
class Looked:
    """What `GET /slots/` took in a clinic of one size."""

    nurses: int
    visits: int
    queries: int
    slots: int
    bytes: int
    seconds: Sequence[float]
    plain: Sequence[float]


def measure(house: House, *, quick: bool) -> Section:
    """Measure both."""
    cores = core(house.state, nurses=(10, 20) if quick else (50, 200, 500), quick=quick)
    house.make(CLINIC)
    looked = [
        _look(house, nurses=nurses, asked=10 if quick else 200)
        for nurses in ((5, 10) if quick else (10, 50, 500))
    ]
    house.drop(CLINIC)
    return _section(cores, looked)


def core(folder: Path, *, nurses: Sequence[int], quick: bool) -> list[Core]:
    """Time the core, the C loop and plain Python in turns, in a process of their own."""
    sizes = [str(size) for size in nurses]
    command = [sys.executable, "-m", INSIDE, "bench.core", str(folder / "built")]
    done = quietly([*command, "5" if quick else "40", *sizes])
    if done.returncode:
        raise Failed(f"The core could not be measured:\n{done.stderr[-2000:]}")
    return [Core(**found) for found in json.loads(done.stdout)]


def _look(house: House, *, nurses: int, asked: int) -> Looked:
    seeded = house.seed(CLINIC, nurses=nurses, patients=20)
    tokens: list[str] = seeded["tokens"]
    first, last = days(count=DAYS)
    path = f"/api/v1/slots/?therapy=mood-40&from={first}&to={last}"
    queries = int(house.python("-m", INSIDE, "bench.count", tokens[0], path, database=CLINIC))
    asks = [Ask(tokens[n % len(tokens)], path) for n in range(asked)]
    with house.serving(CLINIC) as port:
        work(port=port, shares=[asks[:10], asks[:10]])  # both workers have answered once
        answers = work(port=port, shares=[asks]).answers
        plain = work(port=port, shares=[[Ask(ask.token, PLAIN) for ask in asks]]).answers
    if {answer.status for answer in answers} != {200}:
        raise Failed(f"GET {path} gave {answers[0].status}: {answers[0].body[:500]!r}")
    return Looked(
        nurses=nurses,
        visits=seeded["visits"],
        queries=queries,
        slots=len(json.loads(answers[0].body)["slots"]),
        bytes=len(answers[0].body),
        seconds=[answer.seconds for answer in answers],
        plain=[answer.seconds for answer in plain],
    )


def _section(cores: Sequence[Core], looked: Sequence[Looked]) -> Section:
    return Section(
        name="slots",
        title="Slots",
        explained=f"""
**The core** counts, for every quarter hour of {DAYS} days, the nurses who can really be there: per
free stretch of a nurse's day two drives, the limits, a window of starts. Against it, on the same
columns and with equal results: a C loop (`config/launch/bench/slots.c`, -O3, one thread) and the
same loop in plain Python. Turns alternate; medians.

**`GET /slots/`** over {DAYS} days, through gunicorn and PostgreSQL as `bin/demo` starts them, one
client at a time, in clinics whose nurses have nearly three visits a day; reading the request,
rules, database, search and JSON included. Beside it the fastest of all, and the median of
`{PLAIN}`, which only lists a few rows: what the machine and the site take for nothing.
""",
        tables=(_core_table(cores), _looked_table(looked)),
        bars=(_core_bar(cores[-1]), *_looked_bars(looked)),
        notes=() if cores[0].c else ("There is no C compiler here, so no ratio to a C loop.",),
    )


def _core_table(cores: Sequence[Core]) -> str:
    head = ("Nurses", "stretches", "ours ms", "C -O3 ms", "Python ms", "ours / C")
    rows = [
        (
            str(one.nurses),
            str(one.rows),
            _median_ms(one.ours),
            _median_ms(one.c),
            _median_ms(one.plain),
            "" if one.ratio is None else f"{one.ratio:.2f}",
        )
        for one in cores
    ]
    return table(head, rows)


def _median_ms(seconds: Sequence[float]) -> str:
    return f"{1000 * statistics.median(seconds):.2f}" if seconds else "no compiler"


def _looked_table(looked: Sequence[Looked]) -> str:
    times = ("p50 ms", "p95 ms", "least ms", "list p50 ms")
    head = ("Nurses", "visits", "queries", *times, "slots", "KB")
    rows = [
        (
            str(one.nurses),
            str(one.visits),
            str(one.queries),
            f"{1000 * percentile(one.seconds, 50):.1f}",
            f"{1000 * percentile(one.seconds, 95):.1f}",
            f"{1000 * min(one.seconds):.1f}",
            f"{1000 * percentile(one.plain, 50):.1f}",
            str(one.slots),
            f"{one.bytes / 1000:.0f}",
        )
        for one in looked
    ]
    return table(head, rows)


def _core_bar(largest: Core) -> Bar:
    ratio = largest.ratio
    return Bar(
        f"core <= {CORE_BAR:.0f} x C at {largest.nurses} nurses",
        "no compiler" if ratio is None else f"{ratio:.2f} x",
        None if ratio is None else ratio <= CORE_BAR,
    )


def _looked_bars(looked: Sequence[Looked]) -> list[Bar]:
    most = max(one.queries for one in looked)
    bars = [Bar(f"at most {QUERIES_BAR} queries", str(most), most <= QUERIES_BAR)]
    for one in looked:
        if one.nurses in P50_BARS:
            p50, bar = 1000 * percentile(one.seconds, 50), P50_BARS[one.nurses]
            promise = f"p50 <= {bar:.0f} ms at {one.nurses} nurses"
            bars.append(Bar(promise, f"{p50:.1f} ms", p50 <= bar))
    return bars
