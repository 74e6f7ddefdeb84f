"""E-mail against a real SMTP server that refuses, breaks off or takes it; texts as files."""

from __future__ import annotations

import asyncio
import select
import socket
from collections.abc import Callable, Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from threading import Semaphore, Thread
from time import monotonic, sleep
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from pytest_django import Settings

from booking.channels import emails, lines
from booking.channels.bounds import Bound
from booking.channels.lines import Attachment, LineDown, Message, NeverSent, NotSent, PerhapsSent

HELLO = Message(
    "Your visit: Tue 24 Nov",
    "Nothing to eat from 3:30 AM – ünïcödé 🦄",
    "<p>Nothing to eat</p>",
    (Attachment("visit.ics", "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n", "text/calendar"),),
)
ID = "<notice-7-v1-r0@example.com>"


class Server:
    """Answers as it is told to."""

    def __init__(self) -> None:
        self.kept: list[bytes] = []
        self.rcpt = self.data = "250 OK"
        self.connections = self.asked = 0

    async def handle_EHLO(  # noqa: N802
        self, server: Any, session: Any, envelope: Any, hostname: str, responses: list[str]
    ) -> list[str]:
        self.connections += 1
        session.host_name = hostname
        return responses

    async def handle_NOOP(  # noqa: N802
        self, server: Any, session: Any, envelope: Any, argument: str
    ) -> str:
        self.asked += 1
        return "250 OK"

    async def handle_RCPT(  # noqa: N802
        self, server: Any, session: Any, envelope: Any, address: str, options: Any
    ) -> str:
        if self.rcpt == "break off":
            server.transport.abort()
        elif self.rcpt.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.rcpt

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        if self.data == "break off":
            self.kept.append(envelope.content)
            server.transport.abort()
            await asyncio.sleep(0)
        elif self.data.startswith("250"):
            self.kept.append(envelope.content)
        if self.data == "250 and bye":
            asyncio.get_running_loop().call_soon(server.transport.close)
        return self.data


@pytest.fixture
def server(settings: Settings) -> Iterator[Server]:
    handler = Server()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
    yield handler
    controller.stop()


def deliver(**what: Any) -> None:
    with lines.line() as line:
        line.send(**what)


def send(to: str = "ada@example.com") -> None:
    deliver(channel="email", to=[to], message=HELLO, message_id=ID)


def test_an_e_mail_carries_its_own_identifier_and_says_that_no_person_wrote_it(
    server: Server,
) -> None:
    send()
    mail = message_from_bytes(server.kept[0], policy=policy.default)
    assert isinstance(mail, EmailMessage)
    assert (mail["Message-ID"], mail["Auto-Submitted"]) == (ID, "auto-generated")
    text, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert text is not None
    assert html is not None
    assert text.get_content().strip() == HELLO.text
    assert [part.get_filename() for part in mail.iter_attachments()] == ["visit.ics"]


@pytest.mark.parametrize(
    ("where", "answer", "error", "said"),
    [
        ("rcpt", "550 no such person", NeverSent, "SMTPRecipientsRefused 550"),
        ("rcpt", "450 later", NotSent, "SMTPRecipientsRefused 450"),
        ("data", "554 refused", NeverSent, "SMTPDataError 554"),
        ("data", "451 try again", NotSent, "SMTPDataError 451"),
        ("rcpt", "421 closing", LineDown, "SMTPRecipientsRefused 421"),
        ("rcpt", "break off", LineDown, "SMTPServerDisconnected"),
        ("data", "break off", PerhapsSent, "SMTPServerDisconnected"),
    ],
)
def test_each_answer_is_told_apart_and_quotes_nobody(
    server: Server, where: str, answer: str, error: type[Exception], said: str
) -> None:
    setattr(server, where, answer)
    with pytest.raises(error) as refused:
        send()
    assert type(refused.value) is error
    assert str(refused.value) == said


def test_a_server_that_is_not_there_took_nothing(server: Server, settings: Settings) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        settings.EMAIL_PORT = closed.getsockname()[1]
        with pytest.raises(LineDown, match="ConnectionRefusedError"):
            send()


