"""Many at once: what must never happen does not, and does as soon as its guard is gone."""

from __future__ import annotations

import threading
import time
from collections import Counter
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection, transaction
from rest_framework.test import APIClient

from booking import appointments, availability
from booking.models import Appointment, Notice
from booking.notices import ledger
from config.core.clock import now
from patients import accounts
from patients.models import Address, Order, Patient
from tests.factories import CHICAGO, make_nurse, make_patient, therapy
from tests.racing import PATIENCE, race

pytestmark = pytest.mark.django_db(transaction=True)
RACERS = 50


def three_days_ahead(hour: int = 10) -> datetime:
    local = (now() + timedelta(days=3)).astimezone(ZoneInfo(CHICAGO))
    return local.replace(hour=hour, minute=0, second=0, microsecond=0)


def client_of(patient: Patient) -> APIClient:
    client = APIClient()
    client.force_authenticate(patient.user)
    return client


def book_over_http(patient: Patient, starts_at: datetime, **headers: str) -> Any:
    body = {"therapy": "mood-40", "starts_at": starts_at.isoformat()}
    return client_of(patient).post("/api/v1/appointments/", body, headers=headers)


def test_it_books_one_of_fifty_patients_racing_for_one_nurse() -> None:
    make_nurse()
    starts_at = three_days_ahead()
    patients = [make_patient(name=f"Ada {n}") for n in range(RACERS)]
    answers = race([lambda p=p: book_over_http(p, starts_at) for p in patients])  # type: ignore[misc]
    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: RACERS - 1}
    refused = [answer.json() for answer in answers if answer.status_code == 409]
    assert all(body["errors"][0]["code"] == "slot_taken" for body in refused)
    assert all(body["alternatives"] for body in refused)
    assert Appointment.objects.count() == 1
    assert sorted(Order.objects.values_list("sessions_reserved", flat=True)) == [0] * 49 + [1]


@pytest.mark.usefixtures("without_constraints")
def test_it_double_books_once_lock_and_constraint_are_gone(monkeypatch: Any) -> None:
    make_nurse()
    racers = 8
    starts_at = three_days_ahead()
    patients = [make_patient(name=f"Ada {n}") for n in range(racers)]
    all_have_looked = threading.Barrier(racers)
    look = availability.still_free

    def look_then_wait(**asked: Any) -> bool:
        is_free = look(**asked)
        all_have_looked.wait(PATIENCE)
        return is_free

    monkeypatch.setattr(availability, "still_free", look_then_wait)
    without_lock = availability.LOCKED_DAY.replace("pg_advisory_xact_lock", "int4pl")
    monkeypatch.setattr(availability, "LOCKED_DAY", without_lock)
    monkeypatch.setattr(ledger, "plan_new", lambda **_: None)

    def book(patient: Patient) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET search_path TO scratch, public")
        appointments.book(patient=patient, therapy=therapy(), starts_at=starts_at, by=patient.user)

    race([lambda p=p: book(p) for p in patients])  # type: ignore[misc]
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*), count(DISTINCT nurse_id) FROM scratch.booking_appointment")
        assert cursor.fetchone() == (racers, 1)


def test_it_refuses_a_second_visit_of_one_patient_racing_herself() -> None:
    for name in ("Cleo Marsh", "Dee Park"):
        make_nurse(name=name)
    ada = make_patient()
    answers = race([lambda: book_over_http(ada, three_days_ahead())] * 8)
    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: 7}
    assert Order.objects.get().sessions_reserved == 1


def test_it_books_eight_patients_who_ask_for_different_starts_at_once() -> None:
    for name in ("Cleo Marsh", "Dee Park", "Eve Ross"):
        make_nurse(name=name)
    starts = [
        three_days_ahead(8) + timedelta(hours=4 * n, days=d) for d in range(3) for n in (0, 1, 2)
    ]
    patients = [make_patient(name=f"Ada {n}") for n in range(8)]
    asked = list(zip(patients, starts, strict=False))
    answers = race([lambda p=p, s=s: book_over_http(p, s) for p, s in asked])  # type: ignore[misc]
    assert {answer.status_code for answer in answers} == {201}
    booked = Appointment.objects.order_by("starts_at").values_list("starts_at", flat=True)
    assert list(booked) == starts[:8]
    assert all(visit.notices.exists() for visit in Appointment.objects.all())
    assert set(Order.objects.values_list("sessions_reserved", flat=True)) == {1}


