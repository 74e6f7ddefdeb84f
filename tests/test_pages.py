from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.test import Client
from django.urls import reverse

from booking.delivery import paging
from booking.models import Appointment
from config.core.clock import now
from config.core.models import Role
from patients.models import Intake
from tests.factories import (
    PASSWORD as PASSWORD_OF_THE_CAST,
    make_appointment,
    make_intake,
    make_nurse,
    make_patient,
    make_user,
)

pytestmark = pytest.mark.django_db

MONDAY_EVENING = datetime(2026, 11, 24, 3, tzinfo=UTC)
TUESDAY_10_30 = datetime(2026, 11, 24, 16, 30, tzinfo=UTC)
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


def test_it_tells_a_new_patient_what_is_left_before_booking(client: Client) -> None:
    client.force_login(make_patient(ready=False).user)
    shown = page(client)
    assert "4 steps left before you can book" in shown
    assert "No visit is booked" in shown


def test_it_tells_a_ready_patient_so(client: Client) -> None:
    client.force_login(make_patient().user)
    assert "You are ready to book" in page(client)


def test_it_makes_the_patient_of_an_account_that_has_none_yet(client: Client) -> None:
    user = make_user()
    user.name = ""
    user.save()
    client.force_login(user)
    assert "Hello</h1>" in page(client)
    assert user.patient


def next_visit(**changes: Any) -> Appointment:
    with time_machine.travel(MONDAY_EVENING, tick=False):
        patient = make_patient()
        return make_appointment(
            patient=patient, nurse=make_nurse(), starts_at=TUESDAY_10_30, **changes
        )


@pytest.mark.parametrize(
    ("at", "headline"),
    [
        (MONDAY_EVENING, "Eat as usual"),
        (TUESDAY_10_30 - timedelta(hours=5), "Nothing to eat now"),
        (TUESDAY_10_30 - timedelta(minutes=5), "Nothing to eat or drink now"),
    ],
)
def test_it_opens_with_what_is_true_now(client: Client, at: datetime, headline: str) -> None:
    visit = next_visit()
    with time_machine.travel(at, tick=False):
        client.force_login(visit.patient.user)
        shown = page(client)
    assert f'<h2 id="now">{headline}</h2>' in shown
    assert "Tue 24 Nov, 10:30 AM CST" in shown
    assert "No driving or machinery before Wed 25 Nov, 1:40 PM CST." in shown


def test_it_warns_about_driving_first_after_a_dose(client: Client) -> None:
    visit = next_visit(status="discharged", dosed_at=TUESDAY_10_30, discharged_at=TUESDAY_10_30)
    with time_machine.travel(TUESDAY_10_30 + timedelta(hours=4), tick=False):
        client.force_login(visit.patient.user)
        shown = page(client)
    assert "Do not drive" in shown
    assert "Now, until Wed 25 Nov, 1:40 PM CST" in shown


def test_it_says_what_blocks_the_next_visit(client: Client) -> None:
    visit = next_visit(blocked=["escort_missing"])
    with time_machine.travel(MONDAY_EVENING, tick=False):
        client.force_login(visit.patient.user)
        assert "Please name the adult who will stay with you" in page(client)


def test_it_shows_no_clock_for_a_consultation(client: Client) -> None:
    with time_machine.travel(MONDAY_EVENING, tick=False):
        patient = make_patient(slug="consultation")
        make_appointment(patient=patient, nurse=None, starts_at=TUESDAY_10_30, slug="consultation")
        client.force_login(patient.user)
        shown = page(client)
    assert "A talk by video or phone" in shown
    assert "last heavy meal" not in shown


def home_after(client: Client, *, outcome: str, codes: list[str], status: str, phone: str) -> str:
    """Ada's home once her newest intake found these things and stands there."""
    ada = make_patient()
    ada.phone = phone
    ada.save()
    Intake.objects.create(
        patient=ada,
        version="1",
        answers={},
        outcome=outcome,
        findings=[{"code": code} for code in codes],
        status=status,
        valid_until=now() + timedelta(days=90),
    )
    client.force_login(ada.user)
    return page(client)


def main_of(shown: str) -> str:
    """The page without its footer, which names 988 to everybody."""
    return shown.partition('<footer class="site-footer">')[0]


