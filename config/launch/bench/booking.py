"""Eight clients book over HTTP, against eight that only send the same statements."""

import json
import os
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from config.launch import state as states
from config.launch.bench import cpu
from config.launch.bench.clients import Ask, Measured, percentile, work
from config.launch.bench.house import INSIDE, Failed, House
from config.launch.bench.report import Bar, Section, days, table

CLIENTS = 8
CREATED, TAKEN = 201, 409
PATH = "/api/v1/appointments/"
CLINIC, NOW, RACE = "bench_booking", "bench_booking_now", "bench_booking_race"
RATIO, RATIO_GOAL, P95_MS = 0.25, 0.5, 150.0
COSTS = ("site ms", "PostgreSQL ms", "others %")


@dataclass(frozen=True)
class Size:
    """How much is measured."""

    nurses: int
    bookings: int
    warming: int
    rounds: int
    raced: int


FULL = Size(nurses=50, bookings=320, warming=32, rounds=5, raced=20)
QUICK = Size(nurses=10, bookings=24, warming=8, rounds=1, raced=3)


@dataclass(frozen=True)
class Loop:
    """What the bare loop reached."""

    seconds: float
    each: tuple[float, ...]

    @property
    def per_second(self) -> float:
        """Bookings in each second."""
        return len(self.each) / self.seconds


def measure(house: House, *, quick: bool) -> Section:
    """Measure throughput against the bare loop, then racing clients."""
    size = QUICK if quick else FULL
    recorded = _record(house, size)
    over_http, bare, costs = [], [], []
    for _ in range(size.rounds):
        answers, cost = _over_http(house, recorded, size)
        over_http.append(answers)
        costs.append(cost)
        bare.append(_bare(house, recorded, size))
    raced, deadlocks = _race(house, size)
    house.drop(CLINIC, NOW, RACE)
    return _section(
        size=size,
        recorded=recorded,
        over_http=over_http,
        bare=bare,
        costs=costs,
        raced=raced,
        deadlocks=deadlocks,
    )


