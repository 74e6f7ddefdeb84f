"""The staff's pages, opened as each role."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from config.core.accounts import has_verified_email
from config.core.clock import now
from config.core.models import Role, User
from config.demo.answers import eligible_answers
from patients import catalogue, intake
from patients.models import ConsentDocument, Intake, Order, Patient, Permit
from tests.factories import make_order, make_patient, make_user, therapy

pytestmark = pytest.mark.django_db

MODELS = (
    "patient",
    "address",
    "intake",
    "order",
    "consentdocument",
    "signature",
    "therapy",
    "permit",
    "servicearea",
)
FOR_DISPATCHERS = {
    "patient",
    "address",
    "consentdocument",
    "therapy",
    "permit",
    "servicearea",
}
HOSTILE = "<script>alert(1)</script> \u202e🙂"


def client_of(role: str) -> Client:
    """A browser in which someone of that role is signed in."""
    client = Client()
    client.force_login(make_user(role=role, name="Erin Cole"))
    return client


def url(model: str, page: str, *args: object, app: str = "patients") -> str:
    return reverse(f"admin:{app}_{model}_{page}", args=args)


def submitted(**changes: object) -> Intake:
    """Ada's intake, with something for a clinician to read."""
    ada = make_patient(ready=False)
    answers = eligible_answers(date_of_birth="1985-05-17", **changes)
    return intake.submit(patient=ada, answers=answers)


def said(response: Any) -> str:
    """What the page tells the person after a post."""
    return " ".join(str(message) for message in response.context["messages"])


@pytest.mark.parametrize("role", [Role.CLINICIAN, Role.ADMINISTRATOR])
@pytest.mark.parametrize("model", MODELS)
def test_it_opens_every_list_for_clinicians_and_administrators(role: str, model: str) -> None:
    make_patient()
    submitted(seizures=True)
    assert client_of(role).get(url(model, "changelist")).status_code == 200


@pytest.mark.parametrize("model", MODELS)
def test_it_shows_dispatchers_no_clinical_rows(model: str) -> None:
    response = client_of(Role.DISPATCHER).get(url(model, "changelist"))
    assert response.status_code == (200 if model in FOR_DISPATCHERS else 403)


@pytest.mark.parametrize("role", [Role.CLINICIAN, Role.ADMINISTRATOR, Role.DISPATCHER])
def test_it_opens_every_row_a_role_may_see(role: str) -> None:
    catalogue.install()
    ada = make_patient()
    rows = {
        "patient": ada.pk,
        "address": ada.address.pk,
        "intake": ada.intakes.get().pk,
        "order": ada.orders.get().pk,
        "consentdocument": ConsentDocument.objects.first().pk,  # type: ignore[union-attr]
        "signature": ada.signatures.get().pk,
        "therapy": "mood-40",
        "permit": Permit.objects.get(state="IL").pk,
    }
    client = client_of(role)
    for model, key in rows.items():
        allowed = role != Role.DISPATCHER or model in FOR_DISPATCHERS
        response = client.get(url(model, "change", key))
        assert response.status_code == (200 if allowed else 403), model


@pytest.mark.parametrize("role", [Role.PATIENT, Role.NURSE])
def test_it_lets_nobody_in_who_is_not_staff(role: str) -> None:
    assert client_of(role).get(url("patient", "changelist")).status_code == 302


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("model", MODELS)
def test_nobody_deletes(role: str, model: str) -> None:
    make_patient()
    response = client_of(role).post(url(model, "delete", "1"), {"post": "yes"})
    assert response.status_code in (302, 403, 404)
    assert Patient.objects.exists()
    assert Order.objects.exists()


def test_a_clinician_reads_questions_answers_and_findings_in_words() -> None:
    row = submitted(seizures=True, anything_else=HOSTILE)
    page = client_of(Role.CLINICIAN).get(url("intake", "change", row.pk)).content.decode()
    assert "Have you ever had seizures or epilepsy?" in page
    assert "seizures" in page
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert(1)" not in page


def test_a_clinician_decides_an_intake_on_its_page() -> None:
    row = submitted(seizures=True)
    client = client_of(Role.CLINICIAN)
    sent = {"decision": "clear", "reason": "None since 2003."}
    response = client.post(url("intake", "rule", row.pk), sent, follow=True)
    assert response.redirect_chain == [(url("intake", "changelist"), 302)]
    assert said(response) == "Decided: cleared."
    row.refresh_from_db()
    assert (row.status, row.reason) == ("cleared", "None since 2003.")
    assert row.decided_by is not None


