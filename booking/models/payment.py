"""Money for visits: what was asked for, what came of it, what goes back. Amounts are in cents."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Self

import pgtrigger
from django.db import models
from django.db.models import Q

from booking.models.appointment import Appointment
from config.core.clock import now
from config.core.models import append_only, never_deleted
from config.core.triggers import changed, changed_once_set, refused

NO_MORE_THAN_PAID = """
    PERFORM 1 FROM booking_payment WHERE id = NEW.payment_id FOR UPDATE;
    IF NEW.amount_cents + COALESCE((
        SELECT sum(amount_cents) FROM booking_refund
        WHERE payment_id = NEW.payment_id AND state <> 'failed'
    ), 0) > COALESCE((
        SELECT amount_cents FROM booking_payment WHERE id = NEW.payment_id AND state = 'paid'
    ), 0) THEN
        RAISE EXCEPTION 'No more goes back than was paid.' USING ERRCODE = 'check_violation',
            CONSTRAINT = 'refund_is_of_no_more_than_was_paid';
    END IF;
    RETURN NEW;
"""


class PaymentQuerySet(models.QuerySet["Payment"]):
    """Reads of payments."""

    def open(self) -> Self:
        """Return those that somebody may still pay."""
        return self.filter(state="open")

    def paid(self) -> Self:
        """Return those that were paid."""
        return self.filter(state="paid")


class Payment(models.Model):
    """Money asked for one visit by one checkout; a course has one checkout and a row per visit."""

    class What(models.TextChoices):
        """What it pays."""

        DEPOSIT = "deposit", "Deposit"
        REST = "rest", "Price"

    class State(models.TextChoices):
        """What came of it."""

        OPEN = "open", "Open"
        PAID = "paid", "Paid"
        EXPIRED = "expired", "Not paid"
        FAILED = "failed", "Failed"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    appointment = models.ForeignKey(Appointment, on_delete=models.PROTECT, related_name="payments")
    checkout = models.UUIDField(
        help_text="The key under which the provider was asked", db_index=True
    )
    what = models.CharField(max_length=8, choices=What.choices)
    amount_cents = models.PositiveIntegerField()
    currency = models.CharField(max_length=3)
    state = models.CharField(max_length=8, choices=State.choices, default=State.OPEN)
    session_id = models.CharField(max_length=255, blank=True)
    intent_id = models.CharField(max_length=255, blank=True, db_index=True)
    url = models.TextField(blank=True)
    created_at = models.DateTimeField(default=now)
    expires_at = models.DateTimeField()
    paid_at = models.DateTimeField(null=True, blank=True)
    settled_at = models.DateTimeField(
        null=True, blank=True, help_text="When it was decided what goes back of it"
    )

    objects = PaymentQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at",)
        indexes = [
            models.Index(fields=["expires_at"], name="payment_open", condition=Q(state="open")),
            models.Index(
                fields=["appointment"],
                name="payment_unsettled",
                condition=Q(state="paid", settled_at__isnull=True),
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["appointment"],
                name="payment_is_open_once_per_visit",
                condition=Q(state="open"),
            ),
            models.UniqueConstraint(
                fields=["appointment", "checkout"], name="payment_is_asked_once_per_checkout"
            ),
            models.CheckConstraint(
                condition=Q(amount_cents__gt=0), name="payment_is_of_some_money"
            ),
            models.CheckConstraint(
                condition=Q(what__in=["deposit", "rest"]), name="payment_is_of_a_known_kind"
            ),
            models.CheckConstraint(
                condition=Q(state="paid", paid_at__isnull=False)
                | Q(state__in=["open", "expired", "failed"], paid_at__isnull=True),
                name="payment_that_is_paid_says_when",
            ),
            models.CheckConstraint(
                condition=Q(settled_at__isnull=True) | Q(state="paid"),
                name="payment_is_settled_once_paid",
            ),
        ]
        triggers = [
            never_deleted("payment_is_never_deleted"),
            pgtrigger.FSM(
                name="payment_that_is_paid_stays_so",
                field="state",
                transitions=[
                    ("open", "paid"),
                    ("open", "expired"),
                    ("open", "failed"),
                    ("expired", "paid"),
                    ("failed", "paid"),
                ],
            ),
            refused(
                "payment_is_of_one_amount_for_one_visit",
                "What was asked for never changes.",
                condition=changed(
                    "appointment",
                    "checkout",
                    "what",
                    "amount_cents",
                    "currency",
                    "created_at",
                    "expires_at",
                ),
            ),
            refused(
                "payment_is_settled_once",
                "What goes back is decided once.",
                condition=changed_once_set("settled_at", "paid_at"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_what_display()} {self.amount_cents / 100:.2f} {self.currency}"

    def is_of_use(self, *, at: datetime) -> bool:
        """Whether somebody can still go and pay it."""
        return self.state == self.State.OPEN and bool(self.url) and at < self.expires_at


class PaymentEvent(models.Model):
    """One line of the ledger: what became of a payment; written once, never changed."""

    class Kind(models.TextChoices):
        """What happened."""

        CREATED = "created", "Asked for"
        PAID = "paid", "Paid"
        EXPIRED = "expired", "Not paid in time"
        FAILED = "failed", "Payment failed"
        REFUNDED = "refunded", "Paid back"
        REFUND_FAILED = "refund_failed", "Could not be paid back"
        DISPUTED = "disputed", "Disputed at the bank"
        DISPUTE_ENDED = "dispute_ended", "Dispute ended"

    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="events")
    kind = models.CharField(max_length=16, choices=Kind.choices)
    amount_cents = models.PositiveIntegerField()
    about = models.CharField(
        max_length=255, blank=True, help_text="The provider's name for it, such as re_1"
    )
    at = models.DateTimeField(default=now)

    class Meta:
        ordering = ("at", "pk")
        constraints = [
            models.UniqueConstraint(
                fields=["payment", "kind", "about"], name="payment_event_is_kept_once"
            ),
            models.CheckConstraint(
                condition=Q(
                    kind__in=[
                        "created",
                        "paid",
                        "expired",
                        "failed",
                        "refunded",
                        "refund_failed",
                        "disputed",
                        "dispute_ended",
                    ]
                ),
                name="payment_event_is_of_a_known_kind",
            ),
        ]
        triggers = [append_only("payment_event_is_never_changed")]

    def __str__(self) -> str:
        return self.get_kind_display()


class Refund(models.Model):
    """Money that goes back: due until the provider has said that it went."""

    class State(models.TextChoices):
        """Where it stands."""

        DUE = "due", "Due"
        DONE = "done", "Paid back"
        FAILED = "failed", "Failed"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="refunds")
    amount_cents = models.PositiveIntegerField()
    why = models.CharField(max_length=40, help_text="cancelled, or by whom it was made elsewhere")
    state = models.CharField(max_length=8, choices=State.choices, default=State.DUE)
    refund_id = models.CharField(max_length=255, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(default=now)
    problem = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(default=now)
    done_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-created_at",)
        indexes = [
            models.Index(fields=["next_try_at"], name="refund_due", condition=Q(state="due")),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["payment"],
                name="refund_of_a_cancelled_visit_is_due_once",
                condition=Q(why="cancelled"),
            ),
            models.UniqueConstraint(
                fields=["refund_id", "payment"],
                name="refund_is_known_once",
                condition=~Q(refund_id=""),
            ),
            models.CheckConstraint(condition=Q(amount_cents__gt=0), name="refund_is_of_some_money"),
            models.CheckConstraint(
                condition=~Q(state="done") | Q(done_at__isnull=False) & ~Q(refund_id=""),
                name="refund_that_is_done_says_when_and_which",
            ),
        ]
        triggers = [
            never_deleted("refund_is_never_deleted"),
            pgtrigger.FSM(
                name="refund_state_moves_forward",
                field="state",
                transitions=[("due", "done"), ("due", "failed"), ("done", "failed")],
            ),
            refused(
                "refund_is_of_one_amount_of_one_payment",
                "What goes back never changes.",
                condition=changed("payment", "amount_cents", "why", "created_at"),
            ),
            pgtrigger.Trigger(
                name="refund_is_of_no_more_than_was_paid",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func=NO_MORE_THAN_PAID,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.amount_cents / 100:.2f} back"


class StripeEvent(models.Model):
    """News of the payment provider that was taken in; told again, it changes nothing."""

    event_id = models.CharField(max_length=255, primary_key=True)
    kind = models.CharField(max_length=80)
    about = models.CharField(max_length=255, blank=True)
    created_at = models.DateTimeField(help_text="When the provider says it happened")
    received_at = models.DateTimeField(default=now)

    class Meta:
        ordering = ("-received_at",)
        triggers = [append_only("stripe_event_is_kept_as_it_came")]

    def __str__(self) -> str:
        return f"{self.kind} {self.event_id}"
