"""The desk's pages about messages: one visit's timeline, and what did not get through."""

from __future__ import annotations

from uuid import UUID, uuid4

from django import forms
from django.contrib import messages as flash
from django.core.paginator import Paginator
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST
from unfold.widgets import UnfoldAdminTextInputWidget

from booking.delivery import resending
from booking.desk.views import page, person, staff_only
from booking.models import Appointment, Notice, NoticeStatus
from booking.models.notice import UNDELIVERED
from booking.notices import timeline
from config.core.admin import in_words
from config.core.errors import Malformed, Refused

AT_A_TIME = 50


class ResendForm(forms.Form):
    """Why a message is sent once more."""

    form = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4)
    reason = forms.CharField(
        max_length=resending.REASON_LENGTH, widget=UnfoldAdminTextInputWidget, label="Why again?"
    )


@require_GET
@staff_only
def visit(request: HttpRequest, appointment_id: UUID) -> HttpResponse:
    """Show everything that was and will be said about a visit."""
    rows = Appointment.objects.select_related("patient__user", "nurse__user", "therapy")
    shown = timeline.of(get_object_or_404(rows, pk=appointment_id))
    return page(request, "timeline", "Messages of a visit", timeline=shown)


@require_GET
@staff_only
def message(request: HttpRequest, notice_id: int) -> HttpResponse:
    """Show one message: what was said, or what would be, and a form to say it once more."""
    rows = Notice.objects.select_related("appointment__patient__user", "patient__user")
    notice = get_object_or_404(rows, pk=notice_id)
    return page(
        request,
        "message",
        "A message",
        notice=notice,
        said=timeline.masked(notice.body),
        preview=timeline.preview(notice) if notice.status != NoticeStatus.SENT else None,
        form=ResendForm() if resending.may_be_resent(notice) else None,
        is_undelivered=notice.status in UNDELIVERED and notice.handled_at is None,
    )


@require_POST
@staff_only
def resend(request: HttpRequest, notice_id: int) -> HttpResponse:
    """Say a message once more, for a reason."""
    notice = get_object_or_404(Notice, pk=notice_id)
    form = ResendForm(request.POST)
    if not form.is_valid():
        flash.error(request, "Please say in a few words why it is sent once more.")
        return redirect("staff-message", notice_id)
    try:
        again = resending.resend(notice=notice, by=person(request), **form.cleaned_data)
    except (Refused, Malformed) as refusal:
        flash.error(request, in_words(refusal))
        return redirect("staff-message", notice_id)
    flash.success(request, "It goes once more now, or as soon as quiet hours let it.")
    return redirect("staff-message", again.pk)


@require_GET
@staff_only
def undelivered(request: HttpRequest) -> HttpResponse:
    """Show what did not get through, and what is still being tried."""
    found = Paginator(_undelivered(), AT_A_TIME).get_page(request.GET.get("page"))
    trying = Notice.objects.struggling().select_related("appointment__patient__user")
    return page(
        request,
        "undelivered",
        "Undelivered messages",
        found=found,
        trying=trying.select_related("patient__user").order_by("next_try_at")[:AT_A_TIME],
        tags=timeline.SPOKEN,
    )


def _undelivered() -> QuerySet[Notice]:
    """Return what nobody has seen to, newest first, with whether another channel got through."""
    same = ("subject_of", "kind", "recipient", "version", "revision")
    about = Q(appointment=OuterRef("appointment")) | Q(
        appointment__isnull=True, patient=OuterRef("patient")
    )
    twins = Notice.objects.filter(
        about, status=NoticeStatus.SENT, **{field: OuterRef(field) for field in same}
    )
    rows = Notice.objects.undelivered().annotate(got_through=Exists(twins))
    return rows.order_by("-send_from", "-pk").select_related(
        "appointment__patient__user", "patient__user"
    )


@require_POST
@staff_only
def handled(request: HttpRequest, notice_id: int) -> HttpResponse:
    """Somebody saw to a message that did not get through."""
    resending.handle(notice=get_object_or_404(Notice, pk=notice_id), by=person(request))
    back = request.POST.get("back", "")
    is_ours = url_has_allowed_host_and_scheme(back, allowed_hosts=None)
    return redirect(back if is_ours else "undelivered-messages")
