"""Visits that were promised inside a closure: cancelled by the clinic, and told with other times.

Closing an area writes one row; this looks for what it covers, every few seconds. A closure that
does not cancel visits asks a person to decide about each. Taken back, it cancels nothing more.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Q

from booking import appointments, attention, clock, rules, search
from booking.locks import locked
from booking.models import Appointment, Notice, NoticeStatus, StaffTask, Status
from booking.notices import words
from booking.notices.planned import Channel, Kind, NoticeClass, Recipient
from booking.notices.standing import CANCELLED, preferences_of
from booking.rules import Wish
from config.core.clock import now
from config.core.errors import deadlocks_retried
from patients import gate
from scheduling.models import Closure

AT_ONCE = 50
OTHERS = 3
OTHER_DAYS = 14
DAY = timedelta(days=1)
TO_DECIDE = "visit_in_closure"

logger = logging.getLogger(__name__)


def sweep(*, limit: int = AT_ONCE) -> int:
    """Settle visits inside closures, soonest first, and return how many were."""
    at = now()
    settled = 0
    in_force = Closure.objects.in_force().touching(first=at.date() - DAY, last=date.max)
    for closure in in_force.order_by("-cancels_visits", "first_day", "pk"):
        for visit in _inside(closure, at=at):
            settled += _settle_safely(visit, closure=closure)
            if settled >= limit:
                return settled
    return settled


def _inside(closure: Closure, *, at: datetime) -> Iterator[Appointment]:
    """Yield the visits to come that a closure covers and nobody has settled yet."""
    first = datetime.combine(closure.first_day, time(), tzinfo=UTC) - DAY
    last = datetime.combine(closure.last_day, time(), tzinfo=UTC) + 2 * DAY
    asked = StaffTask.objects.filter(kind=TO_DECIDE, key__endswith=f"/closure/{closure.pk}")
    keys = set() if closure.cancels_visits else set(asked.values_list("key", flat=True))
    to_come = Appointment.objects.to_come(at=at).filter(starts_at__gte=first, starts_at__lt=last)
    for visit in to_come.filter(_somewhere(closure)).order_by("starts_at", "pk"):
        if _covers(closure, visit) and _key(closure, visit) not in keys:
            yield visit


def _somewhere(closure: Closure) -> Q:
    """Leave out the visits whose kind or address it cannot cover: there may be thousands."""
    talks = Q(order__isnull=True)
    if not closure.states and not closure.postal_prefixes:
        return Q() if closure.includes_consultations else ~talks
    area = Q(state__in=closure.states)
    for beginning in closure.postal_prefixes:
        area |= Q(postal_code__startswith=beginning)
    return area | talks if closure.includes_consultations else area & ~talks


def _covers(closure: Closure, visit: Appointment) -> bool:
    return closure.covers(
        day=clock.local_day(visit.starts_at, ZoneInfo(visit.time_zone)),
        state=visit.state,
        postal_code=visit.postal_code,
        is_consultation=visit.is_consultation,
    )


def _key(closure: Closure, visit: Appointment) -> str:
    return f"{visit.pk}/{visit.version}/closure/{closure.pk}"


def _settle_safely(visit: Appointment, *, closure: Closure) -> bool:
    try:
        return _settle(visit, closure=closure)
    except Exception as error:  # noqa: BLE001  one poisonous row must not hold the others
        logger.warning("visit %s in closure %s: %s", visit.pk, closure.pk, type(error).__name__)
        return False


@deadlocks_retried
def _settle(visit: Appointment, *, closure: Closure) -> bool:
    """Cancel a visit and tell the patient, or ask staff; unless either was changed meanwhile."""
    with transaction.atomic():
        current = locked(visit.pk)
        standing = Closure.objects.in_force().select_for_update(no_key=True, of=("self",))
        found = standing.filter(pk=closure.pk).first()
        is_to_come = current.status == Status.BOOKED and current.starts_at > now()
        if found is None or not is_to_come or not _covers(found, current):
            return False
        if not found.cancels_visits:
            return attention.ask_once(
                kind=TO_DECIDE,
                key=_key(found, current),
                detail=f"A closure covers this visit and does not cancel it: {found}.",
                appointment=current,
            )
        cancelled = appointments.cancel(appointment=current, reason=f"Closed: {found.name}")
        _tell(cancelled, closure=found)
        return True


def _tell(visit: Appointment, *, closure: Closure) -> None:
    """Say at once that the visit is off, why, and when else; where nothing may be sent, call."""
    at = now()
    accepts = preferences_of(visit.patient).accept
    channels = [one for one in Channel if accepts(Recipient.patient, one)]
    # As instants: each is said in the language of whoever reads it.
    others = [start.isoformat() for start in _others(visit, closure=closure)]
    # What the cancellation itself planned to say says neither why nor when else.
    Notice.objects.filter(
        appointment=visit, subject_of=CANCELLED, status=NoticeStatus.PENDING
    ).update(status=NoticeStatus.SUPERSEDED, problem="told with the reason")
    row = {
        "appointment": visit,
        "subject_of": CANCELLED,
        "kind": Kind.changed.value,
        "occurrence": 1,
        "recipient": Recipient.patient.value,
        "notice_class": NoticeClass.S.value,
        "version": visit.version,
        "ideal_at": at,
        "send_from": at,
        "not_after": visit.starts_at,
        "facts": {
            "because": words.because(closure.name),
            "others": others,
            "by_email": Channel.email in channels,
        },
    }
    Notice.objects.bulk_create(Notice(**row, channel=channel.value) for channel in channels)
    if not channels:
        attention.ask_once(
            kind="closure_untold",
            key=_key(closure, visit),
            detail="A visit was cancelled and its patient takes no messages: please call.",
            appointment=visit,
        )


def _others(visit: Appointment, *, closure: Closure) -> list[datetime]:
    """Return other times the patient could book: one a day, each nearest to the hour of this one.

    They are no promise: whoever books first has them.
    """
    patient, therapy, at = visit.patient, visit.therapy, now()
    wish = search.wish_for(patient=patient, therapy=therapy, starts_at=visit.starts_at, asked_at=at)
    horizon = clock.local_day(rules.latest_start(asked_at=at), wish.zone)
    found = search.feasible(
        wish=wish,
        at=search.where(patient=patient, therapy=therapy),
        first=max(wish.day, clock.local_day(at, wish.zone)),
        last=min(max(wish.day, closure.last_day) + OTHER_DAYS * DAY, horizon),
    )
    nearest: dict[date, datetime] = {}
    for start in found.open_starts() if found else ():
        day = clock.local_day(start, wish.zone)
        best = nearest.setdefault(day, start)
        if _apart(start, wish) < _apart(best, wish):
            nearest[day] = start
    can_be_booked = (
        start
        for start in nearest.values()
        if not gate.ask(patient=patient, therapy=therapy, starts_at=start, asked_at=at)
    )
    return [start for start, _ in zip(can_be_booked, range(OTHERS), strict=False)]


def _apart(start: datetime, wish: Wish) -> int:
    """Return the minutes between two times of day."""
    here, there = (one.astimezone(wish.zone) for one in (start, wish.starts_at))
    return abs((here.hour - there.hour) * 60 + here.minute - there.minute)
