"""Everything a patient may want to keep, in one place."""

from __future__ import annotations

from uuid import UUID
from zoneinfo import ZoneInfo

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from booking import visit_papers
from config.core.doors import PatientRequest, for_patients
from patients import accounts, consent

SHOWN = 60  # visits


@for_patients
@require_safe
def listed(request: PatientRequest) -> HttpResponse:
    """List what was signed, what stays of each visit, and where the rest is."""
    patient = accounts.patient_of(request.user)
    language = (get_language() or consent.ENGLISH).partition("-")[0]
    documents = [
        (one, consent.wording(one.document, language=language))
        for one in consent.standing(patient=patient)
    ]
    visits = [
        (visit, visit_papers.nurse_of(visit), ZoneInfo(visit.time_zone))
        for visit in visit_papers.past(patient=patient)[:SHOWN]
    ]
    context = {"documents": documents, "visits": visits, "zone": accounts.zone_of(patient)}
    return render(request, "patients/documents/list.html", context)


@for_patients
@require_safe
def visit_paper(request: PatientRequest, visit_id: UUID) -> HttpResponse:
    """Give the summary of a visit as a file."""
    patient = accounts.patient_of(request.user)
    paper = visit_papers.summary(patient=patient, visit_id=visit_id)
    if paper is None:
        raise Http404
    return paper.as_response()
