from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from booking.delivery import paging
from config.core.clock import now
from config.core.models import Role
from patients.models import Intake
from tests.factories import (
    PASSWORD as PASSWORD_OF_THE_CAST,
    make_appointment,
    make_nurse,
    make_patient,
    make_user,
)

pytestmark = pytest.mark.django_db

PASSWORD = "a-pond-without-wind"


def page(client: Client, address: str = "/") -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def test_it_tells_a_visitor_what_this_is_and_whom_to_call_in_a_crisis(client: Client) -> None:
    shown = page(client)
    assert "How a visit goes" in shown
    assert 'href="tel:988"' in shown
    assert reverse("account_signup") in shown


def test_it_sets_what_we_ask_beside_the_usual_advice(client: Client, settings: Any) -> None:
    settings.FOOD_HOURS = 7
    assert "We ask for more: 7 hours without food, and no driving until" in page(client)


@pytest.mark.parametrize("role", [Role.DISPATCHER, Role.CLINICIAN, Role.ADMINISTRATOR])
def test_it_takes_the_clinics_people_to_the_desk(client: Client, role: str) -> None:
    client.force_login(make_user(role=role))
    assert client.get("/").headers["Location"] == reverse("admin:index")
    assert page(client, reverse("admin:index"))


def test_it_opens_the_desk_with_what_waits(client: Client) -> None:
    Intake.objects.create(
        patient=make_patient(ready=False),
        version="1",
        answers={},
        outcome="crisis",
        status="awaiting_review",
        valid_until=now() + timedelta(days=90),
    )
    client.force_login(make_user(role=Role.CLINICIAN))
    shown = page(client, reverse("admin:index"))
    assert "<p>intake to decide, 1 in crisis</p>" in shown
    assert "<p>No visit today</p>" in shown
    assert ">0<" not in shown


@pytest.mark.parametrize(
    ("count", "words"), [(1, "page nobody has acknowledged"), (2, "pages nobody has acknowledged")]
)
def test_it_counts_what_waits_as_a_person_says_it(client: Client, count: int, words: str) -> None:
    for number in range(count):
        paging.page(
            kind="crisis",
            subject_of=f"intake/{number}",
            detail_facts={},
            patient=make_patient(ready=False),
        )
    client.force_login(make_user(role=Role.CLINICIAN))
    assert f"<p>{words}</p>" in page(client, reverse("admin:index"))


def test_it_tells_programs_how_to_sign_in(client: Client) -> None:
    said = page(client, reverse("schema"))
    assert "/_allauth/app/v1/auth/login" in said
    ada = make_user()
    answer = client.post(
        "/_allauth/app/v1/auth/login",
        {"email": ada.email, "password": PASSWORD_OF_THE_CAST},
        content_type="application/json",
    )
    token = answer.json()["meta"]["session_token"]
    assert Client().get("/api/v1/me/", headers={"X-Session-Token": token}).status_code == 200


def test_it_leaves_out_of_the_desk_what_a_role_may_not_open(client: Client) -> None:
    client.force_login(make_user(role=Role.DISPATCHER))
    shown = page(client, reverse("admin:index"))
    assert reverse("admin:scheduling_nurse_changelist") in shown
    assert reverse("admin:patients_intake_changelist") not in shown
    assert reverse("admin:core_user_changelist") not in shown


def test_it_takes_a_nurse_to_her_route(client: Client) -> None:
    client.force_login(make_nurse().user)
    assert client.get("/").headers["Location"] == reverse("route")


def test_it_says_that_the_process_is_up(client: Client) -> None:
    assert client.get("/livez").json() == {"status": "ok"}


def test_probes_are_answered_where_everything_else_is_sent_to_https(
    client: Client, settings: Settings
) -> None:
    settings.SECURE_SSL_REDIRECT = True
    assert client.get("/livez").status_code == 200
    assert client.get("/").status_code == 301


def test_it_names_what_is_not_ready(client: Client) -> None:
    answer = client.get("/readyz")
    checks = answer.json()["checks"]
    assert answer.status_code == 503
    assert checks["worker_and_beat"] == "no sign of life"
    assert {checks["database"], checks["redis"], checks["migrations"]} == {"ok"}


