"""How a message leaves the house: e-mail and SMS."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from booking.channels import texts
from booking.channels.emails import Mailer
from booking.channels.outgoing import Attachment, LineDown, Message, NeverSent, NotSent, PerhapsSent
from booking.notices.planned import Channel

__all__ = [
    "Attachment",
    "Line",
    "LineDown",
    "Message",
    "NeverSent",
    "NotSent",
    "PerhapsSent",
    "line",
]


class Line:
    """What a batch of messages is sent over; one thread's."""

    def __init__(self, mailer: Mailer) -> None:
        self._mailer = mailer

    def send(self, *, channel: str, to: Sequence[str], message: Message, message_id: str) -> None:
        """Hand a message to its provider.

        Raises
        ------
        NotSent, NeverSent, PerhapsSent
        """
        if channel == Channel.email:
            self._mailer.send(to=to, message=message, message_id=message_id)
            return
        for number in to:
            texts.send(to=number, message=message, message_id=message_id)


@contextmanager
def line() -> Iterator[Line]:
    """Keep one connection through a batch of messages."""
    texts.get_ready()
    with Mailer() as mailer:
        yield Line(mailer)
