"""Money for visits, against a local server that speaks Stripe's documented API."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from booking import appointments, payments, prices, refunds, stripe_door, takings
from booking.models import (
    Appointment,
    Course,
    Payment,
    PaymentEvent,
    Refund,
    StaffTask,
    Status,
    StripeEvent,
)
from config.core.clock import now
from config.core.errors import WrongState
from tests import factories, stripe_server
from tests.booking.notice_help import BOOKED_AT
from tests.booking.pay_help import (
    BACK,
    DEPOSIT,
    PRICE,
    begun,
    paid,
    switch_on,
    told,
    visit,
)
from tests.racing import race
from tests.stripe_server import Stripe

pytestmark = pytest.mark.django_db
What, State = Payment.What, Payment.State


@pytest.fixture(scope="module")
def server() -> Iterator[Stripe]:
    with stripe_server.running() as stripe:
        yield stripe


@pytest.fixture
def stripe(server: Stripe, settings: Settings) -> Iterator[Stripe]:
    server.failures.clear()
    server.told.clear()
    server.refunds_are = "succeeded"
    switch_on(settings, server)
    with time_machine.travel(BOOKED_AT, tick=False):
        yield server


def ledger(one: Payment) -> list[str]:
    return list(one.events.values_list("kind", flat=True))


def later(traveller_hours: float) -> Any:
    return time_machine.travel(now() + timedelta(hours=traveller_hours), tick=False)


# -- paying --------------------------------------------------------------------------------------


def test_it_is_paid_once_stripe_says_so_and_told_twice_it_counts_once(
    client: Client, stripe: Stripe
) -> None:
    one = visit()
    row = begun(one)
    assert (row.state, row.amount_cents, row.url) == (
        State.OPEN, PRICE, f"{stripe.address}/c/pay/{row.session_id}",
    )  # fmt: skip
    body, signature = stripe.event("checkout.session.completed", stripe.pay(row.session_id))
    assert [told(client, body, signature) for _ in range(3)] == [200] * 3
    row.refresh_from_db()
    assert (row.state, row.intent_id[:3], row.paid_at) == (State.PAID, "pi_", now())
    assert ledger(row) == ["created", "paid"]
    assert StripeEvent.objects.count() == 1
    assert prices.owed(one).is_settled


def test_asked_twice_it_is_the_same_page(stripe: Stripe) -> None:
    one = visit()
    asked = [
        payments.checkout(visit=one, what=What.REST, back=BACK, language="en") for _ in range(3)
    ]
    assert len(set(asked)) == 1
    assert Payment.objects.count() == 1


def test_a_deposit_then_the_rest(client: Client, stripe: Stripe) -> None:
    one = visit()
    assert payments.after_booking(one) == reverse("visit-pay", args=[one.pk])
    assert paid(client, stripe, one, What.DEPOSIT).amount_cents == DEPOSIT
    assert payments.after_booking(one) == reverse("visit-booked", args=[one.pk])
    assert paid(client, stripe, one).amount_cents == PRICE - DEPOSIT
    with pytest.raises(WrongState):
        payments.checkout(visit=one, what=What.REST, back=BACK, language="en")


def test_whoever_begins_a_deposit_and_then_wants_to_pay_all_has_one_open_page(
    stripe: Stripe,
) -> None:
    one = visit()
    first = begun(one, What.DEPOSIT)
    second = begun(one, What.REST)
    first.refresh_from_db()
    assert (first.state, second.amount_cents) == (State.EXPIRED, PRICE)
    assert stripe.sessions[first.session_id]["status"] == "expired"


def course_paid(client: Client, stripe: Stripe) -> list[Appointment]:
    """Three visits of a course whose deposits were paid together."""
    ada, cleo = factories.make_patient(), factories.make_nurse()
    course = Course.objects.create(patient=ada, therapy=factories.therapy())
    visits = [visit(days=n, patient=ada, nurse=cleo, course=course) for n in (4, 7, 10)]
    row = begun(visits[1], What.DEPOSIT)
    assert stripe.sessions[row.session_id]["amount_total"] == 3 * DEPOSIT
    body, signature = stripe.event("checkout.session.completed", stripe.pay(row.session_id))
    told(client, body, signature)
    return visits


def test_the_deposits_of_a_course_are_paid_together(client: Client, stripe: Stripe) -> None:
    visits = course_paid(client, stripe)
    assert [prices.owed(one).deposit_left for one in visits] == [0, 0, 0]
    assert {one.state for one in Payment.objects.all()} == {State.PAID}


def test_stripe_hears_nothing_of_who_it_is_or_what_for(client: Client, stripe: Stripe) -> None:
    one = visit()
    row = paid(client, stripe, one)
    appointments.cancel(appointment=one, reason="my depression is better")
    refunds.sweep()
    said = json.dumps(stripe.told)
    person = one.patient.user
    for secret in (person.name, person.email, "mood", "ketamine", "Mood session", one.line1,
                   one.patient.phone, "depression", "infusion", str(row.pk)):  # fmt: skip
        assert secret not in said
    assert '"Visit"' in said


# -- what goes wrong -----------------------------------------------------------------------------


@pytest.mark.parametrize("status", [0, 409, 429, 500])
def test_no_clear_answer_leaves_the_row_and_the_next_try_has_the_same_key(
    stripe: Stripe, status: int
) -> None:
    """After it was done, the same page is found again: nobody can pay two."""
    one = visit()
    stripe.fail(status=status, after=True)
    before = len(stripe.sessions)
    with pytest.raises(stripe_door.NotNow):
        payments.checkout(visit=one, what=What.REST, back=BACK, language="en")
    row = Payment.objects.get()
    assert (row.state, row.url) == (State.OPEN, "")
    assert begun(one).pk == row.pk
    assert len(stripe.sessions) == before + 1


@pytest.mark.parametrize("status", [400, 402])
def test_a_refusal_ends_the_row_and_a_new_one_can_be_made(stripe: Stripe, status: int) -> None:
    one = visit()
    stripe.fail(status=status, code="card_declined")
    with pytest.raises(stripe_door.Declined):
        payments.checkout(visit=one, what=What.REST, back=BACK, language="en")
    row = Payment.objects.get()
    assert row.state == State.FAILED
    assert begun(one).pk != row.pk


def test_a_key_that_stripe_does_not_know_is_not_the_patient_s_fault(
    stripe: Stripe, settings: Settings
) -> None:
    settings.STRIPE_SECRET_KEY = "sk_test_other"
    with pytest.raises(stripe_door.NotNow, match="AuthenticationError"):
        begun(visit())


def test_a_server_that_hangs_is_not_waited_for_long(
    stripe: Stripe, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stripe_door, "TIMEOUT_SECONDS", 0.1)
    stripe.waits = threading.Event()
    try:
        with pytest.raises(stripe_door.NotNow):
            begun(visit())
    finally:
        stripe.waits.set()
        stripe.waits = None


def test_lost_news_is_asked_for_when_the_page_s_time_is_up(stripe: Stripe) -> None:
    bought, left = begun(visit()), begun(visit())
    stripe.pay(bought.session_id)
    with later(2):
        assert payments.sweep() == 2
        assert payments.sweep() == 0
    bought.refresh_from_db()
    left.refresh_from_db()
    assert (bought.state, left.state) == (State.PAID, State.EXPIRED)


def test_a_page_whose_visit_is_off_is_closed(stripe: Stripe) -> None:
    one = visit()
    row = begun(one)
    appointments.cancel(appointment=one)
    payments.sweep()
    assert stripe.sessions[row.session_id]["status"] == "expired"


def test_news_in_the_wrong_order_ends_the_same(client: Client, stripe: Stripe) -> None:
    row = begun(visit())
    session = dict(stripe.sessions[row.session_id])
    expired = stripe.event("checkout.session.expired", session | {"status": "expired"})
    completed = stripe.event("checkout.session.completed", stripe.pay(row.session_id))
    for body, signature in (completed, expired):
        told(client, body, signature)
    row.refresh_from_db()
    assert row.state == State.PAID
    other = begun(visit())
    session = dict(stripe.sessions[other.session_id])
    expired = stripe.event("checkout.session.expired", session | {"status": "expired"})
    completed = stripe.event("checkout.session.completed", stripe.pay(other.session_id))
    for body, signature in (expired, completed):
        told(client, body, signature)
    other.refresh_from_db()
    assert other.state == State.PAID
    assert ledger(other) == ["created", "expired", "paid"]


def test_a_page_that_is_complete_while_the_bank_is_asked_is_not_paid_yet(
    client: Client, stripe: Stripe
) -> None:
    row = begun(visit())
    session = dict(stripe.pay(row.session_id))
    body, signature = stripe.event(
        "checkout.session.completed", session | {"payment_status": "unpaid"}
    )
    told(client, body, signature)
    row.refresh_from_db()
    assert row.state == State.OPEN
    body, signature = stripe.event("checkout.session.async_payment_failed", session)
    told(client, body, signature)
    row.refresh_from_db()
    assert row.state == State.FAILED


def test_another_amount_than_was_asked_for_is_a_person_s_business(
    client: Client, stripe: Stripe
) -> None:
    row = begun(visit())
    session = stripe.pay(row.session_id) | {"amount_total": 1}
    told(client, *stripe.event("checkout.session.completed", session))
    assert StaffTask.objects.filter(kind="payment_differs").exists()


def test_a_slow_bank_and_a_card_that_both_pay_are_a_person_s_business(
    client: Client, stripe: Stripe
) -> None:
    one = visit()
    slow = begun(one)
    session = dict(stripe.pay(slow.session_id))
    stripe.sessions[slow.session_id]["payment_status"] = "unpaid"
    takings.abandon(slow)  # its hour is up, and the bank has not said anything
    paid(client, stripe, one)
    assert not StaffTask.objects.exists()
    told(client, *stripe.event("checkout.session.async_payment_succeeded", session))
    assert StaffTask.objects.get().kind == "paid_too_much"


@pytest.mark.parametrize("what", ["body", "old", "secret", "none", "empty"])
def test_the_door_takes_nothing_that_stripe_did_not_sign_just_now(
    client: Client, stripe: Stripe, what: str
) -> None:
    row = begun(visit())
    paid_for = stripe.pay(row.session_id)
    body, signature = stripe.event("checkout.session.completed", paid_for)
    if what == "body":
        body = body.replace(b"paid", b"Paid")
    elif what == "old":
        body, signature = stripe.event(
            "checkout.session.completed", paid_for, at=now().timestamp() - 301
        )
    elif what == "secret":
        signature = stripe_server.signature(body, at=now().timestamp(), secret="whsec_other")
    elif what == "none":
        signature = ""
    else:
        body, signature = b"", stripe_server.signature(b"", at=now().timestamp())
    assert told(client, body, signature) == 400
    row.refresh_from_db()
    assert row.state == State.OPEN
    assert not StripeEvent.objects.exists()


def test_the_door_is_closed_without_a_secret(
    client: Client, stripe: Stripe, settings: Settings
) -> None:
    settings.STRIPE_WEBHOOK_SECRET = ""
    assert told(client, *stripe.event("checkout.session.completed", {})) == 400


@pytest.mark.parametrize(
    ("kind", "about"),
    [
        ("customer.created", {"id": "cus_1"}),
        ("checkout.session.completed", {"id": "cs_1", "payment_status": "paid"}),
        ("checkout.session.expired", {"client_reference_id": "somebody else's"}),
        ("refund.created", {"id": "re_1", "amount": 5, "payment_intent": "pi_other"}),
        ("charge.dispute.created", {"id": "dp_1", "payment_intent": None}),
    ],
)
def test_news_that_is_none_of_ours_is_answered_kindly_and_changes_nothing(
    client: Client, stripe: Stripe, kind: str, about: dict[str, Any]
) -> None:
    assert told(client, *stripe.event(kind, about)) == 200
    assert not PaymentEvent.objects.exists()
    assert not Refund.objects.exists()


def test_a_dispute_is_a_person_s_business(client: Client, stripe: Stripe) -> None:
    row = paid(client, stripe, visit())
    about = {"id": "dp_1", "object": "dispute", "amount": PRICE, "payment_intent": row.intent_id}
    told(client, *stripe.event("charge.dispute.created", about))
    told(client, *stripe.event("charge.dispute.closed", about | {"status": "won"}))
    assert ledger(row) == ["created", "paid", "disputed", "dispute_ended"]
    assert StaffTask.objects.filter(kind="payment_disputed", appointment=row.appointment).exists()


# -- money back ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hours", "back"), [(5 * 24, PRICE), (24, PRICE), (20, PRICE - PRICE // 2), (0.5, PRICE // 2)]
)
def test_cancelled_by_the_rules_money_goes_back_once(
    client: Client, stripe: Stripe, hours: float, back: int
) -> None:
    one = visit()
    row = paid(client, stripe, one)
    with time_machine.travel(one.starts_at - timedelta(hours=hours), tick=False):
        said = prices.cancelling(one)
        appointments.cancel(appointment=one)
        for _ in range(3):
            payments.sweep()
    refund = Refund.objects.get()
    assert (refund.state, refund.amount_cents) == (Refund.State.DONE, back)
    assert stripe.refunds[refund.refund_id]["amount"] == back
    assert any(prices.say(back) in sentence for sentence in said)
    row.refresh_from_db()
    assert row.settled_at is not None
    assert ledger(row) == ["created", "paid", "refunded"]
    assert prices.owed(one).paid == PRICE - back


def test_a_visit_that_we_cannot_keep_costs_nothing(client: Client, stripe: Stripe) -> None:
    one = visit()
    paid(client, stripe, one)
    with time_machine.travel(one.starts_at - timedelta(hours=2), tick=False):
        one.blocked = ["order_missing"]
        one.save(update_fields=["blocked"])
        appointments.cancel(appointment=one)
        payments.sweep()
    assert Refund.objects.get().amount_cents == PRICE


def test_where_nobody_was_there_nothing_goes_back(client: Client, stripe: Stripe) -> None:
    one = visit()
    row = paid(client, stripe, one)
    one.status = Status.NO_SHOW
    one.save(update_fields=["status"])
    payments.sweep()
    row.refresh_from_db()
    assert row.settled_at is not None
    assert not Refund.objects.exists()


def test_a_late_end_that_was_not_paid_is_billed_by_a_person_once(stripe: Stripe) -> None:
    one = visit(days=1)
    with later(3):
        appointments.cancel(appointment=one)
        payments.sweep()
        payments.sweep()
    task = StaffTask.objects.get(kind="fee_due")
    assert "$247.50" in task.detail


@pytest.mark.parametrize("status", [0, 500])
@pytest.mark.parametrize("keys_are_kept", [True, False])
def test_an_answer_lost_on_the_way_is_one_refund_even_when_keys_are_forgotten(
    client: Client, stripe: Stripe, status: int, keys_are_kept: bool
) -> None:
    one = visit()
    paid(client, stripe, one)
    made = len(stripe.refunds)
    appointments.cancel(appointment=one)
    stripe.fail(status=status, after=True)
    payments.sweep()
    assert Refund.objects.get().state == Refund.State.DUE
    if not keys_are_kept:
        stripe.forget_keys()
    with later(1):
        payments.sweep()
    assert Refund.objects.get().state == Refund.State.DONE
    assert len(stripe.refunds) == made + 1


def test_a_second_refund_is_made_where_nothing_asks_for_the_first(
    client: Client, stripe: Stripe, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: without a look at what Stripe has, a key that it forgot pays a second time."""
    one = visit()
    paid(client, stripe, one)
    with time_machine.travel(one.starts_at - timedelta(hours=2), tick=False):
        appointments.cancel(appointment=one)
    stripe.fail(after=True)
    payments.sweep()
    stripe.forget_keys()
    monkeypatch.setattr(refunds, "_made_before", lambda _: None)
    made = len(stripe.refunds)
    with later(1):
        payments.sweep()
    assert len(stripe.refunds) == made + 1