def test_an_intake_leads_to_its_form_and_says_how_to_reach_the_patient() -> None:
    row = submitted(seizures=True)
    client = client_of(Role.CLINICIAN)
    page = client.get(url("intake", "change", row.pk)).content.decode()
    assert page.index('href="#decide"') < page.index('<form id="decide"')
    assert 'href="tel:+13125550123"' in page
    assert f'href="mailto:{row.patient.user.email}"' in page
    Patient.objects.update(phone="")
    assert b"No phone on file" in client.get(url("intake", "change", row.pk)).content


def test_a_clinician_takes_a_clearance_back() -> None:
    row = submitted()
    assert row.status == "cleared"
    client = client_of(Role.CLINICIAN)
    client.post(url("intake", "rule", row.pk), {"decision": "decline", "reason": "New facts."})
    row.refresh_from_db()
    assert row.status == "declined"


@pytest.mark.parametrize(
    ("sent", "message"),
    [
        ({"decision": "clear", "reason": ""}, "required"),
        ({"decision": "clear", "reason": "\x00"}, "Null characters"),
        ({"decision": "explode", "reason": "x"}, "valid choice"),
        ({}, "required"),
    ],
)
def test_it_says_what_is_wrong_with_a_decision(sent: dict[str, str], message: str) -> None:
    row = submitted(seizures=True)
    client = client_of(Role.CLINICIAN)
    response = client.post(url("intake", "rule", row.pk), sent, follow=True)
    assert message in said(response)
    row.refresh_from_db()
    assert row.status == "awaiting_review"


def test_it_shows_a_refusal_as_a_message() -> None:
    row = submitted(cssrs_1=True, cssrs_2=True, cssrs_3=True, cssrs_4=True, cssrs_5=True)
    client = client_of(Role.CLINICIAN)
    sent = {"decision": "clear", "reason": "Please."}
    response = client.post(url("intake", "rule", row.pk), sent, follow=True)
    assert response.status_code == 200
    assert "cannot be cleared" in said(response)


@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.DISPATCHER])
def test_only_clinicians_decide(role: str) -> None:
    row = submitted(seizures=True)
    client_of(role).post(url("intake", "rule", row.pk), {"decision": "clear", "reason": "x"})
    row.refresh_from_db()
    assert row.status == "awaiting_review"


def test_an_administrator_sees_an_intake_without_the_form() -> None:
    row = submitted(seizures=True)
    page = client_of(Role.ADMINISTRATOR).get(url("intake", "change", row.pk)).content.decode()
    assert url("intake", "rule", row.pk) not in page
    page = client_of(Role.CLINICIAN).get(url("intake", "change", row.pk)).content.decode()
    assert url("intake", "rule", row.pk) in page


@pytest.mark.parametrize("key", ["0", "999999999999999999999999", "abc", "_00"])
def test_it_knows_no_rule_of_a_row_that_is_not_there(key: str) -> None:
    response = client_of(Role.CLINICIAN).post(url("intake", "rule", key), {})
    assert response.status_code == 404


def order_form(who: Patient, **changes: object) -> dict[str, object]:
    """The figures of an order, as a browser sends them."""
    therapy()
    today = now().date()
    return {
        "patient": who.pk,
        "therapy": "mood-40",
        "sessions": 6,
        "dose_mg": "40",
        "rate_mg_per_hour": "60",
        "weight_kg": "80",
        "weighed_on": today,
        "valid_from": today,
        "valid_until": today + timedelta(days=90),
        "evaluated_on": today,
        **changes,
    }


def test_a_clinician_writes_an_order() -> None:
    ada = make_patient(ready=False)
    client = client_of(Role.CLINICIAN)
    assert client.get(url("order", "add")).status_code == 200
    response = client.post(url("order", "add"), order_form(ada))
    assert response.status_code == 302
    order = Order.objects.get()
    assert order.prescriber.role == Role.CLINICIAN
    assert order.min_interval_hours == 48


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"dose_mg": "41"}, "dose_mg"),
        ({"rate_mg_per_hour": "61"}, "rate_mg_per_hour"),
        ({"evaluated_on": ""}, "evaluated_on"),
        ({"weighed_on": "2999-01-01"}, "weighed_on"),
        ({"valid_until": "2001-01-01"}, "valid_until"),
        ({"sessions": "0"}, "sessions"),
        ({"dose_mg": "0"}, "dose_mg"),
        ({"sessions": "x"}, "sessions"),
        ({"patient": "999999999"}, "patient"),
        ({"therapy": "\x00"}, "therapy"),
        ({"dose_mg": "NaN"}, "dose_mg"),
    ],
)
def test_it_shows_a_refused_order_at_its_field(changes: dict[str, object], field: str) -> None:
    ada = make_patient(ready=False)
    response = client_of(Role.CLINICIAN).post(url("order", "add"), order_form(ada, **changes))
    assert response.status_code == 200
    assert field in response.context["adminform"].form.errors
    assert not Order.objects.exists()