def test_one_connection_is_kept_through_a_batch_and_opened_again_when_it_broke(
    server: Server,
) -> None:
    with lines.line() as line:
        for number in range(3):
            mail = Message(f"Mail {number}", "Hello")
            line.send(channel="email", to=["ada@example.com"], message=mail, message_id=ID)
        assert server.connections == 1
        server.data = "break off"
        with pytest.raises(PerhapsSent):
            line.send(channel="email", to=["ada@example.com"], message=HELLO, message_id=ID)
        server.data = "250 OK"
        line.send(channel="email", to=["ada@example.com"], message=HELLO, message_id=ID)
    assert (server.connections, len(server.kept)) == (2, 5)


def test_a_line_that_the_server_ended_since_is_opened_again_before_a_message_is_in_doubt(
    server: Server,
) -> None:
    with lines.line() as line:
        for said in ("250 and bye", "250 OK"):
            server.data = said
            line.send(channel="email", to=["ada@example.com"], message=HELLO, message_id=ID)
            kept: Any = line._mailer._smtp()
            if said != "250 OK":
                assert select.select([kept.sock], [], [], 10)[0]
    assert (server.connections, len(server.kept)) == (2, 2)


def test_a_line_that_lay_is_asked_whether_it_stands(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    with lines.line() as line:
        for seconds, asked in ((emails.SURE_SECONDS, 0), (0, 1)):
            monkeypatch.setattr(emails, "SURE_SECONDS", seconds)
            server.asked = 0
            for _ in range(2):
                line.send(channel="email", to=["ada@example.com"], message=HELLO, message_id=ID)
            assert server.asked == (2 * asked)


def test_only_what_takes_too_long_is_broken_off_and_until_it_is_over() -> None:
    broken = Semaphore(0)
    bound = Bound(seconds=0.2, break_off=broken.release)
    for _ in range(2):  # the second begins while the watch sleeps for the first
        with bound.kept():
            pass
    assert not broken.acquire(blocking=False)
    began = monotonic()
    with bound.kept():
        assert all(broken.acquire(timeout=10) for _ in range(2))
    assert monotonic() - began >= 0.2
    bound.close()


def test_a_server_that_drips_its_answer_is_left_at_the_deadline(settings: Settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_TIMEOUT = 1
    with socket.create_server(("127.0.0.1", 0)) as dripping:
        settings.EMAIL_HOST, settings.EMAIL_PORT = dripping.getsockname()
        thread = Thread(target=_drip, args=(dripping,))
        thread.start()
        began = monotonic()
        with pytest.raises(LineDown):
            send()
        thread.join()
    assert monotonic() - began < 10  # the whole answer would have taken 100 seconds


def _drip(server: socket.socket) -> None:
    line, _ = server.accept()
    with line:
        line.sendall(b"220 here\r\n")
        for _ in range(1000):
            try:
                line.sendall(b"2")
            except OSError:
                return
            sleep(0.1)


def test_a_text_is_a_readable_file_with_the_key_that_names_it(outbox: Path) -> None:
    deliver(
        channel="sms", to=["+13125550123"], message=Message("", "Nothing to eat"), message_id=ID
    )
    written = [path.read_text(encoding="utf-8") for path in outbox.iterdir()]
    assert written == [f"To: +13125550123\nIdempotency-Key: {ID}\n\nNothing to eat\n"]


def test_without_a_mail_server_an_e_mail_is_a_readable_file(
    outbox: Path, settings: Settings
) -> None:
    settings.EMAIL_BACKEND = "config.core.outbox.EmailBackend"
    send()
    written = "".join(path.read_text(encoding="utf-8") for path in outbox.iterdir())
    assert HELLO.text in written
    assert "BEGIN:VCALENDAR" in written
    assert f"Message-ID: {ID}" in written


def test_a_full_disk_is_no_loss(outbox: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    write: Callable[..., Any] = full
    monkeypatch.setattr("config.core.outbox.write", write)
    with pytest.raises(NotSent):
        deliver(channel="sms", to=["+1"], message=HELLO, message_id=ID)