def test_killed_between_stripe_s_answer_and_our_row_it_is_found_again(
    client: Client, stripe: Stripe, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = visit()
    paid(client, stripe, one)
    appointments.cancel(appointment=one)

    def killed(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(refunds, "done", killed)
    with pytest.raises(KeyboardInterrupt):
        payments.sweep()
    monkeypatch.undo()
    refund = Refund.objects.get()
    assert (refund.state, refund.tries) == (Refund.State.DUE, 1)
    made = len(stripe.refunds)
    with later(1):
        payments.sweep()
    refund.refresh_from_db()
    assert refund.state == Refund.State.DONE
    assert len(stripe.refunds) == made


def test_money_that_cannot_go_back_is_a_person_s_business(client: Client, stripe: Stripe) -> None:
    one = visit()
    paid(client, stripe, one)
    appointments.cancel(appointment=one)
    stripe.fail(status=400, code="charge_disputed")
    payments.sweep()
    assert Refund.objects.get().state == Refund.State.FAILED
    assert StaffTask.objects.filter(kind="refund_stuck").exists()


def test_a_refund_that_fails_days_later_is_told_by_stripe(client: Client, stripe: Stripe) -> None:
    one = visit()
    row = paid(client, stripe, one)
    appointments.cancel(appointment=one)
    payments.sweep()
    refund = Refund.objects.get()
    about = stripe.refunds[refund.refund_id] | {"status": "failed"}
    told(client, *stripe.event("refund.failed", about))
    refund.refresh_from_db()
    assert refund.state == Refund.State.FAILED
    assert ledger(row) == ["created", "paid", "refunded", "refund_failed"]
    assert prices.owed(one).paid == PRICE


def test_a_refund_made_by_hand_at_stripe_is_known_here_once(client: Client, stripe: Stripe) -> None:
    one = visit()
    row = paid(client, stripe, one)
    about = {"id": "re_hand", "amount": 5_000, "status": "succeeded", "metadata": {},
             "payment_intent": row.intent_id}  # fmt: skip
    for kind in ("refund.created", "refund.updated"):
        told(client, *stripe.event(kind, about))
    assert prices.owed(one).back == 5_000
    assert ledger(row) == ["created", "paid", "refunded"]


def by_hand(row: Payment, amount: int, *, status: str = "succeeded") -> dict[str, Any]:
    return {"id": "re_hand", "amount": amount, "status": status, "metadata": {},
            "payment_intent": row.intent_id}  # fmt: skip


@pytest.mark.parametrize(
    ("amount", "back", "excess"),
    [
        (DEPOSIT, DEPOSIT, 0),
        (2 * DEPOSIT + 5, 2 * DEPOSIT + 5, 0),
        (3 * DEPOSIT, 3 * DEPOSIT, 0),
        (3 * DEPOSIT + 1, 3 * DEPOSIT, 1),
    ],
)
def test_a_refund_made_by_hand_is_taken_in_across_the_visits_that_were_paid_together(
    client: Client, stripe: Stripe, amount: int, back: int, excess: int
) -> None:
    visits = course_paid(client, stripe)
    row = Payment.objects.all()[0]
    for kind in ("refund.created", "refund.updated"):
        told(client, *stripe.event(kind, by_hand(row, amount)))
    assert sum(prices.owed(one).back for one in visits) == back
    assert all(prices.owed(one).paid >= 0 for one in visits)
    assert Refund.objects.filter(state=Refund.State.DONE).count() == -(-back // DEPOSIT)
    asked = [task.detail for task in StaffTask.objects.filter(kind="payment_differs")]
    assert len(asked) == (1 if excess else 0)
    told(client, *stripe.event("refund.failed", by_hand(row, amount, status="failed")))
    assert sum(prices.owed(one).back for one in visits) == 0
    assert StaffTask.objects.filter(kind="refund_stuck").count() == 1


def test_a_refund_by_hand_leaves_alone_what_is_due_to_go_back_already(
    client: Client, stripe: Stripe
) -> None:
    visits = course_paid(client, stripe)
    row = Payment.objects.get(appointment=visits[0])
    Refund.objects.create(payment=row, amount_cents=DEPOSIT, why="cancelled")
    told(client, *stripe.event("refund.created", by_hand(row, 2 * DEPOSIT)))
    made = Refund.objects.filter(refund_id="re_hand")
    assert {one.payment.appointment_id for one in made} == {one.pk for one in visits[1:]}
    assert not StaffTask.objects.filter(kind="payment_differs").exists()


def test_a_deposit_that_is_not_paid_is_asked_for_by_a_person_and_the_visit_stays(
    stripe: Stripe,
) -> None:
    one = visit(days=6)
    payments.sweep()
    assert not StaffTask.objects.exists()
    with later(25):
        payments.sweep()
        payments.sweep()
    assert StaffTask.objects.get().kind == "deposit_unpaid"
    one.refresh_from_db()
    assert one.status == Status.BOOKED


def test_deposits_that_were_asked_for_do_not_hold_up_those_that_were_not(
    stripe: Stripe, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(payments, "AT_ONCE", 1)
    two = [visit(days=days) for days in (6, 7)]
    with later(25):
        for _ in range(3):
            payments.ask_for_deposits()
    assert set(StaffTask.objects.values_list("appointment", flat=True)) == {one.pk for one in two}


def test_switched_off_it_asks_nobody_for_money(settings: Settings) -> None:
    settings.DEPOSITS = {"mood-40": DEPOSIT}
    one = visit(days=1)
    appointments.cancel(appointment=one)
    assert payments.sweep() == 0
    assert not payments.may_be_paid(one)
    assert payments.after_booking(one) == reverse("visit-booked", args=[one.pk])


# -- at the same moment --------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_of_many_clicks_at_once_one_page_is_made(stripe: Stripe) -> None:
    one = visit()
    before = len(stripe.sessions)

    def click() -> str:
        try:
            return payments.checkout(visit=one, what=What.REST, back=BACK, language="en")
        except stripe_door.NotNow:
            return "busy"

    said = Counter(race([click] * 6))
    del said["busy"]
    assert len(said) == 1
    assert Payment.objects.count() == 1
    assert len(stripe.sessions) == before + 1


@pytest.mark.django_db(transaction=True)
def test_the_same_news_at_many_doors_at_once_counts_once(client: Client, stripe: Stripe) -> None:
    row = begun(visit())
    body, signature = stripe.event("checkout.session.completed", stripe.pay(row.session_id))
    assert set(race([lambda: told(Client(), body, signature)] * 6)) == {200}
    assert ledger(row) == ["created", "paid"]


@pytest.mark.django_db(transaction=True)
def test_many_sweeps_at_once_send_one_refund(client: Client, stripe: Stripe) -> None:
    one = visit()
    paid(client, stripe, one)
    appointments.cancel(appointment=one)
    made = len(stripe.refunds)
    race([payments.sweep] * 4)
    assert len(stripe.refunds) == made + 1
    assert Refund.objects.get().state == Refund.State.DONE
    assert takings.look_at_open() == 0
