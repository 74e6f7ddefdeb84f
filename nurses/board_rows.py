"""The rows of the dispatcher's board: each nurse's day to scale, and in words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from booking.clock import say_moment, say_time
from booking.models import ENDED, Appointment, Status
from config.core.clock import now
from nurses import dispatch, route, timeline, workday
from nurses.route import Concern, Drive, Stop
from nurses.timeline import Axis, Span
from scheduling import roster
from scheduling.gaps import Available, Lunch
from scheduling.intervals import Interval
from scheduling.models import Nurse, Shift


@dataclass(frozen=True, slots=True)
class Bar:
    """One thing on the axis that is not a visit."""

    kind: str
    span: Span
    said: str

    @property
    def label(self) -> str:
        """What is written on it."""
        return self.said.split(",")[0]


@dataclass(frozen=True, slots=True)
class Visit:
    """One visit on the axis, and in words."""

    appointment: Appointment
    when: str
    span: Span
    drive: Drive
    leave_at: str
    is_warned: bool
    at_the_door: str

    @property
    def key(self) -> str:
        """Its number, as forms send it."""
        return str(self.appointment.pk)

    @property
    def starts(self) -> str:
        """When it starts."""
        return self.when.split("–", maxsplit=1)[0]

    @property
    def is_ended(self) -> bool:
        """Whether nothing more happens in it."""
        return self.appointment.status in ENDED

    @property
    def name(self) -> str:
        """Whom it is for."""
        return self.appointment.patient.user.first_name

    @property
    def said(self) -> str:
        """Everything the bar shows, as a sentence."""
        visit = self.appointment
        rest = "" if visit.status == Status.BOOKED else f" {visit.get_status_display()}."
        return (
            f"{visit.patient}, {self.when}, {visit.therapy}, {visit.city}. "
            f"{self.drive.minutes} min drive, leave by {self.leave_at}.{rest}"
        )


@dataclass(frozen=True, slots=True)
class Row:
    """One nurse's day."""

    route: route.Route
    facts: list[str]
    bars: list[Bar]
    visits: list[Visit]
    published: str
    is_refused: bool

    @property
    def key(self) -> str:
        """The nurse's number, as forms send it."""
        return str(self.nurse.pk)

    @property
    def nurse(self) -> Nurse:
        """Whose day it is."""
        return self.route.nurse

    @property
    def warnings(self) -> list[Concern]:
        """What a person should look at."""
        return self.route.warnings

    @property
    def movable(self) -> list[Visit]:
        """The visits another nurse could still be sent to."""
        at = now()
        return [one for one in self.visits if not workday.is_fixed(one.appointment, at=at)]


@dataclass(frozen=True, slots=True)
class _Around:
    """What holds the nurses' time besides the visits, by the number of the nurse."""

    shifts: dict[int, Available]
    leave: dict[int, list[Interval]]
    consultations: dict[int | None, list[Interval]]


def rows(shown: dispatch.Day, *, axis: Axis, refused: str = "") -> list[Row]:
    """Return everybody's rows, in the order of the day's routes."""
    nurses = [one.nurse for one in shown.routes]
    around = _Around(
        shifts=_shifts(shown.date, nurses=nurses),
        leave=route.away_on(shown.date, nurses=nurses),
        consultations=_consultations(axis, nurses=nurses),
    )
    return [_row(one, axis=axis, around=around, refused=refused) for one in shown.routes]


def _shifts(day: date, *, nurses: Sequence[Nurse]) -> dict[int, Available]:
    ids = [nurse.pk for nurse in nurses]
    found = roster.on_shift(kind=Shift.Kind.FIELD, first=day, last=day, nurse_ids=ids)
    return {one.nurse_id: one for one in found}


def _consultations(axis: Axis, *, nurses: Sequence[Nurse]) -> dict[int | None, list[Interval]]:
    others = Appointment.objects.occupying().overlapping(start=axis.start, end=axis.end)
    found: dict[int | None, list[Interval]] = defaultdict(list)
    rows = others.filter(order__isnull=True, nurse__in=nurses).order_by("starts_at")
    for nurse_id, starts_at, ends_at in rows.values_list("nurse", "starts_at", "ends_at"):
        found[nurse_id].append(Interval(starts_at, ends_at))
    return found


