"""Courses wanted by many at once: one has all of it, the others nothing."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from rest_framework.test import APIClient

from booking import availability, courses
from booking.models import Appointment, Course, Notice
from booking.notices import ledger
from config.core.clock import now
from patients.models import Order, Patient
from tests.factories import CHICAGO, make_nurse, make_patient, therapy
from tests.racing import PATIENCE, race

pytestmark = pytest.mark.django_db(transaction=True)


def days_ahead(*days: int, hour: int = 10) -> list[datetime]:
    today = now().astimezone(ZoneInfo(CHICAGO)).replace(minute=0, second=0, microsecond=0)
    return [(today + timedelta(days=day)).replace(hour=hour) for day in days]


def pain_patients(number: int) -> list[Patient]:
    return [make_patient(name=f"Ada {n}", slug="pain-240") for n in range(number)]


def book_over_http(patient: Patient, starts: Sequence[datetime], **headers: str) -> Any:
    client = APIClient()
    client.force_authenticate(patient.user)
    body = {"therapy": "pain-240", "starts": [start.isoformat() for start in starts]}
    return client.post("/api/v1/courses/", body, headers=headers)


def test_it_gives_all_of_a_course_to_one_of_those_racing_for_one_nurse() -> None:
    make_nurse()
    starts = days_ahead(3, 4, 5)
    answers = race([lambda p=p: book_over_http(p, starts) for p in pain_patients(6)])  # type: ignore[misc]
    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: 5}
    for answer in answers:
        if answer.status_code == 409:
            told = [(error["attr"], error["code"]) for error in answer.json()["errors"]]
            assert told == [(f"starts.{n}", "slot_taken") for n in range(3)]
    course = Course.objects.get()
    assert Appointment.objects.filter(course=course).count() == Appointment.objects.count() == 3
    assert sorted(Order.objects.values_list("sessions_reserved", flat=True)) == [0] * 5 + [3]
    told_about = set(Notice.objects.values_list("appointment", flat=True))
    assert told_about == set(Appointment.objects.values_list("pk", flat=True))


@pytest.mark.usefixtures("without_constraints")
def test_it_gives_the_course_twice_once_lock_and_constraint_are_gone(monkeypatch: Any) -> None:
    make_nurse()
    starts = days_ahead(3, 4)
    racers = pain_patients(2)
    all_have_looked = threading.Barrier(len(racers))
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
        courses.book(patient=patient, therapy=therapy("pain-240"), starts=starts, by=patient.user)

    race([lambda p=p: book(p) for p in racers])  # type: ignore[misc]
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*), count(DISTINCT nurse_id) FROM scratch.booking_appointment")
        assert cursor.fetchone() == (4, 1)


def test_it_never_deadlocks_over_courses_that_cross_each_other() -> None:
    for name in ("Cleo Marsh", "Dee Park"):
        make_nurse(name=name)
    wanted = [days_ahead(3, 4, 5), days_ahead(5, 4, 3), days_ahead(4, 5, 6), days_ahead(6, 3)]
    pairs = [(p, wanted[n % 4]) for n, p in enumerate(pain_patients(8))]
    keyed = {"Idempotency-Key": "once"}
    answers = race([lambda p=p, s=s: book_over_http(p, s, **keyed) for p, s in pairs])  # type: ignore[misc]
    assert set(Counter(answer.status_code for answer in answers)) == {201, 409}
    booked = [len(answer.json()["appointments"]) for answer in answers if answer.status_code == 201]
    assert Appointment.objects.count() == sum(booked)
    assert sum(Order.objects.values_list("sessions_reserved", flat=True)) == sum(booked)
