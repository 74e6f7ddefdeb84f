"""Where a case plays: engines, sinks, and the processes that send messages."""

import json
import os
import re
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import redis

from config.launch import owned, postgres, processes, state as states, valkey
from config.launch.bench.house import Failed, House
from config.launch.faults import sinks
from config.launch.faults.parts import Parts
from config.launch.faults.sinks import Sinks
from config.launch.supervisor import Supervisor

DATABASE = "faults"
SECONDS_TO_HEAR, POLL_SECONDS = 180.0, 0.2
# In a sender's log, as Celery words it.
TEXTED = "driving_warning"  # the one kind of message here that is a text as well
READY, RANG = r" ready\.", r"send_due_notices\[\S+\] succeeded"


@dataclass(frozen=True)
class Tally:
    """What became of the rows that were due."""

    due: int
    exact: int
    lost: int
    doubled: int
    early: int
    late: int
    strange: int
    unsent: str  # what the rows say that were not sent

    def __str__(self) -> str:
        troubles = ("lost", "doubled", "early", "late", "strange")
        counts = [(getattr(self, name), name) for name in troubles]
        said = [f"{count} {name}" for count, name in counts if count]
        if self.unsent:
            said.append(f"unsent: {self.unsent}")
        return ", ".join([f"{self.exact} of {self.due} exactly once", *said])


