"""The last screen of booking: what was promised, and what comes next."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from booking import payments
from booking.models import OCCUPYING, Appointment
from booking.pages import picker_words as words
from booking.pages.book_catalogue import treatment
from booking.pages.book_planned import Planned
from config.core.doors import PatientRequest, for_patients
from patients.accounts import patient_of


@require_safe
@for_patients
def booked(request: PatientRequest, visit: UUID) -> HttpResponse:
    """Show the visit, or the whole course, that has just been booked."""
    patient = patient_of(request.user)
    rows = Appointment.objects.of(patient=patient).select_related("therapy", "nurse__user")
    first = get_object_or_404(rows, pk=visit)
    together = rows.filter(course=first.course_id) if first.course_id else rows.filter(pk=visit)
    visits = [row for row in together if row.status in OCCUPYING]
    page = {
        "visit": first,
        "visits": [Planned.of(row) for row in visits],
        "treatment": treatment(first.therapy, patient=patient),
        "zone": words.say_zone_of(first),
        "escort": patient.escort_name,
        "may_be_paid": payments.may_be_paid(first),
    }
    return render(request, "booking/book/booked.html", page)
