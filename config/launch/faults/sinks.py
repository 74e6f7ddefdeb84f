"""A mail server and an SMS service that keep what they take, and misbehave on request."""

import asyncio
import json
import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue
from typing import Any

from aiosmtpd.controller import Controller

HOST = "127.0.0.1"
KEY = re.compile(r"<notice-(\d+)-v(\d+)-")
FOREVER = 3600.0


@dataclass(frozen=True)
class Delivery:
    """One message that somebody received."""

    at: float  # seconds since 1970
    channel: str
    to: str
    key: str  # Message-ID, or the key of a text
    said: str  # what a person reads

    @property
    def notice(self) -> int | None:
        """The number of the row it came from."""
        found = KEY.match(self.key)
        return int(found[1]) if found else None

    @property
    def version(self) -> int:
        """The version of the promise that it speaks of."""
        found = KEY.match(self.key)
        return int(found[2]) if found else 0


@dataclass
class Sinks:
    """What both have taken, and how they are to behave.

    Attributes
    ----------
    hold
        Where a message met for the first time is held until its sender is gone: ``""`` nowhere,
        ``"before"`` the mail server has taken it, ``"after"``.
    only
        Hold only mail to an address with this in it.
    held
        Filled with an address whenever one is held.
    mail
        What the mail server does with every message: ``"take"``, ``"refuse"`` the connection,
        ``"hang"``, ``"later"`` (4xx) or ``"never"`` (5xx).
    """

    deliveries: list[Delivery] = field(default_factory=list)
    hold: str = ""
    only: str = "@"
    held: Queue[str] = field(default_factory=Queue)
    mail: str = "take"
    _met: set[str] = field(default_factory=set)

    def take(self, *, channel: str, to: str, key: str, said: str) -> None:
        self.deliveries.append(Delivery(time.time(), channel, to, key, said))

    def of_rows(self) -> list[Delivery]:
        """Return what came of messages about visits, not what staff are told besides."""
        return [delivery for delivery in self.deliveries if delivery.notice is not None]

    def meets(self, to: str, *, where: str) -> bool:
        """Whether this is to be held here, now and only now."""
        if self.hold != where or self.only not in to or to in self._met:
            return False
        self._met.add(to)
        return True

    def hold_again(self) -> None:
        """Hold once more whatever its sender has given up by now: all that are held but the last.

        On a busy machine nobody comes to kill a sender within the seconds for which it waits.
        """
        held = []
        while not self.held.empty():
            held.append(self.held.get_nowait())
        self._met.difference_update(held[:-1])

    def forget(self) -> None:
        """Begin anew."""
        self.deliveries.clear()
        self.hold, self.only, self.mail = "", "@", "take"
        self.hold_again()
        self._met.clear()


class _Mail:
    """What aiosmtpd asks at each step of a message."""

    def __init__(self, sinks: Sinks) -> None:
        self.sinks = sinks

    async def handle_RCPT(  # noqa: N802
        self, server: Any, session: Any, envelope: Any, address: str, options: Any
    ) -> str:
        if self.sinks.mail != "take":
            return await self._misbehave(server)
        if self.sinks.meets(address, where="before"):
            self.sinks.held.put(address)
            await asyncio.sleep(FOREVER)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def _misbehave(self, server: Any) -> str:
        if self.sinks.mail == "refuse":
            server.transport.abort()
        elif self.sinks.mail == "hang":
            await asyncio.sleep(FOREVER)
        return "550 never" if self.sinks.mail == "never" else "450 later"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        message = message_from_bytes(envelope.content, policy=policy.default)
        body = message.get_body(("plain",))
        said = f"{message['Subject']}\n\n{body.get_content() if body else ''}"
        key = str(message["Message-ID"])
        for address in envelope.rcpt_tos:
            self.sinks.take(channel="email", to=address, key=key, said=said)
            if self.sinks.meets(address, where="after"):
                self.sinks.held.put(address)
                await asyncio.sleep(FOREVER)
        return "250 kept"


class _Texts(ThreadingHTTPServer):
    """An SMS service that Apprise's JSON address is pointed at."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, sinks: Sinks) -> None:
        super().__init__((HOST, 0), _TakingText)
        self.sinks = sinks


class _TakingText(BaseHTTPRequestHandler):
    server: _Texts

    def do_POST(self) -> None:
        told = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        key = self.headers["Idempotency-Key"]
        self.server.sinks.take(channel="sms", to=told["to"], key=key, said=told["message"])
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


@contextmanager
def running() -> Iterator[tuple[Sinks, dict[str, str]]]:
    """Serve both; gives what they take, and the settings that point the product at them."""
    sinks = Sinks()
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port = int(probe.getsockname()[1])
    mail = Controller(_Mail(sinks), hostname=HOST, port=port, ready_timeout=20)
    mail.start()
    texts = _Texts(sinks)
    thread = threading.Thread(target=texts.serve_forever, daemon=True)
    thread.start()
    place = f"{HOST}:{texts.server_address[1]}"
    try:
        yield (
            sinks,
            {
                "EMAIL_URL": f"smtp://{HOST}:{port}",
                "SMS_URL": f"json://{place}/{{to}}?+Idempotency-Key={{id}}&:to={{to}}",
                "SMS_WEBHOOK_SECRET": "of-the-faults-and-no-secret",
            },
        )
    finally:
        mail.stop()
        texts.shutdown()
        texts.server_close()
