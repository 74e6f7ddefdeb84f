"""Statements that are planned once write and read as Django's own do."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import DataError, connection, transaction

from booking.models import Appointment, Notice
from config.core.clock import now
from config.core.models import User
from config.core.postgres import prepared
from patients.models import Patient
from tests.factories import make_patient

pytestmark = pytest.mark.django_db


def messages(count: int) -> list[dict[str, object]]:
    at = now()
    return [
        {
            "kind": "crisis",
            "occurrence": number,
            "why": 'says "one, {two}"',
            "ideal_at": at,
            "send_from": at + timedelta(minutes=number),
            "not_after": None,
        }
        for number in range(count)
    ]


def test_it_writes_each_row_as_django_does() -> None:
    ada = make_patient()
    like = Notice(patient=ada, recipient="on_call", channel="email", notice_class="O")
    each = messages(3)
    prepared.insert_each(like, each=each)
    Notice.objects.bulk_create(
        Notice(patient=ada, recipient="on_call", channel="sms", notice_class="O", **own)
        for own in each
    )
    ours, djangos = (
        list(Notice.objects.filter(channel=channel).order_by("occurrence").values())
        for channel in ("email", "sms")
    )
    its_own = {"id", "channel", "created_at"}
    assert [{k: v for k, v in row.items() if k not in its_own} for row in ours] == [
        {k: v for k, v in row.items() if k not in its_own} for row in djangos
    ]


def test_it_leaves_out_rows_that_are_known_and_writes_nothing_of_nothing() -> None:
    like = Notice(patient=make_patient(), recipient="on_call", channel="email", notice_class="O")
    prepared.insert_each(like, each=messages(2))
    prepared.insert_each(like, each=messages(3))
    prepared.insert_each(like, each=[])
    assert Notice.objects.count() == 3


def test_it_cuts_no_text_that_is_too_long() -> None:
    like = Notice(patient=make_patient(), recipient="on_call", channel="email", notice_class="O")
    each = [{**own, "kind": "k" * 33} for own in messages(1)]
    with pytest.raises(DataError, match="too long"), transaction.atomic():
        prepared.insert_each(like, each=each)


def test_it_loads_what_django_loads() -> None:
    ada = make_patient()
    sql = f"SELECT {prepared.columns(Patient)} FROM patients_patient WHERE id = %s"
    loaded = prepared.load(Patient, prepared.row(sql, [ada.pk]) or ())
    there = Patient.objects.get(pk=ada.pk)
    assert loaded == there
    names = [field.attname for field in Patient._meta.concrete_fields]
    assert [getattr(loaded, name) for name in names] == [getattr(there, name) for name in names]


def test_it_reads_the_rest_of_a_part_when_it_is_asked_for() -> None:
    user = make_patient().user
    part = prepared.part(User, id=user.pk, name="Ada")
    assert (part.first_name, part.email) == ("Ada", user.email)


def test_it_is_planned_once_per_connection() -> None:
    sql = "SELECT count(*) FROM booking_appointment WHERE id IS DISTINCT FROM %s::uuid"
    assert [prepared.row(sql, [None]) for _ in range(3)] == [(Appointment.objects.count(),)] * 3
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_prepared_statements WHERE statement = %s",
            [sql.replace("%s", "$1")],
        )
        assert cursor.fetchone() == (1,)


def test_a_statement_that_is_prepared_is_planned_once() -> None:
    for number in range(8):
        prepared.row("SELECT count(*) FROM core_user WHERE id > %s", [number])
    used = prepared.row(
        "SELECT generic_plans, custom_plans FROM pg_prepared_statements"
        " WHERE statement LIKE 'SELECT count(*) FROM core_user WHERE id > %%'"
    )
    assert used == (8, 0)
