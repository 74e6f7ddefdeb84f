"""What a patient's visits come to: what is true now, the next visit, those after it, those before.

All visits of a patient are read at once; what is said of them is worked out from these rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings

from booking import clock, presenting, rules
from booking.models import UNDER_WAY, Appointment, Status
from patients import check_ins
from patients.models import Intake, Patient

DANGER = {"acute_suicidality", "suicidal_thoughts", "phq9_item_9"}
# Events that never came: nobody is told for days that the nurse is with them.
ASKED_FOR = timedelta(days=7)
FORGOTTEN_AFTER = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Group:
    """A visit of its own, or the visits of a course that stand in one list."""

    course_id: UUID | None
    visits: list[Appointment]

    @property
    def is_course(self) -> bool:
        """Whether these were booked together."""
        return self.course_id is not None and len(self.visits) > 1

    @property
    def first(self) -> Appointment:
        """The visit that stands first."""
        return self.visits[0]


@dataclass(frozen=True, slots=True)
class Overview:
    """Everything that the page of all visits shows of them.

    Attributes
    ----------
    is_crisis
        The newest answers tell of a crisis, and no clinician has decided about them.
    is_in_danger
        The newest answers, or the latest check-in, tell of thoughts of suicide or self-harm.
    phone
        Where we reach the patient; empty if we cannot.
    recent
        A visit of the last days after which the patient has not told us how they are.
    place, of
        Which of how many the next visit is in its course; zero where it is in none.
    """

    is_crisis: bool
    is_in_danger: bool
    phone: str
    now: presenting.NowView | None
    recent: Appointment | None
    visit: Appointment | None
    clock: presenting.ClockView | None
    place: int
    of: int
    later: list[Group]
    past: list[Group]


@dataclass(frozen=True, slots=True)
class Forbidden:
    """Until when not to drive, and after which visit."""

    visit_id: UUID
    until: datetime
    zone: ZoneInfo


def of(*, patient: Patient, at: datetime) -> Overview:
    """Return the overview of a patient at an instant."""
    visits = visits_of(patient)
    ahead = [visit for visit in visits if is_ahead(visit, at=at)]
    past = [visit for visit in reversed(visits) if not is_ahead(visit, at=at)]
    visit = ahead[0] if ahead else None
    intake = Intake.objects.newest(patient=patient)
    place, among = place_in_course(visit, visits) if visit else (0, 0)
    return Overview(
        is_crisis=_is_crisis(intake),
        is_in_danger=_is_in_danger(intake) or check_ins.is_in_danger(patient=patient),
        phone=patient.phone,
        now=now_of(visits, at=at),
        recent=_recent(patient, past, at=at),
        visit=visit,
        clock=clock_of(visit) if visit else None,
        place=place,
        of=among,
        later=grouped(ahead[1:]),
        past=grouped(past),
    )


def visits_of(patient: Patient) -> list[Appointment]:
    """Return every visit of a patient, soonest first, with what the pages say of each."""
    rows = Appointment.objects.of(patient=patient)
    return list(rows.select_related("therapy", "nurse__user"))


def is_ahead(visit: Appointment, *, at: datetime) -> bool:
    """Whether it is to come or under way."""
    if visit.status == Status.BOOKED:
        return visit.ends_at > at
    return visit.status in UNDER_WAY and at < visit.ends_at + FORGOTTEN_AFTER


def first_ahead(visits: Iterable[Appointment], *, at: datetime) -> Appointment | None:
    """Return the first visit that is to come or under way."""
    return next((visit for visit in visits if is_ahead(visit, at=at)), None)


def grouped(visits: Iterable[Appointment]) -> list[Group]:
    """Return the visits in their order, those of a course together where its first one stands."""
    groups: list[Group] = []
    courses: dict[UUID, Group] = {}
    for visit in visits:
        known = courses.get(visit.course_id) if visit.course_id else None
        if known is not None:
            known.visits.append(visit)
            continue
        groups.append(Group(course_id=visit.course_id, visits=[visit]))
        if visit.course_id:
            courses[visit.course_id] = groups[-1]
    return groups


def place_in_course(visit: Appointment, visits: Sequence[Appointment]) -> tuple[int, int]:
    """Return which of how many the visit is; those that were given up do not count."""
    if visit.course_id is None:
        return (0, 0)
    of_course = [
        one.pk
        for one in visits
        if one.course_id == visit.course_id
        and (one.status != Status.CANCELLED or one.pk == visit.pk)
    ]
    return (of_course.index(visit.pk) + 1, len(of_course))


def example(*, at: datetime) -> presenting.ClockView:
    """Return the clock of a made-up short visit, in the clinic's zone, for who has none yet."""
    zone = ZoneInfo(settings.CLINIC_TIME_ZONE)
    day = clock.local_day(at, zone) + timedelta(days=2)
    times = clock.times_around(
        starts_at=clock.at_local(day, time(10, 30), zone),
        lengths=clock.Lengths(prep=30, infusion=40, observation=120),
        zone=zone,
        rules=rules.clock_rules(),
    )
    return presenting.clock_view(times=times, zone=zone)