VISITORS = [
    "account_login",
    "account_signup",
    "account_reset_password",
    "account_reset_password_done",
    "account_reset_password_from_key_done",
    "account_inactive",
]
SIGNED_IN = [
    "account_logout",
    "account_email",
    "account_change_password",
    "account_reauthenticate",
    "mfa_index",
]


@pytest.mark.parametrize("name", VISITORS)
def test_it_dresses_the_pages_of_a_visitor(client: Client, name: str) -> None:
    shown = page(client, reverse(name))
    assert "stillwater.css" in shown
    assert shown.count("<h1>") == 1
    assert not re.search(r"<script(?![^>]* src=)", shown)


@pytest.mark.parametrize("name", SIGNED_IN)
def test_it_dresses_the_pages_of_an_account(client: Client, name: str) -> None:
    client.force_login(make_user())
    shown = page(client, reverse(name))
    assert shown.count("<h1>") == 1
    assert not re.search(r"<script(?![^>]* src=)", shown)


def test_it_offers_the_second_step_once_the_password_was_given_again(client: Client) -> None:
    client.force_login(make_user())
    activate = reverse("mfa_activate_totp")
    asked = client.get(activate)
    assert asked.headers["Location"].startswith(reverse("account_reauthenticate"))
    client.post(asked.headers["Location"], {"password": PASSWORD_OF_THE_CAST})
    assert "authenticator_secret" in page(client, activate)


def test_it_has_a_page_of_its_own_for_an_address_that_is_not_there(client: Client) -> None:
    answer = client.get("/nowhere")
    assert answer.status_code == 404
    assert "There is nothing here" in answer.content.decode()


@pytest.mark.parametrize("name", ["400", "403", "403_csrf", "404", "429", "500"])
def test_it_can_show_an_error_without_anything_to_go_by(name: str) -> None:
    shown = render_to_string(f"{name}.html")
    assert 'href="tel:911"' in shown
    assert "<h1>" in shown


def test_it_refuses_a_stale_form_in_our_words() -> None:
    answer = Client(enforce_csrf_checks=True).post(reverse("account_login"), {})
    assert answer.status_code == 403
    assert "This page was open too long" in answer.content.decode()


def test_it_writes_what_is_attached_as_text(settings: Any) -> None:
    settings.EMAIL_BACKEND = "config.core.outbox.EmailBackend"
    message = EmailMessage("Your visit", "It is booked – see you.", to=["ada@example.com"])
    message.attach("visit.ics", "BEGIN:VCALENDAR – Ada", "text/calendar")
    message.send()
    [written] = [path.read_text() for path in settings.OUTBOX_DIR.glob("*.txt")]
    assert "It is booked – see you." in written
    assert "--- attached: visit.ics ---\nBEGIN:VCALENDAR – Ada" in written


def test_it_sends_every_account_message_in_neutral_words() -> None:
    folders = [
        Path(__file__).parent.parent / "config" / "templates" / app / "email"
        for app in ("account", "mfa")
    ]
    texts = [path.read_text().lower() for folder in folders for path in folder.glob("*.txt")]
    assert len(texts) > 20
    for word in ("ketamine", "infusion", "depression", "django", "!"):
        assert not [text for text in texts if word in text]


def test_it_has_one_door_to_sign_in_by(client: Client) -> None:
    answer = client.get("/admin/login/?next=/admin/")
    assert answer.status_code == 302
    assert answer["Location"].startswith("/accounts/login/")


def test_it_tells_staff_instants_in_the_clinic_s_zone_and_names_it(client: Client) -> None:
    patient = make_patient()
    nurse = make_nurse()
    starts_at = datetime(2027, 2, 4, 16, 30, tzinfo=UTC)
    visit = make_appointment(patient=patient, nurse=nurse, starts_at=starts_at)
    client.force_login(make_user(role="dispatcher", name="Dan Whitlock"))
    page = client.get(f"/admin/booking/appointment/{visit.pk}/change/").content.decode()
    assert "10:30 AM CST" in page
