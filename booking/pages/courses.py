"""The page on which a course is chosen as one step: a suggestion, and ways to another one."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from booking import clock, rules, series, suggestions
from booking.pages import book_catalogue, book_making, courses_words, picker_words as words
from booking.pages.book_forms import ANY, CourseForm
from booking.pages.book_planned import Planned
from booking.pages.book_reasons import missing
from config.core.clock import now
from config.core.doors import PatientRequest, for_patients
from config.core.errors import Refused
from patients import accounts
from patients.accounts import zone_of
from patients.models import Patient, Therapy


@require_safe
@for_patients
def suggest(request: PatientRequest, therapy: str) -> HttpResponse:
    """Suggest the days and hours of a course."""
    found = book_making.therapy_or_404(therapy)
    if found.pk not in series.PATTERNS:
        return redirect("book-time", found.pk)
    patient = accounts.patient_of(request.user)
    form = CourseForm(
        {"start": ANY, "hour": ANY} | request.GET.dict(),
        starts=_weeks(patient, found),
        hours=_hours(found),
    )
    page = _page(patient=patient, therapy=found, form=form)
    return render(request, "booking/book/course.html", page)


def _page(*, patient: Patient, therapy: Therapy, form: CourseForm) -> dict[str, Any]:
    page: dict[str, Any] = {
        "treatment": book_catalogue.treatment(therapy, patient=patient),
        "form": form,
    }
    zone = zone_of(patient)
    try:
        found = suggestions.find(
            patient=patient,
            therapy=therapy,
            first=form.first() or clock.local_day(now(), zone),
            wanted=form.wanted(),
        )
    except Refused as refused:
        closed = missing(refused.reasons, patient=patient, therapy=therapy)
        return page | {"missing": closed, "none": courses_words.none(therapy)}
    visits = [Planned(slot["starts_at"], zone, therapy) for slot in found["slots"]]
    return page | {
        "visits": visits,
        "query": "&".join(f"at={visit.at}" for visit in visits),
        "zone": words.say_zone(zone, at=visits[0].starts_at),
        "summary": courses_words.summary(found, visits),
        "limit": courses_words.limit(found),
        "other_hour": courses_words.other_hour(form.wanted(), visits),
        "no_driving": courses_words.no_driving(visits),
    }


def _weeks(patient: Patient, therapy: Therapy) -> list[tuple[str, str]]:
    """Return the weeks in which a course can begin: from now, then each Monday."""
    zone, at = zone_of(patient), now()
    first = clock.local_day(rules.earliest_start(therapy=therapy, asked_at=at), zone)
    last = clock.local_day(rules.latest_start(asked_at=at), zone)
    weeks = [(ANY, _("As soon as possible"))]
    day = first + timedelta(days=7 - first.weekday())
    while day <= last:
        weeks.append((day.isoformat(), words.say_day(day)))
        day += timedelta(days=7)
    return weeks


def _hours(therapy: Therapy) -> list[tuple[str, str]]:
    """Return the hours at which visits can begin."""
    day = date(2000, 1, 1)
    last = datetime.combine(day, settings.SERVICE_CLOSES) - timedelta(minutes=therapy.total_minutes)
    hours = [time(hour) for hour in range(settings.SERVICE_OPENS.hour, last.hour + 1)]
    return [(ANY, _("Any"))] + [(f"{hour:%H:%M}", words.say_clock(hour)) for hour in hours]