def test_it_fills_a_few_starts_exactly_when_eight_clients_want_them_in_other_orders() -> None:
    for name in ("Cleo Marsh", "Dee Park"):
        make_nurse(name=name)
    starts = [three_days_ahead(hour) for hour in (8, 12, 16)]
    trios = [[make_patient(name=f"Ada {n} {m}") for m in range(3)] for n in range(8)]

    def client(number: int, trio: list[Patient]) -> list[int]:
        turned = starts[number % 3 :] + starts[: number % 3]
        return [book_over_http(p, s).status_code for p, s in zip(trio, turned, strict=True)]

    said = race([lambda n=n, trio=trio: client(n, trio) for n, trio in enumerate(trios)])  # type: ignore[misc]
    assert Counter(status for one in said for status in one) == {201: 6, 409: 18}
    held = Appointment.objects.values_list("starts_at", "nurse")
    assert len(set(held)) == len(held) == 6
    assert sum(Order.objects.values_list("sessions_reserved", flat=True)) == 6


def test_it_answers_one_key_sent_fifty_times_at_once_with_one_booking() -> None:
    make_nurse()
    ada = make_patient()
    starts_at = three_days_ahead()
    send = lambda: book_over_http(ada, starts_at, **{"Idempotency-Key": "once"})  # noqa: E731
    answers = race([send] * RACERS)
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert Appointment.objects.count() == 1


def test_it_frees_exactly_one_place_however_often_a_visit_is_cancelled_at_once() -> None:
    make_nurse()
    ada = make_patient()
    booked = book_over_http(ada, three_days_ahead()).json()
    path = f"/api/v1/appointments/{booked['id']}/cancel/"
    answers = race([lambda: client_of(ada).post(path, {})] * 8)
    assert {answer.status_code for answer in answers} == {200}
    assert Order.objects.get().sessions_reserved == 0
    rivals = [make_patient(name=f"Ben {n}") for n in range(4)]
    again = race([lambda p=p: book_over_http(p, three_days_ahead()) for p in rivals])  # type: ignore[misc]
    assert Counter(answer.status_code for answer in again) == {201: 1, 409: 3}


def test_it_never_deadlocks_when_visits_trade_places() -> None:
    for name in ("Cleo Marsh", "Dee Park"):
        make_nurse(name=name)
    hours = [three_days_ahead(hour) for hour in (8, 12, 16)]
    patients = [make_patient(name=f"Ada {n}") for n in range(4)]
    visits = [
        appointments.book(patient=p, therapy=therapy(), starts_at=hours[n % 2], by=p.user)
        for n, p in enumerate(patients)
    ]

    def move(visit: Appointment, patient: Patient, starts_at: datetime) -> int:
        path = f"/api/v1/appointments/{visit.pk}/reschedule/"
        body = {"starts_at": starts_at.isoformat()}
        return client_of(patient).post(path, body).status_code

    pairs = list(zip(visits, patients, strict=True))
    moves = [(lambda v=v, p=p, h=hour: move(v, p, h)) for hour in hours for v, p in pairs]
    assert set(race(moves)) <= {200, 409}
    assert Appointment.objects.occupying().count() == 4
    assert not Notice.objects.filter(status="sent").exists()


def test_it_goes_to_the_home_that_was_given_while_the_booking_waited() -> None:
    make_nurse()
    ada = make_patient()
    moved = threading.Event()

    def move() -> None:
        with transaction.atomic():
            accounts.touch(ada)
            moved.set()
            waits_for_a_lock()
            Address.objects.filter(patient=ada).update(line1="7 New Street")

    def book() -> Any:
        assert moved.wait(PATIENCE)
        return book_over_http(ada, three_days_ahead())

    assert race([move, book])[1].status_code == 201
    assert Appointment.objects.get().line1 == "7 New Street"


def waits_for_a_lock() -> None:
    """Return once another connection to this database waits for a lock."""
    ends = time.monotonic() + PATIENCE
    with connection.cursor() as cursor:
        while time.monotonic() < ends:
            cursor.execute("SELECT pg_stat_clear_snapshot()")  # else seen once a transaction
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity "
                "WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
            if cursor.fetchone()[0]:
                return
            time.sleep(0.01)
    pytest.fail("nobody waited")
