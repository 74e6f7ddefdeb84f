"""The account: what we know of a person, how they are written to, and where they are signed in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from config.core import devices
from config.core.doors import PatientRequest, for_patients
from config.core.models import Role
from patients import accounts, contacts, homes
from patients.accounts import patient_of
from patients.models import ClosedContact, Patient
from patients.pages.account_fields import shown
from patients.pages.account_forms import AboutForm, EscortForm, MessagesForm, ProfileForm

# A number that said stop is opened by a text from it alone: its carrier sees to that.
REOPENED = {
    contacts.EMAIL: list(ClosedContact.Reason),
    contacts.SMS: [ClosedContact.Reason.BOUNCED, ClosedContact.Reason.COMPLAINED],
}


@never_cache
@login_required
def hub(request: HttpRequest) -> HttpResponse:
    """Show everything about the account at a glance, each with its page."""
    user = accounts.staff(request.user)
    found = Authenticator.objects.filter(user=user).values_list("type", flat=True)
    context: dict[str, Any] = {"second_steps": set(found)}
    if user.role == Role.PATIENT:
        patient = patient_of(user)
        context |= {
            "patient": patient,
            "address": accounts.address_of(patient),
            "notes": homes.as_lines(homes.notes_of(patient)),
            "phone": shown(patient.phone),
            "escort_phone": shown(patient.escort_phone),
        }
    return render(request, "patients/account/hub.html", context)


@for_patients
def about(request: PatientRequest) -> HttpResponse:
    """Name, date of birth, telephone."""
    return _profile(request, AboutForm, "patients/account/about.html")


@for_patients
def escort(request: PatientRequest) -> HttpResponse:
    """The adult who stays through the night."""
    return _profile(request, EscortForm, "patients/account/escort.html")


@for_patients
def messages_page(request: PatientRequest) -> HttpResponse:
    """How messages come, and what stops them."""
    return _profile(request, MessagesForm, "patients/account/messages.html", _reached)


def _profile(
    request: PatientRequest,
    form_of: type[ProfileForm],
    template: str,
    more: Callable[[Patient], dict[str, Any]] = lambda _: {},
) -> HttpResponse:
    """Show a form of what is on file with what else its page says, or keep what was sent."""
    patient = patient_of(request.user)
    form = form_of(request.POST or None, patient=patient)
    if form.is_valid():
        accounts.update(patient=patient, profile=form.profile)
        messages.success(request, _("Saved."))
        return redirect("account")
    return render(request, template, {"form": form} | more(patient))


def _reached(patient: Patient) -> dict[str, Any]:
    closed = [
        {"channel": channel, "address": address, "reason": reason, "shown": shown(address)}
        for channel, address in contacts.reached_at(patient)
        if (reason := contacts.closed(channel=channel, address=address))
    ]
    return {"closed": closed, "phone": shown(patient.phone)}


@require_POST
@for_patients
def reopen(request: PatientRequest) -> HttpResponse:
    """Write again to an address of the patient's own that was closed."""
    channel = request.POST.get("channel", "")
    for own, address in contacts.reached_at(patient_of(request.user)):
        if own == channel:
            contacts.reopen(channel=own, address=address, reasons=REOPENED[own], by=request.user)
            messages.success(request, _("We write to you there again."))
    return redirect("account-messages")


@never_cache
@login_required
def devices_page(request: HttpRequest) -> HttpResponse:
    """Where the account is signed in."""
    user = accounts.staff(request.user)
    is_patient = user.role == Role.PATIENT
    context = {
        "devices": devices.of(user=user, session_key=request.session.session_key),
        "zone": accounts.zone_of(patient_of(user)).key if is_patient else settings.CLINIC_TIME_ZONE,
    }
    return render(request, "patients/account/devices.html", context)


@require_POST
@login_required
def sign_out(request: HttpRequest) -> HttpResponse:
    """Sign out on one device, on all others, or everywhere."""
    user, only = accounts.staff(request.user), request.POST.get("device", "")
    if request.POST.get("which") == "everywhere":
        devices.sign_out(user=user)
        logout(request)
        messages.success(request, _("You are signed out everywhere."))
        return redirect("account_login")
    if only.isdecimal() and len(only) < len(str(2**63)):
        ended = devices.sign_out(user=user, only=int(only))
    else:
        ended = devices.sign_out(user=user, but=request.session.session_key)
    if ended:
        messages.success(request, _("Signed out there."))
    return redirect("account-devices")
