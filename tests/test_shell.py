"""What belongs to every page: its doors, its language, its forms, its policy, its errors."""

from __future__ import annotations

import re
import threading
import uuid
from pathlib import Path
from typing import Any

import pytest
from django import forms
from django.conf import settings as configured
from django.contrib.auth.models import AnonymousUser
from django.db import DatabaseError, connection, connections
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from config.core import doors
from config.core.errors import Refused, WrongState
from config.core.models import IdempotentAnswer, Role, User
from config.frame import server_error
from patients import accounts
from patients.models import Patient
from tests.factories import make_nurse, make_patient, make_user

pytestmark = pytest.mark.django_db

ROOT = Path(configured.BASE_DIR)


# -- doors ----------------------------------------------------------------------------------------


@doors.for_patients
def greet(request: doors.PatientRequest) -> HttpResponse:
    return HttpResponse(f"Hello {request.user.email}")


def ask(method: str = "get", *, by: User | None = None, **extra: Any) -> HttpRequest:
    """A request as the middleware would hand it on."""
    request = getattr(RequestFactory(), method)("/visits/?day=2026-11-24", **extra)
    request.user = by or AnonymousUser()
    return request  # type: ignore[no-any-return]


def test_it_lets_a_patient_in() -> None:
    ada = make_user()
    assert greet(ask(by=ada)).content.decode() == f"Hello {ada.email}"


def test_it_sends_a_stranger_to_sign_in_and_back() -> None:
    answer = greet(ask())
    assert answer.status_code == 302
    assert "no-store" in answer.headers["Cache-Control"]
    assert answer.headers["Location"] == "/accounts/login/?next=/visits/%3Fday%3D2026-11-24"


def test_it_comes_back_to_the_whole_page_where_a_piece_was_asked_for() -> None:
    shown = {"HX-Request": "true", "HX-Current-URL": "http://testserver/book/?at=1"}
    answer = greet(ask(headers=shown))
    assert answer.headers["HX-Redirect"] == "/accounts/login/?next=/book/%3Fat%3D1"


@pytest.mark.parametrize("address", ["http://[", "//elsewhere.example//[", "http://a:b:c/"])
def test_an_address_that_is_none_leads_back_to_what_was_asked_for(
    client: Client, address: str
) -> None:
    answer = client.get(
        reverse("visits-now"), headers={"HX-Request": "true", "HX-Current-URL": address}
    )
    assert answer.status_code == 200
    assert answer.headers["HX-Redirect"].startswith("/accounts/login/?next=/")


@pytest.mark.parametrize("cookie", ['"\\000\\000aaaaaaaaaaaaaa"', '"\\377aaaaaaaaaaaa"', "a;b"])
def test_a_cookie_that_is_no_key_of_ours_is_nobodys(client: Client, cookie: str) -> None:
    name = configured.SESSION_COOKIE_NAME
    answer = client.get(reverse("account"), headers={"Cookie": f"{name}={cookie}"})
    assert answer.status_code == 302


def test_it_keeps_what_a_form_sent_after_the_session_ended() -> None:
    answer = greet(ask("post", data={"note": "two cats", "password": "secret"}))
    shown = answer.content.decode()
    assert answer.status_code == 403
    assert '<input type="hidden" name="note" value="two cats">' in shown
    assert "secret" not in shown
    assert f"{reverse('account_login')}?next={reverse('signed-in')}" in shown


@pytest.mark.parametrize("role", [Role.NURSE, Role.DISPATCHER])
def test_it_tells_the_clinics_people_where_their_own_pages_are(client: Client, role: str) -> None:
    client.force_login(make_nurse().user if role == Role.NURSE else make_user(role=role))
    answer = client.get(reverse("visits"))
    assert answer.status_code == 403
    assert "This page belongs to patients" in answer.content.decode()
    assert "no-store" in answer.headers["Cache-Control"]


def test_it_sends_a_form_again_that_grew_old_while_somebody_signed_in() -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(make_user())
    sent = {"note": "two cats", "csrfmiddlewaretoken": "x" * 32}
    answer = client.post("/visits/", sent, headers={"Origin": "http://testserver"})
    shown = answer.content.decode()
    assert answer.status_code == 403
    assert "no-store" in answer.headers["Cache-Control"]
    assert '<input type="hidden" name="note" value="two cats">' in shown
    assert "You are signed in as Ada Byrne." in shown
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', shown)
    assert token
    again = {"note": "two cats", "csrfmiddlewaretoken": token[1]}
    assert (
        client.post("/visits/", again, headers={"Origin": "http://testserver"}).status_code != 403
    )


