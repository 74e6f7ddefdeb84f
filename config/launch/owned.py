"""Which running processes are ours: each carries its state folder in its environment.

A process id alone proves nothing, since the kernel gives it out again.
"""

import ctypes
import os
import signal
import time
from collections.abc import Callable, Iterable
from pathlib import Path

MARK = "STILLWATER_STATE"
PR_SET_PDEATHSIG = 1  # linux/prctl.h
_libc = ctypes.CDLL(None)


def environment(*, state: Path) -> dict[str, str]:
    """Ours, with the mark of this state folder."""
    return {**os.environ, MARK: str(state.resolve())}


def left_behind(*, state: Path) -> list[int]:
    """The processes started from this state folder that still run."""
    mark = f"{MARK}={state.resolve()}".encode()
    return [pid for pid in _all() if mark in _read(pid, "environ").split(b"\0")]


def stop(pids: Iterable[int], *, within: float, first: signal.Signals = signal.SIGTERM) -> None:
    """Ask each process to stop, and after `within` seconds no longer ask."""
    asked = [pid for pid in pids if _send(pid, first)]
    if not gone(asked, within=within):
        gone([pid for pid in asked if _send(pid, signal.SIGKILL)], within=3)


def gone(pids: Iterable[int], *, within: float) -> bool:
    """Whether they all ended before `within` seconds were over."""
    remaining = list(pids)
    ends = time.monotonic() + within
    while remaining := [pid for pid in remaining if _runs(pid)]:
        if time.monotonic() > ends:
            return False
        time.sleep(0.05)
    return True


def ends_with_parent(*, by: signal.Signals) -> Callable[[], None]:
    """For `preexec_fn`: the kernel sends `by` when the process that started this one dies."""
    parent = os.getpid()

    def ask() -> None:
        _libc.prctl(PR_SET_PDEATHSIG, by)
        if os.getppid() != parent:
            os._exit(1)

    return ask


def command_line(pid: int) -> list[str]:
    """What the process was started as; empty for one that is gone."""
    return _read(pid, "cmdline").decode(errors="replace").split("\0")


def _all() -> list[int]:
    found = [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]
    return [pid for pid in found if pid != os.getpid()]


def _read(pid: int, name: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes()
    except OSError:
        return b""


def _runs(pid: int) -> bool:
    """Whether it is there and more than a zombie waiting for its parent."""
    fields = _read(pid, "stat").rpartition(b")")[2].split()
    return bool(fields) and fields[0] not in (b"Z", b"X")


def _send(pid: int, which: signal.Signals) -> bool:
    try:
        os.kill(pid, which)
    except ProcessLookupError:
        return False
    return True
