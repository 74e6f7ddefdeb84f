"""Book, reschedule, cancel, assign: the only code that changes a promise.

Locks are always taken in one order: the patient, then one nurse's day (`availability`), then the
rows.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from booking import assignments, availability, driving, rules, search, sessions
from booking.locks import lock_patient, locked
from booking.models import ENDED, FREED, UNDER_WAY, Appointment, Course, Status
from booking.notices import ledger, runs
from booking.rules import Wish
from config.core.clock import now
from config.core.errors import (
    Reason,
    Refused,
    WrongState,
    deadlocks_retried,
)
from config.core.models import User
from patients import gate
from patients.models import Order, Patient, Therapy
from scheduling.models import Nurse

RESCHEDULE_UNTIL = timedelta(hours=24)
UNWARNED = (*FREED, Status.TRANSFERRED)  # ended so before any dose, nobody is warned of driving


class GateClosed(Refused):
    """The patient may not have this then; every closed gate and broken time rule is listed."""


# -- book ----------------------------------------------------------------------------------------


@deadlocks_retried
def book(
    *,
    patient: Patient,
    therapy: Therapy,
    starts_at: datetime,
    by: User,
    asked_at: datetime | None = None,
    nurse: Nurse | None = None,
) -> Appointment:
    """Reserve a visit.

    Parameters
    ----------
    asked_at
        The moment that gate and notice rules count from; now, if not given. No HTTP door gives it.
    nurse
        The one nurse to ask; anybody who may go, if not given. No HTTP door gives it.

    Raises
    ------
    GateClosed, NotOffered, SlotTaken
    """
    asked_at = asked_at or now()
    with transaction.atomic():
        patient = lock_patient(patient)
        wish = search.wish_for(
            patient=patient, therapy=therapy, starts_at=starts_at, asked_at=asked_at
        )
        _refuse_closed(patient=patient, wish=wish)
        at = search.where(patient=patient, therapy=therapy)
        appointment = draft(patient=patient, wish=wish, by=by)
        sessions.reserve(wish.order)
        availability.hold(appointment=appointment, wish=wish, at=at, nurse=nurse)
        ledger.plan_new(appointments=[appointment], infusions=wish.diary.starts)
    return appointment


def _refuse_closed(
    *, patient: Patient, wish: Wish, order: Order | None = None, state: str | None = None
) -> None:
    reasons = closed(patient=patient, wish=wish, order=order, state=state)
    if reasons:
        raise GateClosed(reasons)


def closed(
    *, patient: Patient, wish: Wish, order: Order | None = None, state: str | None = None
) -> list[Reason]:
    """Return every closed gate, then every broken time rule."""
    gates = gate.ask(
        patient=patient,
        therapy=wish.therapy,
        starts_at=wish.starts_at,
        asked_at=wish.asked_at,
        order=order,
        found=wish.order,
        state=state,
    )
    return [*gates, *rules.broken(wish)]


def draft(
    *, patient: Patient, wish: Wish, by: User | None, course: Course | None = None
) -> Appointment:
    """Return the promise as it will be written, once a nurse is held for it."""
    therapy = wish.therapy
    appointment = Appointment(
        patient=patient,
        therapy=therapy,
        order=wish.order,
        course=course,
        prep_minutes=therapy.prep_minutes,
        infusion_minutes=therapy.infusion_minutes,
        observation_minutes=therapy.observation_minutes,
        time_zone=wish.zone.key,
        booked_at=wish.asked_at,
        gate_asked_at=wish.asked_at,
        booked_by=by,
    )
    if therapy.needs_order:
        address = patient.address
        for field in ("line1", "line2", "city", "state", "postal_code", "latitude", "longitude"):
            setattr(appointment, field, getattr(address, field))
    _set_times(appointment=appointment, wish=wish)
    return appointment


def _set_times(*, appointment: Appointment, wish: Wish) -> None:
    around = search.slot(wish=wish, starts_at=wish.starts_at)
    for field, value in around.items():
        setattr(appointment, field, value)
    appointment.first_of_run = rules.is_first_of_run(starts_at=wish.starts_at, diary=wish.diary)


# -- change --------------------------------------------------------------------------------------


@deadlocks_retried
def reschedule(*, appointment: Appointment, starts_at: datetime) -> Appointment:
    """Move a visit; the old time is lost only when the new one is held."""
    at = now()
    with transaction.atomic():
        current = locked(appointment.pk)
        _refuse_late(current, at=at)
        if starts_at == current.starts_at:
            return current
        wish = search.wish_for(
            patient=current.patient,
            therapy=current.therapy,
            starts_at=starts_at,
            asked_at=at,
            without=current,
        )
        _refuse_closed(
            patient=current.patient, wish=wish, order=current.order, state=current.state or None
        )
        was_at = current.starts_at
        _set_times(appointment=current, wish=wish)
        current.version += 1
        current.changed_at = current.gate_asked_at = at
        current.blocked = []  # every gate has just been found open
        availability.hold(
            appointment=current,
            wish=wish,
            at=assignments.where_booked(current),
            without=current,
        )
        ledger.plan_for(appointment=current)
        runs.mend(visit=current, was_at=was_at)
    return current


def _refuse_late(appointment: Appointment, *, at: datetime) -> None:
    _refuse_over(appointment)
    if appointment.status in UNDER_WAY or appointment.starts_at - at < RESCHEDULE_UNTIL:
        raise _too_late("A visit can be moved until 24 hours before it.")


def _refuse_over(appointment: Appointment) -> None:
    if appointment.status in ENDED:
        raise WrongState(f"This visit is {appointment.get_status_display().lower()}.")


def _too_late(sentence: str) -> Refused:
    return Refused([Reason("too_late_to_change", f"{sentence} Call {settings.CLINIC_PHONE}.")])


@deadlocks_retried
def cancel(*, appointment: Appointment, reason: str = "") -> Appointment:
    """Give a visit up; doing it twice changes nothing."""
    with transaction.atomic():
        current = locked(appointment.pk)
        if current.status == Status.CANCELLED:
            return current
        at = now()
        _refuse_over(current)
        if current.status in UNDER_WAY or current.starts_at <= at:
            raise _too_late("A visit can be cancelled until the nurse sets off.")
        current.cancelled_at = current.changed_at = at
        current.cancel_reason = reason
        _enter(current, Status.CANCELLED)
        current.save()
        ledger.plan_for(appointment=current)
        runs.mend(visit=current, was_at=current.starts_at)
    return current


@deadlocks_retried
def assign(*, appointment: Appointment, nurse: Nurse) -> Appointment:
    """Send another nurse, if she may go and is free; the same one again changes nothing.

    Raises
    ------
    SlotTaken, NotOffered, WrongState
    """
    with transaction.atomic():
        current = locked(appointment.pk)
        assignments.refuse_begun(current)
        if current.nurse_id != nurse.pk:
            assignments.give(current, nurse=nurse)
    return current


def renew_order(appointment: Appointment, *, order: Order) -> None:
    """Let a locked visit rest on another order of the same therapy, and move its session there."""
    sessions.reserve(order)
    sessions.release(appointment.order_id)
    appointment.order = order
    appointment.save(update_fields=["order"])


def _enter(appointment: Appointment, status: Status) -> None:
    """Change the status; a promise that is freed gives its session back to the order."""
    if status in FREED and appointment.status not in FREED:
        sessions.release(appointment.order_id)
    appointment.status = status


# -- progress ------------------------------------------------------------------------------------


def progress(
    *,
    appointment: Appointment,
    status: Status | None = None,
    departed_at: datetime | None = None,
    dosed_at: datetime | None = None,
    discharged_at: datetime | None = None,
    observation_end: datetime | None = None,
) -> None:
    """Take what the nurse recorded into the promise; `appointment` comes from `locked()`.

    "Do not drive before" only moves later from the first dose on. The warning is told anew where it
    moved, and where a dose is told of a visit that had ended as if there were nothing to warn of.
    """
    had_ended = appointment.dosed_at is None and appointment.status in UNWARNED
    drive_after = appointment.drive_after
    facts: dict[str, datetime | None] = {
        "departed_at": departed_at,
        "dosed_at": dosed_at,
        "discharged_at": discharged_at,
    }
    for field, value in facts.items():
        if value is not None and getattr(appointment, field) is None:
            setattr(appointment, field, value)
    if dosed_at and had_ended and appointment.status in FREED:
        sessions.take_back(appointment.order_id)
    if status is not None and status != appointment.status:
        _enter(appointment, status)
    if observation_end is not None:
        driving.forbid_longer(appointment, observation_end=observation_end)
    if discharged_at or (dosed_at and had_ended) or appointment.drive_after != drive_after:
        appointment.revision += 1
    appointment.save()
    ledger.plan_for(appointment=appointment)
    if status in FREED:
        runs.mend(visit=appointment, was_at=appointment.starts_at)
