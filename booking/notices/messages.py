"""What a notice says, in the language of whoever reads it.

Neutral by rule: never what the visit is for, nor where it is.
"""

from __future__ import annotations

import re
from typing import Any

from django.template.loader import render_to_string
from django.utils import translation

from booking import calendars
from booking.channels.lines import Attachment, Message
from booking.models import Notice
from booking.notices import words
from booking.notices.facts import CALL_US, NEXT_STEPS, context, language_of
from booking.notices.planned import Channel, Kind
from booking.notices.standing import GATE

__all__ = ["CALL_US", "NEXT_STEPS", "context", "render"]

WITH_CALENDAR = (Kind.booked, Kind.changed)
# Where a text would be longer than one SMS, these give way: the first of these ways that is enough.
GIVE_WAY: tuple[tuple[str, ...], ...] = (
    (),
    ("link",),
    ("link", "names"),
    ("link", "names", "clinic_name"),
    ("link", "names", "clinic_name", "heavy_meal"),
)
# What the link of these is for cannot be done without it.
LINK_MATTERS = (
    Kind.confirm_escort,
    Kind.last_check,
    Kind.today,
    Kind.driving_warning,
    Kind.how_are_you,
    Kind.offer,
)
LINK_LAST: tuple[tuple[str, ...], ...] = (
    (),
    ("names",),
    ("names", "clinic_name"),
    *GIVE_WAY[1:-1],
)
# A stop that ends a Spanish abbreviation ends the sentence as well.
TWO_STOPS = re.compile(r"\b([ap]\.m\.)\.")

BLANKS = re.compile(r"(?<=\S) {2,}")
HOLES = re.compile(r"\n{3,}")


def render(notice: Notice) -> Message:
    """Return the message as it should be said now."""
    with translation.override(language_of(notice)):
        facts = context(notice)
        if notice.channel == Channel.sms:
            return Message(subject="", text=_sms(notice.kind, facts))
        return Message(
            subject=" ".join(_say(notice.kind, "subject.txt", facts).split())[:200],
            text=_lines(_say(notice.kind, "text.txt", facts)),
            html=_say(notice.kind, "html.html", facts),
            attachments=_attachments(notice),
        )


def _say(kind: str, part: str, facts: dict[str, Any]) -> str:
    said = render_to_string(f"booking/messages/{kind}-{part}", facts)
    # To look for it costs much less than to look for where it stands.
    return TWO_STOPS.sub(r"\1", said) if "m.." in said else said


def _lines(said: str) -> str:
    """Return a text without the holes that unsaid parts of its template leave."""
    return HOLES.sub("\n\n", BLANKS.sub(" ", said).strip()) + "\n"


def _sms(kind: str, facts: dict[str, Any]) -> str:
    """Return one SMS, with as much as fits."""
    spoken = ""
    for dropped in LINK_LAST if kind in LINK_MATTERS else GIVE_WAY:
        spoken = words.gsm(_say(kind, "sms.txt", _without(facts, dropped)))
        if words.fits_sms(spoken):
            break
    return spoken[:1].upper() + spoken[1:]


def _without(facts: dict[str, Any], dropped: tuple[str, ...]) -> dict[str, Any]:
    left = dict(facts)
    if "names" in dropped:
        left |= {"nurse_name": "", "first_name": ""}
    if "clinic_name" in dropped:
        left["clinic_name"] = ""
    if "link" in dropped:
        left |= {name: "" for name in left if name == "link" or name.endswith("_link")}
    if "heavy_meal" in dropped:
        times = dict(left.get("times", {}))
        times.pop("heavy_meal_until", None)
        left["times"] = times
    return left


def _attachments(notice: Notice) -> tuple[Attachment, ...]:
    if notice.appointment is None or notice.kind not in WITH_CALENDAR:
        return ()
    if notice.subject_of == GATE:
        return ()
    entry = calendars.ics_for(notice.appointment).decode()
    return (Attachment("visit.ics", entry, "text/calendar"),)
