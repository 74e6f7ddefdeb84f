"""Book, reschedule, cancel, assign: the only code that changes a promise.

Locks are always taken in one order: the patient, then one nurse's day, then the rows. A nurse's
day is an advisory lock inside a savepoint per nurse tried, so that a transaction never holds the
days of two nurses, and two of them cannot wait for each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F

from booking import clock, notices, rules, search
from booking.models import ENDED, FREED, UNDER_WAY, Appointment, Status
from booking.rules import Wish
from booking.search import Where
from config.core.clock import now
from config.core.errors import (
    Reason,
    Refused,
    WrongState,
    constraints_as_refusals,
    deadlocks_retried,
)
from config.core.models import User
from patients import gate
from patients.models import Order, Patient, Therapy
from scheduling import roster
from scheduling.models import Nurse
from scheduling.roster import Available
from scheduling.slots import Gap

RESCHEDULE_UNTIL = timedelta(hours=24)


class GateClosed(Refused):
    """The patient may not have this then; every closed gate and broken time rule is listed."""


class NotOffered(Refused):
    """The start is not one that any nurse on shift could make."""


class SlotTaken(Refused):
    """The start was offered once, and is taken now."""


class _NurseIsGone(Exception):
    """The nurse tried was booked by somebody else in between."""


# -- locks ---------------------------------------------------------------------------------------


def lock_patient(patient: Patient) -> Patient:
    """Lock the patient's row until the transaction ends."""
    return Patient.objects.select_for_update(of=("self",)).get(pk=patient.pk)


def locked(appointment_id: UUID) -> Appointment:
    """Lock the patient, then the appointment, and return it as it is now."""
    patient_id = Appointment.objects.values_list("patient", flat=True).get(pk=appointment_id)
    Patient.objects.select_for_update(of=("self",)).get(pk=patient_id)
    return (
        Appointment.objects.select_for_update(of=("self",))
        .select_related("patient__user", "therapy", "order", "nurse__user")
        .get(pk=appointment_id)
    )


def lock_nurse_day(*, nurse: Available, starts_at: datetime) -> None:
    """Wait for the nurse's local day; a rolled-back savepoint gives it free again."""
    day = starts_at.astimezone(nurse.zone).date().toordinal()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [nurse.nurse_id, day])


# -- who can go ----------------------------------------------------------------------------------


def candidates(*, wish: Wish, at: Where, without: Appointment | None = None) -> list[Available]:
    """Return the nurses who could make the start, least extra driving first.

    Raises
    ------
    NotOffered
        If nobody on shift could make it even on an empty day, or it is off the quarter hour.
    SlotTaken
        If somebody could, but for other visits.
    """
    if not clock.on_grid(wish.starts_at, wish.zone, rules.clock_rules()):
        raise _not_offered(wish=wish, at=at, without=without)
    day = wish.starts_at.date()
    on_shift = roster.available(
        therapy=wish.therapy,
        state=at.state,
        first=day - timedelta(days=1),
        last=day + timedelta(days=1),
    )
    gaps = search.free_gaps(nurses=on_shift, without=without)
    fits = [gap for gap in gaps if _fits(gap=gap, wish=wish, at=at)]
    if not fits:
        if any(_could_on_an_empty_day(nurse=nurse, wish=wish, at=at) for nurse in on_shift):
            raise _slot_taken(wish=wish, at=at, without=without)
        raise _not_offered(wish=wish, at=at, without=without)
    by_id = {nurse.nurse_id: nurse for nurse in on_shift}
    return [by_id[gap.nurse_id] for gap in sorted(fits, key=lambda gap: _extra_drive(gap, at))]


def _fits(*, gap: Gap, wish: Wish, at: Where) -> bool:
    found = search.fitting(
        gaps=[gap], at=at, minutes=wish.therapy.total_minutes, starts=[wish.starts_at]
    )
    return bool(found.counts[0])


def _could_on_an_empty_day(*, nurse: Available, wish: Wish, at: Where) -> bool:
    empty = search.gaps(nurse_id=nurse.nurse_id, home=nurse.home, windows=nurse.windows, visits=[])
    return any(_fits(gap=gap, wish=wish, at=at) for gap in empty)


