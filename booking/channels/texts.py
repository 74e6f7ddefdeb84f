"""SMS through any service that Apprise knows, by one URL; without one, files."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from threading import get_ident
from urllib.parse import quote

from apprise import Apprise, NotifyFormat, NotifyType
from django.conf import settings

from booking.channels.outgoing import LineDown, Message, NotSent, PerhapsSent, refusal
from config.core import outbox

LOGGERS = ("apprise", "urllib3.connectionpool")
UNHEARD = re.compile(
    r"NewConnectionError|ConnectTimeout|NameResolutionError|SSLError|ProxyError|"
    r"Failed to establish"
)


def send(*, to: str, message: Message, message_id: str) -> None:
    """Hand one text over.

    Raises
    ------
    NotSent, NeverSent, PerhapsSent
    """
    if settings.SMS_URL:
        _by_service(to=to, text=message.text, message_id=message_id)
    else:
        _as_file(to=to, text=message.text, message_id=message_id)


def _as_file(*, to: str, text: str, message_id: str) -> None:
    """Write the text as a file, with the key by which a service would know a repetition."""
    headers = {"To": to, "Idempotency-Key": message_id}
    try:
        outbox.write(channel="sms", recipient=to, headers=headers, body=text)
    except OSError as error:
        raise NotSent(type(error).__name__) from error


def address(*, to: str, message_id: str) -> str:
    """Return `SMS_URL` with this number and this key in their places."""
    filled: str = settings.SMS_URL.replace("{to}", quote(to, safe=""))
    return filled.replace("{id}", quote(message_id, safe=""))


@cache
def get_ready() -> None:
    """Have Apprise read its services, which takes a second, before a message is in hand; once."""
    if settings.SMS_URL:
        is_understood()


def is_understood() -> bool:
    """Whether Apprise reads `SMS_URL`."""
    return Apprise.instantiate(address(to="+13125550100", message_id="check")) is not None


def _by_service(*, to: str, text: str, message_id: str) -> None:
    service = Apprise.instantiate(address(to=to, message_id=message_id))
    if service is None:
        raise LineDown("SMS_URL is not understood")
    with _heard() as heard:
        taken = service.notify(
            body=text, notify_type=NotifyType.INFO, body_format=NotifyFormat.TEXT
        )
    if not taken:
        raise heard.outcome()


class _Heard(logging.Handler):
    """What Apprise tells only its log: the status of the answer, or why there was none.

    Nothing of it is kept but a number and a kind: it quotes texts and telephone numbers.
    """

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.thread_id = get_ident()
        self.status: int | None = None
        self.was_asked = self.was_unheard = False

    def emit(self, record: logging.LogRecord) -> None:
        if record.thread != self.thread_id:
            return
        said = record.getMessage()
        if record.name == "apprise":
            self.was_asked |= said.startswith("Socket Exception")
            self.was_unheard |= UNHEARD.search(said) is not None
        elif answer := re.search(r'" (\d{3}) ', said):
            self.status = int(answer[1])

    def outcome(self) -> Exception:
        if self.status is not None and self.status >= 400:
            return refusal(self.status, f"SMS service answered {self.status}")
        if self.was_unheard:
            return LineDown("SMS service out of reach")
        if self.was_asked or self.status is not None:
            return PerhapsSent("SMS service gave no clear answer")
        return refusal(400, "SMS service does not take this number")


@contextmanager
def _heard() -> Iterator[_Heard]:
    """Listen to this thread's logs of Apprise and of the HTTP client below it."""
    heard = _Heard()
    loggers = [logging.getLogger(name) for name in LOGGERS]
    for logger in loggers:
        logger.addHandler(heard)
    try:
        yield heard
    finally:
        for logger in loggers:
            logger.removeHandler(heard)
