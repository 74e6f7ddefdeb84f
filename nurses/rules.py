"""What stops an infusion from starting and a patient from being left: a record in, reasons out.

Figures: docs/domain.md, sections 1 to 3. What was written down after the instant in question
does not count for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from django.conf import settings

from booking.models import Status
from config.core.errors import Reason
from nurses.models import Check, Event
from nurses.record import Record

Kind = Check.Kind

FOOD_STOP = timedelta(hours=4)  # below this no prescriber may say go
WEIGHT_TOLERANCE = Decimal("0.10")
VITALS_AGE = timedelta(minutes=60)
BLOCK_SYSTOLIC, BLOCK_DIASTOLIC = 160, 100
LOWEST_SPO2 = 92  # [policy] below it nothing that depresses breathing is started
DISCHARGE_SCORE = 9
SCORES_APART = timedelta(minutes=1)  # [policy] taken sooner, the second says nothing new

# What spoke against a step -> the words after "with" that tell it. They go out by e-mail, so they
# name neither the therapy nor the medicine.
SPOKEN = {
    "identity_unchecked": "the identity unchecked",
    "escort_absent": "no adult there who stays",
    "fasted_too_short": "too short a time without food",
    "drank_too_recently": "a drink too recent",
    "weight_missing": "the weight not taken",
    "weight_changed": "the weight changed",
    "vitals_missing": "the vital signs not taken",
    "vitals_block": "vital signs that forbid it",
    "blocked": "the visit not permitted at that time",
    "infusion_not_ended": "the end not recorded",
    "observation_too_short": "the observation too short",
    "scores_too_low": "the scores too low",
    "warning_unacknowledged": "the warning not acknowledged",
    "doses_unbalanced": "the amounts not accounted for",
    "wrong_state": "the steps out of order",
}


def spoken(codes: Iterable[str]) -> str:
    """Say in words what spoke against a step, each thing once."""
    said = (SPOKEN.get(code, code.replace("_", " ")) for code in codes)
    return ", ".join(dict.fromkeys(said))


def refusals(
    *, record: Record, event: Event.Name, at: datetime, gate: Sequence[Reason] = ()
) -> list[Reason]:
    """Return every reason why the event may not happen at the instant, in the contract's order."""
    if event == Event.Name.START_INFUSION:
        return start_refusals(record=record, at=at, gate=gate)
    if event == Event.Name.DISCHARGE:
        return discharge_refusals(record=record, at=at)
    return []


def start_refusals(*, record: Record, at: datetime, gate: Sequence[Reason]) -> list[Reason]:
    """Return every reason why the infusion may not start at the instant."""
    reasons = (
        _identity(record, at),
        _escort(record, at),
        _food(record, at),
        _drink(record, at),
        _weight_taken(record, at),
        _weight_same(record, at),
        _vitals_taken(record, at),
        _vitals_safe(record, at),
        _gate_open(gate),
    )
    return [reason for reason in reasons if reason]


def discharge_refusals(*, record: Record, at: datetime) -> list[Reason]:
    """Return every reason why the patient may not be left at the instant."""
    ended = record.infusion_ended_at
    reasons = (
        _infusion_over(record, ended),
        _observed(record, ended, at),
        _scores(record, ended, at),
        _escort_after(record, ended, at),
        _warning(record, at),
        _doses(record),
    )
    return [reason for reason in reasons if reason]


def _is_true(check: Check | None) -> bool:
    return check is not None and check.value is True


def _identity(record: Record, at: datetime) -> Reason | None:
    if _is_true(record.newest(Kind.IDENTITY, until=at)):
        return None
    return Reason("identity_unchecked", "Check who the patient is: full name and date of birth.")


def _escort(record: Record, at: datetime) -> Reason | None:
    if _is_true(record.newest(Kind.ESCORT_PRESENT, until=at)):
        return None
    return Reason("escort_absent", "The adult who stays with the patient must be there.")


def _instant(check: Check) -> datetime:
    return datetime.fromisoformat(check.value)


def _food(record: Record, at: datetime) -> Reason | None:
    code = "fasted_too_short"
    decision = record.decision("food", until=at)
    if decision and decision.value["decision"] == "stop":
        return Reason(code, "The prescriber decided against it because of food.")
    food = record.newest(Kind.LAST_FOOD, until=at)
    if food is None:
        return Reason(code, "Ask when the patient last ate, and record it.")
    fasted = at - _instant(food)
    if fasted < FOOD_STOP:
        return Reason(code, "The patient ate less than 4 hours ago: do not start.")
    # A decision speaks of the food that was known when it was made.
    if fasted < timedelta(hours=settings.FOOD_HOURS) and not (decision and decision.at >= food.at):
        return Reason(
            code,
            f"The patient ate less than {settings.FOOD_HOURS} hours ago: the prescriber decides.",
        )
    return None


