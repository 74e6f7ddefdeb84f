"""PostgreSQL and Valkey for one state folder, started and stopped together."""

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from config.launch import owned, postgres, valkey
from config.launch.state import remove_left_sockets, socket_folder


class CannotStart(Exception):
    """An engine did not start; the message says why."""


@dataclass(frozen=True)
class Engines:
    """Where the two answer."""

    database_url: str
    redis_url: str

    def environment(self) -> dict[str, str]:
        return {"DATABASE_URL": self.database_url, "REDIS_URL": self.redis_url}


@contextmanager
def running(
    *,
    state: Path,
    durable: bool,
    database_url: str = "",
    redis_url: str = "",
) -> Iterator[Engines]:
    """Serve both from this state folder, save the one whose address is given."""
    stop_left_behind(state=state)
    with ExitStack() as stack:
        sockets = stack.enter_context(socket_folder(state=state))
        try:
            if not database_url:
                server = postgres.running(state=state, sockets=sockets, durable=durable)
                database_url = stack.enter_context(server)
            if not redis_url:
                redis_url = stack.enter_context(valkey.running(state=state, sockets=sockets))
        except (postgres.CannotStart, valkey.CannotStart) as error:
            raise CannotStart(str(error)) from error
        yield Engines(database_url=database_url, redis_url=redis_url)


def stop_left_behind(*, state: Path) -> None:
    """Stop what a killed launcher left running from this folder: the app first, then its data."""
    # Briefly asked: a task that is cut short is delivered again.
    owned.stop(owned.left_behind(state=state), within=3)
    postgres.stop_left_behind(data=postgres.find_home(state=state).data)
    remove_left_sockets(state=state)


def remove_data(*, state: Path) -> None:
    """Forget everything kept in this folder."""
    stop_left_behind(state=state)
    shutil.rmtree(postgres.find_home(state=state).data, ignore_errors=True)
    shutil.rmtree(state, ignore_errors=True)
    state.mkdir(parents=True)
