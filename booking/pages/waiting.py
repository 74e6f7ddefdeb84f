"""The pages of the waiting list: join it, see one's place, and answer an offer."""

from __future__ import annotations

from datetime import date

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.decorators import decorator_from_middleware
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from booking import acceptance, offer_links, waiting
from booking.links.views import FormOfAnUnnamedPage, discreet
from booking.models import Offer
from booking.pages import waiting_shown
from booking.pages.waiting_forms import WishForm
from config.core import doors, throttle
from config.core.doors import PatientRequest, for_patients
from config.core.errors import Malformed, Refused
from patients import catalogue
from patients.accounts import patient_of, zone_of
from patients.models import Therapy

MINUTE, HOUR = 60, 60 * 60
OPENED_A_MINUTE, ANSWERED_AN_HOUR, GUESSES_A_MINUTE = 60, 30, 60


def _offered(slug: str) -> Therapy:
    therapy = catalogue.offered(slug)
    if therapy is None:
        raise Http404
    return therapy


@require_http_methods(["GET", "HEAD", "POST"])
@for_patients
def wait(request: PatientRequest, therapy: str) -> HttpResponse:
    """Show one's place on the list, or join it."""
    found, patient = _offered(therapy), patient_of(request.user)
    entry = waiting.entry_of(patient=patient, therapy=found)
    days = waiting.horizon(zone_of(patient))
    if request.method == "POST":
        form = WishForm(request.POST, days=days)
        if form.is_valid():
            return _join(request, found, form)
    else:
        asked = _day(request.GET.get("day", ""))
        form = WishForm(days=days, initial=waiting_shown.initial(entry, days=days, asked=asked))
    page = waiting_shown.page_of(found, patient=patient, entry=entry) | {"form": form}
    page["is_changing"] = entry is None or form.is_bound or "change" in request.GET
    return render(request, "booking/waiting/wait.html", page)


def _join(request: PatientRequest, therapy: Therapy, form: WishForm) -> HttpResponse:
    def make() -> str:
        patient = patient_of(request.user)
        waiting.join(patient=patient, therapy=therapy, wishes=form.wishes())
        return reverse("wait", args=[therapy.slug])

    try:
        return doors.once(request, key=form.cleaned_data["once"], make=make)
    except Malformed:
        return redirect("wait", therapy.slug)


def _day(said: str) -> date | None:
    try:
        return date.fromisoformat(said)
    except ValueError:
        return None


@require_POST
@for_patients
def leave(request: PatientRequest, therapy: str) -> HttpResponse:
    """Wait no more."""
    found, patient = _offered(therapy), patient_of(request.user)
    entry = waiting.entry_of(patient=patient, therapy=found)
    if entry is not None:
        waiting.leave(entry=entry)
    return redirect(reverse("wait", args=[found.slug]) + "?left=1")


# -- an offer, without signing in ----------------------------------------------------------------


@csrf_exempt
@discreet
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@decorator_from_middleware(FormOfAnUnnamedPage)
def offer(request: HttpRequest, text: str) -> HttpResponse:
    """Show a time that was offered, or take the answer; looking changes nothing."""
    try:
        found = offer_links.read(text)
    except offer_links.NoSuchOffer:
        return _unknown(request)
    with translation.override(found.entry.patient.language):
        if _is_too_often(request, text):
            return render(request, "booking/links/often.html", status=429)
        return _answer(request, found) if request.method == "POST" else _show(request, found)


def _is_too_often(request: HttpRequest, text: str) -> bool:
    if not throttle.allows(f"offer/{text}", times=OPENED_A_MINUTE, seconds=MINUTE):
        return True
    return request.method == "POST" and not throttle.allows(
        f"offer-answer/{text}", times=ANSWERED_AN_HOUR, seconds=HOUR
    )


def _unknown(request: HttpRequest) -> HttpResponse:
    address = request.META.get("REMOTE_ADDR", "")
    is_often = not throttle.allows(f"guess/{address}", times=GUESSES_A_MINUTE, seconds=MINUTE)
    status = 429 if is_often else 404
    return render(request, "booking/links/unknown.html", status=status)


def _show(request: HttpRequest, found: Offer, *, refused: Refused | None = None) -> HttpResponse:
    page = waiting_shown.offer_page(found, refused=refused)
    return render(request, "booking/waiting/offer.html", page, status=page["status"])


def _answer(request: HttpRequest, found: Offer) -> HttpResponse:
    try:
        if request.POST.get("answer") == "yes":
            acceptance.take(offer=found)
        elif request.POST.get("answer") == "no":
            acceptance.decline(offer=found)
    except (acceptance.OfferIsOver, acceptance.TimeIsGone):
        return redirect(request.path)  # the page says what became of it
    except Refused as refused:
        return _show(request, found, refused=refused)
    return redirect(request.path)