def _drink(record: Record, at: datetime) -> Reason | None:
    code = "drank_too_recently"
    drink = record.newest(Kind.LAST_DRINK, until=at)
    if drink is None:
        return Reason(code, "Ask when the patient last drank, and record it.")
    if at - _instant(drink) < timedelta(hours=settings.LIQUIDS_HOURS):
        return Reason(code, f"The patient drank less than {settings.LIQUIDS_HOURS} hours ago.")
    return None


def _weight_taken(record: Record, at: datetime) -> Reason | None:
    if record.newest(Kind.WEIGHT, until=at):
        return None
    return Reason("weight_missing", "Weigh the patient.")


def _weight_same(record: Record, at: datetime) -> Reason | None:
    code = "weight_changed"
    decision = record.decision("weight", until=at)
    if decision and decision.value["decision"] == "stop":
        return Reason(code, "The prescriber decided against it because of the weight.")
    check, order = record.newest(Kind.WEIGHT, until=at), record.appointment.order
    if check is None or order is None:
        return None
    change = abs(Decimal(str(check.value)) - order.weight_kg)
    if change <= order.weight_kg * WEIGHT_TOLERANCE or (decision and decision.at >= check.at):
        return None
    return Reason(
        code,
        f"The weight differs by more than 10 % from the order's {order.weight_kg} kg:"
        " the prescriber decides.",
    )


def _vitals_since(record: Record, at: datetime) -> datetime:
    return max(at - VITALS_AGE, record.arrived_at or at - VITALS_AGE)


def _vitals_taken(record: Record, at: datetime) -> Reason | None:
    if record.vitals(since=_vitals_since(record, at), until=at):
        return None
    return Reason("vitals_missing", "Take vital signs here, within the hour before starting.")


def _vitals_safe(record: Record, at: datetime) -> Reason | None:
    taken = record.vitals(since=_vitals_since(record, at), until=at)
    if not taken:
        return None
    code, last = "vitals_block", taken[-1]
    if last.systolic >= BLOCK_SYSTOLIC or last.diastolic >= BLOCK_DIASTOLIC:
        return Reason(
            code,
            f"Blood pressure is {last.systolic}/{last.diastolic};"
            f" from {BLOCK_SYSTOLIC}/{BLOCK_DIASTOLIC} on do not start.",
        )
    if last.spo2 < LOWEST_SPO2:
        return Reason(code, f"Oxygen saturation is {last.spo2} %; under {LOWEST_SPO2} % wait.")
    return None


def _gate_open(gate: Sequence[Reason]) -> Reason | None:
    if not gate:
        return None
    closed = "; ".join(f"{reason.code}: {reason.detail}" for reason in gate)
    return Reason("blocked", f"Not permitted now. {closed}")


def _infusion_over(record: Record, ended: datetime | None) -> Reason | None:
    if ended and record.status != Status.INFUSING:
        return None
    return Reason("infusion_not_ended", "End the infusion first.")


def _observed(record: Record, ended: datetime | None, at: datetime) -> Reason | None:
    minutes = max(record.appointment.observation_minutes, settings.OBSERVATION_FLOOR_MINUTES)
    if ended and ended + timedelta(minutes=minutes) <= at:
        return None
    return Reason("observation_too_short", f"Observe for {minutes} minutes after the infusion.")


def _scores(record: Record, ended: datetime | None, at: datetime) -> Reason | None:
    after = record.vitals(since=ended, until=at) if ended else []
    scored = [(seen.at, seen.discharge_score) for seen in after if seen.discharge_score is not None]
    apart = [taken for taken, _ in scored if taken <= scored[-1][0] - SCORES_APART]
    # A low score between the two is never skipped over.
    if apart and all(score >= DISCHARGE_SCORE for _, score in scored[len(apart) - 1 :]):
        return None
    return Reason(
        "scores_too_low",
        f"The last two discharge scores after the infusion must both be {DISCHARGE_SCORE} or more,"
        " taken at different times.",
    )


def _escort_after(record: Record, ended: datetime | None, at: datetime) -> Reason | None:
    if ended and _is_true(record.newest(Kind.ESCORT_PRESENT, since=ended, until=at)):
        return None
    return Reason("escort_absent", "Hand the patient over to the adult who stays with them.")


def _warning(record: Record, at: datetime) -> Reason | None:
    if _is_true(record.newest(Kind.WARNING_ACKNOWLEDGED, until=at)):
        return None
    return Reason(
        "warning_unacknowledged", "Read out the warning about driving and have it acknowledged."
    )


def _doses(record: Record) -> Reason | None:
    # Each row adds up by a constraint; what can be missing is the row.
    if record.doses or record.infusion_started_at is None:
        return None
    return Reason("doses_unbalanced", "Record what was drawn, given, wasted and returned.")
