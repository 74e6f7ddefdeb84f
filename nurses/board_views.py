"""The doors of the dispatcher's board: a day, a plan of it, publishing it, sending a nurse."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import wraps
from typing import Any, Concatenate, ParamSpec
from uuid import UUID

from django.contrib import admin, messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods
from rest_framework import serializers

from booking import appointments
from booking.models import Appointment
from config.core.api import IsDispatcher
from config.core.errors import Malformed, Refused, WrongState
from config.core.models import User
from nurses import board, dispatch, route
from nurses.api import read_day
from nurses.board import Refusal
from nurses.day_answers import PlanInput
from nurses.models import Plan
from nurses.publishing import OVER
from scheduling.models import Nurse

P = ParamSpec("P")

UNCONFIRMED = "Say first that the moves are as you want them."


class AssignInput(serializers.Serializer[Any]):
    """Which nurse goes to which visit."""

    visit = serializers.UUIDField()
    nurse = serializers.PrimaryKeyRelatedField(
        queryset=Nurse.objects.select_related("user"),
        error_messages=dict.fromkeys(
            ("required", "null", "does_not_exist", "incorrect_type"), "Choose a nurse."
        ),
    )


def for_dispatchers(
    view: Callable[Concatenate[HttpRequest, User, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """Give the view the dispatcher who signed in, or who stands in for one; nobody else."""

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        user = request.user
        if not isinstance(user, User) or user.role not in IsDispatcher.roles:
            raise PermissionDenied
        return view(request, user, *args, **kwargs)

    return never_cache(login_required(guarded))


@require_GET
@for_dispatchers
def day(request: HttpRequest, _user: User) -> HttpResponse:
    """Show everybody's day; today's, if none is named."""
    asked = request.GET.get("date")
    return _show(request, _day(asked) if asked else board.today())


@require_http_methods(["GET", "POST"])
@for_dispatchers
def plan(request: HttpRequest, user: User, date: str) -> HttpResponse:
    """Have the day planned, and show what would change."""
    day = _day(date)
    if request.method != "POST":  # an address left over from signing in again
        return _to(day)
    asked = PlanInput(data=request.POST)
    if day < board.today() or not asked.is_valid():
        return _refuse(request, day, asked)
    made = dispatch.plan(day=day, by=user, **asked.validated_data)
    return redirect("board-plan", date=date, plan=made.pk)


@require_GET
@for_dispatchers
def preview(request: HttpRequest, _user: User, date: str, plan: int) -> HttpResponse:
    """Show what a plan would change."""
    return _preview(request, _plan(date, plan))


@require_http_methods(["GET", "POST"])
@for_dispatchers
def publish(request: HttpRequest, user: User, date: str, plan: int) -> HttpResponse:
    """Make a plan's moves and tell the nurses, or say why not."""
    asked = _plan(date, plan)
    if request.method != "POST":
        return redirect("board-plan", date=date, plan=plan)
    if asked.day < board.today():
        return _preview(request, asked, problem=OVER, status=409)
    if request.POST.get("confirmed") != "yes":
        return _preview(request, asked, problem=UNCONFIRMED, status=400)
    try:
        published = dispatch.publish(plan=asked, by=user)
    except Refused as refused:
        return _preview(request, asked, problem=_said(refused), status=409)
    messages.success(request, board.success(published))
    return _to(asked.day)


@require_http_methods(["GET", "POST"])
@for_dispatchers
def assign(request: HttpRequest, _user: User, date: str) -> HttpResponse:
    """Send a nurse to one visit of the day, or say what stops her, with the choice kept."""
    day = _day(date)
    if request.method != "POST":
        return _to(day)
    asked = AssignInput(data=request.POST)
    if day < board.today() or not asked.is_valid():
        return _refuse(request, day, asked)
    nurse = asked.validated_data["nurse"]
    try:
        visit = _visit(day, asked.validated_data["visit"])
        appointments.assign(appointment=visit, nurse=nurse)
    except Refused as refused:
        return _show(request, day, problem=_said(refused), status=409)
    messages.success(request, f"{nurse} goes to {visit.patient}.")
    return _to(day)


# -- what is asked -------------------------------------------------------------------------------


def _day(text: str) -> date:
    try:
        return read_day(text)
    except Malformed:
        raise Http404 from None


def _plan(text: str, number: int) -> Plan:
    return get_object_or_404(Plan.objects.select_related("made_by"), pk=number, day=_day(text))


def _visit(day: date, asked: UUID) -> Appointment:
    for visit in route.held_on(day):
        if visit.pk == asked:
            return visit
    raise WrongState("That visit is not on this day any more.")


def _said(refused: Refused) -> str:
    return " ".join(reason.detail for reason in refused.reasons)


# -- what is answered ----------------------------------------------------------------------------


def _to(day: date) -> HttpResponse:
    return redirect(f"{reverse('board')}?date={day}")


def _refuse(request: HttpRequest, day: date, asked: serializers.Serializer[Any]) -> HttpResponse:
    """Show the day with why nothing came of the form."""
    if day < board.today():
        return _show(request, day, problem=OVER, status=409)
    problem = " ".join(str(error) for errors in asked.errors.values() for error in errors)
    return _show(request, day, problem=problem, status=400)


def _show(request: HttpRequest, day: date, *, problem: str = "", status: int = 200) -> HttpResponse:
    """Show a day; a form that was refused keeps what was chosen."""
    typed = request.POST
    refusal = Refusal(typed.get("visit", ""), typed.get("nurse", ""), problem) if problem else None
    return _page(request, "day", board=board.of(day, refusal=refusal), status=status)


def _preview(
    request: HttpRequest, plan: Plan, *, problem: str = "", status: int = 200
) -> HttpResponse:
    shown = board.proposal(plan, problem=problem)
    return _page(request, "plan", proposal=shown, status=status)


def _page(request: HttpRequest, name: str, *, status: int, **shown: Any) -> HttpResponse:
    """Show a page in the admin's frame."""
    common = {**admin.site.each_context(request), "title": "Dispatch board"}
    return render(request, f"nurses/board/{name}.html", {**common, **shown}, status=status)