def _extra_drive(gap: Gap, at: Where) -> tuple[int, int]:
    """Return the minutes of driving a visit adds to a gap, then the nurse's number."""
    if at.place is None:
        return 0, gap.nurse_id
    drive = search.travel().minutes
    added = drive(gap.before, at.place) + drive(at.place, gap.after)
    return added - drive(gap.before, gap.after), gap.nurse_id


def _slot_taken(*, wish: Wish, at: Where, without: Appointment | None = None) -> SlotTaken:
    others = search.alternatives(wish=wish, at=at, without=without)
    return SlotTaken([Reason("slot_taken", "That time has just been taken.")], alternatives=others)


def _not_offered(*, wish: Wish, at: Where, without: Appointment | None = None) -> NotOffered:
    others = search.alternatives(wish=wish, at=at, without=without)
    return NotOffered(
        [Reason("not_offered", "No nurse can make a visit at that time.")], alternatives=others
    )


def _still_free(*, nurse: Available, wish: Wish, at: Where, without: Appointment | None) -> bool:
    """Look again under the lock."""
    gaps = search.free_gaps(nurses=[nurse], without=without)
    return any(_fits(gap=gap, wish=wish, at=at) for gap in gaps)


# -- book ----------------------------------------------------------------------------------------


@deadlocks_retried
def book(
    *,
    patient: Patient,
    therapy: Therapy,
    starts_at: datetime,
    by: User,
    asked_at: datetime | None = None,
) -> Appointment:
    """Reserve a visit.

    Parameters
    ----------
    asked_at
        The moment that gate and notice rules count from; now, if not given. No HTTP door gives it.

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
        appointment = _new(patient=patient, wish=wish, by=by)
        _reserve(wish.order)
        _hold(appointment=appointment, wish=wish, at=at)
        notices.plan_for(appointment=appointment)
    return appointment


def _refuse_closed(
    *, patient: Patient, wish: Wish, order: Order | None = None, state: str | None = None
) -> None:
    closed = gate.ask(
        patient=patient,
        therapy=wish.therapy,
        starts_at=wish.starts_at,
        asked_at=wish.asked_at,
        order=order,
        state=state,
    )
    reasons = [*closed, *rules.broken(wish)]
    if reasons:
        raise GateClosed(reasons)


def _hold(
    *, appointment: Appointment, wish: Wish, at: Where, without: Appointment | None = None
) -> None:
    """Give the visit to the first candidate who is still free under the lock, and save it."""
    for nurse in candidates(wish=wish, at=at, without=without):
        try:
            with transaction.atomic():
                lock_nurse_day(nurse=nurse, starts_at=wish.starts_at)
                if not _still_free(nurse=nurse, wish=wish, at=at, without=without):
                    raise _NurseIsGone
                appointment.nurse_id = nurse.nurse_id
                with constraints_as_refusals():
                    appointment.save()
                return
        except _NurseIsGone:
            continue
        except Refused as refused:
            if refused.codes != ["slot_taken"]:
                raise
    raise _slot_taken(wish=wish, at=at, without=without)


def _new(*, patient: Patient, wish: Wish, by: User) -> Appointment:
    therapy = wish.therapy
    appointment = Appointment(
        patient=patient,
        therapy=therapy,
        order=wish.order,
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


def _reserve(order: Order | None) -> None:
    if order is not None:
        with constraints_as_refusals():
            Order.objects.filter(pk=order.pk).update(sessions_reserved=F("sessions_reserved") + 1)


def _release(order_id: int | None) -> None:
    Order.objects.filter(pk=order_id).update(sessions_reserved=F("sessions_reserved") - 1)


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
        _set_times(appointment=current, wish=wish)
        current.version += 1
        current.changed_at = at
        _hold(appointment=current, wish=wish, at=_where_booked(current), without=_as_held(current))
        notices.plan_for(appointment=current)
    return current


def _as_held(appointment: Appointment) -> Appointment:
    """Return the row as the database still holds it."""
    return Appointment.objects.select_related("order").get(pk=appointment.pk)


def _where_booked(appointment: Appointment) -> Where:
    return Where(place=search.busy_of(appointment).place, state=appointment.state)


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
        notices.plan_for(appointment=current)
    return current


@deadlocks_retried
def assign(*, appointment: Appointment, nurse: Nurse) -> Appointment:
    """Send another nurse, if she may go and is free.

    Raises
    ------
    SlotTaken, NotOffered, WrongState
    """
    with transaction.atomic():
        current = locked(appointment.pk)
        if current.status != Status.BOOKED:
            raise WrongState("The nurse of a visit under way does not change.")
        wish = search.wish_for(
            patient=current.patient,
            therapy=current.therapy,
            starts_at=current.starts_at,
            asked_at=now(),
            without=current,
        )
        _assign(current=current, nurse=nurse, wish=wish)
    return current


def _assign(*, current: Appointment, nurse: Nurse, wish: Wish) -> None:
    at, held = _where_booked(current), _as_held(current)
    day = wish.starts_at.date()
    found = roster.available(
        therapy=current.therapy,
        state=current.state,
        first=day - timedelta(days=1),
        last=day + timedelta(days=1),
        nurse_ids=[nurse.pk],
    )
    if not any(_could_on_an_empty_day(nurse=one, wish=wish, at=at) for one in found):
        raise NotOffered([Reason("not_offered", f"{nurse} may not be sent there then.")])
    lock_nurse_day(nurse=found[0], starts_at=wish.starts_at)
    if not _still_free(nurse=found[0], wish=wish, at=at, without=held):
        raise SlotTaken([Reason("slot_taken", f"{nurse} has another visit.")])
    current.nurse = nurse
    with constraints_as_refusals():
        current.save(update_fields=["nurse"])


def _enter(appointment: Appointment, status: Status) -> None:
    """Change the status; a promise that is freed gives its session back to the order."""
    if status in FREED and appointment.status not in FREED:
        _release(appointment.order_id)
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

    "Do not drive before" only moves later from the first dose on.
    """
    facts: dict[str, datetime | None] = {
        "departed_at": departed_at,
        "dosed_at": dosed_at,
        "discharged_at": discharged_at,
    }
    for field, value in facts.items():
        if value is not None and getattr(appointment, field) is None:
            setattr(appointment, field, value)
    if status is not None and status != appointment.status:
        _enter(appointment, status)
    if observation_end is not None:
        _drive_later(appointment, observation_end=observation_end)
    if discharged_at is not None:
        appointment.revision += 1
    appointment.save()
    notices.plan_for(appointment=appointment)


