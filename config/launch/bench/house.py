"""What the measurements stand on: engines of their own, databases, a served instance."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from config.launch import engines, owned, postgres, processes, state as states
from config.launch.supervisor import Supervisor

HOST = "127.0.0.1"
SECONDS_TO_READY = 60
MIGRATED = "bench_migrated"
INSIDE = "config.launch.inside"  # runs what needs the product


@dataclass(frozen=True)
class House:
    """A state folder with its running engines.

    Attributes
    ----------
    tables_of
        A migrated database elsewhere whose tables are taken over rather than migrated anew.
    """

    state: Path
    database_url: str
    redis_url: str
    tables_of: str = ""

    def environment(self, database: str) -> dict[str, str]:
        """What a process of the product needs to work in one database."""
        return {
            **owned.environment(state=self.state),
            "DATABASE_URL": self.address(database),
            "REDIS_URL": self.redis_url,
            "STILLWATER_ENV": "demo",
            "OUTBOX_DIR": str(self.state / "outbox"),
        }

    def address(self, database: str) -> str:
        """Where one database answers."""
        head, _, tail = self.database_url.partition("?")
        return f"{head.rpartition('/')[0]}/{database}?{tail}"

    def make(self, database: str) -> None:
        """Make a database whose tables are there and empty."""
        self.copy(self.migrated, database)

    @cached_property
    def migrated(self) -> str:
        """Return the database that others are copies of, brought up to date once."""
        if self.tables_of:
            self.drop(MIGRATED)
        with self._server() as server:
            known = "SELECT FROM pg_database WHERE datname = %s"
            if server.execute(known, [MIGRATED]).fetchone() is None:
                server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(MIGRATED)))
        if self.tables_of:
            self._take_over_tables()
        else:
            migrate = ("manage.py", "migrate", "--no-input", "--verbosity", "0")
            self.python(*migrate, database=MIGRATED)
        return MIGRATED

    def _take_over_tables(self) -> None:
        """Write the other database's tables down and make the same here, without their rows."""
        home = postgres.find_home(state=self.state)
        dump = home.command("pg_dump", "--schema-only", "--no-owner", self.tables_of)
        once = (
            "--quiet",
            "--single-transaction",
            "--set",
            "ON_ERROR_STOP=1",
            "--output",
            "/dev/null",
        )
        read = home.command("psql", *once, self.address(MIGRATED))
        written = subprocess.run(dump, capture_output=True)
        done = subprocess.run(read, input=written.stdout, capture_output=True)
        if written.returncode or done.returncode:
            said = (written.stderr + done.stderr).decode(errors="replace")
            raise Failed(f"The tables could not be taken over:\n{said[-2000:]}")

    def copy(self, source: str, database: str, *, settled: bool = True) -> None:
        """Make a database anew as a copy of another that nobody uses; `settled`: all of it written.

        What is not settled falls into what is done next, which matters where that is measured.
        """
        names = {"new": sql.Identifier(database), "old": sql.Identifier(source)}
        with self._server() as server:
            server.execute(sql.SQL("DROP DATABASE IF EXISTS {new} WITH (FORCE)").format(**names))
            server.execute(sql.SQL("CREATE DATABASE {new} TEMPLATE {old}").format(**names))
            if settled:
                server.execute("CHECKPOINT")

    def drop(self, *databases: str) -> None:
        """Forget databases."""
        with self._server() as server:
            for database in databases:
                name = sql.Identifier(database)
                server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))

    def ask(self, query: str, *, database: str = "postgres") -> Any:
        """Return the first value of the first row."""
        with psycopg.connect(self.address(database), autocommit=True) as connection:
            row = connection.execute(query.encode()).fetchone()
            return row[0] if row else None

    def python(self, *command: str, database: str) -> str:
        """Run Python in one database to its end; gives what it printed."""
        done = subprocess.run(
            [sys.executable, *command],
            cwd=states.ROOT,
            env=self.environment(database),
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise Failed(f"{' '.join(command)} gave {done.returncode}:\n{done.stderr[-2000:]}")
        return done.stdout

    def seed(self, database: str, **wanted: float) -> dict[str, Any]:
        """Grow the made-up clinic in a database."""
        options = [part for name, value in wanted.items() for part in (f"--{name}", str(value))]
        printed = self.python("-m", INSIDE, "bench.clinic", *options, database=database)
        return dict(json.loads(printed.splitlines()[-1]))

    @contextmanager
    def serving(self, database: str) -> Iterator[int]:
        """Serve a database as production is served; gives the port."""
        port = _free_port()
        supervisor = Supervisor(state=self.state, environment=self.environment(database))
        try:
            supervisor.start(name="web", command=processes.web(bind=f"{HOST}:{port}"))
            _wait_until_served(supervisor, port)
            yield port
        finally:
            supervisor.stop()

    def _server(self) -> psycopg.Connection:
        return psycopg.connect(self.address("postgres"), autocommit=True)


class Failed(Exception):
    """A measurement could not be made; the message says why."""


@contextmanager
def opened(*, tables_of: str = "") -> Iterator[House]:
    """Engines of the bench's own, as durable as a clinic's, until the end of the block."""
    with (
        states.first_free(states.VAR / "bench") as state,
        engines.running(state=state, durable=True) as running,
    ):
        yield House(state, running.database_url, running.redis_url, tables_of)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _wait_until_served(supervisor: Supervisor, port: int) -> None:
    ends = time.monotonic() + SECONDS_TO_READY
    while time.monotonic() < ends:
        supervisor.require_all()
        try:
            with urllib.request.urlopen(f"http://{HOST}:{port}/livez", timeout=5):
                return
        except OSError:
            time.sleep(0.1)
    raise Failed(f"The site did not answer within {SECONDS_TO_READY} s.")


def quietly(command: Sequence[str], **options: Any) -> subprocess.CompletedProcess[str]:
    """Run a program and keep what it says."""
    return subprocess.run(command, capture_output=True, text=True, env=os.environ, **options)
