"""What happened at the home is written down here and moves the visit on.

Checks, observations and adverse events are evidence and are taken at any time; only events and
doses need the visit to have come so far.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from booking import appointments, attention
from booking.clock import local_day
from booking.models import Appointment, Status
from booking.notices.words import first_name
from config.core.errors import Reason, Refused, WrongState, deadlocks_retried
from config.core.models import User
from nurses import rules, states
from nurses.models import AdverseEvent, Check, Event, Observation
from nurses.record import Record
from nurses.writing import Told, once, page
from patients import gate
from scheduling import roster
from scheduling.travel import Haversine, Place

# A step as on-call reads it: an e-mail names no therapy.
STEPS = {
    Event.Name.DEPART: "set off",
    Event.Name.ARRIVE: "arrived",
    Event.Name.START_INFUSION: "started",
    Event.Name.END_INFUSION: "ended",
    Event.Name.DISCHARGE: "discharged",
    Event.Name.TRANSFER: "transferred to emergency care",
    Event.Name.ABORT: "broken off",
    Event.Name.NO_SHOW: "nobody there",
    Event.Name.START: "started",
    Event.Name.COMPLETE: "completed",
}


@deadlocks_retried
def record_event(
    *,
    appointment_id: UUID,
    by: User,
    event: str,
    at: datetime,
    client_id: str,
    latitude: float | None = None,
    longitude: float | None = None,
    happened: bool = False,
) -> tuple[Event, bool]:
    """Write a step of the visit down and say whether it is new.

    Parameters
    ----------
    happened
        The act took place already, out of signal: it is recorded whatever the rules say, the
        reasons against it are kept, and staff and on-call are told.

    Raises
    ------
    Refused
        With every reason why it may not happen.
    Malformed
        If it lies in the future.
    """
    told, name = Told(by, at, client_id), Event.Name(event)

    def write(appointment: Appointment) -> Event:
        record = Record.of(appointment)
        reasons = _against(record=record, event=name, at=at, happened=happened)
        if reasons and not happened:
            raise Refused(reasons)
        row = Event(
            **told.fields(appointment),
            event=name,
            latitude=latitude,
            longitude=longitude,
            metres_away=_metres_away(appointment, latitude, longitude),
            deviations=[reason.code for reason in reasons],
        )
        _move(record=record, row=row)
        row.save()
        if reasons:
            _tell_deviations(row=row, reasons=reasons)
        return row

    return once(Event.objects, appointment_id=appointment_id, told=told, write=write)


@deadlocks_retried
def record_check(
    *, appointment_id: UUID, by: User, kind: str, at: datetime, client_id: str, value: Any
) -> tuple[Check, bool]:
    """Write an answer taken at the door down and say whether it is new."""
    told = Told(by, at, client_id)

    def write(appointment: Appointment) -> Check:
        return Check.objects.create(**told.fields(appointment), kind=kind, value=value)

    return once(Check.objects, appointment_id=appointment_id, told=told, write=write)


@deadlocks_retried
def record_observation(
    *, appointment_id: UUID, by: User, at: datetime, client_id: str, **seen: Any
) -> tuple[Observation, bool]:
    """Write one set of vital signs down and say whether it is new."""
    told = Told(by, at, client_id)

    def write(appointment: Appointment) -> Observation:
        return Observation.objects.create(**told.fields(appointment), **seen)

    return once(Observation.objects, appointment_id=appointment_id, told=told, write=write)


@deadlocks_retried
def record_adverse_event(
    *,
    appointment_id: UUID,
    by: User,
    at: datetime,
    client_id: str,
    severity: str,
    description: str,
) -> tuple[AdverseEvent, bool]:
    """Write down that something went wrong, page on-call, and say whether it is new."""
    told = Told(by, at, client_id)

    def write(appointment: Appointment) -> AdverseEvent:
        row = AdverseEvent.objects.create(
            **told.fields(appointment), severity=severity, description=description
        )
        page(row, appointment=appointment, severity=severity)
        return row

    return once(AdverseEvent.objects, appointment_id=appointment_id, told=told, write=write)


@dataclass(frozen=True, slots=True)
class NextStep:
    """What comes next when all goes well, and what would refuse it."""

    event: Event.Name
    refusals: list[Reason]


def next_step(*, record: Record, at: datetime) -> NextStep | None:
    """Return the next step of a visit; None when it is over."""
    consultation = record.appointment.is_consultation
    event = states.usual(status=record.status, consultation=consultation)
    if event is None:
        return None
    return NextStep(event, refusals(record=record, event=event, at=at))


# -- events --------------------------------------------------------------------------------------


def _against(*, record: Record, event: Event.Name, at: datetime, happened: bool) -> list[Reason]:
    """Return what stands against the event; the rules are asked only of a step in order."""
    if not states.belongs(event=event, consultation=record.appointment.is_consultation):
        raise WrongState(f"{event.label}: this kind of visit knows no such step.")
    wrong = _out_of_order(record=record, event=event, at=at)
    if wrong and not happened:
        return wrong
    return [*wrong, *refusals(record=record, event=event, at=at)]


def refusals(*, record: Record, event: Event.Name, at: datetime) -> list[Reason]:
    """Return every rule that refuses the event at an instant, the gate for that moment included."""
    visit = record.appointment
    closed: list[Reason] = []
    if event == Event.Name.START_INFUSION:
        closed = [*_gate(visit, at=at), *_nurse_papers(visit, at=at)]
    return rules.refusals(record=record, event=event, at=at, gate=closed)


def _gate(visit: Appointment, *, at: datetime) -> list[Reason]:
    return gate.ask(
        patient=visit.patient,
        therapy=visit.therapy,
        starts_at=at,
        asked_at=at,
        order=visit.order,
        state=visit.state,
    )


def _nurse_papers(visit: Appointment, *, at: datetime) -> list[Reason]:
    day = local_day(at, ZoneInfo(visit.time_zone))
    if visit.nurse is None or roster.has_papers(
        nurse=visit.nurse, therapy=visit.therapy, state=visit.state, day=day
    ):
        return []
    return [Reason("nurse_not_licensed", "Your licence or qualification does not cover today.")]


def _out_of_order(*, record: Record, event: Event.Name, at: datetime) -> list[Reason]:
    last, status = record.last_event_at, record.status
    if last is not None and at < last:
        return [Reason("wrong_state", "That lies before what was recorded last.")]
    if event == Event.Name.DISCHARGE and status == Status.INFUSING:
        return []  # refused by name: `infusion_not_ended`
    possible = states.after(
        status=status,
        event=event,
        dosed=record.is_dosed,
        consultation=record.appointment.is_consultation,
    )
    if possible is None:
        detail = f"{event.label}: not possible while the visit is “{status.label}”."
        return [Reason("wrong_state", detail)]
    return []


def _move(*, record: Record, row: Event) -> None:
    """Take the event into the promise, by way of any steps nobody recorded."""
    visit = record.appointment
    steps = states.way(
        status=record.status,
        event=Event.Name(row.event),
        dosed=record.is_dosed,
        consultation=visit.is_consultation,
    )
    for passed in steps[:-1]:
        appointments.progress(appointment=visit, status=passed)
    row.status = steps[-1] if steps else visit.status
    facts = _facts(record=record, row=row)
    if steps or facts:
        appointments.progress(appointment=visit, status=steps[-1] if steps else None, **facts)


def _facts(*, record: Record, row: Event) -> dict[str, datetime]:
    """Return what the event tells about the promise's times."""
    observation = timedelta(minutes=record.appointment.observation_minutes)
    if row.event == Event.Name.DEPART:
        return {"departed_at": row.at}
    if row.event == Event.Name.DISCHARGE:
        return {"discharged_at": row.at, "observation_end": row.at}
    if row.event == Event.Name.TRANSFER:
        return {"observation_end": row.at}
    broken_off = row.event == Event.Name.ABORT and record.infusion_started_at is not None
    if row.status == Status.OBSERVING or broken_off:
        # Nobody may be left sooner, so nobody may drive sooner either; a dose may yet be told.
        return {"observation_end": row.at + observation}
    return {}


def _metres_away(
    appointment: Appointment, latitude: float | None, longitude: float | None
) -> int | None:
    home = appointment.latitude, appointment.longitude
    if latitude is None or longitude is None or home[0] is None or home[1] is None:
        return None
    return Haversine(detour=1).metres(Place(latitude, longitude), Place(home[0], home[1]))


def _tell_deviations(*, row: Event, reasons: list[Reason]) -> None:
    against = rules.spoken(reason.code for reason in reasons)
    what = f"Recorded against the rules: {STEPS[Event.Name(row.event)]} with {against}"
    attention.ask(
        kind="deviation",
        key=f"event/{row.pk}",
        detail=f"{what} (by {first_name(row.recorded_by.name)})."[:500],
        appointment=row.appointment,
    )
    page(row, appointment=row.appointment, what=what)
