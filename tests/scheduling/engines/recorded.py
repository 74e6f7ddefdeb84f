"""A server of real sockets that replays what real ones answered, or misbehaves as told."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

DATA = Path(__file__).resolve().parents[2] / "data" / "travel"

Answer = Callable[[str, bytes], tuple[int, bytes]]


@dataclass
class Recorded:
    """What one kind of server answered: a status and JSON for each path and body."""

    kind: str
    exchanges: list[dict[str, Any]] = field(default_factory=list)

    @classmethod
    def load(cls, kind: str) -> Recorded:
        """Read the answers kept in `tests/data/travel`."""
        return cls(kind, json.loads((DATA / f"{kind}.json").read_text()))

    def __call__(self, path: str, body: bytes) -> tuple[int, bytes]:
        """Answer as the real server did; 404 for what it was never asked."""
        asked = json.loads(body) if body else None
        for exchange in self.exchanges:
            if exchange["path"] == path and exchange["body"] == asked:
                return exchange["status"], json.dumps(exchange["answer"]).encode()
        return 404, b"{}"


class Server(ThreadingHTTPServer):
    """Counts and keeps what it was asked."""

    daemon_threads = True

    def __init__(self, answer: Answer) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answer = answer
        self.asked: list[tuple[str, bytes]] = []

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    """Passes a request to the server's `answer`."""

    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self) -> None:
        """Answer a GET."""
        self._answer(b"")

    def do_POST(self) -> None:
        """Answer a POST."""
        self._answer(self.rfile.read(int(self.headers["Content-Length"])))

    def _answer(self, body: bytes) -> None:
        self.server.asked.append((self.path, body))
        status, content = self.server.answer(self.path, body)
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Keep quiet."""


@contextmanager
def serving(answer: Answer) -> Iterator[Server]:
    """Serve on a free port until the block ends."""
    with Server(answer) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
