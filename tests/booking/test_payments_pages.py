"""The pages about money: what they show in each state, and where they lead."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from booking import appointments, payments, prices
from booking.models import Appointment, Payment
from config.safety import checks
from tests import factories, stripe_server
from tests.booking.notice_help import BOOKED_AT
from tests.booking.pay_help import DEPOSIT, begun, paid, switch_on, visit
from tests.stripe_server import Stripe

pytestmark = pytest.mark.django_db
What = Payment.What


@pytest.fixture(scope="module")
def server() -> Iterator[Stripe]:
    with stripe_server.running() as stripe:
        yield stripe


@pytest.fixture
def stripe(server: Stripe, settings: Settings) -> Iterator[Stripe]:
    server.failures.clear()
    switch_on(settings, server)
    with time_machine.travel(BOOKED_AT, tick=False):
        yield server


def shown(client: Client, one: Appointment, query: str = "") -> str:
    client.force_login(one.patient.user)
    answer = client.get(reverse("visit-pay", args=[one.pk]) + query)
    assert (answer.status_code, answer.headers["Cache-Control"][:9]) == (200, "max-age=0")
    return answer.content.decode()


def press(client: Client, one: Appointment, what: str = "deposit") -> Any:
    client.force_login(one.patient.user)
    return client.post(reverse("visit-pay", args=[one.pk]), {"what": what})


def test_a_deposit_is_asked_for_and_the_button_leads_to_stripe(
    client: Client, stripe: Stripe
) -> None:
    one = visit()
    said = shown(client, one)
    assert "Pay the deposit, $100.00" in said
    assert "Pay this visit in full, $495.00" in said
    assert "ood session" not in said
    answers = [press(client, one) for _ in range(2)]
    assert {answer.status_code for answer in answers} == {302}
    assert len({answer.headers["Location"] for answer in answers}) == 1
    assert answers[0].headers["Location"].startswith(f"{stripe.address}/c/pay/")


def test_a_browser_may_go_from_this_form_to_stripe_and_nowhere_else(
    client: Client, stripe: Stripe
) -> None:
    client.force_login(visit().patient.user)
    answer = client.get(reverse("visit-pay", args=[Appointment.objects.get().pk]))
    policy = answer.headers["Content-Security-Policy"]
    assert "form-action 'self' https://checkout.stripe.com" in policy


def test_who_comes_back_reads_what_the_row_says_and_not_what_the_address_says(
    client: Client, stripe: Stripe
) -> None:
    one = visit()
    assert "We have received" not in shown(client, one, "?back=1")
    row = begun(one, What.DEPOSIT)
    assert "We are waiting for your bank" in shown(client, one, "?back=1")
    stripe.pay(row.session_id)
    said = shown(client, one, "?back=1")
    assert "We have received $100.00" in said
    assert "Pay $395.00" in said


def test_stripe_out_of_reach_is_said_kindly_and_nothing_is_lost(
    client: Client, stripe: Stripe
) -> None:
    one = visit()
    stripe.fail(status=500)
    answer = press(client, one)
    assert answer.status_code == 503
    assert "Nothing was charged" in answer.content.decode()
    assert press(client, one).status_code == 302


def test_each_state_says_its_own(client: Client, stripe: Stripe, settings: Settings) -> None:
    talk = factories.make_appointment(
        patient=factories.make_patient(), nurse=None, starts_at=BOOKED_AT + timedelta(days=2),
        slug="consultation",
    )  # fmt: skip
    assert "This visit is free" in shown(client, talk)
    one = visit()
    paid(client, stripe, one)
    assert "All paid" in shown(client, one)
    appointments.cancel(appointment=one)
    payments.sweep()
    assert "$495.00 goes back to you" in shown(client, one)
    settings.STRIPE_SECRET_KEY = ""
    assert "we send you a bill" in shown(client, visit())


def test_the_list_has_receipts_to_read_and_to_keep(client: Client, stripe: Stripe) -> None:
    one = visit()
    row = paid(client, stripe, one, What.DEPOSIT)
    client.force_login(one.patient.user)
    said = client.get(reverse("payments")).content.decode()
    assert reverse("payment", args=[row.pk]) in said
    assert "Pay $395.00" in said
    receipt = client.get(reverse("payment", args=[row.pk])).content.decode()
    assert "$100.00" in receipt
    assert "ood session" not in receipt
    paper = client.get(reverse("payment-receipt", args=[row.pk]))
    assert (paper.headers["Content-Type"], paper.content[:5]) == ("application/pdf", b"%PDF-")


def test_nobody_sees_another_s_money(client: Client, stripe: Stripe) -> None:
    one = visit()
    row = paid(client, stripe, one, What.DEPOSIT)
    client.force_login(factories.make_patient(name="Ben Osei").user)
    for where in (
        reverse("visit-pay", args=[one.pk]),
        reverse("payment", args=[row.pk]),
        reverse("payment-receipt", args=[row.pk]),
        reverse("payment", args=[uuid4()]),
    ):
        assert client.get(where).status_code == 404
    assert "No payments yet" in client.get(reverse("payments")).content.decode()


def test_what_cannot_be_is_answered_with_the_page(client: Client, stripe: Stripe) -> None:
    one = visit()
    assert press(client, one, "everything").headers["Location"] == reverse(
        "visit-pay", args=[one.pk]
    )
    paid(client, stripe, one)
    assert press(client, one, "rest").headers["Location"] == reverse("visit-pay", args=[one.pk])


def test_prices_and_fees_are_said_in_whole_sentences(settings: Settings) -> None:
    with time_machine.travel(BOOKED_AT, tick=False):
        said = prices.cancelling(visit())
        assert said[0].startswith("Cancelling costs nothing until Fri 20 Nov, 9:30 AM CST")
        assert said[1] == "After that it costs $247.50, 50 percent of the price."
    assert "50 percent" in " ".join(prices.policy())
    settings.CURRENCY, settings.CANCEL_FEE_PERCENT = "chf", 0
    assert prices.say(123_456) == "1,234.56 CHF"
    assert "Cancelling a visit costs nothing." in prices.policy()
    settings.DEPOSITS = {"mood-40": 9_999_999}
    assert prices.deposit_cents(factories.therapy()) == 49_500
    assert DEPOSIT < 49_500


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CANCEL_FEE_PERCENT", 101),
        ("CANCEL_FREE_HOURS", -1),
        ("OFFER_MINUTES", 29),
        ("CURRENCY", "USD"),
        ("DEPOSITS", {"mood-40": 99.5}),
        ("STRIPE_SECRET_KEY", "sk_live_alone"),
    ],
)
def test_it_refuses_to_start_on_figures_that_cannot_be(
    settings: Settings, name: str, value: Any
) -> None:
    assert not checks.money_adds_up()
    setattr(settings, name, value)
    assert len(checks.money_adds_up()) == 1
