"""Another time for a visit, and giving one up: what is lost is said before it is lost."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _, ngettext
from django.views.decorators.http import require_http_methods

from booking import changes, overview, presenting
from booking.models import Appointment, Status
from booking.pages import visits_changing
from booking.pages.visit_forms import CancelForm, MoveForm
from booking.pages.visits import own
from config.core.doors import PatientRequest, for_patients
from config.core.errors import Refused

CONFLICT = 409


@require_http_methods(["GET", "HEAD", "POST"])
@for_patients
def move(request: PatientRequest, visit_id: UUID) -> HttpResponse:
    """Offer other times, and move the visit to the one that was chosen."""
    shown = own(request, visit_id)
    if request.method == "POST":
        return _move(request, shown)
    return render(request, "booking/visits/move.html", visits_changing.moving(shown, request.GET))


def _move(request: PatientRequest, shown: Appointment) -> HttpResponse:
    form = MoveForm(request.POST)
    if not form.is_valid():
        problems = [str(error) for errors in form.errors.values() for error in errors]
        return _still(request, shown, problems=problems, status=400)
    starts_at = form.cleaned_data["starts_at"]
    try:
        moved = changes.move(visit=shown, starts_at=starts_at, version=form.cleaned_data["version"])
    except Refused as refused:
        problems = visits_changing.in_words(refused, visit=shown)
        return _still(request, shown, problems=problems, query={"at": starts_at.isoformat()})
    said = presenting.say_moment(moved.starts_at, overview.zone_of(moved))
    messages.success(request, _("Moved. Your visit is now on %(moment)s.") % {"moment": said})
    return redirect("visit", moved.pk)


def _still(
    request: PatientRequest,
    shown: Appointment,
    *,
    problems: list[str],
    query: dict[str, str] | None = None,
    status: int = CONFLICT,
) -> HttpResponse:
    """Show the times again, with why it is not moved; the visit stays where it is now."""
    current = own(request, shown.pk)
    context = visits_changing.moving(current, query or {}) | {"problems": problems}
    return render(request, "booking/visits/move.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@for_patients
def cancel(request: PatientRequest, visit_id: UUID) -> HttpResponse:
    """Say what giving the visit up means, and do it once that was confirmed."""
    shown = own(request, visit_id)
    if shown.status == Status.CANCELLED:
        return redirect("visit", shown.pk)
    later = len(changes.later_of_course(shown))
    form = CancelForm(request.POST or None, later=later, initial={"version": shown.version})
    if form.is_bound and form.is_valid():
        return _cancel(request, shown, form)
    return _confirm(request, shown, form=form, status=400 if form.is_bound else 200)


def _cancel(request: PatientRequest, shown: Appointment, form: CancelForm) -> HttpResponse:
    given = form.cleaned_data
    try:
        cancelled = changes.cancel(
            visit=shown,
            version=given["version"],
            reason=given["reason"],
            and_later=form.and_later,
        )
    except Refused as refused:
        current = own(request, shown.pk)
        again = form.again(version=current.version)
        problems = visits_changing.in_words(refused, visit=shown)
        return _confirm(request, current, form=again, problems=problems, status=CONFLICT)
    said = ngettext(
        "%(count)s visit is cancelled.", "%(count)s visits are cancelled.", len(cancelled)
    )
    messages.success(request, said % {"count": len(cancelled)})
    return redirect("visit", shown.pk)


def _confirm(
    request: PatientRequest,
    shown: Appointment,
    *,
    form: CancelForm,
    status: int,
    problems: list[str] | None = None,
) -> HttpResponse:
    context = visits_changing.cancelling(shown) | {"form": form, "problems": problems or []}
    return render(request, "booking/visits/cancel.html", context, status=status)
