"""What each request reads by a fixed statement says the same as Django's own reading."""

from __future__ import annotations

from datetime import timedelta

import psycopg
import pytest
import time_machine
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends import db
from django.db import connection
from django.db.backends.postgresql import base as postgresql
from django.test import Client

from config.core.clock import now
from config.core.postgres import base
from config.core.sessions import Backend, SessionStore
from patients import accounts, catalogue
from patients.models import Patient, Therapy
from tests.factories import make_patient, make_user

pytestmark = pytest.mark.django_db


def signed_in(patient: Patient) -> str:
    client = Client()
    client.force_login(patient.user)
    return str(client.session.session_key)


# -- sessions --------------------------------------------------------------------------------------


def test_it_reads_a_session_as_django_does() -> None:
    patient = make_patient()
    key = signed_in(patient)

    assert SessionStore(key).load() == db.SessionStore(key).load()
    assert SessionStore(key)[SESSION_KEY] == str(patient.user.pk)


def test_it_forgets_the_key_of_a_session_that_is_unknown_or_over() -> None:
    key = signed_in(make_patient())
    assert SessionStore(key).load()

    with time_machine.travel(now() + timedelta(days=30), tick=False):
        over = SessionStore(key)
        assert over.load() == {}
    unknown = SessionStore("nobody-has-this-session-key")
    assert unknown.load() == {}

    assert over.session_key is None
    assert unknown.session_key is None


def test_it_knows_only_accounts_that_may_sign_in() -> None:
    user, away = make_user(), make_user()
    away.is_active = False
    away.save()

    assert Backend().get_user(user.pk) == user
    assert Backend().get_user(str(user.pk)) == user  # as a session holds it
    assert Backend().get_user(away.pk) is None
    assert Backend().get_user(user.pk + 1000) is None


def test_it_signs_out_whose_account_was_closed() -> None:
    patient = make_patient()
    client = Client(headers={"X-Session-Token": signed_in(patient)})
    assert client.get("/api/v1/appointments/").status_code == 200

    patient.user.is_active = False
    patient.user.save()

    assert client.get("/api/v1/appointments/").status_code == 401


# -- rows ------------------------------------------------------------------------------------------


def test_it_reads_a_patient_with_their_home_as_django_does() -> None:
    patient = make_patient()
    django = Patient.objects.select_related("user", "address").get(pk=patient.pk)

    found = accounts.patient_of(patient.user)

    assert found.user is patient.user
    for one, same in ((found, django), (found.address, django.address)):
        names = [field.attname for field in type(one)._meta.concrete_fields]
        assert [getattr(one, name) for name in names] == [getattr(same, name) for name in names]


def test_it_makes_a_patient_of_an_account_at_first_use() -> None:
    user = make_user()

    made = accounts.patient_of(user)

    assert accounts.patient_of(user) == made
    assert accounts.address_of(accounts.patient_of(user)) is None


def test_it_offers_a_therapy_as_django_reads_it_and_none_that_was_withdrawn() -> None:
    catalogue.install()
    for therapy in Therapy.objects.all():
        offered = catalogue.offered(therapy.pk)
        assert vars(offered) | {"_state": None} == vars(therapy) | {"_state": None}
    Therapy.objects.filter(pk="mood-40").update(is_active=False)

    assert catalogue.offered("mood-40") is None
    assert catalogue.offered("mood") is None


# -- the connection --------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_it_asks_no_server_whether_a_connection_in_use_stands(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[int] = []

    def answers(_: object) -> bool:
        asked.append(1)
        return True

    monkeypatch.setattr(postgresql.DatabaseWrapper, "is_usable", answers)
    connection.ensure_connection()
    connection.is_usable()
    asked.clear()

    assert connection.is_usable()
    assert asked == []

    monkeypatch.setattr(base, "SURE_SECONDS", 0)  # it idled for long
    assert connection.is_usable()
    assert asked == [1]


@pytest.mark.django_db(transaction=True)
def test_it_notices_that_the_server_ended_the_connection() -> None:
    connection.ensure_connection()
    connection.is_usable()
    assert connection.is_usable()
    ours: psycopg.Connection = connection.connection
    with psycopg.connect(ours.info.dsn, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [ours.info.backend_pid])

    assert not connection.is_usable()
    connection.close()
