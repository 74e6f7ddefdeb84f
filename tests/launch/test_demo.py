"""bin/demo from a second checkout: one process to start, to ask, to stop."""

import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from config.launch import engines, owned, walk

SECONDS_TO_SERVE = 600
SECONDS_TO_STOP = 20
# bin/demo with stand-ins for what takes long.
WALKS = """
import os, sys, urllib.request
from config.launch import demo, processes, walk

SITE = (
    "-c",
    "import http.server, os, sys;"
    "address, _, port = sys.argv[1].rpartition(':');"
    "os.makedirs('var/ready', exist_ok=True); os.chdir('var/ready');"
    "'READY' in os.environ and open('readyz', 'w').close();"
    "http.server.test(http.server.SimpleHTTPRequestHandler, port=int(port), bind=address)",
)

def walk_there(*, base_url, outbox_dir):
    with urllib.request.urlopen(base_url + "/readyz") as answer:
        print("ready where it walks:", answer.status == 200)
    return int(os.environ["VERDICT"])

walk.main = walk_there
demo.SECONDS_TO_READY = 600 if "READY" in os.environ else 1
processes.MIGRATE = processes.SEED = ("-c", "pass")
processes.serving = lambda *, bind, beat_schedule: {"web": (*SITE, bind)}
sys.exit(demo.main())
"""


@dataclass
class Demo:
    """A demo that was started, and what it said."""

    checkout: Path
    port: int
    process: subprocess.Popen[bytes] = field(init=False)

    def __post_init__(self) -> None:
        with self.said.open("wb") as said:
            self.process = subprocess.Popen(
                [self.checkout / "bin" / "demo", "--port", str(self.port)],
                env=_kept(),
                stdout=said,
                stderr=said,
                start_new_session=True,
            )

    @property
    def said(self) -> Path:
        return self.checkout / "said.txt"

    def wait_until_it_serves(self) -> None:
        ends = time.monotonic() + SECONDS_TO_SERVE
        while "Stillwater is running." not in self.said.read_text():
            assert self.process.poll() is None, self.said.read_text()
            assert time.monotonic() < ends, self.said.read_text()
            time.sleep(0.05)
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=5) as answer:
            assert answer.status == 200

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        self.process.terminate()
        return self.process.wait(timeout=SECONDS_TO_STOP)


@pytest.fixture(scope="module")
def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(autouse=True)
def _nothing_left(checkout: Path) -> Iterator[None]:
    yield
    left = _running_from(checkout)
    owned.stop(left, within=5)
    engines.stop_left_behind(state=checkout / "var" / "demo")
    assert left == []


def _kept() -> dict[str, str]:
    """Our environment without the addresses of the tests' own engines."""
    return {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}


def _walk(checkout: Path, port: int) -> None:
    outbox = checkout / "var" / "outbox"
    assert walk.main(base_url=f"http://127.0.0.1:{port}", outbox_dir=outbox) == 0


def _running_from(checkout: Path) -> list[int]:
    """Every process whose command names the checkout: all that a demo starts."""
    everyone = [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]
    return [pid for pid in everyone if str(checkout) in " ".join(owned.command_line(pid))]


def _worker(checkout: Path) -> int:
    started = owned.left_behind(state=checkout / "var" / "demo")
    return min(pid for pid in started if "worker" in owned.command_line(pid))


def _run(checkout: Path, *command: str, within: float = 300) -> subprocess.CompletedProcess[str]:
    program = checkout / "bin" / command[0]
    return subprocess.run(
        [program, *command[1:]], capture_output=True, text=True, check=False, timeout=within
    )


def test_the_whole_job_holds_on_a_new_machine_and_over_the_data_of_a_killed_demo(
    checkout: Path, free_port: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two starts in one story, for each keeps both processors busy for half a minute."""
    first = Demo(checkout, free_port)
    first.wait_until_it_serves()
    _walk(checkout, free_port)
    assert "steps of the main job held" in capsys.readouterr().out
    again = _run(checkout, "demo", "--port", str(free_port))
    assert again.returncode == 1
    assert "already runs from this folder" in again.stderr
    assert _run(checkout, "manage", "showmigrations", "booking").returncode == 0
    first.kill()

    # At once, on the same port, while the first one's processes are still ending.
    second = Demo(checkout, free_port)
    second.wait_until_it_serves()
    _walk(checkout, free_port)
    # It stops within 20 seconds, also if a child died.
    os.kill(_worker(checkout), signal.SIGKILL)
    assert second.stop() == 0
    assert _running_from(checkout) == []
    assert "not running" in _run(checkout, "manage", "check").stderr


@pytest.mark.parametrize("verdict", [0, 1])
def test_a_walk_on_any_port_leaves_its_verdict_and_nothing_else(
    checkout: Path, verdict: int
) -> None:
    """The launcher itself, with a site that says only that it is ready."""
    done = _launch(checkout, {"VERDICT": str(verdict), "READY": "1"})
    assert done.returncode == verdict, done.stdout + done.stderr
    assert done.stdout.count("ready where it walks: True") == 1
    assert _running_from(checkout) == []


def test_it_says_where_to_look_when_the_site_does_not_get_ready(checkout: Path) -> None:
    done = _launch(checkout, {})
    assert done.returncode == 1
    assert "Not ready after 1 s; /readyz last answered: " in done.stderr
    assert done.stderr.endswith(f"stands in {checkout / 'var' / 'demo' / 'log'}/.\n")
    assert (checkout / "var" / "demo" / "log" / "web.log").exists()
    assert _running_from(checkout) == []


def _launch(checkout: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run bin/demo --exit with the stand-ins."""
    shutil.rmtree(checkout / "var" / "ready", ignore_errors=True)
    return subprocess.run(
        [checkout / ".venv" / "bin" / "python", "-c", WALKS, "--exit"],
        cwd=checkout,
        env={**_kept(), **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS_TO_SERVE,
    )


def test_a_port_in_use_is_one_clear_line(checkout: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = _run(checkout, "demo", "--port", port)
    assert done.returncode == 1
    assert done.stderr == f"Port {port} is in use; choose another with --port.\n"


@pytest.mark.parametrize("port", ["0", "65536", "http", "-1"])
def test_a_port_that_is_none_is_refused(checkout: Path, port: str) -> None:
    done = _run(checkout, "demo", f"--port={port}")
    assert done.returncode == 2
    assert "is not a port between 1 and 65535" in done.stderr
