"""The folders under `var/`: one launcher at a time in each."""

import fcntl
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parents[2]
VAR = ROOT / "var"
DEMO = VAR / "demo"
OUTBOX = VAR / "outbox"
# The kernel's limit for a socket's path is 107 bytes; ours adds about 40 to its folder.
LONGEST_BASE = 60
ADDRESSES = "addresses.json"


class InUse(Exception):
    """Another launcher holds this state folder."""


@contextmanager
def held(state: Path) -> Iterator[None]:
    """Hold the folder; raise `InUse` if another launcher does."""
    state.mkdir(parents=True, exist_ok=True)
    # Beside the folder, not in it: `--fresh` removes the folder while the lock is held.
    with _lock_file(state).open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InUse(state) from None
        yield


@contextmanager
def first_free(parent: Path) -> Iterator[Path]:
    """Hold the first folder nobody uses: `parent/1`, `parent/2`, ..."""
    number = 1
    while True:
        try:
            with held(parent / str(number)):
                yield parent / str(number)
                return
        except InUse:
            number += 1


@contextmanager
def socket_folder(*, state: Path) -> Iterator[Path]:
    """A short private folder for sockets, removed afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="stillwater-", dir=_short_base()))
    note = state / "sockets.json"
    note.write_text(json.dumps(str(folder)))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        note.unlink(missing_ok=True)


def remove_left_sockets(*, state: Path) -> None:
    """Remove the socket folder that a killed launcher left."""
    note = state / "sockets.json"
    if note.exists():
        folder = Path(json.loads(note.read_text()))
        if folder.name.startswith("stillwater-") and folder.parent == _short_base():
            shutil.rmtree(folder, ignore_errors=True)
        note.unlink()


def note_addresses(*, state: Path, addresses: dict[str, str]) -> None:
    """Leave the engines' addresses for `bin/manage`."""
    (state / ADDRESSES).write_text(json.dumps(addresses))


def noted_addresses(*, state: Path) -> dict[str, str] | None:
    """The engines' addresses, or nothing where no launcher runs."""
    try:
        with held(state):
            return None
    except InUse:
        return dict(json.loads((state / ADDRESSES).read_text()))


def log(*, state: Path, name: str) -> IO[bytes]:
    """The log of one process, opened to add to."""
    (state / "log").mkdir(parents=True, exist_ok=True)
    return (state / "log" / f"{name}.log").open("ab")


def log_tail(*, state: Path, name: str, lines: int = 15) -> str:
    """The last lines of a process's log."""
    path = state / "log" / f"{name}.log"
    return "\n".join(path.read_text(errors="replace").splitlines()[-lines:])


def _lock_file(state: Path) -> Path:
    return state.with_name(f"{state.name}.lock")


def _short_base() -> Path:
    for base in (os.environ.get("XDG_RUNTIME_DIR", ""), tempfile.gettempdir()):
        if base and len(os.fsencode(base)) <= LONGEST_BASE and os.access(base, os.W_OK):
            return Path(base)
    return Path("/tmp")  # noqa: S108 -- mkdtemp makes a private folder in it
