"""Parts of the product run one after another, each in a fork of one process that has read it all.

`python -m config.launch.inside faults.parts`: each line of input names a part and its options, as a
JSON list; each line of output says how it ended and what it said. Reading the product takes longer
than most parts do.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import IO

from django.core.management import execute_from_command_line

from config.launch import owned, state as states
from config.launch.bench.house import INSIDE, Failed

MANAGE = "manage"


class Parts:
    """The process that runs them, started when it is first needed."""

    def __init__(self, *, state: Path, environment: Mapping[str, str]) -> None:
        self.state = state
        self.environment = environment
        self._process: subprocess.Popen[str] | None = None

    def run(self, part: str, *options: object) -> str:
        """Run a part to its end; gives the last line it printed, raises `Failed` if it failed."""
        asks, answers = self._pipes()
        asks.write(json.dumps([part, *map(str, options)]) + "\n")
        asks.flush()
        answer = answers.readline()
        if not answer:
            raise Failed(f"{part} could not be run: see {self.state / 'log'}/parts.log")
        code, said, complaint = json.loads(answer)
        if code:
            raise Failed(f"{part} gave {code}:\n{complaint[-3000:]}")
        return str((said.splitlines() or [""])[-1])

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            owned.stop([self._process.pid], within=3)
            self._process.communicate()

    def _pipes(self) -> tuple[IO[str], IO[str]]:
        if self._process is None:
            with states.log(state=self.state, name="parts") as log:
                self._process = subprocess.Popen(
                    [sys.executable, "-m", INSIDE, "faults.parts"],
                    cwd=states.ROOT,
                    env=self.environment,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=log,
                    text=True,
                    preexec_fn=owned.ends_with_parent(by=signal.SIGTERM),
                )
        if self._process.stdin is None or self._process.stdout is None:
            raise Failed("The parts cannot be asked.")
        return self._process.stdin, self._process.stdout


def main() -> None:
    """Run what is asked for until nobody asks."""
    for line in iter(sys.stdin.readline, ""):
        part, *options = json.loads(line)
        print(json.dumps(_forked(part, options)), flush=True)


def _forked(part: str, options: list[str]) -> tuple[int, str, str]:
    """Run a part in a process of its own; gives its exit code and what it wrote."""
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        child = os.fork()
        if child == 0:
            os.dup2(out.fileno(), 1)
            os.dup2(err.fileno(), 2)
            _play(part, options)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        out.seek(0)
        err.seek(0)
        return code, out.read(), err.read()


def _play(part: str, options: list[str]) -> None:
    """Be the part, and end with it."""
    code = 1
    sys.argv = [part, *options]
    try:
        if part == MANAGE:
            execute_from_command_line(sys.argv)
        else:
            import_module(f"config.launch.{part}").main()
        code = 0
    except BaseException:  # noqa: BLE001  it ends here, whatever it was
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
