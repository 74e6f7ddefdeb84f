"""Send other nurses to visits that are promised: one, or many at once, all of them or none."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection, transaction
from django.db.models import QuerySet

from booking import availability, rules, search
from booking.clock import local_day
from booking.models import Appointment, Status
from booking.search import Where
from config.core.clock import now
from config.core.errors import Reason, Refused, WrongState, deadlocks_retried
from patients.models import Patient
from scheduling import roster
from scheduling.models import Nurse


@dataclass(frozen=True, slots=True)
class Move:
    """Another nurse for a visit; None leaves it to nobody."""

    appointment_id: UUID
    nurse_id: int | None


def where_booked(appointment: Appointment) -> Where:
    """Return the place that was promised, wherever the patient lives by now."""
    return Where(
        place=search.place_of(appointment),
        state=appointment.state,
        postal_code=appointment.postal_code,
    )


def hold_still(*, visits: Iterable[Appointment], nurses: Iterable[Nurse]) -> None:
    """Keep the visits, and these nurses' days around them, as they are until the commit.

    In the order of all who change a visit: the patients, the days and on each its nurses, the rows.
    """
    visits = list(visits)
    patients = {visit.patient_id for visit in visits}
    days = {
        (local_day(visit.starts_at, ZoneInfo(nurse.time_zone)).toordinal(), nurse.pk)
        for nurse in nurses
        for visit in visits
    }
    _locked(Patient.objects.filter(pk__in=patients))
    _lock_days(sorted(days))
    _locked(Appointment.objects.filter(pk__in=[visit.pk for visit in visits]))


def _locked(rows: QuerySet[Any]) -> None:
    list(rows.select_for_update(of=("self",)).order_by("pk").values_list("pk"))


def _lock_days(days: Sequence[tuple[int, int]]) -> None:
    """Take the locks of `availability.lock_nurse_day`, one after the other as they come."""
    if not days:
        return
    ordinals, nurses = zip(*days, strict=True)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(nurse, day) "
            "FROM unnest(%s::int[], %s::int[]) AS days (nurse, day)",
            [list(nurses), list(ordinals)],
        )


@deadlocks_retried
def assign_all(moves: Sequence[Move]) -> None:
    """Make all moves, or none; nurses may exchange visits that overlap.

    The visits are first taken from whoever holds them, so that each nurse is then asked on the day
    as it will be.

    Raises
    ------
    NotOffered, SlotTaken, WrongState
        Of the first visit that is refused, which `attr` names.
    """
    to = {move.appointment_id: move.nurse_id for move in moves}
    with transaction.atomic():
        nurses = Nurse.objects.in_bulk({pk for pk in to.values() if pk is not None})
        visits = list(_visits(to))
        hold_still(visits=visits, nurses=nurses.values())
        visits = list(_visits(to))
        for visit in visits:
            refuse_begun(visit)
        Appointment.objects.filter(pk__in=to).update(nurse=None)
        for visit in visits:
            nurse_id = to[visit.pk]
            visit.nurse = None
            if nurse_id is not None:
                _give_naming(visit, nurse=nurses[nurse_id])


def _visits(to: Iterable[UUID]) -> Iterable[Appointment]:
    rows = Appointment.objects.filter(pk__in=list(to)).order_by("starts_at", "pk")
    return rows.select_related("patient__user", "therapy", "order")


def _give_naming(visit: Appointment, *, nurse: Nurse) -> None:
    try:
        give(visit, nurse=nurse)
    except Refused as refused:
        reasons = [Reason(one.code, one.detail, str(visit.pk)) for one in refused.reasons]
        raise type(refused)(reasons) from refused


def refuse_begun(visit: Appointment) -> None:
    """Refuse to change the nurse of a visit that is under way or over."""
    if visit.status != Status.BOOKED:
        raise WrongState("The nurse of a visit under way does not change.")


def give(visit: Appointment, *, nurse: Nurse) -> None:
    """Give a locked visit to a nurse who may go and is free, and save it.

    Raises
    ------
    NotOffered, SlotTaken
    """
    at = where_booked(visit)
    # What the patient has besides does not depend on who comes.
    wish = rules.Wish(
        therapy=visit.therapy,
        order=visit.order,
        starts_at=visit.starts_at,
        zone=ZoneInfo(visit.time_zone),
        asked_at=now(),
        diary=rules.Diary(taken=(), infusions=()),
    )
    try:
        availability.assign(appointment=visit, wish=wish, at=at, nurse=nurse)
    except availability.NotOffered as refused:
        why = _why_not(visit, nurse=nurse)
        raise availability.NotOffered([Reason("not_offered", why)]) from refused
    except availability.SlotTaken as refused:
        why = f"{nurse} has something else then, or too little time to drive."
        raise availability.SlotTaken([Reason("slot_taken", why)]) from refused


def _why_not(visit: Appointment, *, nurse: Nurse) -> str:
    day = local_day(visit.starts_at, ZoneInfo(visit.time_zone))
    if roster.has_papers(nurse=nurse, therapy=visit.therapy, state=visit.state, day=day):
        return f"{nurse} does not work then, or could not be there and home in time."
    return f"{nurse} has no licence or qualification for it."
