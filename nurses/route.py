"""A nurse's day on the road, worked out from the appointments at each read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice, pairwise
from typing import NamedTuple, Self
from zoneinfo import ZoneInfo

from booking.clock import local_day
from booking.models import Appointment
from booking.search import travel
from config.core.clock import now
from nurses.models import Route as Copy
from nurses.record import one_line
from scheduling import roster
from scheduling.intervals import Interval
from scheduling.models import Leave, Nurse
from scheduling.travel import Place

DRAFT, PUBLISHED = "draft", "published"
TIGHT = timedelta(minutes=10)
# A local day anywhere on earth lies within its UTC day and these margins.
BEFORE, AFTER = timedelta(hours=14), timedelta(hours=38)


class Drive(NamedTuple):
    """From one place to the next."""

    minutes: int
    metres: int

    @property
    def km(self) -> float:
        """Kilometres, exact to the metre."""
        return self.metres / 1000


@dataclass(frozen=True, slots=True)
class Stop:
    """One visit, and the drive to it from the one before, or from home."""

    appointment: Appointment
    sequence: int
    drive: Drive

    @property
    def leave_at(self) -> datetime:
        """When to set off at the latest."""
        return self.appointment.starts_at - timedelta(minutes=self.drive.minutes)

    @property
    def address(self) -> str:
        """The address in one line."""
        return one_line(self.appointment)


@dataclass(frozen=True, slots=True)
class Totals:
    """What a day adds up to."""

    travel_minutes: int = 0
    travel_km: float = 0.0
    visits: int = 0

    @classmethod
    def of(cls, *, drives: Iterable[Drive], visits: int) -> Self:
        """Add drives up."""
        rows = list(drives)
        metres = sum(drive.metres for drive in rows)
        return cls(sum(drive.minutes for drive in rows), metres / 1000, visits)


@dataclass(frozen=True, slots=True)
class Concern:
    """Something about the day that a person should look at."""

    code: str
    detail: str
    appointment: Appointment


@dataclass(frozen=True, slots=True)
class Route:
    """The stops of one nurse's day, and her consultations, which need no drive."""

    nurse: Nurse
    date: date
    stops: list[Stop]
    home: Drive
    consultations: list[Appointment]
    warnings: list[Concern]
    published: Copy | None = None

    @property
    def status(self) -> str:
        """Whether the nurse was told of it; what is shown is always what is promised now."""
        return PUBLISHED if self.published else DRAFT

    @property
    def totals(self) -> Totals:
        """The whole drive, the one home included."""
        return Totals.of(drives=self.drives, visits=len(self.stops))

    @property
    def drives(self) -> list[Drive]:
        """Every drive of the day."""
        return [*(stop.drive for stop in self.stops), self.home]


def today(*, nurse: Nurse) -> date:
    """Return the day it is where the nurse lives."""
    return local_day(now(), ZoneInfo(nurse.time_zone))


def for_nurse(*, nurse: Nurse, day: date) -> Route:
    """Return the nurse's route of a day."""
    visits = held_on(day, nurse=nurse)
    (drives,) = _drives([(nurse, visits)])
    return plan(
        nurse=nurse,
        day=day,
        visits=visits,
        drives=drives,
        away=away_on(day, nurses=[nurse])[nurse.pk],
        published=Copy.objects.newest(day=day).filter(nurse=nurse).first(),
    )


def everybodys(day: date, *, visits: Sequence[Appointment]) -> list[Route]:
    """Return the routes of all with a shift on the road or one of the visits, by name."""
    held: dict[int, list[Appointment]] = defaultdict(list)
    for visit in visits:
        if visit.nurse_id is not None:
            held[visit.nurse_id].append(visit)
    nurses = _nurses(day=day, booked=list(held))
    away = away_on(day, nurses=nurses)
    published = {row.nurse_id: row for row in Copy.objects.newest(day=day)}
    drives = _drives([(nurse, held[nurse.pk]) for nurse in nurses])
    return [
        plan(
            nurse=nurse,
            day=day,
            visits=held[nurse.pk],
            drives=hers,
            away=away[nurse.pk],
            published=published.get(nurse.pk),
        )
        for nurse, hers in zip(nurses, drives, strict=True)
    ]


def _nurses(*, day: date, booked: Sequence[int]) -> list[Nurse]:
    found = Nurse.objects.filter(pk__in=roster.working_on(day) | set(booked))
    return list(found.select_related("user"))


