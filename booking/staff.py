"""The desk's two pages: what was said to whom, and what waits for a person."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import admin
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from booking import attention, notices, words
from booking.models import Notice, NoticeStatus, StaffTask
from booking.planned import Kind
from config.core.models import STAFF_ROLES, User

SHOWN = 100
COLUMNS = ("When", "Kind", "To", "Status", "Text")

View = Callable[..., HttpResponse]


def staff_only(view: View) -> View:
    """Let staff roles through; others are refused, strangers asked to sign in."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if _person(request).role not in STAFF_ROLES:
            raise PermissionDenied
        return view(request, *args, **kwargs)

    guarded_view: View = login_required(guarded)
    return guarded_view


def _person(request: HttpRequest) -> User:
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


class MessageFilter(forms.Form):
    """Which messages to show; a field left empty asks nothing."""

    appointment = forms.UUIDField(required=False, widget=UnfoldAdminTextInputWidget)
    kind = forms.ChoiceField(
        required=False,
        choices=[("", "Any"), *((kind.value, words.spoken(kind)) for kind in Kind)],
        widget=UnfoldAdminSelectWidget,
    )
    status = forms.ChoiceField(
        required=False,
        choices=[("", "Any"), *NoticeStatus.choices],
        widget=UnfoldAdminSelectWidget,
    )

    def asked(self) -> dict[str, str | UUID]:
        """Return what was asked for; what cannot be is left out."""
        self.is_valid()
        return {field: value for field, value in self.cleaned_data.items() if value}


@require_GET
@staff_only
def messages(request: HttpRequest) -> HttpResponse:
    """Show the newest messages."""
    form = MessageFilter(request.GET)
    rows = Notice.objects.filter(**form.asked()).order_by("-sent_at", "-send_from", "-pk")
    if not form.asked():
        rows = rows.exclude(status=NoticeStatus.PENDING)
    shown = rows.select_related("appointment__patient__user", "patient__user")[:SHOWN]
    return _page(request, "messages", "Messages", form=form, notices=shown, columns=COLUMNS)


@require_GET
@staff_only
def on_call(request: HttpRequest) -> HttpResponse:
    """Show the pages nobody has acknowledged and the tasks nobody has done."""
    tasks = StaffTask.objects.filter(done_at__isnull=True).select_related("patient__user")
    return _page(request, "on_call", "On call", pages=Notice.objects.calling(), tasks=tasks[:SHOWN])


@require_POST
@staff_only
def acknowledge(request: HttpRequest, notice_id: int) -> HttpResponse:
    """Somebody takes care of a page."""
    notice = get_object_or_404(Notice, pk=notice_id, notice_class="O")
    notices.acknowledge(notice=notice, by=_person(request))
    return redirect("on-call")


@require_POST
@staff_only
def done(request: HttpRequest, task_id: int) -> HttpResponse:
    """Somebody did a task."""
    task = get_object_or_404(StaffTask, pk=task_id)
    attention.done(task=task, by=_person(request))
    return redirect("on-call")


def _page(request: HttpRequest, name: str, title: str, **shown: Any) -> HttpResponse:
    """Show a page in the admin's frame."""
    common = {"title": title, "clinic_zone": settings.CLINIC_TIME_ZONE}
    context = {**admin.site.each_context(request), **common, **shown}
    return render(request, f"booking/staff/{name}.html", context)
