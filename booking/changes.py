"""What a patient changes of their visits from a page that may have grown old in another tab.

Each page says which version of the visit it showed. The visit is locked and looked at again before
anything is changed, so that two tabs and a double click end as if one had come after the other.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from booking import appointments
from booking.locks import locked
from booking.models import UNDER_WAY, Appointment, Status
from config.core.errors import WrongState, deadlocks_retried


class MovedMeanwhile(WrongState):
    """The visit is not at the time that the page showed any more."""


def is_movable(visit: Appointment, *, at: datetime) -> bool:
    """Whether the patient may still give it another time without calling."""
    is_ahead = visit.status == Status.BOOKED and visit.starts_at > at
    return is_ahead and visit.starts_at - at >= appointments.RESCHEDULE_UNTIL


def is_cancellable(visit: Appointment, *, at: datetime) -> bool:
    """Whether the patient may still give it up without calling."""
    return visit.status == Status.BOOKED and visit.starts_at > at


@deadlocks_retried
def move(*, visit: Appointment, starts_at: datetime, version: int) -> Appointment:
    """Give a visit another time; asked for the time that it has already, nothing changes.

    Raises
    ------
    MovedMeanwhile
        If it is another version than the page showed.
    Refused
        As `appointments.reschedule`.
    """
    with transaction.atomic():
        current = locked(visit.pk)
        if current.starts_at != starts_at and current.status == Status.BOOKED:
            _refuse_another(current, version=version)
        return appointments.reschedule(appointment=current, starts_at=starts_at)


@deadlocks_retried
def cancel(
    *, visit: Appointment, version: int, reason: str = "", and_later: bool = False
) -> list[Appointment]:
    """Give a visit up, or it and those of its course that come after it; all or none.

    Done twice, nothing changes.

    Raises
    ------
    MovedMeanwhile
        If it is another version than the page showed.
    Refused
        As `appointments.cancel`.
    """
    with transaction.atomic():
        current = locked(visit.pk)
        if current.status == Status.BOOKED:
            _refuse_another(current, version=version)
        given_up = [current, *(later_of_course(current) if and_later else ())]
        return [appointments.cancel(appointment=one, reason=reason) for one in given_up]


def later_of_course(visit: Appointment) -> list[Appointment]:
    """Return the visits of the same course that are booked and come after this one."""
    if visit.course_id is None:
        return []
    rows = Appointment.objects.of(patient=visit.patient).filter(course=visit.course_id)
    later = rows.filter(status=Status.BOOKED, starts_at__gt=visit.starts_at)
    return list(later.select_related("therapy"))


def beside_in_course(visit: Appointment) -> list[Appointment]:
    """Return the visits of the course right before and right after this one."""
    if visit.course_id is None:
        return []
    held = (Status.BOOKED, Status.DISCHARGED, *UNDER_WAY)
    rows = Appointment.objects.of(patient=visit.patient).filter(
        course=visit.course_id, status__in=held
    )
    before = rows.filter(starts_at__lt=visit.starts_at).last()
    after = rows.filter(starts_at__gt=visit.starts_at).first()
    return [one for one in (before, after) if one is not None]


def _refuse_another(current: Appointment, *, version: int) -> None:
    if current.version != version:
        raise MovedMeanwhile("This visit was changed in the meantime.")
