"""A million messages wait and ten thousand fall due: how late is each, at the mail server."""

import json
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from config.launch import owned, processes, state as states
from config.launch.bench import notices_cost
from config.launch.bench.clients import percentile
from config.launch.bench.house import HOST, INSIDE, Failed, House
from config.launch.bench.report import Bar, Section, table
from config.launch.supervisor import Supervisor

DATABASE = "bench_notices"
LATE_S, LOOK_MS, GROWTH = 60.0, 5.0, 1.1
AHEAD_S, AHEAD_EACH_S = 30.0, 0.002  # between writing what falls due and its falling due
PATIENCE_S = 600.0
READY = " ready."  # in the worker's log, as Celery words it


@dataclass(frozen=True)
class Size:
    """How much is measured."""

    nurses: int
    waiting: int
    due: int
    over: float = 60


FULL = Size(nurses=140, waiting=1_000_000, due=10_000)
QUICK = Size(nurses=4, waiting=5_000, due=200, over=5)


@dataclass(frozen=True)
class Run:
    """What became of the messages that fell due together, or over a minute.

    Attributes
    ----------
    late
        Seconds from when each was due to when the mail server had it.
    seconds
        From the first due to the last taken.
    processor
        Seconds of processor, by process.
    memory
        Resident bytes of the workers, once a second.
    """

    over: float
    late: tuple[float, ...]
    twice: int
    seconds: float
    processor: dict[str, float]
    memory: tuple[int, ...]

    @property
    def growth(self) -> float:
        """Memory at the end over memory after the first tenth of the time."""
        tenth = self.memory[len(self.memory) // 10]
        return statistics.median(self.memory[-5:]) / tenth


@dataclass(frozen=True)
class Measured:
    """What was measured on one database, for the table and for `bin/faults`."""

    waiting: int
    runs: list[Run]
    looked: dict[str, float | str]

    @property
    def bars(self) -> tuple[Bar, ...]:
        """Each promise, and whether it was kept."""
        return (*map(_punctual, self.runs), *_whole(self.runs), _indexed(self.looked))


def measure(house: House, *, quick: bool) -> Section:
    """Measure both ways of falling due on one database."""
    size = QUICK if quick else FULL
    return _section(size=size, measured=measured(house, size=size, overs=(0, size.over)))


def measured(house: House, *, size: Size, overs: Sequence[float]) -> Measured:
    """Let messages fall due over so many seconds, once for each figure."""
    house.make(DATABASE)
    house.seed(DATABASE, nurses=size.nurses)
    waiting = int(_inside(house, "wait", str(size.waiting)))
    with _sink(house) as (kept, port, sink):
        runs = [_run(house, size, over=over, port=port, kept=kept, sink=sink) for over in overs]
    at = time.time() - 1
    _inside(house, "due", str(size.due), "1", str(at))
    looked = json.loads(_inside(house, "look"))
    house.drop(DATABASE)
    return Measured(waiting=waiting, runs=runs, looked=looked)


def _inside(house: House, *what: str) -> str:
    return house.python("-m", INSIDE, "bench.notice_rows", *what, database=DATABASE).splitlines()[
        -1
    ]


@contextmanager
def _sink(house: House) -> Iterator[tuple[Path, int, int]]:
    """Run a mail server in a process of its own; gives its file, port and number."""
    kept = house.state / "kept.txt"
    kept.write_text("")
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port = int(probe.getsockname()[1])
    command = [sys.executable, "-m", f"{__package__}.sink", str(kept), str(port)]
    server = subprocess.Popen(
        command, cwd=states.ROOT, stdout=subprocess.PIPE, env=owned.environment(state=house.state)
    )
    try:
        if server.stdout is None or server.stdout.readline() != b"ready\n":
            raise Failed("The mail server did not start.")
        yield kept, port, server.pid
    finally:
        server.terminate()
        server.communicate()


def _run(house: House, size: Size, *, over: float, port: int, kept: Path, sink: int) -> Run:
    """Let messages fall due while worker and beat run as in production."""
    # A folder of its own: what is stopped with it is the app, and not the engines.
    app = house.state / "app"
    environment = {
        **house.environment(DATABASE),
        **owned.environment(state=app),
        "EMAIL_URL": f"smtp://{HOST}:{port}",
    }
    supervisor = Supervisor(state=app, environment=environment)
    schedule = house.state / "beat-schedule"
    schedule.unlink(missing_ok=True)
    kept.write_text("")
    try:
        _start(supervisor, schedule=str(schedule))
        begins = time.time() + AHEAD_S + AHEAD_EACH_S * size.due
        printed = _inside(house, "due", str(size.due), str(over), str(begins))
        due = {int(pk): at for pk, at in json.loads(printed).items()}
        if time.time() > begins:
            raise Failed("Writing what falls due took longer than thought.")
        time.sleep(begins - time.time())
        before = notices_cost.processor(house, sink)
        memory = _wait(supervisor, house, kept, count=len(due))
        after = notices_cost.processor(house, sink)
    finally:
        supervisor.stop()
    lines = [line.split() for line in kept.read_text().splitlines()]
    taken: dict[int, float] = {}
    for pk, at in lines:
        taken.setdefault(int(pk), float(at))
    if set(taken) != set(due):
        raise Failed(f"{len(due)} were due and {len(taken)} came.")
    return Run(
        over=over,
        late=tuple(taken[pk] - at for pk, at in due.items()),
        twice=len(lines) - len(taken),
        seconds=max(taken.values()) - begins,
        processor={name: after[name] - before.get(name, 0) for name in after},
        memory=tuple(memory),
    )


def _start(supervisor: Supervisor, *, schedule: str) -> None:
    """Start worker and beat; what is measured begins when the worker hears."""
    log = supervisor.state / "log" / "notices.log"
    log.unlink(missing_ok=True)
    supervisor.start(name="notices", command=processes.NOTICES)
    supervisor.start(name="beat", command=processes.beat(schedule=schedule))
    ends = time.time() + PATIENCE_S
    while READY not in log.read_text(errors="replace"):
        supervisor.require_all()
        if time.time() > ends:
            raise Failed(f"The worker did not start within {PATIENCE_S:.0f} s.")
        time.sleep(0.5)


def _wait(supervisor: Supervisor, house: House, kept: Path, *, count: int) -> list[int]:
    """Wait for as many messages; gives the workers' memory at each second."""
    ends = time.time() + PATIENCE_S
    memory = []
    while len(kept.read_text().splitlines()) < count:
        supervisor.require_all()
        if time.time() > ends:
            raise Failed(f"Not all came within {PATIENCE_S:.0f} s.")
        memory.append(sum(notices_cost.resident(pid) for pid in notices_cost.workers(house)))
        time.sleep(1)
    return memory


def _section(*, size: Size, measured: Measured) -> Section:
    runs, waiting, looked = measured.runs, measured.waiting, measured.looked
    head = ("Fall due", "taken in s", "per s", "p50 s", "p99 s", "latest s", "twice", "RSS MB")
    names = list(runs[0].processor)
    shares = [
        (_named(run), *(f"{1000 * run.processor[name] / len(run.late):.2f}" for name in names))
        for run in runs
    ]
    return Section(
        name="notices",
        title="Messages",
        explained=f"""
{waiting} messages wait in PostgreSQL and {size.due} more fall due, all at one instant as on an
evening before, or evenly over a minute. One worker of two processes and beat run as `bin/demo` and
`docker-compose.yml` start them; the messages, text and HTML, go by SMTP to a mail server of Python
(aiosmtpd) in a process of its own. Late is from when a message was due to when the mail server
took it. Worker, database, queue and mail server share this machine's processors; the disk is
synchronised at each commit, twice a message.
""",
        tables=(
            table(head, [_row(run) for run in runs]),
            table(("Processor, ms a message", *names), shares),
            f"The look for what is due takes {float(looked['milliseconds']):.2f} ms "
            f"with {waiting} waiting and {size.due} due:\n\n```\n{looked['plan']}\n```",
        ),
        bars=measured.bars,
    )


def _named(run: Run) -> str:
    return f"over {run.over:.0f} s" if run.over else "at one instant"


def _row(run: Run) -> tuple[str, ...]:
    return (
        _named(run),
        f"{run.seconds:.1f}",
        f"{len(run.late) / run.seconds:.0f}",
        f"{percentile(run.late, 50):.1f}",
        f"{percentile(run.late, 99):.1f}",
        f"{max(run.late):.1f}",
        str(run.twice),
        f"{run.memory[len(run.memory) // 10] >> 20} -> {run.memory[-1] >> 20}",
    )


def _punctual(run: Run) -> Bar:
    late = percentile(run.late, 99)
    goal = "" if run.over else " (goal)"
    promise = f"p99 of lateness <= {LATE_S:.0f} s, {_named(run)}{goal}"
    return Bar(promise, f"{late:.1f} s", late <= LATE_S)


def _whole(runs: list[Run]) -> tuple[Bar, Bar]:
    return (
        Bar(
            "each message once",
            f"{sum(run.twice for run in runs)} twice",
            all(not run.twice for run in runs),
        ),
        Bar(
            f"memory at the end <= {GROWTH} x memory at the beginning",
            f"{max(run.growth for run in runs):.2f} x",
            all(run.growth <= GROWTH for run in runs),
        ),
    )


def _indexed(looked: dict[str, float | str]) -> Bar:
    plan, milliseconds = str(looked["plan"]), float(looked["milliseconds"])
    is_indexed = "notice_due" in plan and "Seq Scan" not in plan and "Sort" not in plan
    return Bar(
        f"the look is along an index, <= {LOOK_MS:.0f} ms",
        f"{milliseconds:.2f} ms",
        is_indexed and milliseconds <= LOOK_MS,
    )