def held_on(day: date, *, nurse: Nurse | None = None) -> list[Appointment]:
    """Return the visits that hold time on a day local to their address, soonest first."""
    start = datetime.combine(day, time(), tzinfo=UTC)
    rows = Appointment.objects.occupying().filter(starts_at__range=(start - BEFORE, start + AFTER))
    if nurse is not None:
        rows = rows.filter(nurse=nurse)
    rows = rows.select_related("patient__user", "therapy", "nurse__user")
    ordered = rows.order_by("starts_at", "pk")
    return [row for row in ordered if local_day(row.starts_at, ZoneInfo(row.time_zone)) == day]


def away_on(day: date, *, nurses: Sequence[Nurse]) -> dict[int, list[Interval]]:
    """Return the leave of nurses that touches a day."""
    start = datetime.combine(day, time(), tzinfo=UTC)
    away: dict[int, list[Interval]] = defaultdict(list)
    touching = Leave.objects.touching(period=(start - BEFORE, start + AFTER))
    for leave in touching.filter(nurse__in=nurses):
        away[leave.nurse_id].append(Interval(leave.starts_at, leave.ends_at))
    return away


def plan(
    *,
    nurse: Nurse,
    day: date,
    visits: Sequence[Appointment],
    drives: Sequence[Drive],
    away: Sequence[Interval],
    published: Copy | None = None,
) -> Route:
    """Put a nurse's visits in order, with the drives between them and what is wrong with them."""
    on_the_road = [visit for visit in visits if not visit.is_consultation]
    stops = [
        Stop(appointment=visit, sequence=number, drive=drive)
        for number, (visit, drive) in enumerate(zip(on_the_road, drives, strict=False), start=1)
    ]
    return Route(
        nurse=nurse,
        date=day,
        stops=stops,
        home=drives[-1],
        consultations=[visit for visit in visits if visit.is_consultation],
        warnings=[*_tight(stops), *_on_leave(visits, away), *_blocked(visits)],
        published=published,
    )


def _drives(days: Sequence[tuple[Nurse, Sequence[Appointment]]]) -> list[list[Drive]]:
    """Return each nurse's drives from home along her visits and home, asked for all at once."""
    legs = [list(_legs(nurse, visits)) for nurse, visits in days]
    every = [leg for one in legs for leg in one]
    if not every:
        return [[Drive(0, 0)] for _ in legs]
    told = travel().pairs([here for here, _ in every], [there for _, there in every])
    found = map(Drive, (told.seconds // 60).tolist(), told.metres.tolist())
    return [list(islice(found, len(one))) or [Drive(0, 0)] for one in legs]


def _legs(nurse: Nurse, visits: Sequence[Appointment]) -> Iterable[tuple[Place, Place]]:
    home = Place(nurse.home_latitude, nurse.home_longitude)
    places = [_place(visit) for visit in visits if not visit.is_consultation]
    return pairwise([home, *places, home]) if places else ()


def _place(visit: Appointment) -> Place:
    # A constraint gives every visit under an order its place.
    return Place(visit.latitude or 0.0, visit.longitude or 0.0)


def _tight(stops: Sequence[Stop]) -> Iterable[Concern]:
    for before, stop in pairwise(stops):
        spare = stop.leave_at - before.appointment.ends_at
        minutes = round(spare.total_seconds() / 60)
        if minutes < 0:
            yield Concern(
                "gap_too_short",
                f"{-minutes} min too little to drive here after the visit before.",
                stop.appointment,
            )
        elif spare < TIGHT:
            yield Concern(
                "gap_tight",
                f"Only {minutes} min to spare after the visit before.",
                stop.appointment,
            )


def _on_leave(visits: Sequence[Appointment], away: Sequence[Interval]) -> Iterable[Concern]:
    for visit in visits:
        if any(gone.start < visit.ends_at and visit.starts_at < gone.end for gone in away):
            yield Concern("on_leave", "The nurse is on leave at that time.", visit)


def _blocked(visits: Sequence[Appointment]) -> Iterable[Concern]:
    for visit in visits:
        if visit.blocked:
            closed = ", ".join(code.replace("_", " ") for code in visit.blocked)
            yield Concern("blocked", f"Cannot start yet: {closed}.", visit)
