"""What PostgreSQL refuses about the waiting list and money: the rows, and each guard's pair."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4

from django.db import models

from booking.models import (
    Appointment,
    Offer,
    Payment,
    PaymentEvent,
    Refund,
    StripeEvent,
    WaitingEntry,
)
from patients.models import Patient
from scheduling.models import Nurse

Ids = dict[str, Any]
HOUR = timedelta(hours=1)


def _update(model: type[models.Model], which: str, what: str) -> str:
    key = model._meta.pk.column
    return f"UPDATE {model._meta.db_table} SET {what} WHERE {key} = %({which})s"


def _delete(model: type[models.Model], which: str) -> str:
    return f"DELETE FROM {model._meta.db_table} WHERE {model._meta.pk.column} = %({which})s"


def _copy(model: type[models.Model], which: str, **changes: str) -> str:
    fields = [one for one in model._meta.concrete_fields if not one.generated]
    columns = [str(one.column) for one in fields if not one.primary_key or one.column in changes]
    table, values = model._meta.db_table, [changes.get(name, name) for name in columns]
    source = f"SELECT {', '.join(values)} FROM {table} WHERE id = %({which})s"
    return f"INSERT INTO {table} ({', '.join(columns)}) {source}"


def entry(what: str) -> str:
    return _update(WaitingEntry, "waits", what)


def new_entry(**changes: str) -> str:
    return _copy(WaitingEntry, "waits", **{"therapy_id": "'pain-240'", **changes})


def offer(what: str) -> str:
    return _update(Offer, "offered", what)


def new_offer(**changes: str) -> str:
    later = {
        "entry_id": "%(waits_too)s",
        "starts_at": "starts_at + interval '1 day'",
        "ends_at": "ends_at + interval '1 day'",
    }
    return _copy(Offer, "offered", **{**later, **changes})


def payment(what: str, which: str = "asked") -> str:
    return _update(Payment, which, what)


def new_payment(**changes: str) -> str:
    key = {"id": "gen_random_uuid()", "checkout": "gen_random_uuid()", "state": "'expired'"}
    return _copy(Payment, "asked", **{**key, **changes})


def new_refund(**changes: str) -> str:
    fields = {"id": "gen_random_uuid()", "why": "'by hand'", "amount_cents": "100"}
    return _copy(Refund, "refund", **{**fields, **changes})


ENDED = "state = 'declined', ended_at = now()"
CASES: list[tuple[str, str, str]] = [
    ("waiting_entry_is_open_once", new_entry(therapy_id="'mood-40'"), new_entry()),
    (
        "waiting_entry_ends_after_it_begins",
        entry("last_day = first_day - 1"),
        entry("last_day = first_day"),
    ),
    ("waiting_entry_weekdays_are_known", entry("weekdays = '{7}'"), entry("weekdays = '{6}'")),
    ("waiting_entry_part_of_day_is_known", entry("part = 'night'"), entry("part = 'morning'")),
    (
        "waiting_entry_that_ended_says_why",
        entry("ended_at = now()"),
        entry("ended_at = now(), ending = 'left'"),
    ),
    (
        "waiting_entry_is_never_deleted",
        _delete(WaitingEntry, "waits"),
        entry("looked_at = now()"),
    ),
    (
        "waiting_entry_is_for_one_patient_and_therapy",
        entry("patient_id = %(eve)s"),
        entry("patient_id = patient_id"),
    ),
    (
        "waiting_entry_moves_only_back_in_line",
        entry("in_line_since = in_line_since - interval '1 second'"),
        entry("in_line_since = in_line_since + interval '1 second'"),
    ),
    (
        "waiting_entry_that_ended_stays_so",
        _update(WaitingEntry, "waited", "ended_at = NULL, ending = ''"),
        _update(WaitingEntry, "waited", "looked_at = now()"),
    ),
    (
        "offer_of_a_nurses_time_is_to_one_at_a_time",
        new_offer(starts_at="starts_at + interval '1 minute'", ends_at="ends_at"),
        new_offer(),
    ),
    (
        "offer_is_open_once_per_place_in_line",
        new_offer(entry_id="entry_id"),
        new_offer(entry_id="entry_id", state="'lapsed'", ended_at="now()"),
    ),
    (
        "offer_of_a_time_is_made_once",
        new_offer(entry_id="entry_id", starts_at="starts_at", state="'lapsed'", ended_at="now()"),
        new_offer(
            entry_id="entry_id", starts_at="starts_at", state="'withdrawn'", ended_at="now()"
        ),
    ),
    (
        "offer_runs_out_before_its_visit",
        new_offer(expires_at="starts_at + interval '2 days'"),
        new_offer(expires_at="starts_at"),
    ),
    ("offer_that_ended_says_when", offer("state = 'lapsed'"), offer(ENDED)),
    (
        "offer_taken_is_a_visit",
        offer("state = 'taken', ended_at = now()"),
        offer("state = 'taken', ended_at = now(), appointment_id = %(visit)s"),
    ),
    (
        "offer_state_moves_forward",
        _update(Offer, "declined", "state = 'offered', ended_at = NULL"),
        offer(ENDED),
    ),
    (
        "offer_is_one_time_for_one_place_in_line",
        offer("expires_at = expires_at + interval '1 second'"),
        offer("expires_at = expires_at"),
    ),
    ("offer_is_never_deleted", _delete(Offer, "offered"), offer(ENDED)),
    (
        "payment_is_open_once_per_visit",
        new_payment(state="'open'"),
        new_payment(),
    ),
    (
        "payment_is_asked_once_per_checkout",
        new_payment(checkout="checkout"),
        new_payment(),
    ),
    ("payment_is_of_some_money", new_payment(amount_cents="0"), new_payment(amount_cents="1")),
    (
        "payment_that_is_paid_says_when",
        payment("state = 'paid'"),
        payment("state = 'paid', paid_at = now()"),
    ),
    (
        "payment_is_settled_once_paid",
        payment("settled_at = now()"),
        payment("settled_at = now()", "paid"),
    ),
    (
        "payment_that_is_paid_stays_so",
        payment("state = 'failed'", "paid"),
        payment("state = 'failed'"),
    ),
    (
        "payment_is_of_one_amount_for_one_visit",
        payment("amount_cents = amount_cents + 1"),
        payment("url = ''"),
    ),
    ("payment_is_settled_once", payment("paid_at = now()", "paid"), payment("url = ''", "paid")),
    ("payment_is_never_deleted", _delete(Payment, "asked"), payment("state = 'expired'")),
    (
        "payment_event_is_never_changed",
        _update(PaymentEvent, "line", "amount_cents = 1"),
        _copy(PaymentEvent, "line", kind="'failed'"),
    ),
    (
        "payment_event_is_kept_once",
        _copy(PaymentEvent, "line"),
        _copy(PaymentEvent, "line", about="'another'"),
    ),
    (
        "refund_is_of_no_more_than_was_paid",
        new_refund(amount_cents="49401 - 20000"),
        new_refund(amount_cents="49400 - 20000"),
    ),
    (
        "refund_is_of_no_more_than_was_paid",
        new_refund(payment_id="%(asked)s"),
        new_refund(),
    ),
    (
        "refund_of_a_cancelled_visit_is_due_once",
        new_refund(why="'cancelled'"),
        new_refund(),
    ),
    (
        "refund_that_is_done_says_when_and_which",
        _update(Refund, "refund", "state = 'done'"),
        _update(Refund, "refund", "state = 'done', done_at = now(), refund_id = 're_1'"),
    ),
    (
        "refund_is_of_one_amount_of_one_payment",
        _update(Refund, "refund", "amount_cents = 1"),
        _update(Refund, "refund", "tries = 1"),
    ),
    ("refund_is_never_deleted", _delete(Refund, "refund"), _update(Refund, "refund", "tries = 1")),
    (
        "stripe_event_is_kept_as_it_came",
        _delete(StripeEvent, "news"),
        "INSERT INTO booking_stripeevent SELECT 'evt_2', kind, about, created_at, received_at"
        " FROM booking_stripeevent WHERE event_id = %(news)s",
    ),
]


def rows(*, visit: Appointment, ben: Patient, nurse: Nurse, at: datetime) -> Ids:
    """Ada and Ben wait, Ada was offered a time; she paid once, and is asked again."""
    days = {"first_day": date(2027, 3, 1), "last_day": date(2027, 3, 9)}
    mood = visit.therapy
    waits = WaitingEntry.objects.create(patient=visit.patient, therapy=mood, **days)
    too = WaitingEntry.objects.create(patient=ben, therapy=mood, **days)
    waited = WaitingEntry.objects.create(
        patient=ben, therapy=mood, **days, ended_at=at, ending="left"
    )
    told = {"nurse": nurse, "time_zone": "America/Chicago", "offered_at": at - 9 * HOUR}

    def offered(place: WaitingEntry, **more: Any) -> Offer:
        times = {"starts_at": at, "ends_at": at + 3 * HOUR, "expires_at": at - 7 * HOUR}
        return Offer.objects.create(entry=place, **told, **times, **more)

    def paid(state: str, **more: Any) -> Payment:
        return Payment.objects.create(
            appointment=visit, checkout=uuid4(), what="rest", amount_cents=49_400,
            currency="usd", state=state, expires_at=at, **more,
        )  # fmt: skip

    done = paid("paid", paid_at=at, intent_id="pi_1")
    asked = paid("open")
    return {
        "waits": waits.pk,
        "waits_too": too.pk,
        "waited": waited.pk,
        "offered": offered(waits).pk,
        "declined": offered(waited, state="declined", ended_at=at).pk,
        "paid": done.pk,
        "asked": asked.pk,
        "line": PaymentEvent.objects.create(payment=asked, kind="created", amount_cents=49_400).pk,
        "refund": Refund.objects.create(payment=done, amount_cents=20_000, why="cancelled").pk,
        "news": StripeEvent.objects.create(event_id="evt_1", kind="x", created_at=at).pk,
    }
