"""Money for visits, for staff to read: what moves it is Stripe, and the rules."""

from __future__ import annotations

from django.contrib import admin
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from booking import prices
from booking.models import Payment, Refund, StripeEvent
from config.core.admin import RoleAdmin, tagged
from config.core.models import Role

DESK = (Role.DISPATCHER,)
PAYMENT_COLOURS = {"open": "info", "paid": "success", "expired": "warning", "failed": "danger"}
REFUND_COLOURS = {"due": "info", "done": "success", "failed": "danger"}


@admin.register(Payment)
class PaymentAdmin(RoleAdmin):
    """What was asked for and what came of it, with its ledger."""

    view_roles = DESK
    list_display = ("created_at", "patient", "what", "amount", "state_tag", "paid_at", "settled_at")
    list_filter = ("state", "what")
    list_select_related = ("appointment__patient__user",)
    search_fields = ("appointment__patient__user__email", "appointment__id", "intent_id")
    date_hierarchy = "created_at"
    readonly_fields = ("ledger",)
    exclude = ("url",)

    @admin.display(description="Patient")
    def patient(self, payment: Payment) -> str:
        """Name who pays."""
        return str(payment.appointment.patient)

    @admin.display(description="Amount", ordering="amount_cents")
    def amount(self, payment: Payment) -> str:
        """Say the amount."""
        return prices.say(payment.amount_cents)

    @tagged(description="State", colours=PAYMENT_COLOURS, ordering="state")
    def state_tag(self, payment: Payment) -> tuple[str, str]:
        """Return the state with its colour."""
        return payment.state, payment.get_state_display()

    @admin.display(description="Ledger")
    def ledger(self, payment: Payment) -> SafeString:
        """Say everything that happened, in order."""
        rows = (
            (f"{one.at:%Y-%m-%d %H:%M} UTC", one, prices.say(one.amount_cents), one.about)
            for one in payment.events.all()
        )
        return format_html_join("", "<div>{}: {}, {} {}</div>", rows)


@admin.register(Refund)
class RefundAdmin(RoleAdmin):
    """Money that goes back."""

    view_roles = DESK
    list_display = ("created_at", "patient", "amount", "why", "state_tag", "tries", "problem")
    list_filter = ("state", "why")
    list_select_related = ("payment__appointment__patient__user",)
    search_fields = ("payment__appointment__patient__user__email", "refund_id")

    @admin.display(description="Patient")
    def patient(self, refund: Refund) -> str:
        """Name whose money it is."""
        return str(refund.payment.appointment.patient)

    @admin.display(description="Amount", ordering="amount_cents")
    def amount(self, refund: Refund) -> str:
        """Say the amount."""
        return prices.say(refund.amount_cents)

    @tagged(description="State", colours=REFUND_COLOURS, ordering="state")
    def state_tag(self, refund: Refund) -> tuple[str, str]:
        """Return the state with its colour."""
        return refund.state, refund.get_state_display()


@admin.register(StripeEvent)
class StripeEventAdmin(RoleAdmin):
    """News of the payment provider that was taken in."""

    view_roles = DESK
    list_display = ("received_at", "kind", "about", "created_at", "event_id")
    list_filter = ("kind",)