def _drive_later(appointment: Appointment, *, observation_end: datetime) -> None:
    """Forbid driving for longer; the end of the observation counts, or the planned end."""
    if appointment.drive_after is None:
        return
    until = clock.drive_after(
        observation_end=max(observation_end, appointment.ends_at),
        zone=ZoneInfo(appointment.time_zone),
        rules=rules.clock_rules(),
    )
    appointment.drive_after = max(until, appointment.drive_after)


# -- gates that close in between -----------------------------------------------------------------


def recheck_gates(*, limit: int = 200) -> int:
    """Ask the gates of visits to come again and return how many answers changed."""
    at = now()
    waiting = Appointment.objects.to_come(at=at).infusions()
    stale = waiting.filter(gate_asked_at__lt=at - timedelta(minutes=1))
    changed = waiting.filter(patient__changed_at__gt=F("gate_asked_at"))
    rows: Sequence[UUID] = list(
        (stale | changed).order_by("gate_asked_at").values_list("pk", flat=True)[:limit]
    )
    return sum(_recheck_gate(appointment_id) for appointment_id in rows)


@transaction.atomic
def _recheck_gate(appointment_id: UUID) -> bool:
    """Ask one visit's gate again; the time stays held whatever the answer."""
    at = now()
    current = locked(appointment_id)
    if current.status in ENDED:
        return False
    closed = gate.ask(
        patient=current.patient,
        therapy=current.therapy,
        starts_at=current.starts_at,
        asked_at=at,
        order=current.order,
        state=current.state,
    )
    fields: dict[str, Any] = {"gate_asked_at": at, "blocked": [reason.code for reason in closed]}
    differs = fields["blocked"] != current.blocked
    Appointment.objects.filter(pk=current.pk).update(**fields)
    if differs and closed:
        current.blocked = fields["blocked"]
        notices.tell_blocked(appointment=current, reasons=closed)
    return differs
