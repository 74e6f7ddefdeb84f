"""Nurses and what decides whether they can be sent."""

from __future__ import annotations

from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Prefetch, QuerySet
from django.forms import BaseInlineFormSet
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils import timezone
from unfold.admin import TabularInline

from config.core.admin import RoleAdmin, role_of
from config.core.clock import now
from config.core.models import Role, User
from scheduling.models import Leave, Licence, Nurse, Qualification, Shift

KEEPERS = (Role.DISPATCHER, Role.ADMINISTRATOR)


class NursePartInline(TabularInline):
    """A part of a nurse's page; ended by its date, never deleted."""

    extra = 0
    tab = True

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return role_of(request) in (*KEEPERS, Role.CLINICIAN)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return role_of(request) in KEEPERS

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return role_of(request) in KEEPERS

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class LicenceInline(NursePartInline):
    """Where the nurse may work."""

    model = Licence


class QualificationInline(NursePartInline):
    """What the nurse may give."""

    model = Qualification


class ShiftInline(NursePartInline):
    """When the nurse works, in her own zone."""

    model = Shift
    fields = ("kind", "weekday", "starts", "ends", "valid_from", "valid_until")


class LeaveFormSet(BaseInlineFormSet[Leave, Nurse, Any]):
    """A nurse's leave, which is entered once for any time."""

    def clean(self) -> None:
        """Refuse overlaps here, in words, before the database does."""
        super().clean()
        periods = sorted(
            (form.cleaned_data["starts_at"], form.cleaned_data["ends_at"])
            for form in self.forms
            if form not in self.deleted_forms
            and form.cleaned_data.get("ends_at")
            and form.cleaned_data.get("starts_at")
        )
        if any(later[0] < earlier[1] for earlier, later in pairwise(periods)):
            raise ValidationError("Two of these overlap. Make them one, or move one of them.")


class LeaveInline(NursePartInline):
    """When the nurse is away; taking it back gives the time free again."""

    model = Leave
    verbose_name_plural = "Leave (in the nurse's own time)"
    formset = LeaveFormSet
    fields = ("starts_at", "ends_at", "reason")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_change_permission(request, obj)


@admin.register(Nurse)
class NurseAdmin(RoleAdmin):
    """One page per nurse: licences, qualifications, shifts, leave."""

    view_roles = (Role.CLINICIAN,)
    change_roles = KEEPERS
    list_display = ("user", "licensed_in", "qualified_for", "time_zone", "is_active")
    list_filter = ("is_active",)
    search_fields = ("user__name", "user__email")
    inlines = (LicenceInline, QualificationInline, ShiftInline, LeaveInline)
    fieldsets = (
        (None, {"fields": ("user", "is_active", "time_zone")}),
        (
            "Where her day begins and ends",
            {"fields": (("home_latitude", "home_longitude"),)},
        ),
    )

    def changeform_view(self, request: HttpRequest, object_id: Any = None, *args: Any) -> Any:
        """Read and show leave in the nurse's own zone, as shifts are."""
        with timezone.override(ZoneInfo(self._zone_of(object_id))):
            response = super().changeform_view(request, object_id, *args)
            return response.render() if isinstance(response, TemplateResponse) else response

    def _zone_of(self, object_id: Any) -> str:
        nurses = Nurse.objects.filter(pk=object_id) if str(object_id).isdecimal() else None
        nurse = nurses.first() if nurses is not None else None
        return nurse.time_zone if nurse else str(settings.CLINIC_TIME_ZONE)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """A page stays with the person it was made for."""
        return ("user",) if obj else ()

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Offer only accounts of nurses that have no page yet."""
        if db_field.name == "user":
            kwargs["queryset"] = User.objects.filter(role=Role.NURSE, nurse__isnull=True)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Nurse]:
        """Bring what the list shows, as it stands today."""
        today = now().date()
        licences = Licence.objects.filter(valid_from__lte=today, valid_until__gte=today)
        qualifications = Qualification.objects.filter(valid_until__gte=today)
        nurses: QuerySet[Nurse] = super().get_queryset(request)
        return nurses.select_related("user").prefetch_related(
            Prefetch("licences", queryset=licences, to_attr="licences_today"),
            Prefetch(
                "qualifications",
                queryset=qualifications.select_related("therapy"),
                to_attr="qualifications_today",
            ),
        )

    @admin.display(description="Licensed in, today")
    def licensed_in(self, nurse: Any) -> str:
        return ", ".join(sorted({licence.state for licence in nurse.licences_today})) or "nowhere"

    @admin.display(description="Qualified for, today")
    def qualified_for(self, nurse: Any) -> str:
        held = nurse.qualifications_today
        return ", ".join(qualification.therapy.name for qualification in held) or "nothing"
