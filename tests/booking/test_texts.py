"""Texts through a real HTTP server that Apprise is pointed at, and e-mail through a provider's."""

from __future__ import annotations

import json
import logging
import socket
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from pytest_django import Settings

from booking.channels import lines, texts
from booking.channels.lines import LineDown, Message, NeverSent, NotSent, PerhapsSent
from config.safety import checks

ID = "<notice-7-v1-r0@example.com>"
TEXT = Message("", "Nothing to eat from 3:30 AM")


class Service(ThreadingHTTPServer):
    """Takes what is posted and answers as it is told to; 0 breaks the line off."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answering)
        self.answer = 200
        self.taken: list[tuple[str, dict[str, str], Any]] = []

    @property
    def place(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"


class _Answering(BaseHTTPRequestHandler):
    server: Service

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.taken.append((self.path, dict(self.headers.items()), body))
        if not self.server.answer:
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        said = json.dumps(
            {
                "ErrorCode": 405 if self.server.answer >= 400 else 0,
                "Message": "OK",
                "MessageID": "1",
            }
        ).encode()
        self.send_response(self.server.answer)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


@pytest.fixture
def service(settings: Settings) -> Iterator[Service]:
    running = Service()
    settings.SMS_URL = f"json://{running.place}/texts/{{to}}?+Idempotency-Key={{id}}&:to={{to}}"
    thread = Thread(target=running.serve_forever, args=(0.01,))
    thread.start()
    yield running
    running.shutdown()
    thread.join()
    running.server_close()


def deliver(**what: Any) -> None:
    with lines.line() as line:
        line.send(**what)


def send() -> None:
    deliver(channel="sms", to=["+13125550123"], message=TEXT, message_id=ID)


def test_a_text_goes_to_the_number_with_a_key_that_is_the_same_at_every_try(
    service: Service,
) -> None:
    send()
    send()
    (path, headers, body), again = service.taken
    assert path == "/texts/+13125550123"
    assert (headers["Idempotency-Key"], body["to"]) == (ID, "+13125550123")
    assert body["message"] == TEXT.text
    assert again[1]["Idempotency-Key"] == ID


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (400, NeverSent),
        (422, NeverSent),
        (401, LineDown),
        (429, LineDown),
        (503, LineDown),
        (408, NotSent),
        (0, PerhapsSent),
    ],
)
def test_each_answer_of_an_sms_service_is_told_apart(
    service: Service, answer: int, error: type[Exception]
) -> None:
    service.answer = answer
    with pytest.raises(error) as told:
        send()
    assert type(told.value) is error
    assert "312555" not in str(told.value)


def test_an_sms_service_that_is_not_there_took_nothing(settings: Settings) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        settings.SMS_URL = f"json://127.0.0.1:{closed.getsockname()[1]}/{{to}}"
        with pytest.raises(LineDown, match="out of reach"):
            send()


def test_a_number_that_the_service_cannot_take_is_never_tried_again(settings: Settings) -> None:
    settings.SMS_URL = f"twilio://AC{'a' * 32}:{'b' * 32}@+13125550100/{{to}}"
    with pytest.raises(NotSent):
        deliver(channel="sms", to=["12"], message=TEXT, message_id=ID)


class Kept(logging.Handler):
    """All that reaches the root logger, where production's log begins."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(record.getMessage())


def test_no_log_quotes_a_text_or_a_number(service: Service) -> None:
    service.answer = 500
    kept = Kept()
    logging.getLogger().addHandler(kept)
    try:
        with pytest.raises(NotSent):
            send()
        logging.getLogger("booking").warning("control")
    finally:
        logging.getLogger().removeHandler(kept)
    assert kept.said == ["control"]


def test_two_threads_do_not_hear_each_others_answers(service: Service) -> None:
    other = logging.LogRecord("apprise", logging.DEBUG, "", 0, "Socket Exception: ", (), None)
    with texts._heard() as heard:
        thread = Thread(target=lambda: logging.getLogger("apprise").debug("Socket Exception: x"))
        thread.start()
        thread.join()
        assert not heard.was_asked
        heard.handle(other)
    assert heard.was_asked


@pytest.mark.parametrize(
    ("url", "secret", "said"),
    [
        ("twilio://nonsense", "s" * 20, "{to}"),
        ("nobody://x/{to}", "s" * 20, "Apprise"),
        ("json://127.0.0.1/{to}", "short", "SMS_WEBHOOK_SECRET"),
    ],
)
def test_an_sms_address_that_cannot_work_stops_the_start(
    settings: Settings, url: str, secret: str, said: str
) -> None:
    settings.SMS_URL, settings.SMS_WEBHOOK_SECRET = url, secret
    assert any(said in error.msg for error in checks.texts_can_be_sent())


def test_an_sms_address_that_works_is_let_through(settings: Settings) -> None:
    settings.SMS_URL, settings.SMS_WEBHOOK_SECRET = "json://127.0.0.1/{to}", "s" * 20
    assert checks.texts_can_be_sent() == []


@pytest.fixture
def provider(service: Service, settings: Settings) -> Service:
    """Postmark's API as django-anymail speaks it, on this machine."""
    settings.EMAIL_BACKEND = "anymail.backends.postmark.EmailBackend"
    settings.ANYMAIL = {
        "POSTMARK_SERVER_TOKEN": "token",
        "POSTMARK_API_URL": f"http://{service.place}/",
    }
    return service


def mail() -> None:
    deliver(
        channel="email",
        to=["ada@example.com"],
        message=Message("Your visit", "Hello", "<p>Hello</p>"),
        message_id=ID,
    )


def test_an_e_mail_by_a_provider_carries_its_identifier_for_the_news_that_comes_back(
    provider: Service,
) -> None:
    mail()
    _, headers, body = provider.taken[0]
    assert headers["Idempotency-Key"] == ID
    assert body["Metadata"] == {"message_id": ID}
    assert {"Name": "Message-ID", "Value": ID} in body["Headers"]


@pytest.mark.parametrize(
    ("answer", "error"), [(422, NeverSent), (401, LineDown), (503, LineDown), (0, PerhapsSent)]
)
def test_each_answer_of_a_provider_is_told_apart(
    provider: Service, answer: int, error: type[Exception]
) -> None:
    provider.answer = answer
    with pytest.raises(error) as told:
        mail()
    assert type(told.value) is error
    assert "ada@" not in str(told.value)


def test_a_provider_that_is_not_there_took_nothing(settings: Settings) -> None:
    settings.EMAIL_BACKEND = "anymail.backends.postmark.EmailBackend"
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        place = f"http://127.0.0.1:{closed.getsockname()[1]}/"
        settings.ANYMAIL = {"POSTMARK_SERVER_TOKEN": "token", "POSTMARK_API_URL": place}
        with pytest.raises(NotSent):
            mail()
