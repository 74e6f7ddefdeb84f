"""The desk's page after a restored backup: which of the messages that wait are still to go."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.contrib import messages as flash
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_POST

from booking.delivery import quarantine
from booking.desk.views import page, person, staff_only
from booking.models import Notice, Restoration

AT_A_TIME = 200
REASON_LENGTH = 100
A_NUMBER = re.compile(r"[0-9]{1,18}", re.ASCII)


class HeldForm(forms.Form):
    """What becomes of which messages."""

    action = forms.ChoiceField(choices=[("release", ""), ("release_safe", ""), ("drop", "")])
    reason = forms.CharField(required=False, max_length=REASON_LENGTH)

    def clean(self) -> dict[str, Any]:
        """Want something chosen, and a reason where messages are dropped."""
        said: dict[str, Any] = dict(super().clean() or {})
        said["notices"] = [int(pk) for pk in _chosen(self.data) if A_NUMBER.fullmatch(pk)]
        if said.get("action") != "release_safe" and not said["notices"]:
            raise forms.ValidationError("Please choose messages first.")
        if said.get("action") == "drop" and not str(said.get("reason", "")).strip():
            raise forms.ValidationError("Please say why they are dropped.")
        return said


def _chosen(data: Any) -> list[str]:
    chosen: list[str] = data.getlist("notices")
    return chosen[:AT_A_TIME]


@require_GET
@staff_only
def held(request: HttpRequest) -> HttpResponse:
    """Show what waits since a backup was restored."""
    rows = quarantine.held()
    return page(
        request,
        "held",
        "Held messages",
        found=rows[:AT_A_TIME],
        count=rows.count(),
        safe=_safe().count(),
        restoration=Restoration.objects.first(),
        perhaps_sent=quarantine.PERHAPS_SENT,
    )


@require_POST
@staff_only
def decide(request: HttpRequest) -> HttpResponse:
    """Let messages go, or give them up."""
    form = HeldForm(request.POST)
    if not form.is_valid():
        why = " ".join(map(str, form.non_field_errors()))
        flash.error(request, why or "Some of these are decided by now: please choose again.")
        return redirect("held-messages")
    said, by = form.cleaned_data, person(request)
    if said["action"] == "drop":
        count = quarantine.drop(notices=said["notices"], by=by, reason=said["reason"].strip())
        flash.success(request, f"{count} dropped.")
        return redirect("held-messages")
    chosen = said["notices"]
    if said["action"] == "release_safe":
        chosen = list(_safe().values_list("pk", flat=True))
    count = quarantine.release(notices=chosen, by=by)
    flash.success(request, f"{count} released: they go when they are due.")
    return redirect("held-messages")


def _safe() -> QuerySet[Notice]:
    """Return what cannot have been sent after the backup was made."""
    return quarantine.held().exclude(problem=quarantine.PERHAPS_SENT)