@pytest.mark.parametrize("origin", [None, "https://elsewhere.example", "null", "http://["])
def test_it_never_offers_to_send_a_form_that_came_from_elsewhere(origin: str | None) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(make_user())
    headers = {"Origin": origin} if origin else {}
    answer = client.post("/visits/", {"note": "two cats"}, headers=headers)
    assert answer.status_code == 403
    assert "two cats" not in answer.content.decode()


# -- a form of somebody else's page ----------------------------------------------------------------


def test_it_does_nothing_with_a_form_of_the_page_of_who_signed_in_before() -> None:
    ada, ben = make_user(), make_user(email="ben@example.com", name="Ben")
    sent = {"note": "two cats", doors.WHOSE: doors.mark(ada)}
    assert greet(ask("post", by=ada, data=sent)).status_code == 200
    answer = greet(ask("post", by=ben, data=sent))
    shown = answer.content.decode()
    assert answer.status_code == 409
    assert "This page was another person" in shown
    assert "You are signed in as Ben." in shown
    assert "two cats" not in shown


def test_a_form_is_its_persons_while_the_secret_is_changed_and_without_a_mark(
    settings: Any,
) -> None:
    ada = make_user()
    earlier = {doors.WHOSE: doors.mark(ada)}
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "another"
    assert greet(ask("post", by=ada, data=earlier)).status_code == 200
    assert greet(ask("post", by=ada, data={"note": "two cats"})).status_code == 200
    assert greet(ask("post", by=ada, data={doors.WHOSE: "é"})).status_code == 409


def test_a_page_that_saves_in_passing_is_left_where_it_was_somebody_elses(client: Client) -> None:
    ada, ben = make_patient(), make_patient(name="Ben")
    client.force_login(ben.user)
    address = reverse("intake-section", args=["about"])
    sent = {doors.WHOSE: doors.mark(ada.user)}
    answer = client.post(address, sent, headers={"HX-Request": "true"})
    assert answer.headers["HX-Redirect"] == reverse("home")
    assert "opened with another account" in client.get(reverse("visits")).content.decode()
    assert not ben.drafts.exists()


def test_what_the_one_before_typed_is_not_offered_to_who_signed_in() -> None:
    ada, client = make_user(), Client(enforce_csrf_checks=True)
    client.force_login(make_user(email="ben@example.com"))
    sent = {"note": "two cats", doors.WHOSE: doors.mark(ada), "csrfmiddlewaretoken": "x" * 32}
    answer = client.post("/visits/", sent, headers={"Origin": "http://testserver"})
    assert answer.status_code == 409
    assert "two cats" not in answer.content.decode()
    assert "no-store" in answer.headers["Cache-Control"]


def test_a_page_says_whose_it_is_and_saves_only_for_them(client: Client) -> None:
    ada, ben = make_patient(), make_patient(name="Ben")
    client.force_login(ada.user)
    shown = client.get(reverse("account-about")).content.decode()
    found = re.search(rf'name="{doors.WHOSE}" value="(\w+)"', shown)
    assert found
    client.force_login(ben.user)
    sent = {"name": "Ada Lovelace", doors.WHOSE: found[1]}
    assert client.post(reverse("account-about"), sent).status_code == 409
    assert User.objects.get(pk=ben.user.pk).name == "Ben"


# Forms of staff, of links in messages, and of allauth, which asks for the password itself.
NOT_A_PATIENTS = ("/staff/", "/admin/", "/links/", "waiting/offer.html", "account/hub.html")


def test_every_form_of_a_patients_page_says_whose_it_is() -> None:
    pages = [
        path
        for package in ("patients", "booking")
        for path in (ROOT / package).rglob("templates/**/*.html")
        if not any(part in str(path) for part in NOT_A_PATIENTS)
    ]
    forms_of = {path: path.read_text().count('method="post"') for path in pages}
    assert sum(forms_of.values()) > 20
    for path, count in forms_of.items():
        assert path.read_text().count("{% csrf_token %}{% whose_page %}") == count, path


# -- once -----------------------------------------------------------------------------------------


