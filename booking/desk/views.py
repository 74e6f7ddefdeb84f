"""The desk's pages: what was said to whom, and what waits for a person."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import admin
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from booking import attention
from booking.delivery import paging
from booking.models import Notice, NoticeStatus, StaffTask
from booking.notices import words
from booking.notices.planned import Kind
from config.core.clock import now
from config.core.models import STAFF_ROLES, User
from patients.models import Intake, Patient

SHOWN = 100
COLUMNS = ("When", "Kind", "To", "Status", "Text")
ANY = "any"
SENT_OR_TRIED = (
    NoticeStatus.SENT,
    NoticeStatus.FAILED,
    NoticeStatus.EXPIRED,
    NoticeStatus.UNKNOWN,
)
STATUSES = [
    ("", "Sent or tried"),
    (ANY, "Any"),
    (NoticeStatus.PENDING.value, "Planned"),
    *((value, label) for value, label in NoticeStatus.choices if value != NoticeStatus.PENDING),
]

View = Callable[..., HttpResponse]


def staff_only(view: View) -> View:
    """Let staff roles through; others are refused, strangers asked to sign in."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if person(request).role not in STAFF_ROLES:
            raise PermissionDenied
        return view(request, *args, **kwargs)

    guarded_view: View = login_required(guarded)
    return guarded_view


def person(request: HttpRequest) -> User:
    """Return who is signed in."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


class MessageFilter(forms.Form):
    """Which messages to show; without a status, those whose moment has come."""

    appointment = forms.UUIDField(required=False, widget=UnfoldAdminTextInputWidget)
    kind = forms.ChoiceField(
        required=False,
        choices=[("", "Any"), *((kind.value, words.spoken(kind)) for kind in Kind)],
        widget=UnfoldAdminSelectWidget,
    )
    status = forms.ChoiceField(required=False, choices=STATUSES, widget=UnfoldAdminSelectWidget)

    def found(self) -> QuerySet[Notice]:
        """Return what was asked for, newest first; what cannot be is left out."""
        self.is_valid()
        asked: dict[str, str | UUID] = {
            field: value for field, value in self.cleaned_data.items() if value
        }
        status = asked.pop("status", "")
        rows = Notice.objects.filter(**asked)
        if not status:
            rows = rows.filter(status__in=SENT_OR_TRIED)
        elif status != ANY:
            rows = rows.filter(status=status)
        return rows.order_by(Coalesce("sent_at", "send_from").desc(), "-pk")


@dataclass(frozen=True, slots=True)
class Call:
    """A page to on-call staff, whom it is about, and the intake it is about, if any."""

    notice: Notice
    patient: Patient | None
    intake: str
    rang: int
    is_unanswered: bool

    @classmethod
    def of(cls, notice: Notice) -> Call:
        """Read it from the row."""
        visit = notice.appointment
        what, _, key = notice.subject_of.partition("/")
        patient = visit.patient if visit else notice.patient
        rings = paging.of_one_call(notice).filter(status=NoticeStatus.SENT)
        return cls(
            notice=notice,
            patient=patient,
            intake=key if what == "intake" else "",
            rang=rings.values("occurrence").distinct().count(),
            is_unanswered=notice.send_from <= now() - paging.UNANSWERED_AFTER,
        )


@require_GET
@staff_only
def messages(request: HttpRequest) -> HttpResponse:
    """Show the newest messages."""
    form = MessageFilter(request.GET)
    shown = form.found().select_related("appointment__patient__user", "patient__user")[:SHOWN]
    return page(request, "messages", "Messages", form=form, notices=shown, columns=COLUMNS)


@require_GET
@staff_only
def on_call(request: HttpRequest) -> HttpResponse:
    """Show the pages nobody has acknowledged and the tasks nobody has done."""
    tasks = StaffTask.objects.filter(done_at__isnull=True).select_related("patient__user")
    calls = [Call.of(notice) for notice in Notice.objects.calling()]
    reads_intakes = admin.site.get_model_admin(Intake).has_view_permission(request)
    shown = {"pages": calls, "tasks": tasks[:SHOWN], "reads_intakes": reads_intakes}
    return page(request, "on_call", "On call", **shown)


@require_POST
@staff_only
def acknowledge(request: HttpRequest, notice_id: int) -> HttpResponse:
    """Somebody takes care of a page."""
    notice = get_object_or_404(Notice, pk=notice_id, notice_class="O")
    paging.acknowledge(notice=notice, by=person(request))
    return redirect("on-call")


@require_POST
@staff_only
def done(request: HttpRequest, task_id: int) -> HttpResponse:
    """Somebody did a task."""
    task = get_object_or_404(StaffTask, pk=task_id)
    attention.done(task=task, by=person(request))
    return redirect("on-call")


def page(request: HttpRequest, name: str, title: str, **shown: Any) -> HttpResponse:
    """Show a page in the admin's frame."""
    common = {"title": title, "clinic_zone": settings.CLINIC_TIME_ZONE}
    context = {**admin.site.each_context(request), **common, **shown}
    return render(request, f"booking/staff/{name}.html", context)