def _record(house: House, size: Size) -> Path:
    """Seed the clinic and write down how each booking is made; gives the file."""
    house.make(CLINIC)
    wanted = size.bookings + size.warming
    seeded = house.seed(CLINIC, nurses=size.nurses, patients=wanted, share=0.6)
    file = house.state / "bookings.json"
    tokens = "\n".join(seeded["tokens"])
    house.copy(CLINIC, NOW)
    command = [sys.executable, "-m", INSIDE, "bench.record", str(file)]
    done = subprocess.run(
        command,
        cwd=states.ROOT,
        env=house.environment(NOW),
        input=tokens,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise Failed(f"The bookings could not be recorded:\n{done.stderr[-2000:]}")
    return file


def _over_http(house: House, recorded: Path, size: Size) -> tuple[Measured, Counter[str]]:
    """Book, and give the answers and the milliseconds of processor that they took."""
    asks = [Ask(one["token"], PATH, one["body"]) for one in json.loads(recorded.read_text())]
    warming, asks = asks[: size.warming], asks[size.warming :]
    house.copy(CLINIC, NOW)
    with house.serving(NOW) as port:
        work(port=port, shares=_dealt(warming))
        with cpu.counted() as spent:
            measured = work(port=port, shares=_dealt(asks))
        return measured, spent


def _dealt(asks: Sequence[Ask]) -> list[Sequence[Ask]]:
    return [asks[number::CLIENTS] for number in range(CLIENTS)]


def _bare(house: House, recorded: Path, size: Size) -> Loop:
    """The same bookings from the same beginning, the statements sent by psycopg alone."""
    warming = house.state / "warming.json"
    measured = house.state / "measured.json"
    bookings = json.loads(recorded.read_text())
    warming.write_text(json.dumps(bookings[: size.warming]))
    measured.write_text(json.dumps(bookings[size.warming :]))
    house.copy(CLINIC, NOW)
    _replay(house.address(NOW), warming)
    return _replay(house.address(NOW), measured)


def _replay(address: str, file: Path) -> Loop:
    command = [sys.executable, "-m", f"{__package__}.replay", address, str(file)]
    clients = [
        subprocess.Popen(
            [*command, str(number), str(CLIENTS)],
            cwd=states.ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(CLIENTS)
    ]
    ready = [client.stdout.readline() for client in clients if client.stdout]
    begun = time.perf_counter()
    for client in clients:
        if client.stdin:
            client.stdin.write("go\n")
            client.stdin.flush()
    said = [client.stdout.readline() for client in clients if client.stdout]
    seconds = time.perf_counter() - begun
    failed = [client.wait() for client in clients]
    if any(failed) or len(ready) != CLIENTS:
        raise Failed("The bare loop could not send what was recorded.")
    return Loop(seconds, tuple(one for line in said for one in json.loads(line)))


def _race(house: House, size: Size) -> tuple[Measured, int]:
    """Eight clients want the same start of a clinic with two nurses, one start after another."""
    house.make(RACE)
    seeded = house.seed(RACE, nurses=2, patients=CLIENTS * size.raced, share=0.6)
    tokens: list[str] = seeded["tokens"]
    with house.serving(RACE) as port:
        starts = _starts(port, tokens[0])
        wanted = [starts[n * len(starts) // size.raced] for n in range(size.raced)]
        shares = [
            [
                Ask(tokens[n * CLIENTS + client], PATH, {"therapy": "mood-40", "starts_at": start})
                for n, start in enumerate(wanted)
            ]
            for client in range(CLIENTS)
        ]
        raced = work(port=port, shares=shares, in_step=True)
    query = "SELECT sum(deadlocks)::int FROM pg_stat_database"
    return raced, int(house.ask(query) or 0)


def _starts(port: int, token: str) -> list[str]:
    first, last = days(count=28)
    path = f"/api/v1/slots/?therapy=mood-40&from={first}&to={last}"
    answer = work(port=port, shares=[[Ask(token, path)]]).answers[0]
    return [slot["starts_at"] for slot in json.loads(answer.body)["slots"]]


def _section(
    *,
    size: Size,
    recorded: Path,
    over_http: list[Measured],
    bare: list[Loop],
    costs: list[Counter[str]],
    raced: Measured,
    deadlocks: int,
) -> Section:
    ratios = [
        one.per_second(CREATED) / other.per_second
        for one, other in zip(over_http, bare, strict=True)
    ]
    ratio = statistics.median(ratios)
    p95 = statistics.median(_latency(one, 95) for one in over_http)
    statuses = sum((one.statuses for one in over_http), Counter())
    counts = [len(one["statements"]) for one in json.loads(recorded.read_text())]
    rows = [
        (
            str(number),
            f"{one.per_second(CREATED):.1f}",
            f"{_latency(one, 50):.0f}",
            f"{_latency(one, 95):.0f}",
            f"{other.per_second:.1f}",
            f"{1000 * percentile(other.each, 95):.0f}",
            f"{ratios[number - 1]:.2f}",
            *_spent(cost, over=one),
        )
        for number, (one, other, cost) in enumerate(zip(over_http, bare, costs, strict=True), 1)
    ]
    head = ("Round", "HTTP /s", "p50 ms", "p95 ms", "bare /s", "bare p95 ms", "ratio", *COSTS)
    clean = set(raced.statuses) <= {CREATED, TAKEN} and deadlocks == 0
    return Section(
        name="booking",
        title="Booking",
        explained=f"""
{CLIENTS} clients book {size.bookings} different slots of a clinic with {size.nurses} nurses through
`POST {PATH}`, served by gunicorn as `bin/demo` and `docker-compose.yml` start it. The bare loop is
{CLIENTS} processes that send PostgreSQL, with psycopg and nothing else, the very statements those
bookings need ({statistics.median(counts):.0f} each, recorded as text from one run of the site,
BEGIN, savepoint and COMMIT included, prepared where the site has them prepared) to a copy of the
same database: no HTTP, no Django, no rule. Both share the machine with the database and the
clients; the disk is synchronised at each commit; rounds alternate, the ratio is the median. The
last columns are the processor time of each booking over HTTP, and how much of the machine went to
anybody else meanwhile (the eight clients among them), which throughput and p95 suffer from.
""",
        tables=(table(head, rows),),
        bars=(
            Bar(f"ratio >= {RATIO}", f"{ratio:.2f}", ratio >= RATIO),
            Bar(f"ratio >= {RATIO_GOAL} (goal)", f"{ratio:.2f}", ratio >= RATIO_GOAL),
            Bar(f"p95 <= {P95_MS:.0f} ms", f"{p95:.0f} ms", p95 <= P95_MS),
            Bar(
                "racing clients see 201 or 409 only, and no deadlock",
                f"{_said(raced.statuses)}; {deadlocks} deadlocks",
                clean,
            ),
        ),
        notes=(f"Answers in all rounds: {_said(statuses)}.",),
    )


def _spent(cost: Counter[str], *, over: Measured) -> tuple[str, ...]:
    """Give the processor time of each booking, and how much of the machine somebody else took."""
    made = over.statuses[CREATED] or 1
    ours = cost["site"] + cost["PostgreSQL"]
    whole = 1000 * over.seconds * (os.cpu_count() or 1)
    others = max(cost["all"] - ours, 0) / whole
    return f"{cost['site'] / made:.1f}", f"{cost['PostgreSQL'] / made:.1f}", f"{100 * others:.0f}"


def _latency(measured: Measured, percent: int) -> float:
    """In milliseconds, of the bookings that were made."""
    made = [one.seconds for one in measured.answers if one.status == CREATED]
    return 1000 * percentile(made, percent)


def _said(statuses: Counter[int]) -> str:
    return ", ".join(f"{count} x {status}" for status, count in sorted(statuses.items()))
