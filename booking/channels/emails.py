"""E-mail through whatever Django is set to use: SMTP, a provider of django-anymail, or files."""

from __future__ import annotations

import math
import smtplib
import socket
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Self

import requests
from anymail.exceptions import AnymailError, AnymailRecipientsRefused
from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends import smtp

from booking.channels.bounds import Bound
from booking.channels.outgoing import LineDown, Message, NeverSent, NotSent, PerhapsSent, refusal
from config.core.sockets import is_readable

FAILURES = (OSError, smtplib.SMTPException, AnymailError)
OURS = {"django.core.mail.backends.smtp.EmailBackend": "booking.channels.emails.SmtpBackend"}
# A line that lay longer is asked whether it stands, though nothing came over it.
SURE_SECONDS = 10
UNHEARD = (requests.exceptions.ConnectTimeout, requests.exceptions.SSLError)


class _Marked:
    """An SMTP connection that knows whether it has begun to hand the message over."""

    has_begun = False
    answered_at = -math.inf

    def data(self, msg: Any) -> Any:
        self.has_begun = True
        return super().data(msg)  # type: ignore[misc]  # of smtplib.SMTP, mixed in below


class _Smtp(_Marked, smtplib.SMTP):
    pass


class _SmtpOverTls(_Marked, smtplib.SMTP_SSL):
    pass


class SmtpBackend(smtp.EmailBackend):
    """Django's own, over a connection that tells how far it came."""

    @property
    def connection_class(self) -> type[_Smtp | _SmtpOverTls]:
        return _SmtpOverTls if self.use_ssl else _Smtp


class Mailer:
    """One connection, kept from message to message and opened again after a failure."""

    def __init__(self) -> None:
        self._backend: Any = None
        self._bound = Bound(seconds=settings.EMAIL_TIMEOUT, break_off=self.break_off)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._hang_up()
        self._bound.close()

    def send(self, *, to: Sequence[str], message: Message, message_id: str) -> None:
        """Hand over one message within `EMAIL_TIMEOUT` seconds, or say what became of it.

        Raises
        ------
        NotSent, NeverSent, PerhapsSent
        """
        email = _email(to=to, message=message, message_id=message_id)
        with self._bound.kept():
            try:
                self._connect()
            except FAILURES as error:
                self._hang_up()
                raise LineDown(_say(error)) from error
            if session := getattr(self._backend, "session", None):
                # Providers that know the header send a repetition only once.
                session.headers["Idempotency-Key"] = message_id
            try:
                self._backend.send_messages([email])
            except FAILURES as error:
                has_begun = getattr(self._smtp(), "has_begun", True)
                self._hang_up()
                raise _outcome(error, has_begun=has_begun) from error
            if isinstance(kept := self._smtp(), _Marked):
                kept.answered_at = time.monotonic()

    def break_off(self) -> None:
        """Shut the line from another thread: what waits on it fails at once."""
        line = getattr(self._smtp(), "sock", None)
        if line is not None:
            with suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)

    def _smtp(self) -> object:
        return getattr(self._backend, "connection", None)

    def _connect(self) -> None:
        kept = self._smtp()
        if isinstance(kept, _Smtp | _SmtpOverTls):
            kept.has_begun = False
            if not _answers(kept):
                self._hang_up()
        if self._backend is None:
            backend = OURS.get(settings.EMAIL_BACKEND, settings.EMAIL_BACKEND)
            self._backend = get_connection(backend, timeout=settings.EMAIL_TIMEOUT / 2)
        self._backend.open()

    def _hang_up(self) -> None:
        backend, self._backend = self._backend, None
        if backend is not None:
            with suppress(*FAILURES):
                backend.close()


def _email(*, to: Sequence[str], message: Message, message_id: str) -> EmailMultiAlternatives:
    email = EmailMultiAlternatives(
        subject=message.subject,
        body=message.text,
        to=list(to),
        headers={"Message-ID": message_id, "Auto-Submitted": "auto-generated"},
    )
    # What a provider's webhook gives back, so that its news finds the message again.
    email.metadata = {"message_id": message_id}  # type: ignore[attr-defined]
    if message.html:
        email.attach_alternative(message.html, "text/html")
    for attached in message.attachments:
        email.attach(attached.name, attached.text, attached.mime_type)
    return email


def _answers(kept: _Smtp | _SmtpOverTls) -> bool:
    """Whether a kept line still stands: to find out later would leave the message in doubt.

    One that has just answered and has nothing to be read, not even its end, does.
    """
    is_fresh = time.monotonic() - kept.answered_at < SURE_SECONDS
    if is_fresh and kept.sock is not None and not is_readable(kept.sock):
        return True
    try:
        return kept.noop()[0] == 250
    except (OSError, smtplib.SMTPException):
        return False


def _outcome(error: Exception, *, has_begun: bool) -> Exception:
    """Tell a refusal, for now or for good, from an answer that was lost."""
    if isinstance(error, AnymailRecipientsRefused):
        return NeverSent(_say(error))
    if isinstance(error, AnymailError):
        return _outcome_of_provider(error)
    codes = _codes(error)
    if not codes:
        return PerhapsSent(_say(error)) if has_begun else LineDown(_say(error))
    # A sender refused is our own set-up, which somebody will mend.
    if min(codes) == 421 or isinstance(error, smtplib.SMTPSenderRefused):
        return LineDown(_say(error))
    return NeverSent(_say(error)) if min(codes) >= 500 else NotSent(_say(error))


def _outcome_of_provider(error: AnymailError) -> Exception:
    status = error.status_code
    if status is not None and status >= 400:
        return refusal(status, _say(error))
    if status is None and not isinstance(error, requests.RequestException):
        return NotSent(_say(error))  # it was never asked
    unheard = isinstance(error, UNHEARD) or "NewConnectionError" in repr(error.__cause__)
    return LineDown(_say(error)) if unheard else PerhapsSent(_say(error))


def _codes(error: Exception) -> list[int]:
    """Return the server's answers; an answer below 400 is no answer (the line broke)."""
    if isinstance(error, AnymailError):
        return [error.status_code] if error.status_code else []
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return [code for code, _ in error.recipients.values()]
    if isinstance(error, smtplib.SMTPResponseException) and error.smtp_code >= 400:
        return [error.smtp_code]
    return []


def _say(error: Exception) -> str:
    """Name an error without what it quotes: addresses and texts stay out of logs."""
    return " ".join([type(error).__name__, *map(str, _codes(error))])
