"""The pages about money: what a visit costs, where it is paid, and what was paid."""

from __future__ import annotations

from uuid import UUID

from csp.decorators import csp_update
from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from booking import payments, stripe_door, takings
from booking.models import Appointment, Payment
from booking.pages import payments_paper, payments_shown
from booking.pages.visits import own
from config.core.doors import PatientRequest, for_patients
from config.core.errors import WrongState
from patients.accounts import patient_of

UNREACHABLE = 503


class PayForm(forms.Form):
    """What somebody wants to pay."""

    what = forms.ChoiceField(choices=Payment.What.choices)


# Browsers ask this page where its form may lead in the end: to the page on which one pays.
@csp_update({"form-action": stripe_door.pages()})  # type: ignore[arg-type]
@require_http_methods(["GET", "HEAD", "POST"])
@for_patients
def pay(request: PatientRequest, visit_id: UUID) -> HttpResponse:
    """Show what a visit costs, and lead to where it is paid."""
    visit = own(request, visit_id)
    if request.method == "POST":
        return _lead_on(request, visit)
    if is_back := "back" in request.GET:
        _catch_up(visit)
    page = payments_shown.page_of(visit, is_back=is_back)
    return render(request, "booking/payments/pay.html", page)


def _lead_on(request: PatientRequest, visit: Appointment) -> HttpResponse:
    form = PayForm(request.POST)
    if not form.is_valid():
        return redirect("visit-pay", visit.pk)
    try:
        where = payments.checkout(
            visit=visit,
            what=Payment.What(form.cleaned_data["what"]),
            back=settings.SITE_URL + reverse("visit-pay", args=[visit.pk]),
            language=visit.patient.language,
        )
    except WrongState:
        messages.info(request, _("There is nothing left to pay here."))
        return redirect("visit-pay", visit.pk)
    except (stripe_door.NotNow, stripe_door.Declined):
        page = payments_shown.page_of(visit) | {"is_unreachable": True}
        return render(request, "booking/payments/pay.html", page, status=UNREACHABLE)
    return redirect(where)


def _catch_up(visit: Appointment) -> None:
    """Ask what came of it, where the news has not come yet; the page says what the row says."""
    standing = Payment.objects.open().filter(appointment=visit).first()
    try:
        if standing is not None and stripe_door.is_on():
            takings.catch_up(standing)
    except (stripe_door.NotNow, stripe_door.Declined):
        return


@require_safe
@for_patients
def paid(request: PatientRequest) -> HttpResponse:
    """List what a patient paid, and what is still to be paid."""
    patient = patient_of(request.user)
    page = {"lines": payments_shown.lines_of(patient), "owing": payments_shown.owing(patient)}
    return render(request, "booking/payments/list.html", page)


@require_safe
@for_patients
def receipt(request: PatientRequest, payment_id: UUID) -> HttpResponse:
    """Show one receipt."""
    page = payments_shown.receipt_of(patient=patient_of(request.user), payment_id=payment_id)
    if page is None:
        raise Http404
    return render(request, "booking/payments/receipt.html", page)


@require_safe
@for_patients
def receipt_pdf(request: PatientRequest, payment_id: UUID) -> HttpResponse:
    """Give one receipt as a PDF."""
    page = payments_shown.receipt_of(patient=patient_of(request.user), payment_id=payment_id)
    if page is None:
        raise Http404
    paper = payments_paper.receipt(page["payment"], rows=page["rows"], back=page["back"])
    return paper.as_response()
