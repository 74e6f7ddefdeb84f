"""What came of money that was asked for: paid, or not, as the provider says; a ledger of it all."""

from __future__ import annotations

import logging
from uuid import UUID

from django.db import transaction

from booking import attention, prices, stripe_door
from booking.models import FREED, Payment, PaymentEvent
from config.core.clock import now

State, Event = Payment.State, PaymentEvent.Kind
AT_ONCE = 50

logger = logging.getLogger(__name__)


def note(
    payment: Payment, kind: PaymentEvent.Kind, *, cents: int | None = None, about: str = ""
) -> None:
    """Write a line of the ledger; the same one again changes nothing."""
    line = PaymentEvent(
        payment=payment,
        kind=kind,
        amount_cents=payment.amount_cents if cents is None else cents,
        about=about[:255],
    )
    PaymentEvent.objects.bulk_create([line], ignore_conflicts=True)


def abandon(payment: Payment) -> None:
    """Let nobody pay an open payment any more, unless somebody has."""
    if payment.session_id:
        session = stripe_door.look(payment.session_id)
        if session.is_paid:
            record_paid(key=payment.checkout, session=session)
            return
        if session.is_open:
            stripe_door.close(payment.session_id)
    end(payment.checkout, state=State.EXPIRED)


@transaction.atomic
def record_paid(*, key: UUID, session: stripe_door.Session) -> None:
    """Take in that a checkout was paid; told again, or after it had ended, it counts once."""
    rows = list(Payment.objects.filter(checkout=key).order_by("pk").select_for_update())
    for row in rows:
        if row.state == State.PAID:
            continue
        row.state, row.paid_at, row.url = State.PAID, now(), ""
        row.intent_id = session.intent_id
        row.session_id = row.session_id or session.session_id
        row.save(update_fields=["state", "paid_at", "url", "intent_id", "session_id"])
        note(row, Event.PAID, about=session.intent_id)
        _ask_about_too_much(row)
    asked = sum(row.amount_cents for row in rows)
    if not rows or (asked, rows[0].currency) != (session.amount_cents, session.currency):
        attention.ask_once(
            kind="payment_differs",
            key=f"payment/{key}/differs",
            detail=f"Stripe took another amount than was asked for: look at {session.session_id}.",
            appointment=rows[0].appointment if rows else None,
        )


def _ask_about_too_much(payment: Payment) -> None:
    """Have a person see to money that came twice, such as from a slow bank and then from a card."""
    visit = payment.appointment
    money = prices.owed(visit)
    if money.paid > money.price:
        attention.ask_once(
            kind="paid_too_much",
            key=f"{visit.pk}/too_much",
            detail=f"{prices.say(money.paid)} was paid for a visit of {prices.say(money.price)}: "
            "please send the rest back at Stripe.",
            appointment=visit,
        )


@transaction.atomic
def end(key: UUID, *, state: Payment.State, about: str = "") -> None:
    """Take in that nobody paid in time, or that it did not go through; what is paid stays so."""
    rows = Payment.objects.open().filter(checkout=key).order_by("pk").select_for_update()
    for row in rows:
        row.state, row.url = state, ""
        row.save(update_fields=["state", "url"])
        note(row, Event.FAILED if state == State.FAILED else Event.EXPIRED, about=about)


def look_at_open() -> int:
    """Ask about pages whose time is up or whose visit is off: their news may have been lost."""
    at = now()
    over = Payment.objects.open().filter(expires_at__lte=at)
    off = Payment.objects.open().filter(appointment__status__in=FREED)
    rows = (over | off).order_by("checkout", "pk").distinct("checkout")[:AT_ONCE]
    return sum(_abandon_safely(row) for row in rows)


def _abandon_safely(payment: Payment) -> bool:
    try:
        abandon(payment)
    except (stripe_door.NotNow, stripe_door.Declined) as problem:
        logger.warning("payment %s: %s", payment.pk, problem)
        return False
    return True


def catch_up(payment: Payment) -> None:
    """Ask what came of an open payment: somebody is back from its page before the news of it.

    Raises
    ------
    stripe_door.NotNow, stripe_door.Declined
    """
    if payment.session_id:
        session = stripe_door.look(payment.session_id)
        if session.is_paid:
            record_paid(key=payment.checkout, session=session)
