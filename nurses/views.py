"""The nurse's pages: they post what the API takes, in forms that are safe to send twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from functools import wraps
from typing import Any, Concatenate, ParamSpec
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods
from rest_framework.serializers import Serializer, ValidationError

from booking.models import ENDED, Appointment
from config.core.clock import now
from config.core.errors import Malformed, Refused
from config.core.models import Role, User
from nurses import custody, presenting, route, told, visits
from nurses.api import nurse_of, own_visit, read_day
from nurses.models import Happening
from nurses.record import Record
from nurses.serializers import (
    AdverseEventInput,
    CheckInput,
    DoseInput,
    EventInput,
    ObservationInput,
)
from patients import homes

P = ParamSpec("P")

WRITERS: dict[str, tuple[type[Serializer[Any]], Callable[..., tuple[Happening, bool]]]] = {
    "events": (EventInput, visits.record_event),
    "checks": (CheckInput, visits.record_check),
    "observations": (ObservationInput, visits.record_observation),
    "doses": (DoseInput, custody.record_dose),
    "adverse-events": (AdverseEventInput, visits.record_adverse_event),
}
# A field of a form -> what stands next to it on the page.
LABELS = {
    "at": "When",
    "heart_rate": "Pulse",
    "spo2": "SpO₂",
    "respiratory_rate": "Breaths a minute",
    "drawn_mg": "Drawn",
    "given_mg": "Given",
    "wasted_mg": "Wasted",
    "returned_mg": "Returned",
    "witness": "Witness of the waste",
    "severity": "How bad",
    "description": "What happened",
    "reason": "Reason given",
    "last_food": "Last ate",
    "last_drink": "Last drank",
    "prescriber_decision": "The prescriber decided",
}
DECISION = ("about", "decision", "prescriber", "reason")


def for_nurses(
    view: Callable[Concatenate[HttpRequest, User, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """Give the view the nurse who signed in; nobody else gets past."""

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        user = request.user
        if not isinstance(user, User) or user.role != Role.NURSE:
            raise PermissionDenied
        return view(request, user, *args, **kwargs)

    return never_cache(login_required(guarded))


@require_GET
@for_nurses
def day(request: HttpRequest, user: User) -> HttpResponse:
    """Show the stops of a day and what lies between them."""
    nurse = nurse_of(user)
    today = route.today(nurse=nurse)
    try:
        asked = read_day(request.GET["date"]) if request.GET.get("date") else today
    except Malformed:
        raise Http404 from None
    shown = route.for_nurse(nurse=nurse, day=asked)
    notes = homes.notes_at(stop.appointment for stop in shown.stops)
    context = {
        "route": shown,
        "stops": [(stop, homes.as_lines(notes.get(stop.appointment.pk))) for stop in shown.stops],
        "today": today,
        "before": asked - timedelta(days=1),
        "after": asked + timedelta(days=1),
        "ended": ENDED,
        "at": now(),
        "ate": told.ate([stop.appointment for stop in shown.stops]),
        "next": next((s for s in shown.stops if s.appointment.status not in ENDED), None),
    }
    return render(request, "nurses/route.html", context)


@require_GET
@for_nurses
def visit(request: HttpRequest, user: User, appointment: UUID) -> HttpResponse:
    """Show a visit, its next step first."""
    return _show(request, own_visit(user, appointment))


@require_http_methods(["GET", "POST"])
@for_nurses
def write(request: HttpRequest, user: User, appointment: UUID, what: str) -> HttpResponse:
    """Write one row into the record and show the visit again, at the part it belongs to."""
    own = own_visit(user, appointment)
    if request.method != "POST":  # an address left over from a form that was refused
        return redirect("nurse-visit", appointment=own.pk)
    takes, record = WRITERS[what]
    said = takes(data=_said(request.POST.dict(), ZoneInfo(own.time_zone)))
    try:
        said.is_valid(raise_exception=True)
        row, _ = record(appointment_id=own.pk, by=user, **said.validated_data)
    except ValidationError as error:
        return _refuse(request, own, what, problems=list(_problems(_named(request, error))))
    except Malformed as malformed:
        return _refuse(request, own, what, problems=[malformed.reason.detail])
    except Refused as refused:
        at = said.validated_data["at"] if request.POST.get("when") else None
        return _refuse(request, own, what, refused=refused, refused_at=at, status=409)
    page = reverse("nurse-visit", args=[own.pk])
    return redirect(f"{page}?written={row.subject}#{presenting.place(row)}")


def _refuse(
    request: HttpRequest, own: Appointment, what: str, *, status: int = 400, **why: Any
) -> HttpResponse:
    """Show the visit with what was typed, in the form it was typed into."""
    form = request.POST.get("kind") or what
    return _show(request, own, status=status, typed=request.POST.dict(), form=form, **why)


def _show(
    request: HttpRequest, own: Appointment, *, status: int = 200, **more: Any
) -> HttpResponse:
    own.refresh_from_db(fields=["status", "drive_after", "dosed_at"])
    written = request.GET.get("written", "")
    context = presenting.page(Record.of(own), written=written) | more
    context["directions"] = homes.as_lines(homes.notes_at([own]).get(own.pk))
    return render(request, "nurses/visit.html", context, status=status)


def _said(posted: dict[str, str], zone: ZoneInfo) -> dict[str, Any]:
    """Return what a form says in the words of the API: an empty field says nothing."""
    said: dict[str, Any] = {name: text for name, text in posted.items() if text.strip()}
    when = said.pop("when", None)
    said["at"] = _instant(when, zone) if when else now().isoformat()
    if "value_when" in said:
        said["value"] = _instant(said.pop("value_when"), zone)
    if said.get("kind") == "prescriber_decision":
        said["value"] = {name: said[name] for name in DECISION if name in said}
    return said


def _instant(local: str, zone: ZoneInfo) -> str:
    """Add the zone of the address to a local time; what is no time stays what it is."""
    try:
        return datetime.fromisoformat(local).replace(tzinfo=zone).isoformat()
    except ValueError:
        return local


def _named(request: HttpRequest, error: ValidationError) -> Any:
    """Name the value of a check after what was asked."""
    detail = error.detail
    if isinstance(detail, Mapping) and "value" in detail:
        rest = {name: inner for name, inner in detail.items() if name != "value"}
        return {request.POST.get("kind", ""): detail["value"], **rest}
    return detail


def _problems(detail: Any, name: str = "") -> Iterator[str]:
    """Say each error with the field it is about."""
    if isinstance(detail, Mapping):
        for field, inner in detail.items():
            yield from _problems(inner, str(field))
    elif isinstance(detail, list):
        for inner in detail:
            yield from _problems(inner, name)
    else:
        label = LABELS.get(name, name.replace("_", " ").capitalize())
        detail = str(detail).partition(" Use one of these formats")[0]  # those are for programs
        yield f"{label}: {detail}" if label and name != "non_field_errors" else detail
