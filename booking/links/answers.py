"""What somebody tells us by a link in a message, and what follows from it.

Every answer is a row that never changes. The visit is locked first, so that two tabs, a double
click or a change of the visit at the same moment end as if one had come after the other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction

from booking import appointments, attention
from booking.clock import say_moment
from booking.delivery import paging
from booking.links.tokens import Link, Purpose
from booking.locks import locked
from booking.models import ENDED, UNDER_WAY, Appointment, Notice, Status, VisitAnswer
from booking.notices.planned import Kind
from config.core.clock import now
from config.core.errors import WrongState, deadlocks_retried

OF_A_VERSION = (Purpose.escort, Purpose.ate, Purpose.visit, Purpose.warning)
BEFORE_IT_BEGINS = (Purpose.escort, Purpose.visit)
UNTIL_IT_IS_GIVEN = (Status.BOOKED, Status.EN_ROUTE, Status.ON_SITE)
BY_LINK = "by the link in a message"


class Closed(StrEnum):
    """Why a link of ours does nothing any more."""

    over = "over"
    moved = "moved"
    cancelled = "cancelled"
    begun = "begun"


def closed(link: Link, *, visit: Appointment | None, at: datetime) -> Closed | None:
    """Say why a link does nothing any more; None while it does what it is for."""
    purpose = link.purpose
    if visit is None or purpose in (Purpose.unwell, Purpose.page):
        return Closed.over if link.is_over(at=at) else None
    if visit.status == Status.CANCELLED and visit.dosed_at is None:
        return Closed.cancelled
    if purpose in OF_A_VERSION and visit.version != link.notice.version:
        return Closed.moved
    if link.is_over(at=at):
        return Closed.over
    is_begun = purpose in BEFORE_IT_BEGINS and visit.status in (*UNDER_WAY, *ENDED)
    is_given = purpose is Purpose.ate and visit.status not in UNTIL_IT_IS_GIVEN
    return Closed.begun if is_begun or is_given else None


def given(link: Link) -> VisitAnswer | None:
    """Return the newest answer to what the link asks of its visit."""
    notice = link.notice
    if notice.appointment is None:
        return None
    answers = VisitAnswer.objects.filter(appointment=notice.appointment, purpose=link.purpose)
    if link.purpose in OF_A_VERSION:
        answers = answers.filter(version=notice.version)
    if link.purpose is Purpose.warning:
        answers = answers.filter(revision=notice.revision)
    return answers.order_by("-at", "-pk").first()


@deadlocks_retried
def record(*, link: Link, client_id: UUID, facts: Mapping[str, Any]) -> VisitAnswer:
    """Write an answer down and do what follows from it; the same one again changes nothing.

    Raises
    ------
    WrongState
        If the link does nothing any more.
    Refused
        As `appointments.cancel` and `appointments.reschedule`.
    """
    if link.notice.appointment_id is None:
        raise WrongState("This message is not about a visit.")
    with transaction.atomic():
        visit = locked(link.notice.appointment_id)
        known = _known(link, client_id=client_id, facts=facts)
        if known is not None:
            return known
        if closed(link, visit=visit, at=now()) is not None:
            raise WrongState("This link does nothing any more.")
        answer = VisitAnswer.objects.create(
            appointment=visit,
            notice=link.notice,
            purpose=link.purpose.value,
            version=visit.version,
            revision=link.notice.revision,
            client_id=client_id,
            facts=dict(facts),
        )
        FOLLOWS[link.purpose](answer, visit)
    return answer


def _known(link: Link, *, client_id: UUID, facts: Mapping[str, Any]) -> VisitAnswer | None:
    """Return the answer that this one repeats."""
    mine = VisitAnswer.objects.filter(notice=link.notice, purpose=link.purpose)
    known = mine.filter(client_id=client_id).first()
    if known is not None:
        return known
    last = given(link)
    if last is None or last.facts != facts:
        return None
    if link.purpose is Purpose.unwell or facts.get("answer") == "unwell":
        return last if _is_calling(last) else None
    return last


def _is_calling(answer: VisitAnswer) -> bool:
    """Whether the call that an answer made has not been acknowledged yet."""
    calls = Notice.objects.filter(kind=Kind.unwell, subject_of=f"answer/{answer.pk}")
    return calls.filter(acknowledged_at__isnull=True).exists()


# -- what follows --------------------------------------------------------------------------------


def _escort(answer: VisitAnswer, visit: Appointment) -> None:
    if answer.facts["answer"] == "no":
        _ask(answer, visit, "is not sure that an adult will be with them: please call")


def _ate(answer: VisitAnswer, visit: Appointment) -> None:
    zone = ZoneInfo(visit.time_zone)
    what = "ate something" if answer.facts["what"] == "solid" else "drank something clear"
    at = say_moment(datetime.fromisoformat(answer.facts["at"]), zone)
    start = say_moment(visit.starts_at, zone)
    _ask(answer, visit, f"{what} at {at}; the visit is on {start}: decide, and call them")


def _visit(answer: VisitAnswer, visit: Appointment) -> None:
    if answer.facts["answer"] == "cancel":
        appointments.cancel(appointment=visit, reason=BY_LINK)
    elif answer.facts["answer"] == "move":
        starts_at = datetime.fromisoformat(answer.facts["starts_at"])
        appointments.reschedule(appointment=visit, starts_at=starts_at)
    else:
        _ask(answer, visit, "asks for another time: please call")


def _warning(answer: VisitAnswer, visit: Appointment) -> None:
    """Nothing more: it is read where the visit is."""


def _unwell(answer: VisitAnswer, visit: Appointment) -> None:
    paging.page(
        kind=Kind.unwell, subject_of=f"answer/{answer.pk}", detail_facts={}, appointment=visit
    )


def _feeling(answer: VisitAnswer, visit: Appointment) -> None:
    if answer.facts["answer"] == "unwell":
        _unwell(answer, visit)
    elif answer.facts["answer"] == "not_so_good":
        _ask(answer, visit, "does not feel so good after the visit: please call today")


def _ask(answer: VisitAnswer, visit: Appointment, what: str) -> None:
    attention.ask(
        kind=f"told_{answer.purpose}",
        key=f"answer/{answer.pk}",
        detail=f"{visit.patient} {what}."[:500],
        appointment=visit,
        patient=visit.patient,
    )


FOLLOWS: dict[Purpose, Callable[[VisitAnswer, Appointment], None]] = {
    Purpose.escort: _escort,
    Purpose.ate: _ate,
    Purpose.visit: _visit,
    Purpose.warning: _warning,
    Purpose.unwell: _unwell,
    Purpose.feeling: _feeling,
}
