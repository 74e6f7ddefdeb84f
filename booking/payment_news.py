"""What the payment provider tells us: in any order, more than once, or never.

Each piece of news is kept once, in the transaction that takes it in. None is trusted for what a row
of ours says already; one that never comes is asked for by the sweep.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.db import transaction

from booking import attention, refunds, takings
from booking.models import Payment, PaymentEvent, StripeEvent
from booking.stripe_door import News, Session, money_back, named

Event, State = PaymentEvent.Kind, Payment.State


@transaction.atomic
def take_in(news: News) -> bool:
    """Take one piece of news in; false where it is none of ours or was told before."""
    follows = FOLLOWS.get(news.kind)
    if follows is None:
        return False
    # A twin of the same moment waits here for the first one's end.
    _, is_new = StripeEvent.objects.get_or_create(
        event_id=news.event_id[:255],
        defaults={
            "kind": news.kind[:80],
            "about": named(news.about)[:255],
            "created_at": news.created_at,
        },
    )
    if is_new:
        follows(news.about)
    return is_new


def _checkout(about: dict[str, Any]) -> UUID | None:
    """Return our key of a checkout; news of pages that we did not make is passed over."""
    try:
        return UUID(str(about.get("client_reference_id")))
    except ValueError:
        return None


def _completed(about: dict[str, Any]) -> None:
    key = _checkout(about)
    # A bank may still be asked: then the page is complete and nothing is paid yet.
    if key is None or about.get("payment_status") != "paid":
        return
    session = Session(
        session_id=str(about.get("id", "")),
        url="",
        is_open=False,
        is_paid=True,
        intent_id=named(about.get("payment_intent")),
        amount_cents=int(about.get("amount_total") or 0),
        currency=str(about.get("currency") or ""),
    )
    takings.record_paid(key=key, session=session)


def _expired(about: dict[str, Any]) -> None:
    if (key := _checkout(about)) is not None:
        takings.end(key, state=State.EXPIRED)


def _failed(about: dict[str, Any]) -> None:
    if (key := _checkout(about)) is not None:
        takings.end(key, state=State.FAILED, about=str(about.get("id", "")))


def _refund(about: dict[str, Any]) -> None:
    if about.get("status") != "pending":
        refunds.heard(intent_id=named(about.get("payment_intent")), made=money_back(about))


def _disputed(about: dict[str, Any]) -> None:
    """Have a person answer the bank: nothing is decided by a program."""
    for row in _of_intent(about):
        takings.note(
            row, Event.DISPUTED, cents=int(about.get("amount") or 0), about=str(about.get("id", ""))
        )
        attention.ask_once(
            kind="payment_disputed",
            key=f"dispute/{about.get('id', '')}"[:120],
            detail="A payment is disputed at the bank: please answer at Stripe before its date.",
            appointment=row.appointment,
        )


def _dispute_ended(about: dict[str, Any]) -> None:
    for row in _of_intent(about):
        takings.note(
            row,
            Event.DISPUTE_ENDED,
            cents=int(about.get("amount") or 0),
            about=f"{about.get('id', '')}: {about.get('status', '')}",
        )


def _of_intent(about: dict[str, Any]) -> list[Payment]:
    """Return the first row of a payment that several visits may share."""
    intent = named(about.get("payment_intent"))
    rows = Payment.objects.filter(intent_id=intent).select_related("appointment__patient")
    return list(rows.order_by("pk")[:1]) if intent else []


FOLLOWS: dict[str, Callable[[dict[str, Any]], None]] = {
    "checkout.session.completed": _completed,
    "checkout.session.async_payment_succeeded": _completed,
    "checkout.session.async_payment_failed": _failed,
    "checkout.session.expired": _expired,
    "refund.created": _refund,
    "refund.updated": _refund,
    "refund.failed": _refund,
    "charge.dispute.created": _disputed,
    "charge.dispute.closed": _dispute_ended,
}
