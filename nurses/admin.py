"""The visit record, plans and published routes for staff to read; none is changed here."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from django.contrib import admin

from booking.clock import say_moment
from config.core.admin import RoleAdmin, tagged
from config.core.models import Role
from nurses.models import (
    AdverseEvent,
    Check,
    Dose,
    Event,
    Happening,
    Observation,
    Plan,
    Route,
    Watch,
)

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


@admin.register(Plan)
class PlanAdmin(RoleAdmin):
    """Plans of days, and what became of each."""

    view_roles = (Role.DISPATCHER,)
    list_display = (
        "day",
        "purpose",
        "status_tag",
        "made_at",
        "made_by",
        "km_before",
        "km_after",
        "lower_bound_km",
        "proven",
    )
    list_filter = ("purpose", "status", "proven")
    list_select_related = ("made_by",)
    date_hierarchy = "day"

    @tagged(
        description="Status",
        colours={"proposed": "info", "applied": "success", "published": "success"},
        ordering="status",
    )
    def status_tag(self, plan: Plan) -> tuple[str, str]:
        """Return the status with its colour."""
        return plan.status, plan.get_status_display()


@admin.register(Route)
class RouteAdmin(RoleAdmin):
    """Routes as nurses were told them."""

    view_roles = (Role.DISPATCHER,)
    list_display = ("day", "nurse", "version", "visits", "published_at", "published_by")
    list_select_related = ("nurse__user", "published_by")
    list_filter = ("nurse",)
    date_hierarchy = "day"

    @admin.display(description="Visits")
    def visits(self, route: Route) -> int:
        """Return how many stops it has."""
        return len(route.stops)


@admin.register(Watch)
class WatchAdmin(RoleAdmin):
    """When each day to come was last looked at, to be read."""

    list_display = ("day", "changed_at", "restless_since", "night")
