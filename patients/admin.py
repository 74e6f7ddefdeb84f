"""What staff see and do of patients; every change goes through the rule the API uses."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

import patients.article_admin
import patients.consent_admin
import patients.contact_admin  # noqa: F401  each registers its own
from config.core.admin import RoleAdmin, RuleAdmin, link_to, role_of, tagged
from config.core.models import Role
from patients import accounts, check_in_admin, gate, intake, orders, places
from patients.forms import DecisionForm, OrderForm, ReasonForm
from patients.models import (
    Address,
    Intake,
    Order,
    Patient,
    Permit,
    ServiceArea,
    Therapy,
)

CLINICAL = (Role.CLINICIAN,)
CARE = (Role.CLINICIAN, Role.DISPATCHER)
OFFICE = (Role.ADMINISTRATOR,)
COLOURS = {"crisis": "danger", "excluded": "danger", "review": "warning", "information": "info"}
OUTCOMES = {**COLOURS, "eligible": "success"}
STATUSES = {
    "awaiting_review": "warning",
    "asked": "info",
    "cleared": "success",
    "declined": "danger",
}


@admin.register(Patient)
class PatientAdmin(RoleAdmin):
    """Who is cared for and how to reach them; the clinician says what the nurse must know."""

    view_roles = CARE
    change_roles = CLINICAL
    add_roles = ()
    list_display = ("email", "name", "phone", "date_of_birth")
    list_select_related = ("user", "address")
    search_fields = ("user__email", "user__name", "phone")
    fields = (
        "user",
        "date_of_birth",
        "phone",
        "home",
        "escort_name",
        "escort_phone",
        "escort_texts",
        "channels",
        "language",
        "gates",
        "alerts",
    )
    readonly_fields = (*fields[:-1], "check_ins")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Show what is said of mood to clinicians and administrators."""
        is_read = role_of(request) in (Role.ADMINISTRATOR, *CLINICAL)
        return (*self.fields, "check_ins") if is_read else self.fields

    def save_model(self, request: HttpRequest, obj: Patient, form: Any, change: bool) -> None:
        """Save what was changed here, so that the patient's own changes meanwhile stay."""
        obj.save(update_fields=form.changed_data)

    @admin.display(description="E-mail", ordering="user__email")
    def email(self, patient: Patient) -> str:
        """Name the account."""
        return patient.user.email

    @admin.display(description="Name", ordering="user__name")
    def name(self, patient: Patient) -> str:
        """Name the person."""
        return patient.user.name

    @admin.display(description="Address")
    def home(self, patient: Patient) -> str:
        """Return the address in one line."""
        address = accounts.address_of(patient)
        return (
            f"{address.line1} {address.line2}, {address.city}, {address.state} "
            f"{address.postal_code}"
            if address
            else "–"
        )

    @admin.display(description="Check-ins")
    def check_ins(self, patient: Patient) -> str:
        """Set the newest in a table."""
        return check_in_admin.newest_of(patient)

    @admin.display(description="Gates")
    def gates(self, patient: Patient) -> str:
        """Tag each gate with ok or the code that refuses."""
        return tags(
            [
                (f"{name}: {code}", "success" if code == "ok" else "danger")
                for name, code in gate.summary(patient=patient).items()
            ]
        )


@admin.register(Address)
class AddressAdmin(RoleAdmin):
    """Homes, to be read: a patient changes their own."""

    view_roles = CARE
    list_display = ("patient", "line1", "city", "state", "postal_code", "time_zone")
    list_filter = ("state",)
    search_fields = ("patient__user__email", "line1", "city", "postal_code")