def zone_of(appointment: Appointment) -> ZoneInfo:
    """Return the zone of the place of a visit."""
    return ZoneInfo(appointment.time_zone)


def clock_of(appointment: Appointment) -> presenting.ClockView | None:
    """Return the clock of an infusion, ready to be drawn; a consultation has none."""
    times = times_of(appointment)
    return presenting.clock_view(times=times, zone=zone_of(appointment)) if times else None


def times_of(appointment: Appointment) -> clock.Times | None:
    """Return the clock of an infusion; a consultation has none."""
    if not (
        appointment.heavy_meal_until
        and appointment.fast_from
        and appointment.liquids_until
        and appointment.drive_after
    ):
        return None
    return clock.Times(
        starts_at=appointment.starts_at,
        ends_at=appointment.ends_at,
        heavy_meal_until=appointment.heavy_meal_until,
        fast_from=appointment.fast_from,
        liquids_until=appointment.liquids_until,
        drive_after=appointment.drive_after,
    )


def _recent(patient: Patient, past: Iterable[Appointment], *, at: datetime) -> Appointment | None:
    last = next((visit for visit in past if visit.dosed_at is not None), None)
    if last is None or at - last.ends_at > ASKED_FOR:
        return None
    told = check_ins.newest(patient=patient)
    return None if told is not None and told.at > last.ends_at else last


# -- now ------------------------------------------------------------------------------------------


def now_of(visits: Sequence[Appointment], *, at: datetime) -> presenting.NowView | None:
    """Return the one thing that is true at an instant, of all of a patient's visits."""
    visit, warning = first_ahead(visits, at=at), warning_of(visits, at=at)
    if visit is not None and _is_asking(visit, at=at):
        shown = _about(visit, at=at)
        is_of_another = warning is not None and warning.visit_id != visit.pk
        if shown and warning and is_of_another and visit.status == Status.BOOKED:
            said = presenting.no_driving(warning.until, warning.zone)
            return replace(shown, detail=f"{shown.detail} {said}")
        return shown
    if warning is not None:
        return presenting.no_driving_view(drive_after=warning.until, zone=warning.zone)
    return _about(visit, at=at) if visit else None


def _about(visit: Appointment, *, at: datetime) -> presenting.NowView | None:
    """Return what a visit that is to come, or under way, asks of the patient."""
    times, zone = times_of(visit), zone_of(visit)
    if times is None:
        ends_at = visit.ends_at
        return presenting.talk_view(starts_at=visit.starts_at, ends_at=ends_at, zone=zone, at=at)
    stages = {
        Status.BOOKED: presenting.Stage.AHEAD,
        Status.EN_ROUTE: presenting.Stage.ON_THE_WAY,
    }
    stage = stages.get(Status(visit.status), presenting.Stage.HERE)
    return presenting.now_view(times=times, zone=zone, at=at, stage=stage)


def _is_asking(visit: Appointment, *, at: datetime) -> bool:
    """Whether it is under way, or asks for something that it did not ask for the week before."""
    begins = visit.heavy_meal_until or visit.starts_at
    return visit.status != Status.BOOKED or at >= begins


def warning_of(visits: Iterable[Appointment], *, at: datetime) -> Forbidden | None:
    """Return after which visit driving is forbidden longest.

    A dose was given; or it may have been, where nobody has recorded anything yet.
    """
    forbidden = [
        Forbidden(visit.pk, visit.drive_after, zone_of(visit))
        for visit in visits
        if visit.drive_after is not None and visit.drive_after > at and _is_dosed(visit, at=at)
    ]
    return max(forbidden, key=lambda one: one.until, default=None)


def _is_dosed(visit: Appointment, *, at: datetime) -> bool:
    is_open = visit.status in (Status.BOOKED, *UNDER_WAY)
    return visit.dosed_at is not None or (is_open and visit.ends_at <= at)


# -- danger ---------------------------------------------------------------------------------------


def _is_crisis(intake: Intake | None) -> bool:
    return (
        intake is not None
        and intake.status == Intake.Status.AWAITING_REVIEW
        and intake.outcome == Intake.Outcome.CRISIS
    )


def _is_in_danger(intake: Intake | None) -> bool:
    return intake is not None and any(one["code"] in DANGER for one in intake.findings)
