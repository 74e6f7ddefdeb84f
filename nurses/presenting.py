"""What the nurse's pages say of a record: what comes next, what is open, what is done."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from booking.clock import local_day, say_moment, say_time
from booking.models import Appointment
from config.core.clock import now
from nurses import rules, states, told, visits
from nurses.models import AdverseEvent, Check, Dose, Event, Happening, Observation
from nurses.record import Record
from nurses.visits import NextStep

Name = Event.Name
Kind = Check.Kind
Row = Event | Check | Observation | Dose | AdverseEvent

WORDS: dict[Name, str] = {
    Name.DEPART: "Set off",
    Name.ARRIVE: "I have arrived",
    Name.START_INFUSION: "Start the infusion",
    Name.END_INFUSION: "End the infusion",
    Name.DISCHARGE: "Discharge the patient",
    Name.TRANSFER: "Transfer to emergency care",
    Name.ABORT: "Break the visit off",
    Name.NO_SHOW: "Nobody is there",
    Name.START: "Start the consultation",
    Name.COMPLETE: "End the consultation",
}
# What stands in the way -> the part of the page where it is put right.
PLACES = {
    "identity_unchecked": "checks",
    "escort_absent": "checks",
    "warning_unacknowledged": "checks",
    "fasted_too_short": "intake",
    "drank_too_recently": "intake",
    "weight_missing": "intake",
    "weight_changed": "intake",
    "vitals_missing": "vitals",
    "vitals_block": "vitals",
    "scores_too_low": "vitals",
    "doses_unbalanced": "medicine",
}
# A check -> the part of the page that asks for it, where it is not "checks".
INTAKE = (Kind.LAST_FOOD, Kind.LAST_DRINK, Kind.WEIGHT, Kind.PRESCRIBER_DECISION)
TAGS = {
    "booked": "",
    "en_route": "teal",
    "on_site": "teal",
    "infusing": "amber",
    "observing": "amber",
    "discharged": "green",
    "completed": "green",
}


@dataclass(frozen=True, slots=True)
class Action:
    """An event as a button."""

    event: Name

    @property
    def label(self) -> str:
        """What the button says."""
        return WORDS[self.event]

    @property
    def is_grave(self) -> bool:
        """Whether it ends the visit otherwise than well."""
        return self.event in (Name.TRANSFER, Name.ABORT, Name.NO_SHOW)


@dataclass(frozen=True, slots=True)
class Open:
    """What stands in the way, and where on the page to put it right."""

    detail: str
    place: str


@dataclass(frozen=True, slots=True)
class Question:
    """A question answered by yes or no, and the last answer."""

    kind: str
    ask: str
    answer: str


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the record in words."""

    at: datetime
    when: str
    what: str
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Written:
    """What was just written down, and the part of the page that says so."""

    place: str
    line: Line


def page(record: Record, *, written: str = "") -> dict[str, Any]:
    """Return everything the visit page shows.

    Parameters
    ----------
    written
        The subject of the row that was just written down, such as `check/12`; else empty.
    """
    at = now()
    step = visits.next_step(record=record, at=at)
    visit = record.appointment
    return {
        "record": record,
        "visit": visit,
        "patient": visit.patient,
        "order": visit.order,
        "zone": visit.time_zone,
        "tag": TAGS.get(visit.status, "red"),
        "next": Action(step.event) if step else None,
        "open": _open(step),
        "told": told.of(visit),
        "others": list(_others(record=record, step=step)),
        "questions": list(_questions(record)),
        "at": at,
        "written": _written(record, written),
        "exceeds_order": visit.order is not None and record.given_mg > visit.order.dose_mg,
        "unwitnessed": [dose for dose in record.doses if dose.is_witness_pending],
        "lines": sorted(_lines(record), key=lambda line: line.at, reverse=True),
        "severities": AdverseEvent.Severity.choices,
    }


def place(row: Happening) -> str:
    """Return the part of the page where a row is entered."""
    match row:
        case Check():
            return "intake" if row.kind in INTAKE else "checks"
        case Observation():
            return "vitals"
        case Dose():
            return "medicine"
        case AdverseEvent():
            return "trouble"
    return "now"


