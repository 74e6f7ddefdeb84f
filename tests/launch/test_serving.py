"""The site's worker leaves to the others what it has no thread for."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from config.launch import processes
from config.launch.state import ROOT

WORKERS, THREADS = 4, 2
# Says which process it is, once as many requests are being answered as there are threads.
SITE = """
import os, pathlib, time, uuid

BEGUN = pathlib.Path(__file__).parent / "begun"

def application(environ, start_response):
    if environ["PATH_INFO"] == "/":
        (BEGUN / uuid.uuid4().hex).touch()
        ends = time.monotonic() + 10
        while len(list(BEGUN.iterdir())) < {everybody} and time.monotonic() < ends:
            time.sleep(0.01)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [str(os.getpid()).encode()]
"""


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """Serve that as the site is served."""
    (tmp_path / "begun").mkdir()
    (tmp_path / "patient_site.py").write_text(SITE.format(everybody=WORKERS * THREADS))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        bind = "{}:{}".format(*probe.getsockname())
    served = processes.web(bind=bind)
    command = ["patient_site" if part == "config.wsgi:application" else part for part in served]
    looked_in = os.pathsep.join([str(tmp_path), str(ROOT)])
    environment = {**os.environ, "PYTHONPATH": looked_in}
    process = subprocess.Popen([sys.executable, *command], cwd=tmp_path, env=environment)
    try:
        _wait_until_it_answers(f"http://{bind}/ready")
        yield f"http://{bind}/"
    finally:
        process.terminate()
        process.wait(timeout=20)


def _wait_until_it_answers(url: str) -> None:
    ends = time.monotonic() + 30
    while True:
        try:
            _ask(url)
        except OSError:
            assert time.monotonic() < ends
            time.sleep(0.05)
        else:
            return


def _ask(url: str) -> str:
    with urllib.request.urlopen(url, timeout=30) as answer:
        return str(answer.read().decode())


def test_as_many_requests_as_there_are_threads_all_have_one(address: str) -> None:
    with ThreadPoolExecutor(max_workers=WORKERS * THREADS) as clients:
        answered = Counter(clients.map(_ask, [address] * WORKERS * THREADS))
    assert list(answered.values()) == [THREADS] * WORKERS