@admin.register(Intake)
class IntakeAdmin(RuleAdmin):
    """Intakes as a clinician reads and decides them."""

    view_roles = rule_roles = CLINICAL
    add_roles = ()
    rule_form = DecisionForm
    rule_label = "Decide"
    rule_page = "changelist"
    change_form_outer_before_template = "patients/admin/decide.html"
    list_display = ("patient", "outcome_tag", "status_tag", "submitted_at", "valid_until")
    list_filter = ("status", "outcome")
    list_select_related = ("patient__user",)
    search_fields = ("patient__user__email", "patient__user__name")
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("patient", "date_of_birth"),
                    ("phone", "email"),
                    ("outcome", "status"),
                    ("submitted_at", "valid_until"),
                    ("decided_by", "decided_at"),
                    "reason",
                )
            },
        ),
        ("What was found", {"fields": ("found", "points")}),
        ("What was answered", {"fields": ("in_words",)}),
    )
    readonly_fields = ("date_of_birth", "phone", "email", "found", "points", "in_words")

    def rule(self, *, request: HttpRequest, obj: Any, data: dict[str, Any]) -> str:
        """Decide, or take back a clearance."""
        by = accounts.staff(request.user)
        if obj.status == Intake.Status.CLEARED and data["decision"] == "decline":
            decided = intake.revoke(intake=obj, reason=data["reason"], by=by)
        else:
            decided = intake.review(intake=obj, by=by, **data)
        return f"Decided: {decided.get_status_display().lower()}."

    def is_rule_open(self, obj: Intake) -> bool:
        """What was declined stays declined; a clearance can be taken back."""
        return obj.status != Intake.Status.DECLINED

    @admin.display(description="Date of birth in the profile")
    def date_of_birth(self, row: Intake) -> str:
        """Return the patient's own."""
        return str(row.patient.date_of_birth or "–")

    @admin.display(description="Phone")
    def phone(self, row: Intake) -> SafeString | str:
        """Return the patient's, to be called."""
        return _link("tel", row.patient.phone) if row.patient.phone else "No phone on file"

    @admin.display(description="E-mail")
    def email(self, row: Intake) -> SafeString:
        """Return the patient's, to be written to."""
        return _link("mailto", row.patient.user.email)

    @tagged(description="Outcome", colours=OUTCOMES, ordering="outcome")
    def outcome_tag(self, row: Intake) -> tuple[str, str]:
        """Colour the outcome."""
        return row.outcome, row.get_outcome_display()

    @tagged(description="Status", colours=STATUSES, ordering="status")
    def status_tag(self, row: Intake) -> tuple[str, str]:
        """Colour the status."""
        return row.status, row.get_status_display()

    @admin.display(description="Findings")
    def found(self, row: Intake) -> SafeString:
        """Group the findings by severity, the reviewer's sentence beside each."""
        groups = [
            {"severity": severity, "type": COLOURS.get(severity, ""), "findings": list(found)}
            for severity, found in groupby(row.findings, key=lambda one: one["severity"])
        ]
        return render_to_string("patients/admin/findings.html", {"groups": groups})

    @admin.display(description="Scores")
    def points(self, row: Intake) -> str:
        """List each instrument's total and band."""
        return tags(
            [
                (f"{name}: {score['total']} {score.get('band') or ''}".strip(), "info")
                for name, score in row.scores.items()
            ]
        )

    @admin.display(description="Answers")
    def in_words(self, row: Intake) -> SafeString:
        """Set each question beside its answer."""
        return render_to_string("patients/admin/answers.html", {"answers": intake.in_words(row)})


@admin.register(Order)
class OrderAdmin(RuleAdmin):
    """Orders: written once, read afterwards, withdrawn with a reason."""

    view_roles = add_roles = rule_roles = CLINICAL
    rule_form = ReasonForm
    rule_label = "Withdraw this order"
    form = OrderForm
    autocomplete_fields = ("patient",)
    list_display = ("patient", "therapy", "left", "valid_from", "valid_until", "withdrawn_at")
    list_filter = ("therapy",)
    list_select_related = ("patient__user", "therapy")
    search_fields = ("patient__user__email", "patient__user__name")
    add_fields = OrderForm.Meta.fields

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Show everything once it is written."""
        if obj is None:
            return list(self.add_fields)
        shown = [*self.add_fields, "prescriber", "min_interval_hours", "sessions_reserved"]
        return [*shown, "created_at", "withdrawn_at", "withdrawn_by", "withdrawn_reason"]

    def get_form(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        """Give the form the clinician who writes."""
        form = super().get_form(request, obj, **kwargs)
        form.prescriber = request.user
        return form

    def save_model(self, request: HttpRequest, obj: Order, form: Any, change: bool) -> None:
        """Write the order by the rule."""
        written = orders.write(prescriber=accounts.staff(request.user), **form.asked())
        obj.pk = written.pk

    def rule(self, *, request: HttpRequest, obj: Any, data: dict[str, Any]) -> str:
        """Withdraw."""
        orders.withdraw(order=obj, by=accounts.staff(request.user), **data)
        return "The order is withdrawn."

    def is_rule_open(self, obj: Order) -> bool:
        """An order is withdrawn once."""
        return obj.withdrawn_at is None

    @admin.display(description="Sessions left")
    def left(self, order: Order) -> str:
        """Count what may still be booked."""
        return f"{order.sessions_left} of {order.sessions}"


@admin.register(Therapy)
class TherapyAdmin(RoleAdmin):
    """What can be booked."""

    view_roles = CARE
    change_roles = OFFICE
    list_display = ("name", "slug", "total_minutes", "min_interval_hours", "is_active")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Orders and visits name a therapy by its slug and count on what it is: both stay."""
        return ("slug", "needs_order") if obj else ()


class PlaceRuleAdmin(RoleAdmin):
    """Where the clinic may go: a change has every gate asked again."""

    view_roles = CARE
    change_roles = OFFICE

    def save_model(self, request: HttpRequest, obj: Any, form: forms.Form, change: bool) -> None:
        """Save, then have the gates asked again."""
        super().save_model(request, obj, form, change)
        places.rules_changed()


@admin.register(Permit)
class PermitAdmin(PlaceRuleAdmin):
    """States; one without a row is denied."""

    list_display = ("state", "is_permitted", "licence_kind", "supervision", "is_example")


@admin.register(ServiceArea)
class ServiceAreaAdmin(PlaceRuleAdmin):
    """Circles the clinic drives to."""

    list_display = ("name", "latitude", "longitude", "radius_km", "is_open")


def _link(scheme: str, address: str) -> SafeString:
    return link_to(f"{scheme}:{address}", address)


def tags(labels: list[tuple[str, str]]) -> str:
    """Return coloured tags, or a dash."""
    if not labels:
        return "–"
    return render_to_string("patients/admin/tags.html", {"labels": labels})
