"""What the tests of payments share: a Stripe of their own, and Ada's visit."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.test import Client
from django.urls import reverse

from booking import payments
from booking.models import Appointment, Payment
from config.core.clock import now
from scheduling.models import Nurse
from tests import factories
from tests.stripe_server import KEY, SECRET, Stripe

PRICE = 49_500
DEPOSIT = 10_000
BACK = "https://clinic.example/visits/1/pay/"


def switch_on(settings: Any, stripe: Stripe) -> None:
    settings.STRIPE_SECRET_KEY = KEY
    settings.STRIPE_WEBHOOK_SECRET = SECRET
    settings.STRIPE_API_BASE = stripe.address
    settings.DEPOSITS = {"mood-40": DEPOSIT}


def visit(*, days: int = 5, **changes: Any) -> Appointment:
    """Ada's visit, so many days ahead at 9:30 AM in Chicago."""
    return factories.make_appointment(
        patient=changes.pop("patient", None) or factories.make_patient(),
        nurse=changes.pop("nurse", None) or a_nurse(),
        starts_at=starts_at(days),
        **changes,
    )


def a_nurse() -> Nurse:
    """Somebody who goes there; who could go is not asked here, so she has no shifts."""
    lat, lon = factories.LOOP
    return Nurse.objects.create(
        user=factories.make_user(role="nurse", name="Cleo Marsh"),
        home_latitude=lat,
        home_longitude=lon,
        time_zone=factories.CHICAGO,
    )


def starts_at(days: int) -> datetime:
    at = now() + timedelta(days=days)
    return at.replace(hour=15, minute=30, second=0, microsecond=0)


def begun(one: Appointment, what: Payment.What = Payment.What.REST) -> Payment:
    """Ask for money, and return the row."""
    payments.checkout(visit=one, what=what, back=BACK, language="en")
    return Payment.objects.open().get(appointment=one)


def told(client: Client, body: bytes, signature: str) -> int:
    """Knock at the door as Stripe does, and return the status of the answer."""
    answer = client.post(
        reverse("stripe-hook"),
        body,
        content_type="application/json",
        headers={"Stripe-Signature": signature},
    )
    return int(answer.status_code)


def paid(
    client: Client, stripe: Stripe, one: Appointment, what: Payment.What = Payment.What.REST
) -> Payment:
    """Pay for a visit, and have Stripe tell of it."""
    row = begun(one, what)
    body, signature = stripe.event("checkout.session.completed", stripe.pay(row.session_id))
    assert told(client, body, signature) == 200
    row.refresh_from_db()
    return row