class Nothing:
    """Messages with nowhere to go, counted."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def add(self, level: int, message: str, extra_tags: str = "") -> None:
        self.said.append(message)


def sent(by: User, **data: str) -> Any:
    request: Any = ask("post", by=by, data=data)
    request._messages = Nothing()
    return request


def test_it_makes_a_thing_once_however_often_the_form_is_sent() -> None:
    ada, key, made = make_user(), uuid.uuid4(), []

    def make() -> str:
        made.append(1)
        return f"/visits/{len(made)}/"

    for _ in range(3):
        request = sent(ada, once=str(key), at="10:30")
        answer = doors.once(request, key=key, make=make)
        assert answer.headers["Location"] == "/visits/1/"
        assert not request._messages.said
    assert len(made) == 1


def test_it_says_so_where_the_same_form_came_again_with_something_else() -> None:
    ada, key = make_user(), uuid.uuid4()
    doors.once(sent(ada, at="10:30"), key=key, make=lambda: "/visits/1/")
    request = sent(ada, at="11:15")
    answer = doors.once(request, key=key, make=lambda: "/visits/2/")
    assert answer.headers["Location"] == "/visits/1/"
    assert "Nothing was done a second time" in request._messages.said[0]


def test_it_forgets_the_key_of_what_was_refused() -> None:
    ada, key = make_user(), uuid.uuid4()

    def refuse() -> str:
        make_user()
        raise WrongState("That time has just been taken.")

    before = User.objects.count()
    with pytest.raises(Refused):
        doors.once(sent(ada), key=key, make=refuse)
    assert User.objects.count() == before
    answer = doors.once(sent(ada), key=key, make=lambda: "/visits/2/")
    assert answer.headers["Location"] == "/visits/2/"


def test_it_keeps_the_keys_of_two_people_apart() -> None:
    key = uuid.uuid4()
    for number, person in enumerate((make_user(), make_user())):
        answer = doors.once(sent(person), key=key, make=lambda at=number: f"/visits/{at}/")  # type: ignore[misc]
        assert answer.headers["Location"] == f"/visits/{number}/"


@pytest.mark.django_db(transaction=True)
def test_a_twin_that_comes_meanwhile_waits_and_goes_where_the_first_went() -> None:
    ada, key = make_user(), uuid.uuid4()
    inside, made, went = threading.Event(), [], []

    def make() -> str:
        made.append(1)
        inside.set()
        with connection.cursor() as cursor:  # until the twin stands at the index
            cursor.execute(
                "DO $$ BEGIN FOR i IN 1..500 LOOP EXIT WHEN EXISTS (SELECT FROM pg_locks"
                " WHERE NOT granted AND locktype = 'transactionid'); PERFORM pg_sleep(0.01);"
                " END LOOP; END $$"
            )
        return f"/visits/{len(made)}/"

    def second() -> None:
        try:
            inside.wait(5)
            went.append(doors.once(sent(ada), key=key, make=make).headers["Location"])
        finally:
            connections.close_all()

    twin = threading.Thread(target=second)
    twin.start()
    went.append(doors.once(sent(ada), key=key, make=make).headers["Location"])
    twin.join()
    assert went == ["/visits/1/", "/visits/1/"]
    assert len(made) == 1
    assert IdempotentAnswer.objects.count() == 1


@pytest.mark.parametrize("broken", ["", "abc", "0" * 50])
def test_it_replaces_a_key_that_is_missing_or_broken(broken: str) -> None:
    form = doors.OnceForm({"once": broken})
    assert form.is_valid()
    assert isinstance(form.cleaned_data["once"], uuid.UUID)


# -- forms ----------------------------------------------------------------------------------------


class Form(forms.Form):
    name = forms.CharField(label="Your name", help_text="As on your card")
    pets = forms.ChoiceField(
        label="Animals", choices=[("no", "No"), ("dog", "A dog")], widget=forms.RadioSelect
    )
    more = forms.CharField(label="More", required=False)


def test_it_ties_labels_hints_and_errors_to_their_fields() -> None:
    shown = str(Form({"more": "<b>"}))
    assert '<label for="id_name">Your name</label>' in shown
    field = re.search(r'<input[^>]*name="name"[^>]*>', shown)
    assert field
    assert 'aria-invalid="true"' in field[0]
    described = re.search(r'aria-describedby="([^"]+)"', field[0])
    assert described
    assert all(f'id="{one}"' in shown for one in described[1].split())
    assert "More <span" in shown
    assert "<b>" not in shown


def test_it_sums_up_what_has_to_be_put_right_and_links_to_it() -> None:
    shown = str(Form({}))
    assert 'role="alert"' in shown
    for target in re.findall(r'href="#([^"]+)"', shown):
        assert f'id="{target}"' in shown
    assert shown.count('href="#') == 2


def test_it_says_nothing_of_errors_before_anything_was_sent() -> None:
    assert 'role="alert"' not in str(Form())


# -- language -------------------------------------------------------------------------------------


def language_of(client: Client, **headers: str) -> str:
    shown = client.get(reverse("account_login"), headers=headers).content.decode()
    found = re.search(r'<html lang="([\w-]+)"', shown)
    assert found
    return found[1]


@pytest.mark.parametrize(
    ("wish", "spoken"),
    [("es-MX,es;q=0.9,en;q=0.5", "es"), ("en-GB", "en"), ("fr", "en"), ("", "en"), (";;;", "en")],
)
def test_it_speaks_as_the_browser_asks(client: Client, wish: str, spoken: str) -> None:
    headers = {"Accept-Language": wish} if wish else {}
    assert language_of(client, **headers) == spoken


def test_it_keeps_what_a_visitor_chose(client: Client) -> None:
    answer = client.post(reverse("language"), {"language": "es", "next": "/accounts/signup/"})
    assert answer.headers["Location"] == "/accounts/signup/"
    assert language_of(client, **{"Accept-Language": "en"}) == "es"


@pytest.mark.parametrize("away", ["https://elsewhere.example/", "//elsewhere.example"])
def test_it_goes_nowhere_else_with_it(client: Client, away: str) -> None:
    answer = client.post(reverse("language"), {"language": "es", "next": away})
    assert answer.headers["Location"] == "/"


@pytest.mark.parametrize("unknown", ["xx", "", "../../etc"])
def test_it_passes_over_a_language_it_does_not_speak(client: Client, unknown: str) -> None:
    ada = make_patient()
    client.force_login(ada.user)
    assert client.post(reverse("language"), {"language": unknown}).status_code == 302
    ada.refresh_from_db()
    assert ada.language == "en"


def test_the_language_and_the_page_read_the_patient_once(client: Client) -> None:
    client.force_login(make_patient().user)
    with CaptureQueriesContext(connection) as asked:
        client.get(reverse("account-about"))
    of_patient = [one["sql"] for one in asked if "FROM patients_patient" in one["sql"]]
    assert len(of_patient) == 1


def test_what_a_request_has_changed_is_read_anew() -> None:
    ada = make_patient()
    accounts.read_ahead(ada.user, language="en")
    Patient.objects.filter(pk=ada.pk).update(phone="+13125550199")
    assert accounts.patient_of(ada.user).phone == "+13125550123"
    assert accounts.patient_of(ada.user).phone == "+13125550199"


def test_it_speaks_a_patients_own_language_and_keeps_another_once_chosen(client: Client) -> None:
    ada = make_patient()
    ada.language = "es"
    ada.save()
    client.force_login(ada.user)
    assert client.get(reverse("account_logout")).headers["Content-Language"] == "es"
    client.post(reverse("language"), {"language": "en"})
    ada.refresh_from_db()
    assert ada.language == "en"
    assert client.get(reverse("account_logout")).headers["Content-Language"] == "en"


def test_it_writes_from_the_start_to_a_new_patient_as_their_browser_asked(client: Client) -> None:
    user = make_user()
    client.force_login(user)
    client.get(reverse("account_logout"), headers={"Accept-Language": "es"})
    assert Patient.objects.get(user=user).language == "es"


def test_the_clinics_own_pages_are_english(client: Client) -> None:
    client.force_login(make_user(role=Role.ADMINISTRATOR))
    spanish = {"Accept-Language": "es"}
    assert client.get("/admin/", headers=spanish).headers["Content-Language"] == "en"
    assert client.get("/staff/messages/", headers=spanish).headers["Content-Language"] == "en"


# -- what a page may load -------------------------------------------------------------------------


PUBLIC = ["home", "account_login", "account_signup", "treatments", "prepare", "questions"]


@pytest.mark.parametrize("name", PUBLIC)
def test_every_page_says_that_nothing_inline_and_nothing_foreign_runs(
    client: Client, name: str
) -> None:
    answer = client.get(reverse(name))
    policy = answer.headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "data:" not in policy
    assert "frame-ancestors 'none'" in policy
    assert "form-action 'self'" in policy
    assert "://" not in policy
    assert "camera=()" in answer.headers["Permissions-Policy"]
    loads = r'<(?:script|img|link rel="stylesheet")[^>]*?(?:src|href)="([^"]+)"'
    loaded = re.findall(loads, answer.content.decode())
    assert loaded
    assert all(re.match(r"/(?!/)", address) for address in loaded)


def test_errors_and_staff_pages_have_a_policy_too(client: Client) -> None:
    assert "default-src 'self'" in client.get("/nowhere").headers["Content-Security-Policy"]
    client.force_login(make_user(role=Role.ADMINISTRATOR))
    policy = client.get("/admin/").headers["Content-Security-Policy"]
    assert "script-src 'self' 'unsafe-eval'" in policy
    assert "'unsafe-inline'" not in re.search(r"script-src[^;]*", policy)[0]  # type: ignore[index]


@pytest.mark.parametrize(
    "name", ["account_email", "mfa_index", "home", "safety", "visits", "api-me"]
)
def test_nothing_of_a_signed_in_person_is_kept(client: Client, name: str) -> None:
    client.force_login(make_patient().user)
    address = "/api/v1/me/" if name == "api-me" else reverse(name)
    assert "no-store" in client.get(address).headers["Cache-Control"]


TEMPLATES = [
    path
    for package in ("config", "patients", "booking", "nurses")
    for path in (ROOT / package).rglob("templates/**/*.html")
    if not path.name.endswith("-html.html")  # e-mail has its styles within it
]


def test_no_template_holds_a_script_a_style_or_a_handler() -> None:
    assert len(TEMPLATES) > 100
    data = r'(?! type="application/(?:ld\+)?json")'
    inline = rf"<style|\bstyle=|<script(?![^>]*\bsrc=){data}|<\w[^>]*\son\w+=|javascript:"
    found = [str(path) for path in TEMPLATES if re.search(inline, path.read_text(), re.I)]
    assert not found


def test_no_template_is_longer_than_can_be_read() -> None:
    assert not [str(path) for path in TEMPLATES if len(path.read_text().splitlines()) > 120]


# -- errors ---------------------------------------------------------------------------------------


def test_it_says_that_it_failed_without_a_database_in_the_readers_language(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def gone(*_: object, **__: object) -> None:
        raise DatabaseError

    monkeypatch.setattr("config.core.postgres.prepared.row", gone)
    monkeypatch.setattr(connection, "cursor", gone)
    request = RequestFactory().get("/", headers={"Accept-Language": "es"})
    answer = server_error(request)
    shown = answer.content.decode()
    assert answer.status_code == 500
    assert '<html lang="es"' in shown
    assert 'href="tel:988"' in shown
    assert configured.CLINIC_PHONE in shown


def test_a_page_that_fails_answers_with_our_own_words(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("config.frame.render", lambda *_, **__: 1 / 0)
    client.raise_request_exception = False
    answer = client.get(reverse("signed-in"))
    assert answer.status_code == 500
    assert "Something went wrong on our side" in answer.content.decode()


# -- the style guide ------------------------------------------------------------------------------

FRAME = {"header", "footer", "help", "languages", "menu", "menu_link", "mark", "messages"}
INSIDE = {"field_notes", "home_visitor"}


def test_the_style_guide_shows_every_piece(client: Client) -> None:
    client.force_login(make_user(role=Role.CLINICIAN))
    shown = client.get(reverse("styleguide"))
    assert shown.status_code == 200
    used = {template.name for template in shown.templates}
    pieces = {path.name for path in (ROOT / "config/templates/partials").glob("*.html")}
    assert (
        not {f"partials/{name}" for name in pieces}
        - used
        - {f"partials/{name}.html" for name in FRAME | INSIDE}
    )
    assert "13.9:1" in shown.content.decode()


def test_the_style_guide_is_for_staff(client: Client) -> None:
    assert client.get(reverse("styleguide")).status_code == 302
    client.force_login(make_patient().user)
    assert client.get(reverse("styleguide")).status_code == 302
