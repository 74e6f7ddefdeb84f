"""Everything that was and will be said about one visit, in order, with what happened in between."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from booking.clock import local_day, say_moment, say_time
from booking.delivery import resending
from booking.links import tokens
from booking.models import Appointment, Notice, NoticeStatus, VisitAnswer
from booking.models.notice import UNDELIVERED
from booking.notices import messages, words
from booking.notices.standing import RESENT
from config.core.clock import now
from config.core.models import User

COLOURS = {
    NoticeStatus.SENT: "green",
    NoticeStatus.FAILED: "red",
    NoticeStatus.EXPIRED: "amber",
    NoticeStatus.UNKNOWN: "amber",
}
SPOKEN = {
    NoticeStatus.PENDING: "planned",
    NoticeStatus.CLAIMED: "being sent",
    NoticeStatus.SENDING: "being sent",
    NoticeStatus.SENT: "sent",
    NoticeStatus.FAILED: "failed",
    NoticeStatus.EXPIRED: "expired: too late to be of use",
    NoticeStatus.UNKNOWN: "perhaps sent: the answer was lost",
    NoticeStatus.SUPERSEDED: "replaced",
}
# A link works for whoever has it: staff read that there was one, not the link.
A_LINK = re.compile(rf"/go/(?:{tokens.OLD_SHAPE.pattern}|{tokens.SHAPE.pattern})")


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the timeline: a message, an answer to one, or a moment of the visit.

    Attributes
    ----------
    notice
        The row, where it is a message.
    tag, colour
        Where it stands, in words and in colour.
    notes
        Why it is when it is, what went wrong, who did something about it.
    """

    at: datetime
    day: str
    time: str
    title: str
    what: str = "message"
    tag: str = ""
    colour: str = ""
    notes: tuple[str, ...] = ()
    notice: Notice | None = None
    said: str = ""
    may_be_resent: bool = False
    is_undelivered: bool = False
    is_waiting: bool = False


@dataclass(frozen=True, slots=True)
class Timeline:
    """A visit's messages: what has been, what is to come, and what was replaced."""

    visit: Appointment
    past: list[Entry]
    ahead: list[Entry]
    replaced: list[Entry]


def of(visit: Appointment) -> Timeline:
    """Read it from the rows."""
    zone, at = ZoneInfo(visit.time_zone), now()
    rows = visit.notices.select_related("acknowledged_by", "handled_by")
    names = _names(list(rows))
    said = [_message(row, zone=zone, names=names) for row in rows]
    standing = [one for one in said if not _is_replaced(one)]
    told = [_answer(answer, zone=zone) for answer in visit.answers.all()]
    entries = sorted([*standing, *told, *_moments(visit, zone=zone)], key=lambda one: one.at)
    return Timeline(
        visit=visit,
        past=[one for one in entries if one.at <= at and not one.is_waiting],
        ahead=[one for one in entries if one.at > at or one.is_waiting],
        replaced=sorted(filter(_is_replaced, said), key=lambda one: one.at),
    )


def _is_replaced(entry: Entry) -> bool:
    return entry.notice is not None and entry.notice.status == NoticeStatus.SUPERSEDED


def _names(rows: list[Notice]) -> dict[int, str]:
    """Return the names of who had messages sent once more."""
    people = {row.facts[RESENT] for row in rows if RESENT in row.facts}
    return {user.pk: str(user) for user in User.objects.filter(pk__in=people)}


def _message(row: Notice, *, zone: ZoneInfo, names: dict[int, str]) -> Entry:
    at = row.sent_at or row.send_from
    status = NoticeStatus(row.status)
    who = f"{words.spoken(row.recipient).lower()} by {'text' if row.channel == 'sms' else 'e-mail'}"
    return Entry(
        at=at,
        day=_day(at, zone),
        time=say_time(at, zone),
        title=f"{words.spoken(row.kind)}, to {who}",
        tag=SPOKEN[status],
        colour=COLOURS.get(status, ""),
        notes=tuple(_notes(row, zone=zone, names=names)),
        notice=row,
        said=masked(row.body),
        may_be_resent=resending.may_be_resent(row),
        is_undelivered=status in UNDELIVERED and row.handled_at is None,
        is_waiting=status in (NoticeStatus.PENDING, NoticeStatus.CLAIMED, NoticeStatus.SENDING),
    )


