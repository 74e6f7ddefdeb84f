"""What patients told us by links in messages, as their nurse needs it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from booking.models import Appointment, VisitAnswer
from booking.notices.timeline import in_words

Purpose = VisitAnswer.Purpose


@dataclass(frozen=True, slots=True)
class Told:
    """One thing that was told, when, and whether somebody has to act on it."""

    what: str
    at: datetime
    is_urgent: bool


def of(visit: Appointment) -> list[Told]:
    """Return what was told of the visit as it is promised now, newest first."""
    answers = visit.answers.filter(version=visit.version).order_by("-at", "-pk")
    zone = ZoneInfo(visit.time_zone)
    return [Told(in_words(one, zone=zone), one.at, _is_urgent(one)) for one in answers]


def ate(visits: Iterable[Appointment]) -> set[UUID]:
    """Return which of the visits somebody said they ate or drank before."""
    versions = {visit.pk: visit.version for visit in visits}
    told = VisitAnswer.objects.filter(appointment__in=versions, purpose=Purpose.ATE)
    rows = told.values_list("appointment_id", "version")
    return {pk for pk, version in rows if versions[pk] == version}


def _is_urgent(answer: VisitAnswer) -> bool:
    unwell = answer.purpose == Purpose.UNWELL or answer.facts.get("answer") == "unwell"
    return unwell or answer.purpose == Purpose.ATE or answer.facts.get("answer") == "no"
