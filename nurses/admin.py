"""The visit record for staff to read: it is written at the home, and never changed."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from django.contrib import admin

from booking.clock import say_moment
from config.core.admin import RoleAdmin, tagged
from config.core.models import Role
from nurses.models import AdverseEvent, Check, Dose, Event, Happening, Observation

SEVERITIES = {
    "mild": "info",
    "moderate": "warning",
    "severe": "danger",
    "life_threatening": "danger",
}


class RecordAdmin(RoleAdmin):
    """Rows of the visit record, newest first."""

    view_roles: tuple[Role, ...] = (Role.CLINICIAN,)
    list_select_related = ("appointment__patient__user", "recorded_by")
    search_fields = ("appointment__patient__user__email", "appointment__id")
    date_hierarchy = "at"
    ordering = ("-at",)

    @admin.display(description="When", ordering="at")
    def when(self, row: Happening) -> str:
        """Say when it happened, where it happened."""
        # Every kind of row names its visit.
        visit = row.appointment  # type: ignore[attr-defined]
        return say_moment(row.at, ZoneInfo(visit.time_zone))


@admin.register(Event)
class EventAdmin(RecordAdmin):
    """The steps of visits; dispatchers see how far each is."""

    view_roles = (Role.CLINICIAN, Role.DISPATCHER)
    list_display = ("when", "appointment", "event", "status", "metres_away", "deviations")
    list_filter = ("event", "status")


@admin.register(Check)
class CheckAdmin(RecordAdmin):
    """What was asked at the door and before leaving."""

    list_display = ("when", "appointment", "kind", "value", "recorded_by")
    list_filter = ("kind",)


@admin.register(Observation)
class ObservationAdmin(RecordAdmin):
    """Vital signs."""

    list_display = (
        "when",
        "appointment",
        "systolic",
        "diastolic",
        "heart_rate",
        "spo2",
        "discharge_score",
    )


@admin.register(Dose)
class DoseAdmin(RecordAdmin):
    """The medicine's way."""

    list_display = (
        "when",
        "appointment",
        "lot",
        "drawn_mg",
        "given_mg",
        "wasted_mg",
        "returned_mg",
        "witness",
        "exceeds_order",
    )
    list_filter = ("exceeds_order",)


@admin.register(AdverseEvent)
class AdverseEventAdmin(RecordAdmin):
    """What went wrong."""

    list_display = ("when", "appointment", "severity_tag", "recorded_by")
    list_filter = ("severity",)

    @tagged(description="Severity", colours=SEVERITIES, ordering="severity")
    def severity_tag(self, row: AdverseEvent) -> tuple[str, str]:
        """Return the severity with its colour."""
        return row.severity, row.get_severity_display()