def _notes(row: Notice, *, zone: ZoneInfo, names: dict[int, str]) -> Iterator[str]:
    yield from _why(row, names=names)
    if row.problem:
        tries = f" ({row.attempts} tries)" if row.attempts > 1 else ""
        yield f"{row.problem[:1].upper()}{row.problem[1:]}{tries}"
    if row.status == NoticeStatus.PENDING:
        yield from _ahead(row, zone=zone)
    yield from _people(row, zone=zone)


def _why(row: Notice, *, names: dict[int, str]) -> Iterator[str]:
    if RESENT in row.facts:
        yield f"Sent once more by {names.get(row.facts[RESENT], 'staff')}: {row.why}"
        return
    if row.why:
        yield f"Why then: {row.why.replace('_', ' ')}"
    if row.occurrence:
        yield f"Repeat {row.occurrence}"


def _ahead(row: Notice, *, zone: ZoneInfo) -> Iterator[str]:
    if row.held_at is not None:
        yield "Held since a backup was restored: it goes once somebody releases it"
    if row.next_try_at is not None:
        yield f"Next try {say_moment(row.next_try_at, zone)}"
    if row.not_after is not None:
        yield f"Of use until {say_moment(row.not_after, zone)}"


def _people(row: Notice, *, zone: ZoneInfo) -> Iterator[str]:
    if row.acknowledged_at is not None:
        who = row.acknowledged_by or row.acknowledged_as
        yield f"Acknowledged by {who}, {say_moment(row.acknowledged_at, zone)}"
    if row.handled_at is not None:
        yield f"Seen to by {row.handled_by}, {say_moment(row.handled_at, zone)}"


def _answer(answer: VisitAnswer, *, zone: ZoneInfo) -> Entry:
    return Entry(
        at=answer.at,
        day=_day(answer.at, zone),
        time=say_time(answer.at, zone),
        title=in_words(answer, zone=zone),
        what="answer",
        tag="told by link",
        colour="teal",
    )


def in_words(answer: VisitAnswer, *, zone: ZoneInfo) -> str:
    """Say what was told by a link, as staff and nurses read it."""
    said = answer.facts.get("answer", "")
    if answer.purpose == VisitAnswer.Purpose.ATE:
        what = "Ate something" if answer.facts["what"] == "solid" else "Drank something clear"
        return f"{what}, {say_moment(datetime.fromisoformat(answer.facts['at']), zone)}"
    return {
        "yes": "An adult stays with them",
        "no": "Not sure that an adult stays with them",
        "cancel": "Cancelled the visit",
        "change": "Asked for another time",
        "move": "Moved the visit",
        "good": "Feels good",
        "not_so_good": "Does not feel so good",
        "unwell": "Feels unwell",
    }.get(said) or (
        "Feels unwell"
        if answer.purpose == VisitAnswer.Purpose.UNWELL
        else "Has read until when not to drive"
    )


def _moments(visit: Appointment, *, zone: ZoneInfo) -> Iterator[Entry]:
    marks = (
        (visit.booked_at, "Booked"),
        (visit.changed_at if not visit.cancelled_at else None, "Moved"),
        (visit.cancelled_at, "Cancelled"),
        (visit.fast_from, "Nothing to eat from here"),
        (visit.starts_at, "The visit starts"),
        (visit.dosed_at, "First dose"),
        (visit.ends_at if not visit.discharged_at else None, "The visit ends"),
        (visit.discharged_at, "Discharged"),
        (visit.drive_after, "Driving allowed again"),
    )
    for at, title in marks:
        if at is not None:
            yield Entry(
                at=at, day=_day(at, zone), time=say_time(at, zone), title=title, what="moment"
            )


def _day(at: datetime, zone: ZoneInfo) -> str:
    day = local_day(at, zone)
    return f"{day:%a} {day.day} {day:%b}"


# -- words ---------------------------------------------------------------------------------------


def masked(text: str) -> str:
    """Return words of a message without the links in it that act for the patient."""
    return A_LINK.sub("/go/…", text)


@dataclass(frozen=True, slots=True)
class Preview:
    """What a message would say if it went now."""

    subject: str = ""
    text: str = ""
    html: str = ""
    problem: str = ""


def preview(notice: Notice) -> Preview:
    """Say a message as it would be said now, with links that lead nowhere."""
    shown: Any = copy.copy(notice)
    shown.pk = None
    try:
        message = messages.render(shown)
    except Exception as error:  # noqa: BLE001  the same is what sending would meet
        return Preview(problem=type(error).__name__)
    return Preview(subject=message.subject, text=message.text, html=message.html)
