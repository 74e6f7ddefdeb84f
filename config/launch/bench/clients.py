"""Clients over HTTP, each with a connection of its own, and what they measured."""

import http.client
import json
import statistics
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

PATIENCE = 60


@dataclass(frozen=True)
class Ask:
    """One request as a patient sends it."""

    token: str
    path: str
    body: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Answer:
    """What came back, and after how long."""

    status: int
    seconds: float
    body: bytes


@dataclass(frozen=True)
class Measured:
    """The answers of several clients that worked side by side."""

    answers: tuple[Answer, ...]
    seconds: float

    @property
    def statuses(self) -> Counter[int]:
        """How many answers had each status."""
        return Counter(answer.status for answer in self.answers)

    def per_second(self, status: int) -> float:
        """Answers with this status in each second."""
        return self.statuses[status] / self.seconds


def work(*, port: int, shares: Sequence[Sequence[Ask]], in_step: bool = False) -> Measured:
    """Let one client per share send it in order; `in_step` all send their n-th at one moment."""
    start = threading.Barrier(len(shares) + 1)
    step = threading.Barrier(len(shares))

    def run(share: Sequence[Ask]) -> list[Answer]:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        start.wait(PATIENCE)
        answers = []
        for ask in share:
            if in_step:
                step.wait(PATIENCE)
            answers.append(send(connection, ask))
        connection.close()
        return answers

    with ThreadPoolExecutor(max_workers=len(shares)) as pool:
        running = [pool.submit(run, share) for share in shares]
        start.wait(PATIENCE)
        begun = time.perf_counter()
        found = [answer for one in running for answer in one.result()]
        return Measured(tuple(found), time.perf_counter() - begun)


def send(connection: http.client.HTTPConnection, ask: Ask) -> Answer:
    """Ask once over a connection that is kept."""
    headers = {"X-Session-Token": ask.token, "Content-Type": "application/json"}
    method, body = ("GET", None) if ask.body is None else ("POST", json.dumps(ask.body))
    begun = time.perf_counter()
    try:
        connection.request(method, ask.path, body=body, headers=headers)
        answer = connection.getresponse()
    except http.client.RemoteDisconnected:
        # The server may close a connection that idled: a client then asks on another.
        connection.close()
        connection.request(method, ask.path, body=body, headers=headers)
        answer = connection.getresponse()
    content = answer.read()
    return Answer(answer.status, time.perf_counter() - begun, content)


def percentile(seconds: Sequence[float], percent: int) -> float:
    """Return the value that `percent` of a hundred do not exceed."""
    if len(seconds) < 2:
        return seconds[0]
    return statistics.quantiles(seconds, n=100, method="inclusive")[percent - 1]
