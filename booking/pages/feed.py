"""The calendar that a phone reads by itself: its private address, and the page that explains it."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from booking import feeds
from booking.links.views import discreet
from config.core import throttle
from config.core.doors import PatientRequest, for_patients
from patients.accounts import patient_of

HOUR = 60 * 60
READ_AN_HOUR = 60
GUESSES_AN_HOUR = 120


@discreet
@never_cache
@require_safe
def calendar(request: HttpRequest, token: str) -> HttpResponseBase:
    """Give the calendar behind a private address, to whoever has it."""
    if not throttle.allows(f"feed/{token[:80]}", times=READ_AN_HOUR, seconds=HOUR):
        return _plain(_("Too often. Please wait an hour."), status=429)
    try:
        content = feeds.read(token)
    except feeds.NoSuchFeed:
        return _unknown(request)
    return HttpResponse(content, content_type="text/calendar; charset=utf-8")


def _unknown(request: HttpRequest) -> HttpResponse:
    address = request.META.get("REMOTE_ADDR", "")
    allowed = throttle.allows(f"feeds/{address}", times=GUESSES_AN_HOUR, seconds=HOUR)
    return _plain(_("There is no calendar here any more."), status=404 if allowed else 429)


def _plain(said: str, *, status: int) -> HttpResponse:
    return HttpResponse(said, content_type="text/plain; charset=utf-8", status=status)


@require_safe
@for_patients
def subscribe(request: PatientRequest) -> HttpResponse:
    """Explain how a phone shows the visits, and give the address."""
    feed = feeds.of(patient_of(request.user))
    address = feeds.url(feed) if feed else ""
    context = {"address": address, "webcal": "webcal" + address[address.find(":") :]}
    return render(request, "booking/visits/calendar.html", context)


@require_POST
@for_patients
def renew(request: PatientRequest) -> HttpResponse:
    """Give a new address, or none; the one before is dead from now on."""
    patient = patient_of(request.user)
    if request.POST.get("want") == "none":
        feeds.close(patient=patient)
        messages.success(request, _("The address is closed. Nobody can read your visits by it."))
    else:
        feeds.renew(patient=patient)
        messages.success(request, _("Here is your new address."))
    return redirect("visits-subscribe")
