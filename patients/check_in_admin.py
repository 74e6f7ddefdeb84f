"""Check-ins as a clinician reads them: in a list, and on the page of the patient."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from unfold.admin import TabularInline

from config.core.admin import RoleAdmin, role_of, tagged
from config.core.models import Role
from patients import check_ins
from patients.models import CheckIn

READERS = (Role.CLINICIAN,)
FIGURES = ("at", "phq9", "gad7", "pain", "self_harm")
COLOURS = {"danger": "danger", "none": ""}


@admin.register(CheckIn)
class CheckInAdmin(RoleAdmin):
    """How patients say they are, newest first."""

    view_roles = READERS
    list_display = ("patient", *FIGURES[:-1], "thoughts")
    list_select_related = ("patient__user",)
    list_filter = (("self_harm", admin.AllValuesFieldListFilter),)
    search_fields = ("patient__user__email", "patient__user__name")
    fields = ("patient", *FIGURES, "in_words")
    readonly_fields = ("in_words",)

    @tagged(description="Item 9", colours=COLOURS, ordering="self_harm")
    def thoughts(self, row: CheckIn) -> tuple[str, str]:
        """Colour thoughts of death or self-harm."""
        return ("danger", str(row.self_harm)) if row.self_harm else ("none", "0")

    @admin.display(description="Answers")
    def in_words(self, row: CheckIn) -> SafeString:
        """Set each question beside its answer."""
        answers = check_ins.in_words(row)
        return render_to_string("patients/admin/answers.html", {"answers": answers})


class CheckInInline(TabularInline):
    """A patient's own check-ins, on their page."""

    model = CheckIn
    verbose_name_plural = "Check-ins"
    fields = readonly_fields = FIGURES
    extra = 0
    max_num = 0
    can_delete = False
    show_change_link = True
    per_page = 20

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Answers about mood are for clinicians."""
        return role_of(request) in (Role.ADMINISTRATOR, *READERS)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """What was answered never changes."""
        return False

    has_add_permission = has_delete_permission = has_change_permission