def _written(record: Record, subject: str) -> Written | None:
    for row in _rows(record):
        if row.subject == subject:
            return Written(place(row), _line(row, record))
    return None


def _open(step: NextStep | None) -> list[Open]:
    reasons = step.refusals if step else []
    return [Open(reason.detail, PLACES.get(reason.code, "")) for reason in reasons]


def _others(*, record: Record, step: NextStep | None) -> Iterator[Action]:
    """Give what may happen besides the usual next step; what ends a visit comes last."""
    possible = states.possible(
        status=record.status,
        dosed=record.is_dosed,
        consultation=record.appointment.is_consultation,
    )
    for event in possible:
        if step is None or event != step.event:
            yield Action(event)


def _questions(record: Record) -> Iterator[Question]:
    asked = {
        Kind.IDENTITY: "Full name and date of birth are right",
        Kind.ESCORT_PRESENT: "The adult who stays is here",
        Kind.WARNING_ACKNOWLEDGED: "The driving warning was read out and understood",
    }
    ended = record.infusion_ended_at
    for kind, words in asked.items():
        # Once the infusion is over the adult is asked for again.
        since = ended if kind == Kind.ESCORT_PRESENT else None
        check = record.newest(kind, until=now(), since=since)
        answer = "" if check is None else "yes" if check.value else "no"
        yield Question(kind, words, answer)


def _rows(record: Record) -> tuple[Row, ...]:
    return (
        *record.events,
        *record.checks,
        *record.observations,
        *record.doses,
        *record.adverse_events,
    )


def _lines(record: Record) -> Iterator[Line]:
    for row in _rows(record):
        yield _line(row, record)


def _line(row: Row, record: Record) -> Line:
    zone = ZoneInfo(record.appointment.time_zone)
    what, flags = _say(row, zone)
    return Line(row.at, say_near(row.at, record.appointment), what, tuple(flags))


def say_near(at: datetime, visit: Appointment) -> str:
    """Say the hour, with the day where it is not the day of the visit."""
    zone = ZoneInfo(visit.time_zone)
    same_day = local_day(at, zone) == local_day(visit.starts_at, zone)
    return say_time(at, zone) if same_day else say_moment(at, zone)


def _say(row: Row, zone: ZoneInfo) -> tuple[str, list[str]]:
    match row:
        case Event():
            against = rules.spoken(row.deviations)
            flags = [f"against the rules: {against}"] if against else []
            far = [f"{row.metres_away} m from the address"] if row.is_far_away else []
            return row.get_event_display(), flags + far
        case Check():
            return f"{row.get_kind_display()}: {_value(row, zone)}", []
        case Observation():
            score = "" if row.discharge_score is None else f", score {row.discharge_score}"
            vitals = f"{row.systolic}/{row.diastolic}, pulse {row.heart_rate}, SpO₂ {row.spo2} %"
            return f"{vitals}{score}", [row.note] if row.note else []
        case Dose():
            return _say_dose(row)
        case AdverseEvent():
            return f"{row.get_severity_display()}: {row.description}", ["adverse event"]


def _value(check: Check, zone: ZoneInfo) -> str:
    value = check.value
    if check.kind in (Kind.LAST_FOOD, Kind.LAST_DRINK):
        return say_moment(datetime.fromisoformat(value), zone)
    if check.kind == Kind.WEIGHT:
        return f"{value:g} kg"
    if check.kind == Kind.PRESCRIBER_DECISION:
        return f"{value['decision']} ({value['about']}), {value['prescriber']}: {value['reason']}"
    return "yes" if value else "no"


def _say_dose(dose: Dose) -> tuple[str, list[str]]:
    flags = ["more than the order"] if dose.exceeds_order else []
    if dose.is_witness_pending:
        flags.append(f"waste of {dose.wasted_mg.normalize():f} mg has no witness yet")
    amounts = (
        f"drawn {dose.drawn_mg.normalize():f}, given {dose.given_mg.normalize():f},"
        f" wasted {dose.wasted_mg.normalize():f}, returned {dose.returned_mg.normalize():f} mg"
    )
    return f"Lot {dose.lot}: {amounts}", flags
