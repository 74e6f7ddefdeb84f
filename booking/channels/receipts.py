"""What became of a text after a service took it: one that did not arrive is said another way."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Q

from booking.delivery import recovery
from booking.models import Appointment, Notice, NoticeStatus
from booking.notices.planned import Channel
from config.core.clock import now
from patients import contacts

# What services call a text that will not arrive: Twilio and its like, Vonage, Plivo, SMPP.
LOST = {
    "undelivered", "undeliverable", "undeliv", "failed", "rejected", "rejectd", "expired",
}  # fmt: skip
# A phone that is off is tried by carriers for so long; later the text is of no use either.
LATELY = timedelta(hours=12)


def is_lost(state: str) -> bool:
    """Whether a service says that a text will not arrive."""
    return state.strip().lower() in LOST


def lost(*, number: str) -> int:
    """Say by e-mail, or have staff say, what was texted to a number lately; return how much.

    Apprise keeps no service's own name of a text, so a receipt tells the number and not which text:
    all that are still of use count as lost. To be told twice does less harm than not at all.
    """
    people = list(contacts.people(channel=Channel.sms, address=number).values_list("pk", flat=True))
    visits = list(Appointment.objects.filter(patient__in=people).values_list("pk", flat=True))
    about = Notice.objects.filter(Q(appointment__in=visits) | Q(patient__in=people))
    texts = about.filter(
        channel=Channel.sms,
        address=number,
        status=NoticeStatus.SENT,
        sent_at__gt=now() - LATELY,
    )
    keys = list(texts.order_by("pk").values_list("pk", flat=True))
    return sum(recovery.not_delivered(pk) for pk in keys)
