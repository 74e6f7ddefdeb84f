"""Keep the app's processes running until told to stop; then leave none of them."""

import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from config.launch import owned
from config.launch.processes import Command
from config.launch.state import ROOT, log, log_tail

SECONDS_BETWEEN_STARTS = 2
SECONDS_TO_STOP = 8


class Died(Exception):
    """A process ended that should have gone on, or failed; the message shows its log."""


@dataclass
class Supervisor:
    """The processes of one state folder, each in a session of its own with its own log."""

    state: Path
    environment: Mapping[str, str]
    _commands: dict[str, Command] = field(default_factory=dict)
    _running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    _started: dict[str, float] = field(default_factory=dict)

    def run(self, *, name: str, command: Command) -> None:
        """Run a command to its end; raise `Died` if it fails."""
        self.start(name=name, command=command)
        code = self._running[name].wait()
        del self._running[name], self._commands[name]
        if code != 0:
            raise Died(self._obituary(name, code))

    def start(self, *, name: str, command: Command) -> None:
        """Start a process that goes on."""
        with log(state=self.state, name=name) as output:
            self._running[name] = subprocess.Popen(
                [sys.executable, *command],
                cwd=ROOT,
                env={**owned.environment(state=self.state), **self.environment},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                preexec_fn=owned.ends_with_parent(by=signal.SIGTERM),
            )
        self._commands[name] = command
        self._started[name] = time.monotonic()

    def pid(self, *, name: str) -> int:
        """Return the number of a process that was started."""
        return self._running[name].pid

    def require_all(self) -> None:
        """Raise `Died` for one that ended."""
        for name, process in self._running.items():
            if process.poll() is not None:
                raise Died(self._obituary(name, process.returncode))

    def restart_dead(self) -> list[str]:
        """Start again, not too often, what ended; gives a line for each."""
        said = []
        for name, process in list(self._running.items()):
            rested = time.monotonic() - self._started[name] >= SECONDS_BETWEEN_STARTS
            if process.poll() is not None and rested:
                said.append(f"{name} ended with {process.returncode} and is started again")
                self.start(name=name, command=self._commands[name])
        return said

    def stop(self) -> None:
        """Stop everything that was started, children of dead ones included."""
        owned.stop([process.pid for process in self._unreaped()], within=SECONDS_TO_STOP)
        owned.stop(owned.left_behind(state=self.state), within=1)
        for process in self._running.values():
            process.wait()

    def _unreaped(self) -> list[subprocess.Popen[bytes]]:
        return [process for process in self._running.values() if process.poll() is None]

    def _obituary(self, name: str, code: int) -> str:
        tail = log_tail(state=self.state, name=name)
        return f"{name} ended with {code}; the end of {self.state / 'log' / name}.log:\n{tail}"