class Stage:
    """Engines and sinks, with the processes a case starts."""

    def __init__(self, *, house: House, taken: Sinks, settings: dict[str, str], lease: int) -> None:
        self.house = house
        self.sinks = taken
        self.lease = lease
        self.settings = {**settings, "NOTICE_LEASE_SECONDS": str(lease)}
        self.alone, self.texts = False, True
        # Beats know of no case: those that ring go on ringing in the next.
        self.app, self.bell, self.beats = self._supervisor("app"), self._supervisor("bell"), 0
        self._again = ExitStack()
        self._parts = Parts(state=house.state, environment=self.environment("."))

    def _supervisor(self, name: str) -> Supervisor:
        (self.house.state / name).mkdir(exist_ok=True)
        return Supervisor(state=self.house.state / name, environment=self.environment(name))

    def environment(self, name: str) -> dict[str, str]:
        """What processes need that are stopped together, and not with the engines."""
        mark = {owned.MARK: str((self.house.state / name).resolve())}
        own = {"NOTICE_LANES": "1"} if self.alone else {}
        if not self.texts:
            own["SMS_URL"] = (
                ""  # else each process that is killed would be long in reading it again
            )
        return {**self.house.environment(DATABASE), **self.settings, **mark, **own}

    def begin(self, *, visits: int, kinds: list[str], alone: bool = False) -> None:
        """An empty clinic with messages that fall due now.

        Parameters
        ----------
        alone
            A sender has one message in hand at a time, so that one who is killed leaves only that.
        """
        self.end_senders()
        self.alone = alone
        self.texts = TEXTED in kinds
        self.app = self._supervisor("app")
        self.copy(self.house.migrated, DATABASE)
        self.redis().flushall()
        self.sinks.forget()
        if visits:
            self.inside("rows", "--visits", visits, "--kinds", *kinds)

    def end_senders(self) -> None:
        """End them at once: nobody waits for what they have in hand."""
        owned.stop(owned.left_behind(state=self.app.state), within=5, first=signal.SIGKILL)
        self.app.stop()

    def hush(self) -> None:
        """Have no beat ring."""
        self._ring(0)

    def copy(self, source: str, database: str) -> None:
        """Make a database anew as a copy of another that nobody uses."""
        self.house.copy(source, database, settled=False)

    def inside(self, part: str, *options: object) -> dict[str, Any]:
        """Run a part of the product in a process of its own; gives what it printed last."""
        return dict(json.loads(self._parts.run(f"faults.{part}", *options)))

    def manage(self, *command: str) -> None:
        """Run what an operator would by bin/manage."""
        self._parts.run("manage", *command)

    def start(self, *, senders: int = 1, beats: int = 1, watch: bool = False) -> None:
        """Start what sends messages and what rings for it; all hear when this is over."""
        names = [f"notices{number}" for number in range(senders)]
        heard = {name: self.said(name, READY) for name in names}
        for name in names:
            command = [*processes.NOTICES]
            command[command.index("--hostname") + 1] = f"{name}@%h"
            if self.alone:
                command[command.index("--concurrency") + 1] = "1"
            self.app.start(name=name, command=command)
        if watch:
            self.app.start(name="watch", command=processes.WATCH)
        self._ring(beats)

        def hear() -> bool:
            return all(self.said(name, READY) > heard[name] for name in names)

        if self.wait_until(hear, seconds=SECONDS_TO_HEAR) >= SECONDS_TO_HEAR:
            raise Failed("The senders did not start.")

    def _ring(self, beats: int) -> None:
        """Have as many beats as that."""
        if beats == self.beats:
            return
        self.bell.stop()
        self.bell, self.beats = self._supervisor("bell"), beats
        for number in range(beats):
            schedule = str(self.house.state / f"beat{number}")
            self.bell.start(name=f"beat{number}", command=processes.beat(schedule=schedule))

    def said(self, name: str, words: str) -> int:
        """How often a process has written this into its log, now and in earlier runs."""
        path = self.house.state / "app" / "log" / f"{name}.log"
        return len(re.findall(words, path.read_text(errors="replace"))) if path.exists() else 0

    def wait_until(
        self, happened: Callable[[], bool], *, seconds: float, tend: bool = True
    ) -> float:
        """Wait, as the launcher does: starting again what died; gives how long it took."""
        began = time.monotonic()
        while not happened():
            if time.monotonic() - began > seconds:
                return seconds
            if tend:
                self.app.restart_dead()
                self.bell.restart_dead()
            time.sleep(POLL_SECONDS)
        return time.monotonic() - began

    def kill_child(self, name: str) -> int:
        """Kill the processes in which a worker's tasks run; the worker itself goes on."""
        children = self.children(name)
        for child in children:
            os.kill(child, signal.SIGKILL)
        owned.gone(children, within=10)
        return len(children)

    def children(self, name: str) -> list[int]:
        parent = self.app.pid(name=name)
        found = Path(f"/proc/{parent}/task/{parent}/children")
        return [int(pid) for pid in found.read_text().split()] if found.exists() else []

    def restart_postgres(self) -> None:
        """Stop it as an operator would, and start it again on the same data."""
        home = postgres.find_home(state=self.house.state)
        command = home.command("pg_ctl", "restart", "-D", str(home.data), "-m", "fast", "-w")
        with states.log(state=self.house.state, name="postgres") as log:
            subprocess.run(command, check=True, stdout=log, stderr=log)

    def restart_valkey(self) -> None:
        """Kill it and start it again where it was, with nothing left in it."""
        server = self.redis()
        pid = int(server.info("server")["process_id"])
        server.flushall()
        os.kill(pid, signal.SIGKILL)
        owned.gone([pid], within=10)
        path = Path(urlsplit(self.house.redis_url).path)
        path.unlink(missing_ok=True)
        self._again.enter_context(valkey.running(state=self.house.state, sockets=path.parent))
        self.redis().flushall()

    def redis(self) -> Any:
        return redis.Redis.from_url(self.house.redis_url)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Ask the database of the case."""
        with psycopg.connect(self.house.address(DATABASE), autocommit=True) as connection:
            return connection.execute(query.encode()).fetchall()

    def left(self) -> int:
        """How many rows still wait or are in hand."""
        query = (
            "SELECT count(*) FROM booking_notice WHERE status IN ('pending','claimed','sending')"
        )
        return int(self.rows(query)[0][0])

    def tally(self) -> Tally:
        """Compare what was due with what was received."""
        got: Counter[int | None] = Counter(d.notice for d in self.sinks.deliveries)
        rows = self.rows(
            "SELECT id, status, extract(epoch FROM send_from), extract(epoch FROM not_after)"
            " FROM booking_notice"
        )
        known = {row[0] for row in rows}
        when = {number: (float(row[2]), float(row[3])) for row in rows for number in [row[0]]}
        received = [d for d in self.sinks.deliveries if d.notice in known]
        return Tally(
            due=len(rows),
            exact=sum(got[number] == 1 for number in known),
            lost=sum(got[number] == 0 for number in known),
            doubled=sum(got[number] > 1 for number in known),
            early=sum(d.at < when[d.notice or 0][0] - 0.5 for d in received),
            late=sum(d.at > when[d.notice or 0][1] for d in received),
            strange=len(self.sinks.deliveries) - len(received),
            unsent="; ".join(f"{row[0]} x {row[1]} ({row[2]})" for row in self.rows(_UNSENT)),
        )

    def close(self) -> None:
        """Stop what was started, and what was started again."""
        self._parts.close()
        self.app.stop()
        self.bell.stop()
        self._again.close()
        postgres.stop_left_behind(data=postgres.find_home(state=self.house.state).data)


_UNSENT = (
    "SELECT count(*), status, left(problem, 60) FROM booking_notice"
    " WHERE status <> 'sent' GROUP BY 2, 3 ORDER BY 1 DESC"
)


@contextmanager
def opened(house: House, *, lease: int) -> Iterator[Stage]:
    """A stage in this house until the end of the block."""
    with sinks.running() as (taken, settings):
        stage = Stage(house=house, taken=taken, settings=settings, lease=lease)
        try:
            yield stage
        finally:
            stage.close()
