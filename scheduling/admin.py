"""Nurses and what decides whether they can be sent."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib import admin, messages
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils import timezone
from unfold.admin import TabularInline

from config.core.admin import RoleAdmin, role_of, tagged
from config.core.clock import now
from config.core.models import Role, User
from scheduling.forms import (
    ClosureForm,
    LeaveFormSet,
    NurseForm,
    ShiftExceptionForm,
    ShiftForm,
    ShiftFormSet,
    today,
)
from scheduling.models import (
    Closure,
    Leave,
    Licence,
    Nurse,
    Qualification,
    Shift,
    ShiftException,
)

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
    form = ShiftForm
    formset = ShiftFormSet
    fields = ShiftForm.Meta.fields


class ShiftExceptionInline(NursePartInline):
    """What single days change about her shifts; taking one back leaves the pattern."""

    model = ShiftException
    form = ShiftExceptionForm
    verbose_name = "day"
    verbose_name_plural = "Single days"

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_change_permission(request, obj)


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
    form = NurseForm
    inlines = (
        LicenceInline,
        QualificationInline,
        ShiftInline,
        ShiftExceptionInline,
        LeaveInline,
    )
    fieldsets = (
        (None, {"fields": ("user", "is_active", "time_zone")}),
        (
            "Where her day begins and ends",
            {"fields": (("home_latitude", "home_longitude"),)},
        ),
        (
            "At most, on one day",
            {"fields": (("max_driving_minutes", "max_working_minutes"),)},
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


COLOURS_OF_CLOSURES = {"closed now": "danger", "to come": "warning"}


@admin.register(Closure)
class ClosureAdmin(RoleAdmin):
    """Days on which an area gets no visits; a closure is taken back, never deleted."""

    view_roles = (Role.CLINICIAN,)
    change_roles = KEEPERS
    form = ClosureForm
    readonly_fields = ("created_by", "created_at", "taken_back_at")
    list_display = ("name", "first_day", "last_day", "where", "visits", "state")
    list_filter = ("cancels_visits",)
    search_fields = ("name",)
    fieldsets = (
        (
            None,
            {
                "fields": ("name", ("first_day", "last_day")),
                "description": "Days are counted where the patient lives, both included.",
            },
        ),
        (
            "Where",
            {
                "fields": (("states", "postal_prefixes"),),
                "description": "One that fits is enough. Leave both empty to close everywhere.",
            },
        ),
        (
            "What becomes of visits",
            {
                "fields": ("cancels_visits", "includes_consultations"),
                "description": "Nothing can be booked on these days. As soon as you save, every "
                "visit that is booked on them is cancelled, and its patient is told and offered "
                "other times: look at the days and the area once more.",
            },
        ),
    )

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Offer to take back what is in force, and say who entered it."""
        sets = list(super().get_fieldsets(request, obj))
        if obj and self.has_change_permission(request, obj):
            sets.append(("Open again", {"fields": ("take_back",)}))
        if obj:
            sets.append(("Entered", {"fields": self.readonly_fields}))
        return sets

    def has_change_permission(self, request: HttpRequest, obj: Closure | None = None) -> bool:
        if obj and (obj.taken_back_at or obj.last_day < today()):
            return False
        return super().has_change_permission(request, obj)

    def save_model(self, request: HttpRequest, obj: Closure, form: Any, change: bool) -> None:
        """Save, and say what follows."""
        if not change:
            obj.created_by = request.user if isinstance(request.user, User) else None
        elif form.cleaned_data["take_back"]:
            obj.taken_back_at = now()
        super().save_model(request, obj, form, change)
        if obj.cancels_visits and not obj.taken_back_at:
            messages.warning(
                request, "Visits booked on these days are cancelled now, and their patients told."
            )

    @admin.display(description="Where")
    def where(self, closure: Closure) -> str:
        areas = [*closure.states, *(f"ZIP {prefix}…" for prefix in closure.postal_prefixes)]
        return ", ".join(areas) or "everywhere"

    @admin.display(description="Booked visits")
    def visits(self, closure: Closure) -> str:
        what = "cancelled" if closure.cancels_visits else "kept"
        return f"{what}, consultations too" if closure.includes_consultations else what

    @tagged(description="State", colours=COLOURS_OF_CLOSURES)
    def state(self, closure: Closure) -> tuple[str, str]:
        if closure.taken_back_at:
            return "taken back", "taken back"
        if closure.last_day < today():
            return "over", "over"
        state = "to come" if closure.first_day > today() else "closed now"
        return state, state
