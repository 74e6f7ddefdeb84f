"""The messages about a visit, sent and coming, as their patient may read of them.

What a message is about is said in our own words; where it went, how it travelled and what a
provider said of it stay with the clinic.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _, gettext_lazy

from booking.models import Appointment, Notice, NoticeStatus
from booking.notices import words
from booking.notices.planned import Channel, Kind, Recipient
from booking.pages.visits_when import say_near

ABOUT = {
    Kind.booked: gettext_lazy("your visit is booked"),
    Kind.intake_incomplete: gettext_lazy("questions about your health, to be answered again"),
    Kind.consent_due: gettext_lazy("a form has a new version, to be signed"),
    Kind.prepare: gettext_lazy("how to prepare"),
    Kind.confirm_escort: gettext_lazy("is your adult ready?"),
    Kind.evening_before: gettext_lazy("when to stop eating and drinking"),
    Kind.fasting: gettext_lazy("fasting starts"),
    Kind.last_check: gettext_lazy("did you eat or drink anything?"),
    Kind.today: gettext_lazy("your visit is today"),
    Kind.on_the_way: gettext_lazy("your nurse is on the way"),
    Kind.driving_warning: gettext_lazy("until when not to drive"),
    Kind.driving_warning_escort: gettext_lazy("until when you do not drive"),
    Kind.driving_ended: gettext_lazy("you may drive again"),
    Kind.how_are_you: gettext_lazy("how are you?"),
    Kind.coming_days: gettext_lazy("take it easy in the coming days"),
    Kind.maintenance: gettext_lazy("would another visit help?"),
    Kind.changed: gettext_lazy("something about your visit changed"),
}
SENT = (NoticeStatus.SENT, NoticeStatus.UNKNOWN)
SOON = 3
COMING = (NoticeStatus.PENDING, NoticeStatus.CLAIMED, NoticeStatus.SENDING)


@dataclass(frozen=True, slots=True)
class Told:
    """One message: how it travels and to whom, when, and what it is about."""

    how: str
    when: str
    what: str
    has_failed: bool


@dataclass(frozen=True, slots=True)
class Messages:
    """The messages of a visit in the order in which they go."""

    sent: list[Told]
    coming: list[Told]

    @property
    def soon(self) -> list[Told]:
        """The next few to come."""
        return self.coming[:SOON]

    @property
    def later(self) -> list[Told]:
        """Those that come after them."""
        return self.coming[SOON:]

    @property
    def has_failed(self) -> bool:
        """Whether one did not get through."""
        return any(one.has_failed for one in self.sent)


def messages_of(visit: Appointment, *, at: datetime) -> Messages:
    """Return what the patient and their adult were told of a visit, and what they will be."""
    rows = list(
        Notice.objects.filter(
            appointment=visit,
            recipient__in=(Recipient.patient, Recipient.escort),
            kind__in=ABOUT,
            status__in=(*SENT, *COMING, NoticeStatus.FAILED),
        ).only("kind", "recipient", "channel", "status", "sent_at", "send_from", "appointment")
    )
    sent = [row for row in rows if row.status not in COMING]
    coming = [row for row in rows if row.status in COMING]
    return Messages(
        sent=_in_words(sent, visit=visit, at=at), coming=_in_words(coming, visit=visit, at=at)
    )


def _in_words(rows: Iterable[Notice], *, visit: Appointment, at: datetime) -> list[Told]:
    """Say each message once, by all the ways in which it goes at the same minute."""
    escort = words.first_name(visit.patient.escort_name) or _("your adult")
    zone = ZoneInfo(visit.time_zone)
    return [
        Told(
            how=_how([row.channel for row in twins], recipient=recipient, escort=escort),
            when=say_near(when, at=at, zone=zone),
            what=str(ABOUT[Kind(kind)]),
            has_failed=has_failed,
        )
        for (when, kind, recipient, has_failed), twins in groupby(sorted(rows, key=_same), _same)
    ]


def _same(row: Notice) -> tuple[datetime, str, str, bool]:
    when = row.sent_at or row.send_from
    has_failed = row.status == NoticeStatus.FAILED
    return when.replace(second=0, microsecond=0), row.kind, row.recipient, has_failed


def _how(channels: Iterable[str], *, recipient: str, escort: str) -> str:
    ways = set(channels)
    if recipient == Recipient.escort:
        said = _("Text to %(name)s") if Channel.sms in ways else _("E-mail to %(name)s")
        return said % {"name": escort}
    if len(ways) > 1:
        return _("Text and e-mail")
    return _("Text") if Channel.sms in ways else _("E-mail")