def _row(one: route.Route, *, axis: Axis, around: _Around, refused: str) -> Row:
    warned = {concern.appointment.pk for concern in one.warnings}
    copy = one.published
    return Row(
        route=one,
        facts=list(_facts(one, axis=axis, around=around)),
        bars=list(_bars(one, axis=axis, around=around)),
        visits=[_visit(stop, axis=axis, warned=warned) for stop in one.stops],
        published=say_moment(copy.published_at, axis.zone) if copy else "",
        is_refused=any(str(stop.appointment.pk) == refused for stop in one.stops),
    )


def _visit(stop: Stop, *, axis: Axis, warned: set[UUID]) -> Visit:
    visit = stop.appointment
    period = Interval(visit.starts_at, visit.ends_at)
    local = say_time(visit.starts_at, ZoneInfo(visit.time_zone))
    return Visit(
        appointment=visit,
        when=timeline.spoken(period, axis.zone),
        span=axis.span(period),
        drive=stop.drive,
        leave_at=say_time(stop.leave_at, axis.zone),
        is_warned=visit.pk in warned,
        at_the_door="" if local == say_time(visit.starts_at, axis.zone) else local,
    )


def on_the_road(one: route.Route) -> Iterator[tuple[Drive, Interval]]:
    """Give each drive and when it is driven: as late as it may be, the one home at once."""
    for stop in one.stops:
        if stop.drive.minutes:  # else the next visit is at the same door
            yield stop.drive, Interval(stop.leave_at, stop.appointment.starts_at)
    if one.stops and one.home.minutes:
        left = one.stops[-1].appointment.ends_at
        yield one.home, Interval(left, left + timedelta(minutes=one.home.minutes))


def held(one: route.Route) -> Iterator[Interval]:
    """Give everything of a route that takes time."""
    for stop in one.stops:
        yield Interval(stop.appointment.starts_at, stop.appointment.ends_at)
    for _, driven in on_the_road(one):
        yield driven


def _bars(one: route.Route, *, axis: Axis, around: _Around) -> Iterator[Bar]:
    """Give what lies under the visits, from the ground up."""
    shift = around.shifts.get(one.nurse.pk)
    for window in shift.windows if shift else ():
        yield from _bar("shift", window, "At work", axis)
    for gone in around.leave[one.nurse.pk]:
        yield from _bar("leave", gone, "On leave", axis)
    for lunch in _lunches(shift, axis=axis):
        yield from _bar("lunch", lunch.window, f"{lunch.minutes} min lunch within", axis)
    for talk in around.consultations[one.nurse.pk]:
        yield from _bar("desk", talk, "Consultation", axis)
    for drive, driven in on_the_road(one):
        yield from _bar("drive", driven, f"{drive.minutes} min drive", axis)


def _bar(kind: str, interval: Interval, said: str, axis: Axis) -> Iterator[Bar]:
    if axis.shows(interval):
        yield Bar(kind, axis.span(interval), f"{said}, {axis.spoken(interval)}")


def _lunches(shift: Available | None, *, axis: Axis) -> list[Lunch]:
    """Return the lunches of this day; the shift of the night before has one of its own."""
    return [lunch for lunch in shift.lunches if axis.shows(lunch.window)] if shift else []


def _facts(one: route.Route, *, axis: Axis, around: _Around) -> Iterator[str]:
    """Say when the nurse works, and what else there is in her day."""
    shift = around.shifts.get(one.nurse.pk)
    windows = [axis.spoken(window) for window in shift.windows] if shift else []
    yield f"Works {' and '.join(windows)}" if windows else "Does not work that day"
    for lunch in _lunches(shift, axis=axis):
        yield f"{lunch.minutes} min lunch, {axis.spoken(lunch.window)}"
    for gone in around.leave[one.nurse.pk]:
        if axis.shows(gone):
            yield _leave(gone, axis=axis)
    for talk in around.consultations[one.nurse.pk]:
        yield f"Consultation {axis.spoken(talk)}"


def _leave(gone: Interval, *, axis: Axis) -> str:
    before, after = gone.start <= axis.start, axis.end <= gone.end
    if before and after:
        return "On leave all day"
    if before:
        return f"On leave until {axis.name(gone.end)}"
    if after:
        return f"On leave from {axis.name(gone.start)}"
    return f"On leave {axis.spoken(gone)}"