def test_the_second_prescriber_is_chosen_among_the_others() -> None:
    client = client_of(Role.CLINICIAN)
    second = make_user(role=Role.CLINICIAN, name="Finn Gray")
    form = client.get(url("order", "add")).context["adminform"].form
    assert list(form.fields["second_prescriber"].queryset) == [second]


def test_an_order_is_withdrawn_once_with_a_reason() -> None:
    order = make_order(patient=make_patient(ready=False))
    client = client_of(Role.CLINICIAN)
    address = url("order", "rule", order.pk)
    assert "required" in said(client.post(address, {}, follow=True))
    assert "withdrawn" in said(client.post(address, {"reason": "Moved away."}, follow=True))
    order.refresh_from_db()
    assert order.withdrawn_reason == "Moved away."
    assert "already" in said(client.post(address, {"reason": "Again."}, follow=True))


def test_an_administrator_publishes_a_new_version_beside_the_old() -> None:
    catalogue.install()
    sent = {"slug": "treatment", "title": "Consent", "text": "New words.", "is_required": "on"}
    client = client_of(Role.ADMINISTRATOR)
    assert client.get(url("consentdocument", "add")).status_code == 200
    assert client.post(url("consentdocument", "add"), sent).status_code == 302
    assert list(
        ConsentDocument.objects.filter(slug="treatment").values_list("version", flat=True)
    ) == [2, 1]
    response = client.post(url("consentdocument", "add"), sent)
    assert response.status_code == 200
    assert "current version already" in str(response.context["adminform"].form.errors)
    assert client_of(Role.CLINICIAN).get(url("consentdocument", "add")).status_code == 403


def test_a_changed_permit_has_the_gates_asked_again() -> None:
    ada = make_patient()
    permit = Permit.objects.get(state="IL")
    sent = {"state": "IL", "licence_kind": "RN", "supervision": ""}
    before = ada.changed_at
    response = client_of(Role.ADMINISTRATOR).post(url("permit", "change", permit.pk), sent)
    assert response.status_code == 302
    ada.refresh_from_db()
    assert ada.changed_at > before


def test_a_clinician_says_what_the_nurse_must_know() -> None:
    ada = make_patient()
    sent = {"alerts": "Two dogs.", "phone": "+15005550006"}
    response = client_of(Role.CLINICIAN).post(url("patient", "change", ada.pk), sent)
    assert response.status_code == 302
    ada.refresh_from_db()
    assert (ada.alerts, ada.phone) == ("Two dogs.", "+13125550123")


def test_an_administrator_makes_an_account_with_a_role() -> None:
    client = client_of(Role.ADMINISTRATOR)
    secret = "a-long-one-for-cleo"
    sent = {"email": "Cleo@Example.com", "name": "Cleo Marsh", "role": "nurse"}
    assert client.get(url("user", "add", app="core")).status_code == 200
    response = client.post(
        url("user", "add", app="core"), {**sent, "password1": secret, "password2": secret}
    )
    assert response.status_code == 302
    cleo = User.objects.get(email="cleo@example.com")
    assert (cleo.role, cleo.check_password(secret)) == (Role.NURSE, True)
    assert has_verified_email(cleo)
    assert client.get(url("user", "change", cleo.pk, app="core")).status_code == 200
    assert client.get(url("user", "changelist", app="core")).status_code == 200
    assert client.get(reverse("admin:auth_user_password_change", args=[cleo.pk])).status_code == 200


def test_it_refuses_a_second_account_with_the_same_address() -> None:
    ada = make_user(email="ada@example.com")
    sent = {"email": "ADA@example.com", "name": "A", "role": "nurse"}
    secret = {"password1": "a-long-one-for-cleo", "password2": "a-long-one-for-cleo"}
    response = client_of(Role.ADMINISTRATOR).post(url("user", "add", app="core"), sent | secret)
    assert response.status_code == 200
    assert User.objects.filter(email__iexact=ada.email).count() == 1


@pytest.mark.parametrize("role", [Role.CLINICIAN, Role.DISPATCHER])
def test_only_administrators_see_accounts(role: str) -> None:
    assert client_of(role).get(url("user", "changelist", app="core")).status_code == 403
