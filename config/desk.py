"""The first page of the admin: what waits for somebody, and the way to everything else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpRequest
from django.template.defaultfilters import pluralize
from django.urls import reverse

from booking import clock
from booking.models import Appointment, Notice, StaffTask
from config import navigation
from config.core.clock import now
from patients.models import Intake


@dataclass(frozen=True, slots=True)
class Waiting:
    """A number of things that wait, and where they are."""

    count: int
    what: str
    nothing: str
    link: str
    is_urgent: bool = False


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Add what the start page shows to its context."""
    jobs = navigation.sidebar(request)
    links = {item["link"] for job in jobs for item in job["items"]}
    cards = [card for card in _waiting() if card.link.partition("?")[0] in links]
    return {**context, "title": "What waits", "waiting": cards, "jobs": jobs}


def _waiting() -> list[Waiting]:
    awaiting = Intake.objects.awaiting_decision()
    crises = awaiting.filter(outcome=Intake.Outcome.CRISIS).count()
    pages, intakes = Notice.objects.calling().count(), awaiting.count()
    strays, board = _without_nurse()
    tasks, visits = StaffTask.objects.filter(done_at__isnull=True).count(), _visits_today()
    lost = Notice.objects.undelivered().count()
    decide = f"intake{pluralize(intakes)} to decide"
    return [
        Waiting(
            pages,
            f"page{pluralize(pages)} nobody has acknowledged",
            "No page is open",
            reverse("on-call"),
            is_urgent=True,
        ),
        Waiting(
            intakes,
            f"{decide}, {crises} in crisis" if crises else decide,
            "No intake waits",
            reverse("admin:patients_intake_changelist"),
            is_urgent=crises > 0,
        ),
        Waiting(
            tasks,
            f"task{pluralize(tasks)} to do",
            "Every task is done",
            reverse("admin:booking_stafftask_changelist"),
        ),
        Waiting(
            lost,
            f"message{pluralize(lost)} that did not get through",
            "Every message got through",
            reverse("undelivered-messages"),
        ),
        Waiting(
            strays,
            f"visit{pluralize(strays)} without a nurse in the next days",
            "Every visit of the next days has a nurse",
            board,
            is_urgent=True,
        ),
        Waiting(
            visits,
            f"visit{pluralize(visits)} today",
            "No visit today",
            reverse("admin:booking_appointment_changelist"),
        ),
    ]


def _visits_today() -> int:
    zone = ZoneInfo(settings.CLINIC_TIME_ZONE)
    day = clock.local_day(now(), zone)
    begins, ends = (clock.at_local(day + timedelta(days=n), time.min, zone) for n in (0, 1))
    return Appointment.objects.occupying().filter(starts_at__gte=begins, starts_at__lt=ends).count()


def _without_nurse() -> tuple[int, str]:
    """Return how many visits soon have no nurse, and where the first of them is."""
    at, board = now(), reverse("board")
    soon = Appointment.objects.to_come(at=at).infusions().filter(nurse__isnull=True)
    soon = soon.filter(starts_at__lt=at + timedelta(days=settings.DISPATCH_DAYS_AHEAD))
    first = soon.order_by("starts_at").first()
    if first is None:
        return 0, board
    day = clock.local_day(first.starts_at, ZoneInfo(first.time_zone))
    return soon.count(), f"{board}?date={day}"
