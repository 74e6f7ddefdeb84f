"""The app's processes go on until told to stop, and then none is left."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from config.launch import owned, supervisor as supervisors
from config.launch.supervisor import Died, Supervisor

SLEEP = ("-c", "import time; time.sleep(600)")
# Says it is there, then takes no notice of SIGTERM; its child likewise.
DEAF = (
    "-c",
    "import os, signal, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); os.fork();"
    "print('there', flush=True); time.sleep(600)",
)


def _wait_until(holds: Callable[[], bool]) -> None:
    ends = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < ends, "it never came to hold"
        time.sleep(0.02)


def _logged(state: Path, name: str) -> str:
    file = state / "log" / f"{name}.log"
    return file.read_text() if file.exists() else ""


def test_it_starts_again_what_died(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisors, "SECONDS_BETWEEN_STARTS", 0)
    supervisor = Supervisor(state=state, environment={})
    supervisor.start(name="worker", command=SLEEP)
    try:
        (first,) = owned.left_behind(state=state)
        os.kill(first, signal.SIGKILL)
        _wait_until(lambda: bool(supervisor.restart_dead()))
        _wait_until(lambda: bool(owned.left_behind(state=state)))
        assert first not in owned.left_behind(state=state)
        supervisor.require_all()
    finally:
        supervisor.stop()
    assert owned.left_behind(state=state) == []


def test_it_does_not_start_again_in_a_rush(state: Path) -> None:
    supervisor = Supervisor(state=state, environment={})
    supervisor.start(name="worker", command=("-c", "pass"))
    _wait_until(lambda: owned.left_behind(state=state) == [])
    assert supervisor.restart_dead() == []
    supervisor.stop()


def test_it_stops_deaf_processes_and_their_children(
    state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisors, "SECONDS_TO_STOP", 0.2)
    supervisor = Supervisor(state=state, environment={})
    supervisor.start(name="worker", command=DEAF)
    _wait_until(lambda: _logged(state, "worker").count("there") == 2)
    supervisor.stop()
    assert owned.left_behind(state=state) == []


def test_it_stops_the_children_of_a_process_that_died(
    state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisors, "SECONDS_TO_STOP", 0.2)
    supervisor = Supervisor(state=state, environment={})
    supervisor.start(name="worker", command=DEAF)
    _wait_until(lambda: _logged(state, "worker").count("there") == 2)
    os.kill(min(owned.left_behind(state=state)), signal.SIGKILL)
    _wait_until(lambda: len(owned.left_behind(state=state)) == 1)
    supervisor.stop()
    assert owned.left_behind(state=state) == []


def test_a_preparation_that_fails_shows_what_it_said(state: Path) -> None:
    supervisor = Supervisor(state=state, environment={})
    with pytest.raises(Died, match=r"(?s)migrate ended with 1.*no such table"):
        supervisor.run(name="migrate", command=("-c", "raise SystemExit('no such table')"))
