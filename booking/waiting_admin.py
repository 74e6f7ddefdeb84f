"""The waiting list and its offers, for staff to read: they change only by their rules."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from django.contrib import admin

from booking import waiting
from booking.clock import say_moment
from booking.models import Offer, WaitingEntry
from config.core.admin import RoleAdmin, tagged
from config.core.models import Role

DESK = (Role.CLINICIAN, Role.DISPATCHER)
OFFER_COLOURS = {
    "offered": "info",
    "taken": "success",
    "lapsed": "warning",
    "declined": "warning",
    "withdrawn": "danger",
}


@admin.register(WaitingEntry)
class WaitingEntryAdmin(RoleAdmin):
    """Who waits, in the order of the line."""

    view_roles = DESK
    list_display = ("in_line_since", "patient", "therapy", "days", "part", "state_tag", "looked_at")
    list_filter = (("ended_at", admin.EmptyFieldListFilter), "ending", "therapy", "part")
    list_select_related = ("patient__user", "therapy")
    search_fields = ("patient__user__email", "patient__user__name")
    readonly_fields = ("place",)

    @admin.display(description="Days", ordering="first_day")
    def days(self, entry: WaitingEntry) -> str:
        """Say from when to when."""
        return f"{entry.first_day:%d %b} – {entry.last_day:%d %b}"

    @tagged(
        description="Now",
        colours={"": "info", "taken": "success", "booked": "success"},
        ordering="ending",
    )
    def state_tag(self, entry: WaitingEntry) -> tuple[str, str]:
        """Return whether they still wait, with its colour."""
        return entry.ending, entry.get_ending_display() if entry.ending else "Waits"

    @admin.display(description="Place in line")
    def place(self, entry: WaitingEntry) -> str:
        """Say what the patient reads."""
        if entry.ended_at is not None:
            return "–"
        found = waiting.place(entry)
        return f"{found.number} of {found.total} who wait for some of these times"


@admin.register(Offer)
class OfferAdmin(RoleAdmin):
    """What was offered to whom, and what came of it."""

    view_roles = DESK
    list_display = ("offered_at", "patient", "local_start", "nurse", "state_tag", "expires_at")
    list_filter = ("state",)
    list_select_related = ("entry__patient__user", "nurse__user")
    search_fields = ("entry__patient__user__email", "entry__patient__user__name")

    @admin.display(description="Patient")
    def patient(self, offer: Offer) -> str:
        """Name whom it was offered to."""
        return str(offer.entry.patient)

    @admin.display(description="Starts", ordering="starts_at")
    def local_start(self, offer: Offer) -> str:
        """Say the start as the patient reads it."""
        return say_moment(offer.starts_at, ZoneInfo(offer.time_zone))

    @tagged(description="State", colours=OFFER_COLOURS, ordering="state")
    def state_tag(self, offer: Offer) -> tuple[str, str]:
        """Return the state with its colour."""
        return offer.state, offer.get_state_display()
