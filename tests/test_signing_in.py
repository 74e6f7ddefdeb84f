"""The door: making an account, coming back, a forgotten password, a second step."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.totp.internal.auth import (
    format_hotp_value,
    hotp_value,
    yield_hotp_counters_from_time,
)
from django.core import mail
from django.template.loader import render_to_string
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import translation

from config.core import devices
from config.core.models import User
from patients import contacts
from patients.models import ClosedContact, Patient, TextConsent
from tests.factories import PASSWORD as KNOWN, make_patient, make_user

pytestmark = pytest.mark.django_db
PASSWORD = "a-pond-without-wind"
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="\w+"')


@pytest.fixture
def address() -> str:
    """An address nobody asked about before: the cache counts what is sent to each."""
    return f"ben-{uuid4().hex}@example.com"


def sign_up(client: Client, address: str, **more: str) -> Any:
    told = {"name": "Ben Okoye", "email": address, "password1": PASSWORD, **more}
    return client.post(reverse("account_signup"), told)


def sign_in(client: Client, address: str, password: str = KNOWN, **more: str) -> Any:
    return client.post(reverse("account_login"), {"login": address, "password": password, **more})


def in_again(client: Client, address: str) -> None:
    """Sign in, and give the password once more as what concerns safety asks for."""
    sign_in(client, address)
    client.post(reverse("account_reauthenticate"), {"password": KNOWN})


def code_in(message: str) -> str:
    found = re.search(r"^[0-9]{6}$", message, re.MULTILINE)
    assert found, message
    return found.group(0)


def is_signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


# -- an account ------------------------------------------------------------------------------------


def test_it_makes_an_account_confirms_its_e_mail_and_goes_on_to_what_was_asked_for(
    client: Client, address: str
) -> None:
    answer = sign_up(client, address.title(), phone="312 555 0155", next="/account/escort/")
    assert answer.headers["Location"].startswith(reverse("account_email_verification_sent"))
    [message] = mail.outbox
    assert message.subject == "Please confirm your e-mail address"
    assert not is_signed_in(client)
    done = client.post(
        answer.headers["Location"], {"code": code_in(str(message.body)), "next": "/account/escort/"}
    )
    assert done.headers["Location"] == "/account/escort/"
    assert is_signed_in(client)
    ben = Patient.objects.get(user__email=address)
    assert (ben.user.name, ben.phone, ben.channels) == ("Ben Okoye", "+13125550155", ["email"])


def test_it_texts_only_whom_it_asked_and_keeps_the_words(client: Client, address: str) -> None:
    sign_up(client, address, phone="(312) 555-0155", texts="on")
    ben = Patient.objects.get(user__email=address)
    assert ben.channels == ["email", "sms"]
    said = TextConsent.objects.get(patient=ben)
    assert (said.phone, said.agreed, said.wording) == (ben.phone, True, str(contacts.WORDING))


def test_it_keeps_the_words_in_the_language_they_were_read_in(client: Client, address: str) -> None:
    client.cookies["django_language"] = "es"
    sign_up(client, address, phone="(312) 555-0155", texts="on")
    assert Patient.objects.get(user__email=address).language == "es"


def test_it_asks_for_the_number_that_texts_would_go_to(client: Client, address: str) -> None:
    shown = sign_up(client, address, texts="on").content.decode()
    assert "Give the number that texts go to." in shown
    assert 'value="Ben Okoye"' in shown
    assert not User.objects.filter(email=address).exists()


def test_it_writes_the_code_into_the_outbox(client: Client, address: str, settings: Any) -> None:
    settings.EMAIL_BACKEND = "config.core.outbox.EmailBackend"
    sign_up(client, address)
    [message] = settings.OUTBOX_DIR.glob("*.txt")
    assert f"To: {address}" in message.read_text()
    assert code_in(message.read_text())


def test_it_lets_nobody_in_before_the_e_mail_is_confirmed(client: Client, address: str) -> None:
    sign_up(client, address)
    sign_in(Client(), address, PASSWORD)
    assert not is_signed_in(client)
    assert not EmailAddress.objects.get(email=address).verified


def test_it_takes_a_wrong_code_three_times_and_no_more(client: Client, address: str) -> None:
    where = sign_up(client, address).headers["Location"]
    right = code_in(str(mail.outbox[0].body))
    wrong = f"{(int(right) + 1) % 10**6:06}"
    for _ in range(3):
        client.post(where, {"code": wrong})
    client.post(where, {"code": right})
    assert not is_signed_in(client)


def test_it_lets_nobody_guess_at_codes_all_day_by_signing_in_again(
    address: str, settings: Any
) -> None:
    settings.ACCOUNT_RATE_LIMITS = {"confirm_email": "99/s/key", "login": "99/s/ip"}
    where = sign_up(Client(), address).headers["Location"]
    for _ in range(10):
        guesser = Client()
        assert sign_in(guesser, address, PASSWORD).status_code == 302
        for _ in range(3):
            guesser.post(where, {"code": "abcdef"})
    assert sign_in(Client(), address, PASSWORD).status_code == 429
    assert sign_in(Client(), make_user().email).status_code == 302, "another account"


def test_it_says_nothing_of_an_account_that_exists_and_tells_its_owner(
    client: Client, address: str
) -> None:
    fresh = f"x{address}"
    make_user(email=address)
    seen = []
    for one, to in ((client, address), (Client(), fresh)):
        where = sign_up(one, to, next="/account/").headers["Location"]
        text = one.get(where).content.decode()
        wrong = one.post(where, {"code": "abcdef"}).content.decode()
        seen.append([where, *(TOKEN.sub("", page).replace(to, "") for page in (text, wrong))])
    assert seen[0] == seen[1]
    assert "six digits" in seen[0][1]
    assert mail.outbox[0].subject == "You already have an account"


def test_it_writes_again_to_an_address_that_was_closed_with_an_earlier_account(
    client: Client, address: str
) -> None:
    contacts.close(
        channel="email", address=address, reason=ClosedContact.Reason.STOPPED, told_by="account"
    )
    sign_up(client, address)
    assert contacts.closed(channel="email", address=address) == ""


def test_it_lets_a_program_sign_up_and_confirm_with_the_code(client: Client, address: str) -> None:
    told = {"email": address, "password": PASSWORD}
    asked = client.post("/_allauth/app/v1/auth/signup", told, content_type="application/json")
    assert asked.status_code == 401
    done = client.post(
        "/_allauth/app/v1/auth/email/verify",
        {"key": code_in(str(mail.outbox[0].body))},
        content_type="application/json",
        headers={"X-Session-Token": asked.json()["meta"]["session_token"]},
    )
    token = {"X-Session-Token": done.json()["meta"]["session_token"]}
    assert client.get("/api/v1/me/", headers=token).json()["email"] == address


# -- coming back -----------------------------------------------------------------------------------


def test_it_comes_back_to_what_was_asked_for(client: Client) -> None:
    ada = make_patient().user
    asked = client.get("/account/home/?from=mail")
    answer = client.post(
        asked.headers["Location"],
        {"login": ada.email, "password": KNOWN, "next": "/account/home/?from=mail"},
    )
    assert answer.headers["Location"] == "/account/home/?from=mail"


def test_it_leads_nobody_elsewhere(client: Client) -> None:
    answer = sign_in(client, make_patient().user.email, next="https://evil.example/")
    assert "evil" not in answer.headers["Location"]


def test_it_keeps_where_one_was_going_on_the_way_to_a_new_account(client: Client) -> None:
    shown = client.get(reverse("account_login") + "?next=/account/home/").content.decode()
    assert f"{reverse('account_signup')}?next=%2Faccount%2Fhome%2F" in shown


def test_it_stops_guessing_of_a_password(client: Client, address: str) -> None:
    make_user(email=address)
    for _ in range(5):
        sign_in(client, address, "wrong-as-can-be")
    answer = sign_in(client, address)
    assert not is_signed_in(client)
    assert "Too many" in answer.content.decode()


def test_it_resets_a_forgotten_password(client: Client, address: str) -> None:
    user = make_user(email=address)
    client.post(reverse("account_reset_password"), {"email": user.email})
    link = next(w for w in str(mail.outbox[0].body).split() if w.startswith("http"))
    answer = client.get(link, follow=True)
    assert "Choose a new password" in answer.content.decode()
    where = answer.redirect_chain[-1][0]
    done = client.post(where, {"password1": PASSWORD, "password2": PASSWORD}, follow=True)
    assert "Your new password is saved" in done.content.decode()
    user.refresh_from_db()
    assert user.check_password(PASSWORD)


def test_it_says_nothing_of_whether_an_address_is_known_to_whoever_forgot(address: str) -> None:
    make_user(email=address)
    answers = [
        Client().post(reverse("account_reset_password"), {"email": one}, follow=True)
        for one in (address, f"x{address}")
    ]
    assert answers[0].redirect_chain == answers[1].redirect_chain


def test_it_changes_an_address_once_the_new_one_is_confirmed(client: Client, address: str) -> None:
    ada = make_patient().user
    old = ada.email
    in_again(client, old)
    asked = client.post(reverse("account_email"), {"email": address, "action_add": ""})
    ada.refresh_from_db()
    assert ada.email == old
    code = next(m for m in mail.outbox if m.to == [address])
    client.post(asked.headers["Location"], {"code": code_in(str(code.body))})
    ada.refresh_from_db()
    assert ada.email == address
    assert "was changed" in next(m.subject for m in mail.outbox if m.to == [old])


# -- a second step ---------------------------------------------------------------------------------


def app_code(secret: str) -> str:
    counter = next(iter(yield_hotp_counters_from_time()))
    return str(format_hotp_value(hotp_value(secret, counter)))


def test_it_asks_for_the_second_step_and_takes_a_spare_code_once(client: Client) -> None:
    ada = make_patient().user
    in_again(client, ada.email)
    shown = client.get(reverse("mfa_activate_totp")).content.decode()
    found = re.search(r'id="authenticator_secret">([A-Z2-7]+)<', shown)
    assert found
    told = {"code": app_code(found.group(1))}
    done = client.post(reverse("mfa_activate_totp"), told, follow=True)
    spare = re.findall(r"<li><code>([0-9a-z]+)</code>", done.content.decode())
    assert len(spare) == 10
    let_in = []
    for code in (spare[0], spare[0]):
        other = Client()
        sign_in(other, ada.email)
        assert not is_signed_in(other)
        other.post(reverse("mfa_authenticate"), {"code": code})
        let_in.append(is_signed_in(other))
    assert let_in == [True, False]


def test_a_password_is_changed_or_chosen_on_one_page(client: Client) -> None:
    ada = make_patient().user
    in_again(client, ada.email)
    shown = client.get(reverse("account_change_password")).content.decode()
    assert "<h1>Change your password</h1>" in shown
    ada.set_unusable_password()
    ada.save()
    client.force_login(ada, backend="config.core.sessions.Backend")
    shown = client.get(reverse("account_set_password")).content.decode()
    assert "<h1>Choose a password</h1>" in shown
    told = {"password1": PASSWORD, "password2": PASSWORD}
    client.post(reverse("account_set_password"), told)
    assert User.objects.get(pk=ada.pk).check_password(PASSWORD)


def test_it_asks_for_the_password_again_before_anything_about_safety(client: Client) -> None:
    client.force_login(make_patient().user)
    for name in ("mfa_activate_totp", "mfa_add_webauthn", "account-copy", "account-close"):
        answer = client.get(reverse(name))
        assert answer.headers["Location"].startswith(reverse("account_reauthenticate")), name


def test_it_starts_passkeys_without_a_script_in_the_page(client: Client) -> None:
    in_again(client, make_patient().user.email)
    shown = client.get(reverse("mfa_add_webauthn")).content.decode()
    scripts = re.findall(r"<script[^>]*>", shown)
    assert '<script id="js_data" type="application/json">' in scripts
    assert all("src=" in one or "application/json" in one for one in scripts)
    assert "onload=" not in shown


TEXTS = Path(__file__).parent.parent / "config" / "templates"


@pytest.mark.parametrize("language", ["en", "es"])
def test_it_can_say_every_message(language: str, rf: RequestFactory) -> None:
    found = [path for path in TEXTS.glob("*/email/*_message.txt") if "base_" not in path.name]
    assert len(found) > 10
    for path in found:
        name = path.relative_to(TEXTS).as_posix()
        with translation.override(language):
            text = render_to_string(name, {"clinic_name": "Stillwater"}, rf.get("/"))
            subject = render_to_string(name.replace("_message", "_subject")).strip()
        assert subject
        assert "\n" not in subject
        assert "{" not in text
        assert text.startswith(("Hello,", "Hola:"))


# -- where one is signed in ------------------------------------------------------------------------


def test_it_lists_where_an_account_is_signed_in_and_signs_out_there(client: Client) -> None:
    ada = make_patient().user
    phone = Client(HTTP_USER_AGENT="Mozilla/5.0 (iPhone; CPU iPhone OS 18_0) Safari/604.1")
    for one in (client, phone):
        sign_in(one, ada.email)
    shown = client.get(reverse("account-devices")).content.decode()
    assert "Safari on iPhone" in shown
    known = devices.of(user=ada, session_key=client.session.session_key)
    other = next(device for device in known if not device.is_this)
    client.post(reverse("account-sign-out"), {"device": other.id})
    assert phone.get("/account/").status_code == 302
    assert client.get("/account/").status_code == 200


def test_it_signs_nobody_else_out(client: Client) -> None:
    ada, ben = make_patient().user, make_patient(name="Ben Okoye").user
    theirs = Client()
    sign_in(theirs, ben.email)
    sign_in(client, ada.email)
    [device] = devices.of(user=ben, session_key=None)
    client.post(reverse("account-sign-out"), {"device": device.id})
    client.post(reverse("account-sign-out"), {"which": "others"})
    assert theirs.get("/account/").status_code == 200


def test_it_signs_out_everywhere_programs_too(client: Client) -> None:
    ada = make_patient().user
    program = Client().post(
        "/_allauth/app/v1/auth/login",
        {"email": ada.email, "password": KNOWN},
        content_type="application/json",
    )
    token = {"X-Session-Token": program.json()["meta"]["session_token"]}
    assert Client().get("/api/v1/me/", headers=token).status_code == 200
    sign_in(client, ada.email)
    client.post(reverse("account-sign-out"), {"which": "everywhere"})
    assert Client().get("/api/v1/me/", headers=token).status_code == 401
    assert client.get("/account/").status_code == 302


def test_it_shows_no_session_that_is_over(client: Client) -> None:
    ada = make_patient().user
    sign_in(client, ada.email)
    client.session.flush()
    assert devices.of(user=ada, session_key=None) == []
