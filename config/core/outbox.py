"""Messages as readable files: the default where no mail server or SMS provider is set."""

from __future__ import annotations

import itertools
import os
import re
from collections.abc import Sequence
from email import message_from_bytes, policy as email_policy
from pathlib import Path

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

from config.core.clock import now

_written = itertools.count(1)


def write(*, channel: str, recipient: str, headers: dict[str, str], body: str) -> Path:
    """Write one message as UTF-8 text and return where it lies."""
    folder: Path = settings.OUTBOX_DIR
    folder.mkdir(parents=True, exist_ok=True)
    to = re.sub(r"[^\w@.+-]", "_", recipient)[:80]
    head = "\n".join(f"{name}: {value}" for name, value in headers.items())
    # Workers write side by side, perhaps in the same microsecond: no message takes another's place.
    stamp = f"{now():%Y%m%dT%H%M%S.%f}-{os.getpid()}-{next(_written):04}"
    path = folder / f"{stamp}-{channel}-{to}.txt"
    path.write_text(f"{head}\n\n{body}\n", encoding="utf-8")
    return path


class EmailBackend(BaseEmailBackend):
    """Django's e-mail, decoded and written to the outbox folder."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Write each message once per recipient."""
        for message in email_messages:
            for recipient in message.recipients():
                write(
                    channel="email",
                    recipient=recipient,
                    headers={
                        "From": message.from_email,
                        "To": recipient,
                        "Subject": str(message.subject),
                        **{name: str(value) for name, value in message.extra_headers.items()},
                    },
                    body="\n".join([str(message.body), *_attachments(message)]),
                )
        return len(email_messages)


def _attachments(message: EmailMessage) -> list[str]:
    """Return what is attached, as text; the HTML twin of the body is left out."""
    shown = []
    parsed = message_from_bytes(message.message().as_bytes(), policy=email_policy.default)
    for part in parsed.walk():
        if part.get_filename():
            content = part.get_payload(decode=True)
            text = content.decode("utf-8", "replace") if isinstance(content, bytes) else ""
            shown.append(f"\n--- attached: {part.get_filename()} ---\n{text}")
    return shown
