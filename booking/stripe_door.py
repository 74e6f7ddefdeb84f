"""The one door to the payment provider: what we ask of Stripe, and what it may be told.

It hears amounts, our keys and the word "visit": nobody's name, no therapy, no address. Every
question that changes something carries a key that is ours, so that asked twice it is done once.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import stripe
from django.conf import settings

TIMEOUT_SECONDS = 8
TOLERANCE_SECONDS = 300
CHECKOUT_PAGE = "https://checkout.stripe.com"
MOST_REFUNDS = 100
# How fast its answers come is nothing Stripe has to be told, nor is each question for our logs.
stripe.enable_telemetry = False
logging.getLogger("stripe").setLevel(logging.WARNING)


class NotNow(Exception):
    """No answer, or one that may be another next time; what was asked may have been done."""


class Declined(Exception):
    """Stripe refuses this for good."""


class NotTheirs(Exception):
    """What came to our door was not signed by Stripe, or too long ago."""


@dataclass(frozen=True, slots=True)
class Session:
    """A page on which somebody pays."""

    session_id: str
    url: str
    is_open: bool
    is_paid: bool
    intent_id: str
    amount_cents: int
    currency: str


@dataclass(frozen=True, slots=True)
class MoneyBack:
    """A refund, as Stripe knows it; `key` is ours, where it was made here."""

    refund_id: str
    amount_cents: int
    is_failed: bool
    key: str = ""


@dataclass(frozen=True, slots=True)
class News:
    """What Stripe tells of something that happened."""

    event_id: str
    kind: str
    created_at: datetime
    about: dict[str, Any]


def is_on() -> bool:
    """Whether anything can be paid here."""
    return bool(settings.STRIPE_SECRET_KEY)


def pages() -> list[str]:
    """Return where a form may lead a browser to pay."""
    asked: str = settings.STRIPE_API_BASE
    return [CHECKOUT_PAGE] if asked == stripe.DEFAULT_API_BASE else [CHECKOUT_PAGE, asked]


def open_session(
    *, key: UUID, amounts: Sequence[int], back: str, language: str, until: datetime
) -> Session:
    """Have a page made on which somebody pays; asked again with the same key, it is the same page.

    Raises
    ------
    NotNow, Declined
    """
    each = [
        {
            "quantity": 1,
            "price_data": {
                "currency": settings.CURRENCY,
                "unit_amount": cents,
                "product_data": {"name": "Visit"},
            },
        }
        for cents in amounts
    ]
    asked: Any = {
        "mode": "payment",
        "line_items": each,
        "client_reference_id": str(key),
        "payment_intent_data": {"metadata": {"checkout": str(key)}},
        "success_url": f"{back}?back=1",
        "cancel_url": back,
        "expires_at": int(until.timestamp()),
        "locale": "es" if language == "es" else "en",
    }
    with _answers():
        made = _client().v1.checkout.sessions.create(asked, {"idempotency_key": f"checkout-{key}"})
    return _session(made)


def look(session_id: str) -> Session:
    """Ask what became of a page."""
    with _answers():
        return _session(_client().v1.checkout.sessions.retrieve(session_id))


def close(session_id: str) -> None:
    """Have nobody pay on a page any more; one that is paid or closed already stays so."""
    with _answers():
        _client().v1.checkout.sessions.expire(session_id)


def pay_back(*, key: UUID, intent_id: str, amount_cents: int) -> MoneyBack:
    """Send money back; asked again with the same key, it is the same refund.

    Raises
    ------
    NotNow, Declined
    """
    with _answers():
        made = _client().v1.refunds.create(
            {
                "payment_intent": intent_id,
                "amount": amount_cents,
                "metadata": {"refund": str(key)},
            },
            {"idempotency_key": f"refund-{key}"},
        )
    return money_back(made.to_dict())


def paid_back(intent_id: str) -> list[MoneyBack]:
    """Return every refund of a payment: Stripe forgets our keys after a day, not its refunds."""
    with _answers():
        found = _client().v1.refunds.list({"payment_intent": intent_id, "limit": MOST_REFUNDS})
    return [money_back(one.to_dict()) for one in found.data]


def news(*, body: bytes, signature: str) -> News:
    """Read what came to our door.

    Raises
    ------
    NotTheirs
        If it is not signed by Stripe, or was long ago.
    """
    secret = settings.STRIPE_WEBHOOK_SECRET
    if not secret:
        raise NotTheirs
    try:
        event = stripe.Webhook.construct_event(body, signature, secret, TOLERANCE_SECONDS)
        told = event.to_dict()
        return News(
            event_id=str(told["id"]),
            kind=str(told["type"]),
            created_at=datetime.fromtimestamp(int(told["created"]), tz=UTC),
            about=dict(told["data"]["object"]),
        )
    except (stripe.SignatureVerificationError, ValueError, KeyError, TypeError) as error:
        raise NotTheirs from error


def _client() -> stripe.StripeClient:
    return stripe.StripeClient(
        settings.STRIPE_SECRET_KEY,
        base_addresses={"api": settings.STRIPE_API_BASE},
        max_network_retries=0,
        http_client=stripe.RequestsClient(timeout=TIMEOUT_SECONDS),
    )


@contextmanager
def _answers() -> Iterator[None]:
    """Tell a refusal for good from no answer; only the kind is kept, the words could quote."""
    try:
        yield
    except (stripe.CardError, stripe.InvalidRequestError, stripe.IdempotencyError) as error:
        raise Declined(str(error.code or type(error).__name__)) from error
    except stripe.StripeError as error:
        status = f" {error.http_status}" if error.http_status else ""
        raise NotNow(f"{type(error).__name__}{status}") from error


def _session(made: Any) -> Session:
    told = made.to_dict()
    return Session(
        session_id=told["id"],
        url=told.get("url") or "",
        is_open=told.get("status") == "open",
        is_paid=told.get("payment_status") == "paid",
        intent_id=named(told.get("payment_intent")),
        amount_cents=told.get("amount_total") or 0,
        currency=told.get("currency") or "",
    )


def money_back(told: Mapping[str, Any]) -> MoneyBack:
    """Read a refund as Stripe tells of it."""
    return MoneyBack(
        refund_id=str(told.get("id", "")),
        amount_cents=int(told.get("amount") or 0),
        is_failed=told.get("status") in ("failed", "canceled"),
        key=str((told.get("metadata") or {}).get("refund", "")),
    )


def named(value: Any) -> str:
    """Return the name of a thing that Stripe gives as its name or as a whole."""
    found = value.get("id") if isinstance(value, Mapping) else value
    return found if isinstance(found, str) else ""
