"""E-mail against a real SMTP server that refuses, breaks off or takes it; texts as files."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from pytest_django import Settings

from booking import channels
from booking.channels import Attachment, Message, NeverSent, NotSent, PerhapsSent

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

    async def handle_RCPT(  # noqa: N802
        self, server: Any, session: Any, envelope: Any, address: str, options: Any
    ) -> str:
        if self.rcpt.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.rcpt

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        if self.data == "break off":
            self.kept.append(envelope.content)
            server.transport.abort()
            await asyncio.sleep(0)
        elif self.data.startswith("250"):
            self.kept.append(envelope.content)
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


def send(to: str = "ada@example.com") -> None:
    channels.send(channel="email", to=[to], message=HELLO, message_id=ID)


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
        with pytest.raises(NotSent, match="ConnectionRefusedError"):
            send()


def test_a_text_is_a_readable_file_with_the_key_that_names_it(outbox: Path) -> None:
    channels.send(
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
        channels.send(channel="sms", to=["+1"], message=HELLO, message_id=ID)
