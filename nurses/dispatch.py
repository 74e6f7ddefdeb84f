"""The clinic's whole day: every nurse's route, and the visits nobody goes to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import Q

from booking.models import Appointment
from nurses import route
from nurses.route import Route, Totals
from scheduling.models import Nurse, Shift


@dataclass(frozen=True, slots=True)
class Unassigned:
    """A visit that no nurse goes to."""

    appointment: Appointment
    why: str


@dataclass(frozen=True, slots=True)
class Day:
    """All routes of a day; there is no bound to compare them with until a plan ran."""

    date: date
    routes: list[Route]
    unassigned: list[Unassigned]
    lower_bound_km: float | None = None
    gap_percent: float | None = None

    @property
    def totals(self) -> Totals:
        """What all routes add up to."""
        return Totals.of(
            drives=[drive for one in self.routes for drive in one.drives],
            visits=sum(len(one.stops) for one in self.routes),
        )


def on(day: date) -> Day:
    """Return the day's routes, of nurses with a shift on the road or a visit, by name."""
    visits: dict[int | None, list[Appointment]] = defaultdict(list)
    for visit in route.held_on(day):
        if not visit.is_consultation:
            visits[visit.nurse_id].append(visit)
    nurses = _nurses(day=day, booked=[pk for pk in visits if pk is not None])
    away = route.away_on(day, nurses=nurses)
    return Day(
        date=day,
        routes=[
            route.plan(nurse=nurse, day=day, visits=visits[nurse.pk], away=away[nurse.pk])
            for nurse in nurses
        ],
        unassigned=[Unassigned(visit, "no_nurse") for visit in visits[None]],
    )


def _nurses(*, day: date, booked: Sequence[int]) -> list[Nurse]:
    on_shift = Shift.objects.filter(
        Q(valid_until__isnull=True) | Q(valid_until__gte=day),
        kind=Shift.Kind.FIELD,
        weekday=day.weekday(),
        valid_from__lte=day,
    )
    working = Q(is_active=True, pk__in=on_shift.values("nurse"))
    found = Nurse.objects.filter(working | Q(pk__in=booked))
    return list(found.select_related("user"))