@pytest.mark.parametrize(
    ("phone", "words"),
    [("+13125550123", "will call you at"), ("", "We have no phone number to call you at")],
)
def test_it_opens_with_whom_to_call_after_answers_that_tell_of_a_crisis(
    client: Client, phone: str, words: str
) -> None:
    crisis: dict[str, Any] = {"outcome": "crisis", "codes": ["acute_suicidality"]}
    shown = main_of(home_after(client, status="awaiting_review", phone=phone, **crisis))
    panel, _, rest = shown.partition("You can also call us:" if phone else "so please call us:")
    for said in ('href="tel:988"', 'href="tel:911"', "Our staff have been told", words):
        assert said in panel
    assert "<h2" in rest
    assert panel.count("<h2") == 1


def test_it_keeps_988_in_sight_once_the_crisis_was_decided(client: Client) -> None:
    crisis: dict[str, Any] = {"outcome": "crisis", "codes": ["acute_suicidality"]}
    shown = main_of(home_after(client, status="declined", phone="+13125550123", **crisis))
    assert "Our staff have been told" not in shown
    assert 'href="tel:988"' in shown


@pytest.mark.parametrize("code", ["suicidal_thoughts", "phq9_item_9"])
def test_it_names_988_to_who_told_us_of_thoughts_of_suicide(client: Client, code: str) -> None:
    thoughts: dict[str, Any] = {"outcome": "review", "codes": [code], "phone": "+13125550123"}
    shown = main_of(home_after(client, status="awaiting_review", **thoughts))
    assert 'href="tel:988"' in shown
    assert "Our staff have been told" not in shown


def test_it_alarms_nobody_whose_answers_tell_of_no_danger(client: Client) -> None:
    review: dict[str, Any] = {"outcome": "review", "codes": ["seizures"], "phone": "+13125550123"}
    assert "988" not in main_of(home_after(client, status="awaiting_review", **review))


@pytest.mark.parametrize(
    ("status", "words", "tag"),
    [
        ("awaiting_review", "We have your answers. A clinician is reading them.", "with us"),
        ("asked", "We asked you for more about your answers.", "to do"),
        ("declined", "Please call us: we would like to talk it over with you.", "to do"),
    ],
)
def test_it_says_where_the_newest_answers_stand(
    client: Client, status: str, words: str, tag: str
) -> None:
    shown = home_after(client, outcome="review", codes=[], status=status, phone="+13125550123")
    assert words in shown
    assert f">{tag}</span>" in shown
    assert "answer our questions" not in shown


def test_it_asks_again_for_answers_that_became_too_old(client: Client) -> None:
    ada = make_patient(ready=False)
    make_intake(patient=ada, submitted_at=now() - timedelta(days=91))
    client.force_login(ada.user)
    assert "Your answers are too old by now" in page(client)


def test_it_says_of_a_booked_visit_what_the_newest_answers_still_need(client: Client) -> None:
    visit = next_visit(blocked=["not_cleared"])
    with time_machine.travel(MONDAY_EVENING, tick=False):
        make_intake(patient=visit.patient, status="awaiting_review")
        client.force_login(visit.patient.user)
        shown = page(client)
    assert "Before this visit:</strong> We have your answers." in shown
    assert "1 step left before an infusion" in shown


def test_it_does_not_ask_who_has_a_visit_to_book(client: Client) -> None:
    visit = next_visit()
    with time_machine.travel(MONDAY_EVENING, tick=False):
        client.force_login(visit.patient.user)
        shown = page(client)
    assert "Everything is in place" in shown
    assert "ready to book" not in shown


def test_it_says_how_to_go_on_before_it_lists_the_steps(client: Client) -> None:
    client.force_login(make_patient(ready=False).user)
    before, _, after = page(client).partition("we go through these with you by phone")
    assert 'class="steps"' not in before
    assert after.count("to do</span>") == 4


def test_it_sets_what_we_ask_beside_the_usual_advice(client: Client, settings: Any) -> None:
    settings.FOOD_HOURS = 7
    assert "We ask for more: 7 hours without food, and no driving until" in page(client)


def test_it_shows_hostile_names_as_text(client: Client) -> None:
    patient = make_patient(name="<script>alert(1)</script> \u202eadA 🫧")
    client.force_login(patient.user)
    assert "<script>" not in page(client)


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
