"""The pages of the account that concern visits: the home they come to, and closing the account."""

from __future__ import annotations

from typing import Any, cast

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from booking import closing
from booking.models import Appointment
from config.core import throttle
from config.core.clock import now
from config.core.doors import PatientRequest, for_patients
from config.core.errors import Malformed, Refused
from patients import accounts, data_rights, homes, places
from patients.accounts import patient_of
from patients.models import COOLING_OFF, Patient
from patients.pages.account_forms import HomeForm

COPIES_AN_HOUR = 10
FIELD = {"address.postal_code": "postal_code", "address.line1": "line1"}


@for_patients
def home(request: PatientRequest) -> HttpResponse:
    """Where the nurse comes to, and how she gets in."""
    patient = patient_of(request.user)
    address = accounts.address_of(patient)
    kept = HomeForm.kept(address, homes.notes_of(patient))
    form = HomeForm(request.POST or None, initial=kept)
    if form.is_valid() and _moved(patient, form):
        messages.success(request, _("Saved."))
        return redirect("account-home")
    context = {"form": form, "address": address, "is_served": is_served(patient)}
    return render(request, "patients/account/home.html", context | _booked_elsewhere(patient))


def _moved(patient: Patient, form: HomeForm) -> bool:
    """Keep what was told; what contradicts itself is said at its field."""
    try:
        accounts.update(patient=patient, profile={}, address=form.address, notes=form.notes)
    except Malformed as wrong:
        form.add_error(FIELD.get(wrong.reason.attr or "", "postal_code"), wrong.reason.detail)
        return False
    return True


def is_served(patient: Patient) -> bool | None:
    """Whether a nurse comes to where the patient lives; None while no address is known."""
    address = accounts.address_of(patient)
    if address is None:
        return None
    allowed = places.allowed(address.state)
    is_near = places.is_near((address.latitude, address.longitude), allowed)
    return is_near and places.is_permitted(allowed) and bool(address.time_zone)


def _booked_elsewhere(patient: Patient) -> dict[str, Any]:
    """Return the visits to come that were promised at another address than the one on file."""
    address = accounts.address_of(patient)
    if address is None:
        return {"visits": [], "elsewhere": []}
    visits = list(Appointment.objects.of(patient=patient).to_come(at=now()).infusions())
    where = ("line1", "line2", "postal_code")
    elsewhere = [
        visit for visit in visits if any(getattr(visit, f) != getattr(address, f) for f in where)
    ]
    return {"visits": visits, "elsewhere": elsewhere}


@for_patients
def data(request: PatientRequest) -> HttpResponse:
    """What is kept, a copy of it, and closing the account."""
    patient = patient_of(request.user)
    context = {
        "wish": data_rights.closure_of(patient),
        "visits": closing.promised(patient),
        "zone": accounts.zone_of(patient).key,
    }
    return render(request, "patients/account/data.html", context)


@reauthentication_required  # type: ignore[untyped-decorator]
@for_patients
def copy(request: PatientRequest) -> HttpResponse:
    """Everything that is kept about the patient, as a file."""
    if not throttle.allows(f"copy/{request.user.pk}", times=COPIES_AN_HOUR, seconds=3600):
        messages.error(request, _("You have had several copies already. Please wait an hour."))
        return redirect("account-data")
    stream = data_rights.copy(patient_of(request.user))
    answer = StreamingHttpResponse(stream, content_type="application/json; charset=utf-8")
    answer.headers["Content-Disposition"] = 'attachment; filename="my-data.json"'
    return cast("HttpResponse", answer)  # as far as the door cares


@reauthentication_required  # type: ignore[untyped-decorator]
@for_patients
def close(request: PatientRequest) -> HttpResponse:
    """Say what closing the account means, and note the wish."""
    patient = patient_of(request.user)
    if request.method == "POST":
        try:
            closing.ask(patient=patient, by=request.user)
        except Refused as refused:
            messages.error(request, refused.reasons[0].detail)
        return redirect("account-data")
    context = {"days": COOLING_OFF.days, "visits": closing.promised(patient)}
    return render(request, "patients/account/close.html", context)


@require_POST
@for_patients
def keep(request: PatientRequest) -> HttpResponse:
    """Keep the account after all."""
    closing.take_back(patient=patient_of(request.user), by=request.user)
    messages.success(request, _("Your account stays open."))
    return redirect("account-data")
