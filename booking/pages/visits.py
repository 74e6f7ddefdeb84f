"""My visits: all of them, one of them, and the one thing that is true now."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from booking import calendars, overview
from booking.models import Appointment
from booking.pages import visits_shown
from booking.presenting import NowView
from config.core import clock
from config.core.doors import PatientRequest, for_patients
from patients.accounts import patient_of

STOP_POLLING = 286  # htmx asks no more
UNCHANGED = 204  # and htmx leaves the page as it is, so that nothing is read aloud twice


def own(request: PatientRequest, visit_id: UUID) -> Appointment:
    """Return a visit of the patient's own; another's is not found."""
    patient = patient_of(request.user)
    rows = Appointment.objects.filter(patient=patient).select_related("therapy", "nurse__user")
    visit = rows.filter(pk=visit_id).first()
    if visit is None:
        raise Http404
    visit.patient = patient
    return visit


@require_safe
@for_patients
def visits(request: PatientRequest) -> HttpResponse:
    """Show what is true now, what is still open, and every visit."""
    context = visits_shown.page_of_all(patient_of(request.user), at=clock.now())
    return render(request, "booking/visits/list.html", context)


@require_safe
@for_patients
def visit(request: PatientRequest, visit_id: UUID) -> HttpResponse:
    """Show one visit."""
    shown = visits_shown.page_of(own(request, visit_id), at=clock.now())
    return render(request, "booking/visits/visit.html", shown)


@require_safe
@for_patients
def now_of_all(request: PatientRequest) -> HttpResponse:
    """Show only what is true now, for a page that is already open."""
    visits = overview.visits_of(patient_of(request.user))
    return _now(request, overview.now_of(visits, at=clock.now()))


@require_safe
@for_patients
def now_of_one(request: PatientRequest, visit_id: UUID) -> HttpResponse:
    """Show only what is true now, for the open page of a visit."""
    return _now(request, visits_shown.now_of(own(request, visit_id), at=clock.now()))


def _now(request: PatientRequest, shown: NowView | None) -> HttpResponse:
    if shown is None:
        return HttpResponse(status=STOP_POLLING)
    if request.GET.get("shown") == shown.fingerprint:
        return HttpResponse(status=UNCHANGED)
    return render(request, "booking/visits/_now.html", {"now": shown, "url": request.path})


@require_safe
@for_patients
def calendar(request: PatientRequest, visit_id: UUID) -> HttpResponse:
    """Give one visit as a calendar file."""
    return HttpResponse(
        calendars.ics_for(own(request, visit_id)),
        content_type="text/calendar; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="visit.ics"'},
    )
