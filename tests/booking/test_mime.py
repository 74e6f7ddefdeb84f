"""The short way to an e-mail's bytes against Django's: whoever receives either reads the same."""

from __future__ import annotations

from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from django.core.mail import EmailMultiAlternatives
from pytest_django import Settings

from booking.channels import emails, mime
from booking.channels.lines import Attachment, Message

TO = "ada+home@mail.example.org"
WORDS = {
    "plain": Message("Your visit", "Hello\n", "<p>Hello</p>\n"),
    "Spanish": Message("Su visita: qué hacer mañana", "Ñandú – 3:30 a. m.\n", "<p>¿Qué?</p>"),
    "long": Message(f"Mañana {'y mañana ' * 20}".strip(), "x" * 998 + "\n", "<p>\n</p>"),
    "dots and blanks": Message("Dots", ".\n..a\n\n  b  \nFrom here\n\n\n", "<p>\n.\n</p>\n\n"),
    "odd line ends": Message("Ends", "a\x0bb\u2028c\x85d\n", "<p>\x0c</p>"),
    "looks like a boundary": Message("Bounds", "--=_\n--\n--=_--\n", "<p>--</p>\n--"),
    "emoji": Message("🦄", "👩‍⚕️\n", "<p>\u202e</p>"),
}
NEEDS_CARE = {
    "an attachment": Message("A", "a", "<p>", (Attachment("visit.ics", "X", "text/calendar"),)),
    "no text": Message("A", "", "<p>"),
    "no page": Message("A", "a"),
    "a long line": Message("A", "x" * 999, "<p>"),
    "a long line of few letters": Message("A", "a", "é" * 500),
    "a carriage return": Message("A", "a\rb\n", "<p>"),
    "a long subject": Message("A " * 50, "a", "<p>"),
    "an encoded subject": Message("=?utf-8?q?x?=", "a", "<p>"),
    "no subject": Message("", "a", "<p>"),
    "two lines of a subject": Message("A\nBcc: x@example.org", "a", "<p>"),
    "two lines of an accented subject": Message("Á\nBcc: x@example.org", "a", "<p>"),
}


def email_of(message: Message, *, to: str = TO) -> EmailMultiAlternatives:
    return emails._email(to=[to], message=message, message_id="<notice-7-v1-r0@example.org>")


def parts(read: EmailMessage) -> list[tuple[Any, str]]:
    return [(part.items(), part.get_content()) for part in read.iter_parts()]


@pytest.mark.parametrize("name", WORDS)
def test_it_reads_as_what_django_lays_out(name: str, settings: Settings) -> None:
    settings.DEFAULT_FROM_EMAIL = "Clínica Stillwater <care@example.org>"
    laid = mime.lay_out(email_of(WORDS[name]))
    assert laid is not None
    ours = message_from_bytes(laid.content, policy=policy.default)
    by_django: Any = email_of(WORDS[name]).message()
    theirs = message_from_bytes(by_django.as_bytes(linesep="\r\n"), policy=policy.default)
    assert parts(ours) == parts(theirs)
    assert ours["Subject"] == WORDS[name].subject
    for header in ("From", "To", "Message-ID", "Auto-Submitted", "MIME-Version"):
        assert ours[header] == theirs[header]
    assert set(ours.keys()) == set(theirs.keys())
    assert not ours.defects
    assert (laid.sender, laid.recipients) == ("care@example.org", [TO])
    assert all(len(line) <= 998 for line in laid.content.split(b"\r\n"))
    assert b"\n" not in laid.content.replace(b"\r\n", b"")


@pytest.mark.parametrize("name", NEEDS_CARE)
def test_what_needs_care_is_left_to_django(name: str) -> None:
    assert mime.lay_out(email_of(NEEDS_CARE[name])) is None


@pytest.mark.parametrize(
    "to",
    ["Ada <ada@example.org>", "ada@exämple.org", "ada@example.org\nBcc: x@y.org", "ada", ".a@b"],
)
def test_so_is_an_address_that_is_not_bare(to: str) -> None:
    assert mime.lay_out(email_of(WORDS["plain"], to=to)) is None
