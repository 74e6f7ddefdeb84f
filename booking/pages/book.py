"""The pages on which a patient books: treatment, time, check; validate, call one rule, answer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from booking import series
from booking.pages import (
    book_catalogue,
    book_check,
    book_making,
    picker,
    picker_words as words,
    steps,
)
from booking.pages.book_forms import TalkForm
from config.core import on_the_way
from config.core.accounts import has_verified_email
from config.core.doors import OnceForm, PatientRequest, for_patients, once
from config.core.errors import Refused
from patients import accounts
from patients.models import Patient, Therapy


@require_safe
@for_patients
def treatments(request: PatientRequest) -> HttpResponse:
    """Show what can be booked, and what is left to do before."""
    patient = accounts.patient_of(request.user)
    page = {
        "treatments": book_catalogue.treatments(patient=patient),
        "checklist": steps.checklist(patient=patient),
    }
    return render(request, "booking/book/treatments.html", page)


@require_safe
@for_patients
def again(request: PatientRequest) -> HttpResponse:
    """Go to the times of what this patient would book again; messages name no treatment."""
    therapy = book_catalogue.again(patient=accounts.patient_of(request.user))
    return redirect("book-time", therapy) if therapy else redirect("book")


@require_safe
@for_patients
def time(request: PatientRequest, therapy: str) -> HttpResponse:
    """Show the times that can be had, and what the one chosen means."""
    found = book_making.therapy_or_404(therapy)
    patient = accounts.patient_of(request.user)
    form = TalkForm(patient=patient)
    return _time(request, patient=patient, therapy=found, query=request.GET.dict(), form=form)


@require_http_methods(["GET", "HEAD", "POST"])
@for_patients
def check(request: PatientRequest, therapy: str) -> HttpResponse:
    """Show everything once more, and book it."""
    found = book_making.therapy_or_404(therapy)
    patient = accounts.patient_of(request.user)
    starts = book_check.read_starts(request.POST.getlist("at") or request.GET.getlist("at"))
    if not starts:
        return redirect("book-time", found.pk)
    if not series.PATTERNS.get(found.pk):
        starts = starts[:1]
    answer = _talk if not found.needs_order else _session
    return _booked(patient, found, starts) or answer(
        request, patient=patient, therapy=found, starts=starts
    )


def _session(
    request: PatientRequest, *, patient: Patient, therapy: Therapy, starts: Sequence[datetime]
) -> HttpResponse:
    form = OnceForm(request.POST) if request.method == "POST" else OnceForm()
    refused: Refused | None = None
    if form.is_valid():
        try:
            return _book(request, form, patient=patient, therapy=therapy, starts=starts)
        except Refused as why:
            refused = why
    there = _booked(patient, therapy, starts) if refused else None
    return there or _check(
        request, patient=patient, therapy=therapy, starts=starts, refused=refused
    )


def _talk(
    request: PatientRequest, *, patient: Patient, therapy: Therapy, starts: Sequence[datetime]
) -> HttpResponse:
    query = {"at": words.write_at(starts[0])}
    if request.method != "POST":
        return redirect(f"{reverse('book-time', args=[therapy.pk])}?at={query['at']}#chosen")
    form, refused = TalkForm(request.POST, patient=patient), None
    if form.is_valid():
        if "phone" in form.cleaned_data:
            accounts.update(patient=patient, profile={"phone": form.cleaned_data["phone"]})
        try:
            return _book(request, form, patient=patient, therapy=therapy, starts=starts)
        except Refused as why:
            refused, form = why, TalkForm(request.POST, patient=patient)
            if "contact_missing" in why.codes:
                form.add_error(None, _("Please confirm your e-mail address first, then book."))
    return (_booked(patient, therapy, starts) if refused else None) or _time(
        request, patient=patient, therapy=therapy, query=query, form=form, refused=refused
    )


def _book(
    request: PatientRequest,
    form: OnceForm,
    *,
    patient: Patient,
    therapy: Therapy,
    starts: Sequence[datetime],
) -> HttpResponse:
    """Book what the form asks for, once, however often it is sent."""

    def make() -> str:
        return book_making.book(patient=patient, therapy=therapy, starts=starts, by=request.user)

    there = once(request, key=form.cleaned_data["once"], make=make)
    on_the_way.forget(request)
    return there


def _booked(patient: Patient, therapy: Therapy, starts: Sequence[datetime]) -> HttpResponse | None:
    """Go to what is booked already: by another tab, or before the patient came back here."""
    visit = book_check.booked(patient=patient, therapy=therapy, starts=starts)
    return redirect("visit-booked", visit.pk) if visit else None


def _check(
    request: PatientRequest,
    *,
    patient: Patient,
    therapy: Therapy,
    starts: Sequence[datetime],
    refused: Refused | None,
) -> HttpResponse:
    shown = book_check.of(patient=patient, therapy=therapy, starts=starts, refused=refused)
    if shown.missing:
        to = f"{request.path}?{shown.query}"
        on_the_way.remember(request, to=to, said=shown.said, until=shown.first.starts_at)
    page = {"check": shown, "form": OnceForm()}
    status = HTTPStatus.CONFLICT if refused else HTTPStatus.OK
    return render(request, "booking/book/check.html", page, status=status)


def _time(
    request: PatientRequest,
    *,
    patient: Patient,
    therapy: Therapy,
    query: dict[str, str],
    form: TalkForm,
    refused: Refused | None = None,
) -> HttpResponse:
    page: dict[str, Any] = {
        "treatment": book_catalogue.treatment(therapy, patient=patient),
        "checklist": steps.checklist(patient=patient, therapy=therapy),
    }
    try:
        page["picker"] = picker.of(patient=patient, therapy=therapy, query=query)
    except Refused:  # no home to come to
        return render(request, "booking/book/nowhere.html", page)
    if not therapy.needs_order:
        page |= {"form": form, "is_verified": has_verified_email(request.user)}
    status = HTTPStatus.BAD_REQUEST if form.errors else HTTPStatus.OK
    status = HTTPStatus.CONFLICT if refused else status
    return render(request, "booking/book/time.html", page, status=status)
