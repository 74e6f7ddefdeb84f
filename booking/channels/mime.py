"""A plain message as the bytes of an e-mail: what most of ours are, at little cost.

Text and HTML, to addresses and under headers that need no care. For anything else there is Django,
whose result this is, read by whoever receives it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.header import Header
from email.utils import formatdate, parseaddr
from functools import lru_cache
from secrets import token_hex

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.core.mail.message import sanitize_address

LONGEST_LINE = 998  # bytes of a line of a body, RFC 5322
LONGEST_HEADER = 76
ADDRESS = re.compile(r"[A-Za-z0-9_%+-]+(\.[A-Za-z0-9_%+-]+)*@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
PLAIN = re.compile(r"[!-~]([ -~]*[!-~])?")


@dataclass(frozen=True, slots=True)
class Laid:
    """What an SMTP server is told."""

    sender: str
    recipients: list[str]
    content: bytes


def lay_out(email: EmailMultiAlternatives) -> Laid | None:
    """Return a message laid out; None if it is none of the plain ones."""
    is_more = email.attachments or email.cc or email.bcc or email.reply_to or email.encoding
    if is_more or not email.body or not all(map(ADDRESS.fullmatch, email.to)):
        return None
    pages = [str(content) for content, kind in email.alternatives if kind == "text/html"]
    if len(pages) != 1 or len(email.alternatives) != 1:
        return None
    parts = [_part("plain", str(email.body)), _part("html", pages[0])]
    head = _head(email)
    if head is None or None in parts:
        return None
    between = f"=_{token_hex(16)}"
    lines = [
        f'Content-Type: multipart/alternative; boundary="{between}"',
        "MIME-Version: 1.0",
        *head,
        "",
        *(f"--{between}\r\n{part}" for part in parts),
        f"--{between}--\r\n",
    ]
    sender = _sender(email.from_email)[1]
    return Laid(sender=sender, recipients=list(email.to), content="\r\n".join(lines).encode())


def _head(email: EmailMultiAlternatives) -> list[str] | None:
    """Return the lines above the parts; None if one of them needs care."""
    said = {
        "Subject": _subject(str(email.subject)),
        "From": _sender(email.from_email)[0],
        "To": ", ".join(email.to),
        "Date": formatdate(localtime=settings.EMAIL_USE_LOCALTIME),
        **email.extra_headers,
    }
    lines = [f"{name}: {value}" for name, value in said.items()]
    # A subject was folded where it is long.
    if not all(map(_is_plain, lines[1:])) or said["Subject"] == "":
        return None
    return lines


def _is_plain(line: str) -> bool:
    return len(line) <= LONGEST_HEADER and PLAIN.fullmatch(line) is not None


def _subject(subject: str) -> str:
    """Return a subject as it travels; empty if it needs more care."""
    if _is_plain(f"Subject: {subject}") and "=?" not in subject:
        return subject
    if subject.isascii() or not subject.isprintable():
        return ""
    folded = Header(subject, "utf-8", maxlinelen=LONGEST_HEADER, header_name="Subject")
    return folded.encode(linesep="\r\n")


@lru_cache(maxsize=8)
def _sender(said: str) -> tuple[str, str]:
    """Return a sender as it travels, and its address alone."""
    safe = sanitize_address(said, settings.DEFAULT_CHARSET)
    return safe, parseaddr(safe)[1]


def _part(kind: str, text: str) -> str | None:
    """Return one part; None if its lines are too long to travel as they are."""
    if "\r" in text or "\0" in text:
        return None
    if max(map(len, text.encode().split(b"\n"))) > LONGEST_LINE:
        return None
    coding = "7bit" if text.isascii() else "8bit"
    lines = text.replace("\n", "\r\n")
    return (
        f'Content-Type: text/{kind}; charset="utf-8"\r\nMIME-Version: 1.0\r\n'
        f"Content-Transfer-Encoding: {coding}\r\n\r\n{lines}"
    )
