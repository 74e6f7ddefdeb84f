"""The clinic's figures as values for the pure cores, and the time rules a start must keep."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from django.conf import settings

from booking import clock, grid
from booking.models import OCCUPYING, Appointment
from booking.notices import plan
from config.core.errors import Reason
from config.core.postgres import prepared
from patients.models import Order, Patient, Therapy
from scheduling.instants import MINUTE, Instants, Mask, micros

CONSULTATION_NOTICE = timedelta(hours=1)
# What became of each is seen to here: PostgreSQL takes longer to weigh such a condition against
# the indexes made for it than to read what one patient has.
VISITS = """
    SELECT starts_at, ends_at, status, dosed_at IS NOT NULL, min_interval_hours
    FROM booking_appointment AS visit LEFT JOIN patients_order ON patients_order.id = order_id
    WHERE visit.patient_id = %s AND visit.id IS DISTINCT FROM %s::uuid ORDER BY starts_at
"""


def clock_rules() -> clock.ClockRules:
    """Return the hours around a visit as the clinic set them."""
    return clock.ClockRules(
        heavy_meal_hours=settings.HEAVY_MEAL_HOURS,
        food_hours=settings.FOOD_HOURS,
        liquids_hours=settings.LIQUIDS_HOURS,
        driving_hours=settings.DRIVING_HOURS,
        opens=settings.SERVICE_OPENS,
        closes=settings.SERVICE_CLOSES,
    )


def plan_rules() -> plan.PlanRules:
    """Return the graces and quiet hours of messages as the clinic set them."""
    return plan.PlanRules(grace=timedelta(seconds=settings.BOOKED_GRACE_SECONDS))


def lengths_of(therapy: Therapy) -> clock.Lengths:
    """Return how long each part of the therapy takes."""
    return clock.Lengths(
        prep=therapy.prep_minutes,
        infusion=therapy.infusion_minutes,
        observation=therapy.observation_minutes,
    )


def earliest_start(*, therapy: Therapy, asked_at: datetime) -> datetime:
    """Return the first instant that may be asked for."""
    notice = timedelta(hours=settings.NOTICE_HOURS) if therapy.needs_order else CONSULTATION_NOTICE
    return asked_at + notice


def latest_start(*, asked_at: datetime) -> datetime:
    """Return the last instant that may be asked for."""
    return asked_at + timedelta(days=settings.HORIZON_DAYS)


@dataclass(frozen=True, slots=True)
class Diary:
    """What else the patient has, as far as it restricts a new start."""

    taken: tuple[tuple[datetime, datetime], ...]
    infusions: tuple[tuple[datetime, int], ...]  # start, minimum hours its order asks for

    @property
    def starts(self) -> tuple[datetime, ...]:
        """When the infusions start."""
        return tuple(start for start, _ in self.infusions)

    def is_busy(self, *, starts_at: datetime, ends_at: datetime) -> bool:
        """Whether the patient has another visit then."""
        return any(start < ends_at and starts_at < end for start, end in self.taken)

    def is_spaced(self, *, starts_at: datetime, minimum_hours: int, zone: ZoneInfo) -> bool:
        """Whether every other infusion is far enough away; the larger minimum wins."""
        return all(
            clock.spacing_ok(
                earlier=min(start, starts_at),
                later=max(start, starts_at),
                minimum_hours=max(minimum, minimum_hours),
                zone=zone,
            )
            for start, minimum in self.infusions
        )


def diary(*, patient: Patient, without: Appointment | None = None) -> Diary:
    """Read the patient's promised and past visits, and those broken off after a dose."""
    rows = prepared.rows(VISITS, [patient.pk, without and without.pk])
    return Diary(
        taken=tuple((start, end) for start, end, status, _, _ in rows if status in OCCUPYING),
        infusions=tuple(
            (start, hours)
            for start, _, status, is_dosed, hours in rows
            if hours is not None and (is_dosed or status in OCCUPYING)
        ),
    )


def minimum_hours(*, therapy: Therapy, order: Order | None) -> int:
    """Return the spacing that the order, or without one the therapy, asks for."""
    return order.min_interval_hours if order else therapy.min_interval_hours


def is_first_of_run(*, starts_at: datetime, diary: Diary) -> bool:
    """Whether no infusion was given or promised in the seven days before."""
    week = timedelta(days=7)
    return not any(timedelta(0) < starts_at - start < week for start, _ in diary.infusions)


@dataclass(frozen=True, slots=True)
class Wish:
    """A start somebody asks for, with all that the time rules look at."""

    therapy: Therapy
    order: Order | None
    starts_at: datetime
    zone: ZoneInfo
    asked_at: datetime
    diary: Diary

    @property
    def ends_at(self) -> datetime:
        """When the visit would end, observation included."""
        return self.starts_at + timedelta(minutes=self.therapy.total_minutes)

    @property
    def day(self) -> date:
        """The local day of the visit."""
        return self.starts_at.astimezone(self.zone).date()


def broken(wish: Wish) -> Iterable[Reason]:
    """Yield every time rule that a wish breaks, in the order of the contract."""
    start, therapy = wish.starts_at, wish.therapy
    if start < earliest_start(therapy=therapy, asked_at=wish.asked_at):
        hours = settings.NOTICE_HOURS if therapy.needs_order else 1
        yield Reason("notice_too_short", f"Visits are booked at least {hours} hours ahead.")
    if start > latest_start(asked_at=wish.asked_at):
        yield Reason(
            "beyond_horizon", f"Visits are booked at most {settings.HORIZON_DAYS} days ahead."
        )
    rules = clock_rules()
    if not clock.within_service_hours(
        starts_at=start, ends_at=wish.ends_at, zone=wish.zone, rules=rules
    ):
        yield Reason(
            "too_late_at_night",
            f"Visits lie between {rules.opens:%H:%M} and {rules.closes:%H:%M} local time, "
            "observation included.",
        )
    hours = minimum_hours(therapy=therapy, order=wish.order)
    if therapy.needs_order and not wish.diary.is_spaced(
        starts_at=start, minimum_hours=hours, zone=wish.zone
    ):
        yield Reason("interval_too_short", "This is too close to another of your visits.")
    if wish.diary.is_busy(starts_at=start, ends_at=wish.ends_at):
        yield Reason("patient_busy", "You already have a visit at that time.")


def keeps(wish: Wish, starts: Instants) -> Mask:
    """Return which starts on the grid break no rule: of thousands, what `broken` says of one.

    Starts on the grid lie in service hours already.
    """
    earliest = earliest_start(therapy=wish.therapy, asked_at=wish.asked_at)
    latest = latest_start(asked_at=wish.asked_at)
    kept = (micros(earliest) <= starts) & (starts <= micros(latest))
    ends = starts + wish.therapy.total_minutes * MINUTE
    for start, end in wish.diary.taken:
        kept &= (ends <= micros(start)) | (micros(end) <= starts)
    return kept & _are_spaced(wish, starts) if wish.therapy.needs_order else kept


def _are_spaced(wish: Wish, starts: Instants) -> Mask:
    spaced = np.ones(len(starts), dtype=np.bool_)
    hours = minimum_hours(therapy=wish.therapy, order=wish.order)
    clocks = grid.wall_clock(zone=wish.zone, starts=starts)
    for start, minimum in wish.diary.infusions:
        spaced &= grid.apart_from(
            starts,
            other=start,
            minimum_hours=max(minimum, hours),
            clocks=clocks,
            zone=wish.zone,
        )
    return spaced
