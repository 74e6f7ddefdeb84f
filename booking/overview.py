"""What a patient sees first: what is true now, the next visit, and what is still open."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Q

from booking import clock, presenting, rules
from booking.models import UNDER_WAY, Appointment, Status
from patients import gate
from patients.models import Intake, Patient

STEPS = {
    "intake": "Health questions, answered and reviewed",
    "order": "A prescriber's order",
    "consents": "Consent forms signed",
    "escort": "An adult who stays with you",
    "address": "Your home address, inside the area we visit",
}
NO_INTAKE = "Please answer our questions about your health."
INTAKE = {
    Intake.Status.AWAITING_REVIEW: "We have your answers. A clinician is reading them.",
    Intake.Status.ASKED: "We asked you for more about your answers. Please call us.",
    Intake.Status.CLEARED: "Your answers are too old by now. Please answer our questions again.",
    Intake.Status.DECLINED: "We cannot offer you this treatment as things stand. "
    "Please call us: we would like to talk it over with you.",
}
DANGER = {"acute_suicidality", "suicidal_thoughts", "phq9_item_9"}


@dataclass(frozen=True, slots=True)
class Step:
    """One of the things to have before an infusion can be booked."""

    label: str
    is_done: bool
    is_with_us: bool
    next_step: str


@dataclass(frozen=True, slots=True)
class Overview:
    """Everything the patient's first page shows.

    Attributes
    ----------
    is_crisis
        The newest answers tell of a crisis, and no clinician has decided about them.
    is_in_danger
        The newest answers tell of thoughts of suicide or self-harm.
    phone
        Where we reach the patient; empty if we cannot.
    """

    is_crisis: bool
    is_in_danger: bool
    phone: str
    now: presenting.NowView | None
    visit: Appointment | None
    clock: presenting.ClockView | None
    later: list[Appointment]
    blocked: list[str]
    steps: list[Step]

    @property
    def left(self) -> int:
        """How many steps are open."""
        return sum(not step.is_done for step in self.steps)


def of(*, patient: Patient, at: datetime) -> Overview:
    """Return the overview of a patient at an instant."""
    visits = _to_come(patient, at)
    visit = visits[0] if visits else None
    times = times_of(visit) if visit else None
    intake = Intake.objects.newest(patient=patient)
    return Overview(
        is_crisis=_is_crisis(intake),
        is_in_danger=_is_in_danger(intake),
        phone=patient.phone,
        now=_now(patient, visit, at),
        visit=visit,
        clock=presenting.clock_view(times=times, zone=_zone(visit)) if visit and times else None,
        later=visits[1:],
        blocked=[_next_step(code, intake) for code in visit.blocked] if visit else [],
        steps=_steps(patient, intake),
    )


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


def _zone(appointment: Appointment) -> ZoneInfo:
    return ZoneInfo(appointment.time_zone)


def _to_come(patient: Patient, at: datetime) -> list[Appointment]:
    ahead = Q(status=Status.BOOKED, ends_at__gt=at)
    visits = Appointment.objects.of(patient=patient).select_related("therapy")
    return list(visits.filter(ahead | Q(status__in=UNDER_WAY)))


def _now(patient: Patient, visit: Appointment | None, at: datetime) -> presenting.NowView | None:
    if visit and visit.status in UNDER_WAY:
        return _now_at(visit, at)
    dosed = Appointment.objects.of(patient=patient).filter(
        dosed_at__isnull=False, drive_after__gt=at
    )
    latest = dosed.order_by("-drive_after").first()
    if latest and latest.drive_after:
        return presenting.no_driving_view(drive_after=latest.drive_after, zone=_zone(latest))
    return _now_at(visit, at) if visit else None


def _now_at(visit: Appointment, at: datetime) -> presenting.NowView | None:
    times = times_of(visit)
    if times is None:
        return None
    stages = {
        Status.BOOKED: presenting.Stage.AHEAD,
        Status.EN_ROUTE: presenting.Stage.ON_THE_WAY,
    }
    stage = stages.get(Status(visit.status), presenting.Stage.HERE)
    return presenting.now_view(times=times, zone=_zone(visit), at=at, stage=stage)


def _is_crisis(intake: Intake | None) -> bool:
    return (
        intake is not None
        and intake.status == Intake.Status.AWAITING_REVIEW
        and intake.outcome == Intake.Outcome.CRISIS
    )


def _is_in_danger(intake: Intake | None) -> bool:
    return intake is not None and any(one["code"] in DANGER for one in intake.findings)


def _steps(patient: Patient, intake: Intake | None) -> list[Step]:
    answers = gate.summary(patient=patient)
    is_read = intake is not None and intake.status == Intake.Status.AWAITING_REVIEW
    return [
        Step(
            label=label,
            is_done=answers[name] == "ok",
            is_with_us=name == "intake" and is_read,
            next_step=_next_step(answers[name], intake),
        )
        for name, label in STEPS.items()
    ]


def _next_step(code: str, intake: Intake | None) -> str:
    if code == "not_cleared":
        return INTAKE[Intake.Status(intake.status)] if intake else NO_INTAKE
    return gate.NEXT_STEPS.get(code, code)
