"""How a patient says they are, and sees how they have been."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _, gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from booking import visit_papers
from config.core.doors import PatientRequest, for_patients
from patients import accounts, check_ins, fields, plots
from patients.instruments import gad7_band, phq9_band
from patients.models import CheckIn, Patient
from patients.pages.check_ins_forms import CheckInForm

SHOWN = 60  # check-ins
BANDS = {
    "none or minimal": gettext_lazy("none or minimal"),
    "minimal": gettext_lazy("minimal"),
    "mild": gettext_lazy("mild"),
    "moderate": gettext_lazy("moderate"),
    "moderately severe": gettext_lazy("moderately severe"),
    "severe": gettext_lazy("severe"),
}


@for_patients
@require_safe
def listed(request: PatientRequest) -> HttpResponse:
    """Show what was answered until now, as a drawing and as a table."""
    patient = accounts.patient_of(request.user)
    rows = list(patient.check_ins.all()[:SHOWN])
    context = {
        "rows": [_row(one) for one in rows],
        "last": rows[0] if rows else None,
        "phone": fields.in_groups(patient.phone),
        "zone": accounts.zone_of(patient),
    }
    return render(request, "patients/check_ins/list.html", context | _plots(patient, rows))


@for_patients
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: PatientRequest) -> HttpResponse:
    """Ask, and write down."""
    form = CheckInForm(request.POST or None)
    if form.is_valid():
        patient = accounts.patient_of(request.user)
        key = form.cleaned_data["once"]
        check_ins.submit(patient=patient, client_id=key, answers=form.answers())
        messages.success(request, _("Thank you. Your answers are noted."))
        return redirect("check-ins")
    status = 400 if form.errors else 200
    return render(request, "patients/check_ins/new.html", {"form": form}, status=status)


def _row(one: CheckIn) -> dict[str, Any]:
    return {
        "at": one.at,
        "phq9": one.phq9,
        "phq9_band": BANDS[phq9_band(one.phq9)],
        "gad7": one.gad7,
        "gad7_band": BANDS[gad7_band(one.gad7)] if one.gad7 is not None else "",
        "pain": one.pain,
    }


def _plots(patient: Patient, rows: list[CheckIn]) -> dict[str, Any]:
    """Return the drawing on a narrow sheet and on a wide one."""
    if not rows:
        return {}
    scores = [(one.at, one.phq9) for one in rows]
    visits = visit_papers.given_at(patient=patient)
    sheets = {"narrow": plots.NARROW, "wide": plots.WIDE}
    drawn = {look: plots.phq9(scores, visits=visits, sheet=one) for look, one in sheets.items()}
    return {"plots": drawn, "bands": [BANDS[phq9_band(low)] for low in plots.BANDS]}
