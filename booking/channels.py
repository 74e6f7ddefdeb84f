"""How a message leaves the house: e-mail and SMS."""

from __future__ import annotations

import smtplib
from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection

from config.core import outbox


@dataclass(frozen=True, slots=True)
class Attachment:
    """A text file that travels with an e-mail."""

    name: str
    text: str
    mime_type: str


@dataclass(frozen=True, slots=True)
class Message:
    """What is said, ready to be sent; an SMS has only a text."""

    subject: str
    text: str
    html: str = ""
    attachments: tuple[Attachment, ...] = ()


class NotSent(Exception):
    """The provider did not take the message; it may later."""


class NeverSent(NotSent):
    """The provider refuses this message for good."""


class PerhapsSent(Exception):
    """The provider was given the message and its answer was lost."""


def send(*, channel: str, to: Sequence[str], message: Message, message_id: str) -> None:
    """Hand a message to its provider.

    Raises
    ------
    NotSent, NeverSent, PerhapsSent
    """
    if channel == "sms":
        _send_sms(to=to, message=message, message_id=message_id)
    else:
        _send_email(to=to, message=message, message_id=message_id)


def _send_sms(*, to: Sequence[str], message: Message, message_id: str) -> None:
    """Write the text as a file, with the key by which a provider would know a repetition."""
    for number in to:
        headers = {"To": number, "Idempotency-Key": message_id}
        try:
            outbox.write(channel="sms", recipient=number, headers=headers, body=message.text)
        except OSError as error:
            raise NotSent(type(error).__name__) from error


def _send_email(*, to: Sequence[str], message: Message, message_id: str) -> None:
    connection = get_connection(timeout=settings.EMAIL_TIMEOUT)
    email = EmailMultiAlternatives(
        subject=message.subject,
        body=message.text,
        to=list(to),
        headers={"Message-ID": message_id, "Auto-Submitted": "auto-generated"},
    )
    if message.html:
        email.attach_alternative(message.html, "text/html")
    for attached in message.attachments:
        email.attach(attached.name, attached.text, attached.mime_type)
    try:
        connection.open()
    except (OSError, smtplib.SMTPException) as error:
        raise NotSent(_say(error)) from error
    try:
        connection.send_messages([email])
    except (OSError, smtplib.SMTPException) as error:
        raise _refusal(error) from error
    finally:
        connection.close()


def _refusal(error: Exception) -> Exception:
    """Tell a refusal, for now or for good, from an answer that was lost."""
    codes = _codes(error)
    if not codes:
        return PerhapsSent(_say(error))
    # A sender refused is our own set-up, which somebody will mend.
    is_final = min(codes) >= 500 and not isinstance(error, smtplib.SMTPSenderRefused)
    return NeverSent(_say(error)) if is_final else NotSent(_say(error))


def _codes(error: Exception) -> list[int]:
    """Return the provider's answers; an answer below 400 is no answer (the line broke)."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return [code for code, _ in error.recipients.values()]
    if isinstance(error, smtplib.SMTPResponseException) and error.smtp_code >= 400:
        return [error.smtp_code]
    return []


def _say(error: Exception) -> str:
    """Name an error without what it quotes: addresses and texts stay out of logs."""
    return " ".join([type(error).__name__, *map(str, _codes(error))])
