"""Where people are not written to any more, and what they agreed to, for staff to read."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from config.core.admin import RoleAdmin, tagged
from config.core.models import Role, User
from patients import contacts
from patients.models import AccountClosure, ClosedContact, HomeNotes, TextConsent

CARE = (Role.CLINICIAN, Role.DISPATCHER)
STATES = {"closed": "danger", "open": "success"}


@admin.register(ClosedContact)
class ClosedContactAdmin(RoleAdmin):
    """Closed addresses; one that bounced may be opened again, one that said stop only by START."""

    view_roles = CARE
    list_display = ("address", "channel", "reason", "closed_at", "state_tag")
    list_filter = ("channel", "reason")
    search_fields = ("address",)
    actions = ("open_again",)

    @tagged(description="Now", colours=STATES, ordering="reopened_at")
    def state_tag(self, contact: ClosedContact) -> tuple[str, str]:
        """Return whether it is closed, with its colour."""
        return ("open", "Open again") if contact.reopened_at else ("closed", "Closed")

    @admin.action(description="Open again: the person confirmed the address")
    def open_again(self, request: HttpRequest, chosen: QuerySet[ClosedContact]) -> None:
        """Write there again, except where a person said stop: only they take that back."""
        by = request.user if isinstance(request.user, User) else None
        opened = 0
        for contact in chosen.exclude(reason=ClosedContact.Reason.STOPPED):
            opened += contacts.reopen(
                channel=contact.channel, address=contact.address, reasons=[contact.reason], by=by
            )
        left = chosen.count() - opened
        self.message_user(request, f"{opened} opened again, {left} left as they were.")


@admin.register(TextConsent)
class TextConsentAdmin(RoleAdmin):
    """Every yes and no to texts, with its words."""

    view_roles = CARE
    list_display = ("patient", "whose", "phone", "agreed", "told_by", "at")
    list_filter = ("whose", "agreed")
    list_select_related = ("patient__user",)
    search_fields = ("phone", "patient__user__email")


@admin.register(HomeNotes)
class HomeNotesAdmin(RoleAdmin):
    """The ways into homes, for whoever is asked at the telephone."""

    view_roles = (Role.DISPATCHER,)
    list_display = ("patient", "line1", "postal_code", "changed_at")
    list_select_related = ("patient__user",)
    search_fields = ("patient__user__name", "line1", "postal_code")


@admin.register(AccountClosure)
class AccountClosureAdmin(RoleAdmin):
    """Who wanted an account closed, when, and what became of it."""

    view_roles = (*CARE, Role.ADMINISTRATOR)
    list_display = ("patient", "asked_at", "asked_by", "closes_at", "withdrawn_at", "closed_at")
    list_select_related = ("patient__user", "asked_by")
    search_fields = ("patient__user__email", "patient__user__name")
