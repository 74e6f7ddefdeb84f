"""What staff read of visits, messages and tasks; each changes only through its own rule."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

import booking.payment_admin
import booking.waiting_admin  # noqa: F401  both register their own
from booking.clock import say_moment
from booking.models import (
    Appointment,
    Course,
    IncomingText,
    Notice,
    Outage,
    Restoration,
    StaffTask,
    VisitAnswer,
)
from config.core.admin import RoleAdmin, link_to, tagged
from config.core.models import Role

DESK = (Role.CLINICIAN, Role.DISPATCHER)
VISIT_COLOURS = {
    "booked": "info",
    "discharged": "success",
    "completed": "success",
    "cancelled": "danger",
    "no_show": "danger",
    "aborted": "danger",
    "transferred": "danger",
}
NOTICE_COLOURS = {
    "pending": "info",
    "sent": "success",
    "failed": "danger",
    "expired": "warning",
    "unknown": "warning",
}


@admin.register(Appointment)
class AppointmentAdmin(RoleAdmin):
    """Promised visits, to be read: they are booked, moved and cancelled by their rules."""

    view_roles = DESK
    list_display = ("local_start", "patient", "therapy", "nurse", "status_tag", "blocked")
    list_filter = ("status", "therapy", "nurse")
    list_select_related = ("patient__user", "therapy", "nurse__user")
    search_fields = ("patient__user__email", "patient__user__name", "id")
    date_hierarchy = "starts_at"
    ordering = ("-starts_at",)
    readonly_fields = ("local_start", "messages_link")

    @admin.display(description="Starts", ordering="starts_at")
    def local_start(self, appointment: Appointment) -> str:
        """Say the start as the patient reads it."""
        return say_moment(appointment.starts_at, ZoneInfo(appointment.time_zone))

    @tagged(description="Status", colours=VISIT_COLOURS, ordering="status")
    def status_tag(self, appointment: Appointment) -> tuple[str, str]:
        """Return the status with its colour."""
        return appointment.status, appointment.get_status_display()

    @admin.display(description="Messages")
    def messages_link(self, appointment: Appointment) -> SafeString:
        """Link to what was and will be said about the visit."""
        address = reverse("visit-messages", args=[appointment.pk])
        return link_to(address, "Everything that was and will be said")


@admin.register(Course)
class CourseAdmin(RoleAdmin):
    """Visits that were promised together, to be read."""

    view_roles = DESK
    list_display = ("patient", "therapy", "booked_at", "booked_by")
    list_filter = ("therapy",)
    list_select_related = ("patient__user", "therapy", "booked_by")
    search_fields = ("patient__user__email", "patient__user__name", "id")
    date_hierarchy = "booked_at"
    readonly_fields = ("visits",)

    @admin.display(description="Visits")
    def visits(self, course: Course) -> SafeString:
        """Say each visit's start and status, with a link to it."""
        rows = (
            (
                link_to(
                    reverse("admin:booking_appointment_change", args=[visit.pk]),
                    say_moment(visit.starts_at, ZoneInfo(visit.time_zone)),
                ),
                visit.get_status_display(),
            )
            for visit in course.appointments.order_by("starts_at")
        )
        return format_html_join("", "<div>{}, {}</div>", rows)


@admin.register(Notice)
class NoticeAdmin(RoleAdmin):
    """Messages, planned and sent."""

    view_roles = DESK
    list_display = (
        "send_from",
        "kind",
        "channel",
        "recipient",
        "notice_class",
        "status_tag",
        "sent_at",
        "attempts",
        "problem",
    )
    list_filter = ("status", "kind", "channel", "notice_class")
    search_fields = ("appointment__patient__user__email", "appointment__id", "address")
    ordering = ("-send_from", "-pk")

    @tagged(description="Status", colours=NOTICE_COLOURS, ordering="status")
    def status_tag(self, notice: Notice) -> tuple[str, str]:
        """Return the status with its colour."""
        return notice.status, notice.get_status_display()


@admin.register(VisitAnswer)
class VisitAnswerAdmin(RoleAdmin):
    """What was told by links in messages, to be read."""

    view_roles = DESK
    list_display = ("at", "purpose", "patient", "local_start")
    list_filter = ("purpose",)
    list_select_related = ("appointment__patient__user",)
    search_fields = ("appointment__patient__user__email", "appointment__id")
    ordering = ("-at", "-pk")

    @admin.display(description="Patient")
    def patient(self, answer: VisitAnswer) -> str:
        """Name whose visit it is."""
        return str(answer.appointment.patient)

    @admin.display(description="Visit", ordering="appointment__starts_at")
    def local_start(self, answer: VisitAnswer) -> str:
        """Say the start as the patient reads it."""
        visit = answer.appointment
        return say_moment(visit.starts_at, ZoneInfo(visit.time_zone))


@admin.register(Outage)
class OutageAdmin(RoleAdmin):
    """Times in which messages did not go out, to be read."""

    view_roles = DESK
    list_display = ("detail", "kind", "began_at", "told_at", "ended_at", "told_over_at")
    list_filter = ("kind", ("ended_at", admin.EmptyFieldListFilter))


@admin.register(Restoration)
class RestorationAdmin(RoleAdmin):
    """Backups that were restored, to be read."""

    view_roles = DESK
    list_display = ("at", "backup_at", "held")


@admin.register(StaffTask)
class StaffTaskAdmin(RoleAdmin):
    """What a person has to do; it is marked done on the on-call page."""

    view_roles = DESK
    list_display = ("detail", "kind", "patient", "created_at", "done_at", "done_by")
    list_filter = ("kind", ("done_at", admin.EmptyFieldListFilter))
    list_select_related = ("patient__user", "done_by")
    search_fields = ("detail", "patient__user__email")


@admin.register(IncomingText)
class IncomingTextAdmin(RoleAdmin):
    """Texts that people sent to the clinic's number."""

    view_roles = DESK
    list_display = ("received_at", "number", "patient", "keyword", "text", "answered_at")
    list_filter = ("keyword",)
    list_select_related = ("patient__user",)
    search_fields = ("number", "text", "patient__user__email")
