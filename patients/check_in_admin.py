"""Check-ins as a clinician reads them: in a list, and on the page of the patient."""

from __future__ import annotations

from django.contrib import admin
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from config.core.admin import RoleAdmin, tagged
from config.core.models import Role
from patients import check_ins
from patients.models import CheckIn, Patient

READERS = (Role.CLINICIAN,)
SHOWN = 8
FIGURES = ("at", "phq9", "gad7", "pain", "self_harm")
COLOURS = {"danger": "danger", "none": ""}


@admin.register(CheckIn)
class CheckInAdmin(RoleAdmin):
    """How patients say they are, newest first."""

    view_roles = READERS
    list_display = ("patient", *FIGURES[:-1], "thoughts")
    list_select_related = ("patient__user",)
    list_filter = ("self_harm",)
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


def newest_of(patient: Patient) -> SafeString:
    """Set a patient's newest check-ins in a table, with the way to all of them."""
    rows = patient.check_ins.all()[:SHOWN]
    return render_to_string("patients/admin/check_ins.html", {"rows": rows, "patient": patient})
