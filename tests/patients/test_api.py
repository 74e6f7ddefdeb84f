"""The patients API as a program meets it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from rest_framework.test import APIClient

from config.core.clock import now
from config.core.models import Role, User
from config.demo.answers import eligible_answers
from patients import catalogue, consent
from patients.models import Intake, Order, Patient, Signature
from tests.factories import make_order, make_patient, make_user, therapy

pytestmark = pytest.mark.django_db

HOME = {
    "line1": "1201 Lake St",
    "line2": "",
    "city": "Oak Park",
    "state": "IL",
    "postal_code": "60301",
    "latitude": 41.885,
    "longitude": -87.7845,
}


def signed_in(user: User) -> APIClient:
    client = APIClient()
    client.force_authenticate(user)
    return client


@pytest.fixture
def ada() -> Patient:
    return make_patient(ready=False)


@pytest.fixture
def api(ada: Patient) -> APIClient:
    return signed_in(ada.user)


@pytest.fixture
def erin() -> APIClient:
    return signed_in(make_user(role=Role.CLINICIAN, name="Erin Cole"))


def problems(response: Any, status: int = 400) -> list[tuple[str, str | None]]:
    """The codes and fields of an error answer, whose form never changes."""
    assert response.status_code == status, response.content
    body = response.json()
    assert set(body) == {"type", "errors"}
    assert all(set(error) == {"code", "detail", "attr"} for error in body["errors"])
    return [(error["code"], error["attr"]) for error in body["errors"]]


# -- who may ask -------------------------------------------------------------------------------

DOORS = [
    ("get", "me/", Role.PATIENT),
    ("patch", "me/", Role.PATIENT),
    ("get", "intakes/", Role.PATIENT),
    ("post", "intakes/", Role.PATIENT),
    ("get", "consents/", Role.PATIENT),
    ("post", "consents/treatment/sign/", Role.PATIENT),
    ("get", "orders/", Role.PATIENT),
    ("post", "orders/", Role.CLINICIAN),
    ("get", "reviews/", Role.CLINICIAN),
    ("post", "intakes/1/review/", Role.CLINICIAN),
]


@pytest.mark.parametrize(("method", "path", "role"), [*DOORS, ("get", "intake/form/", None)])
def test_a_stranger_is_asked_to_sign_in(method: str, path: str, role: Role | None) -> None:
    response = getattr(APIClient(), method)(f"/api/v1/{path}", {}, format="json")
    assert problems(response, 401) == [("not_authenticated", None)]


@pytest.mark.parametrize(("method", "path", "role"), DOORS)
def test_another_role_is_refused(method: str, path: str, role: Role) -> None:
    for other in set(Role) - {role}:
        client = signed_in(make_user(role=other, name="Dan Reyes"))
        response = getattr(client, method)(f"/api/v1/{path}", {}, format="json")
        assert problems(response, 403) == [("permission_denied", None)]


# -- me ----------------------------------------------------------------------------------------


def test_a_new_account_has_a_patient_with_every_gate_closed() -> None:
    catalogue.install()
    me = signed_in(make_user(name="Ben Osei")).get("/api/v1/me/").json()
    assert me["time_zone"] == "America/Chicago"
    assert (me["address"], me["date_of_birth"]) == (None, None)
    assert me["escort"] == {"name": "", "phone": "", "texts": False}
    assert me["channels"] == ["email", "sms"]
    assert me["gate"] == {
        "intake": "not_cleared",
        "order": "order_missing",
        "consents": "consent_missing",
        "escort": "escort_missing",
        "address": "outside_service_area",
    }


def test_it_changes_what_is_sent_and_nothing_else(api: APIClient, ada: Patient) -> None:
    catalogue.install()
    sent = {
        "name": "Ada  Byrne-King\n",
        "phone": "(312) 555-0177",
        "address": HOME,
        "escort": {"name": "Sam Ortiz", "phone": "312 555 0124"},
        "channels": ["email", "email"],
    }
    me = api.patch("/api/v1/me/", sent).json()
    assert (me["name"], me["phone"]) == ("Ada Byrne-King", "+13125550177")
    assert me["date_of_birth"] == "1985-05-17"
    assert me["address"] == HOME
    assert me["escort"] == {"name": "Sam Ortiz", "phone": "+13125550124", "texts": False}
    assert me["channels"] == ["email"]
    assert (me["gate"]["escort"], me["gate"]["address"]) == ("ok", "ok")
    again = api.patch("/api/v1/me/", {"escort": {"texts": True}}).json()
    assert again["escort"] == {**me["escort"], "texts": True}
    assert again["address"] == HOME


def test_a_patient_chooses_the_language_of_messages(api: APIClient, ada: Patient) -> None:
    assert api.get("/api/v1/me/").json()["language"] == "en"
    assert api.patch("/api/v1/me/", {"language": "es"}).json()["language"] == "es"
    assert problems(api.patch("/api/v1/me/", {"language": "tlh"})) == [
        ("invalid_choice", "language")
    ]
    ada.refresh_from_db()
    assert ada.language == "es"


def test_it_tells_the_gates_that_something_changed(api: APIClient, ada: Patient) -> None:
    before = ada.changed_at
    api.patch("/api/v1/me/", {"escort": {"phone": ""}})
    ada.refresh_from_db()
    assert ada.changed_at > before


def test_it_lets_nobody_write_what_is_read_only(api: APIClient, ada: Patient) -> None:
    sent = {"time_zone": "Asia/Tokyo", "email": "x@example.com", "gate": {"intake": "ok"}}
    me = api.patch("/api/v1/me/", {**sent, "alerts": "x", "role": "clinician"}).json()
    assert me["time_zone"] == "America/Chicago"
    assert me["email"] == ada.user.email
    ada.user.refresh_from_db()
    assert ada.user.role == Role.PATIENT


def test_an_address_takes_city_state_and_point_from_its_zip_code(api: APIClient) -> None:
    sent = {"line1": "1 State St", "postal_code": "60614"}
    address = api.patch("/api/v1/me/", {"address": sent}).json()["address"]
    assert (address["city"], address["state"]) == ("Chicago", "IL")
    assert address["latitude"] == pytest.approx(41.9229)


def test_a_part_of_an_address_may_be_sent_alone(api: APIClient) -> None:
    api.patch("/api/v1/me/", {"address": HOME})
    me = api.patch("/api/v1/me/", {"address": {"line2": "Apt 3"}}).json()
    assert me["address"] == {**HOME, "line2": "Apt 3"}
    moved = api.patch("/api/v1/me/", {"address": {"postal_code": "10001"}}).json()
    assert (moved["address"]["city"], moved["address"]["state"]) == ("New York", "NY")
    assert moved["time_zone"] == "America/New_York"
    assert moved["address"]["longitude"] == pytest.approx(-74, abs=0.1)
    assert moved["gate"]["address"] == "outside_service_area"


def test_another_street_is_not_left_at_the_old_point(api: APIClient) -> None:
    api.patch("/api/v1/me/", {"address": HOME})
    me = api.patch("/api/v1/me/", {"address": {"line1": "9 North Blvd"}}).json()
    assert me["address"]["latitude"] != HOME["latitude"]


def test_a_place_without_a_known_zone_lies_outside_the_area(api: APIClient) -> None:
    sent = {"line1": "1 Village Rd", "postal_code": "99634"}
    me = api.patch("/api/v1/me/", {"address": sent}).json()
    assert me["gate"]["address"] == "outside_service_area"
    assert me["time_zone"] == "America/Chicago"


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"postal_code": "00000"}, "address.postal_code"),
        ({"postal_code": "abc"}, "address.postal_code"),
        ({"postal_code": None}, "address.postal_code"),
        ({"state": "WI"}, "address.state"),
        ({"state": "Illinois"}, "address.state"),
        ({"line1": "  "}, "address.line1"),
        ({"line1": "x" * 201}, "address.line1"),
        ({"latitude": 43.0, "longitude": -89.4}, "address.latitude"),
        ({"latitude": 41.88}, "address.longitude"),
        ({"longitude": -87.63}, "address.latitude"),
        ({"latitude": 91, "longitude": 0}, "address.latitude"),
        ({"latitude": "nan", "longitude": 0}, "address.latitude"),
        ({"latitude": "inf", "longitude": 0}, "address.latitude"),
        ({"latitude": 10**400, "longitude": 0}, "address.latitude"),
        ({"latitude": True, "longitude": 0}, "address.latitude"),
    ],
)
def test_it_names_the_field_of_an_address_that_is_wrong(
    api: APIClient, sent: dict[str, Any], field: str
) -> None:
    api.patch("/api/v1/me/", {"address": HOME})
    response = api.patch("/api/v1/me/", {"address": sent, "name": "Changed"})
    assert [attr for _, attr in problems(response)] == [field]
    me = api.get("/api/v1/me/").json()
    assert (me["address"], me["name"]) == (HOME, "Ada Byrne")


def test_a_first_address_has_to_be_whole(api: APIClient) -> None:
    assert problems(api.patch("/api/v1/me/", {"address": {"line1": "1 State St"}})) == [
        ("required", "address.postal_code")
    ]
    assert problems(api.patch("/api/v1/me/", {"address": {"postal_code": "60614"}})) == [
        ("required", "address.line1")
    ]


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"phone": "123"}, "phone"),
        ({"phone": "+1 999 555 0100"}, "phone"),
        ({"phone": 7}, "phone"),
        ({"escort": {"phone": "call me"}}, "escort.phone"),
        ({"escort": "Sam"}, "escort.non_field_errors"),
        ({"date_of_birth": "2999-01-01"}, "date_of_birth"),
        ({"date_of_birth": "1800-01-01"}, "date_of_birth"),
        ({"date_of_birth": "31/05/1984"}, "date_of_birth"),
        ({"channels": ["pigeon"]}, "channels.0"),
        ({"channels": "email"}, "channels"),
        ({"name": "x" * 201}, "name"),
        ({"name": None}, "name"),
    ],
)
def test_it_names_the_field_of_a_profile_that_is_wrong(
    api: APIClient, sent: dict[str, Any], field: str
) -> None:
    assert [attr for _, attr in problems(api.patch("/api/v1/me/", sent))] == [field]


# -- intakes -----------------------------------------------------------------------------------


def test_it_shows_the_questionnaire_in_force(api: APIClient) -> None:
    form = api.get("/api/v1/intake/form/").json()
    assert form["version"]
    assert {"id", "text", "type", "choices", "required"} <= set(form["questions"][0])


def test_a_patient_submits_and_lists_their_own(api: APIClient) -> None:
    answers = eligible_answers(date_of_birth="1985-05-17")
    response = api.post("/api/v1/intakes/", {"answers": answers})
    assert response.status_code == 201
    body = response.json()
    assert (body["status"], body["outcome"]) == ("cleared", "eligible")
    assert all(set(finding) == {"code", "severity", "detail"} for finding in body["findings"])
    second = api.post("/api/v1/intakes/", {"answers": {**answers, "seizures": True}}).json()
    assert second["outcome"] == "review"
    make_patient(name="Ben Osei")
    assert [row["id"] for row in api.get("/api/v1/intakes/").json()] == [second["id"], body["id"]]


def test_it_answers_the_same_submission_once(api: APIClient) -> None:
    sent = {"answers": eligible_answers(date_of_birth="1985-05-17")}
    first = api.post("/api/v1/intakes/", sent, HTTP_IDEMPOTENCY_KEY="one")
    again = api.post("/api/v1/intakes/", sent, HTTP_IDEMPOTENCY_KEY="one")
    assert (again.status_code, again.json()) == (201, first.json())
    assert Intake.objects.count() == 1


def test_it_names_the_question_with_the_problem(api: APIClient) -> None:
    answers = eligible_answers(seizures="maybe", systolic=9999, psychosis=None, shoe=1)
    assert sorted(problems(api.post("/api/v1/intakes/", {"answers": answers}))) == [
        ("invalid", "answers.seizures"),
        ("max_value", "answers.systolic"),
        ("required", "answers.psychosis"),
        ("unknown", "answers.shoe"),
    ]


@pytest.mark.parametrize("answers", [None, [], "yes", 1, True])
def test_it_takes_nothing_but_answers_by_question(api: APIClient, answers: object) -> None:
    [(_, attr)] = problems(api.post("/api/v1/intakes/", {"answers": answers}))
    assert attr == "answers"


# -- consents ----------------------------------------------------------------------------------


def test_a_patient_reads_and_signs(api: APIClient) -> None:
    catalogue.install()
    documents = api.get("/api/v1/consents/").json()
    assert len(documents) == 3
    assert {"slug", "version", "sha256", "text", "signed_at"} <= set(documents[0])
    for document in documents:
        assert document["signed_at"] is None
        response = api.post(
            f"/api/v1/consents/{document['slug']}/sign/",
            {"typed_name": "Ada Byrne", "sha256": document["sha256"]},
            REMOTE_ADDR="192.0.2.7",
            HTTP_X_FORWARDED_FOR="203.0.113.9",
            HTTP_USER_AGENT="A browser",
        )
        assert response.status_code == 201
        assert response.json()["version"] == 1
    assert all(one["signed_at"] for one in api.get("/api/v1/consents/").json())
    assert api.get("/api/v1/me/").json()["gate"]["consents"] == "ok"
    assert set(Signature.objects.values_list("ip_address", "user_agent")) == {
        ("192.0.2.7", "A browser")
    }


@pytest.mark.parametrize(
    ("own", "asked", "told"),
    [
        ("es", None, "es"),
        ("es", "*", "es"),
        ("es", "fr, en-US;q=0.8", "en"),
        ("en", "es-MX", "es"),
        ("en", "," * 600, "en"),
    ],
)
def test_a_patient_reads_and_signs_in_their_own_language_or_the_one_they_ask_for(
    api: APIClient, ada: Patient, own: str, asked: str | None, told: str
) -> None:
    Patient.objects.filter(pk=ada.pk).update(language=own)
    document = consent.publish(
        slug="care", title="Care", text="Words.", title_es="Cuidado", text_es="Palabras."
    )
    consent.publish(slug="zeal", title="Only English", text="More words.")
    answer = api.get("/api/v1/consents/", headers={"Accept-Language": asked} if asked else {})
    assert answer.headers["Content-Language"] == told
    shown, untranslated = answer.json()
    assert (shown["language"], untranslated["language"]) == (told, "en")
    words = consent.wording(document, language=told)
    assert (shown["title"], shown["text"]) == (words.title, words.text)
    sent = {"typed_name": "Ada Byrne", "sha256": shown["sha256"]}
    assert api.post("/api/v1/consents/care/sign/", sent).status_code == 201
    assert Signature.objects.get(document=document).language == told


def test_it_refuses_the_hash_of_another_text(api: APIClient) -> None:
    catalogue.install()
    sent = {"typed_name": "Ada", "sha256": "0" * 64}
    response = api.post("/api/v1/consents/treatment/sign/", sent)
    assert problems(response, 409) == [("document_changed", None)]


def test_it_shows_an_older_signature_as_none_under_a_new_version(
    api: APIClient, ada: Patient
) -> None:
    old = consent.publish(slug="treatment", title="Treatment", text="Words.")
    consent.sign(patient=ada, slug="treatment", typed_name="Ada", sha256=old.sha256)
    assert api.get("/api/v1/consents/").json()[0]["signed_at"]
    consent.publish(slug="treatment", title="Treatment", text="New words.")
    [document] = api.get("/api/v1/consents/").json()
    assert (document["version"], document["signed_at"]) == (2, None)


def test_it_knows_no_other_documents(api: APIClient) -> None:
    sent = {"typed_name": "Ada", "sha256": "0"}
    assert api.post("/api/v1/consents/nothing/sign/", sent).status_code == 404


# -- orders and reviews ------------------------------------------------------------------------


def figures(patient: object, **changes: object) -> dict[str, Any]:
    """The figures of an order, as JSON carries them."""
    therapy()
    today = now().date()
    return {
        "patient": patient,
        "therapy": "mood-40",
        "sessions": 6,
        "dose_mg": 40,
        "rate_mg_per_hour": 60,
        "weight_kg": 80.0,
        "weighed_on": today.isoformat(),
        "valid_from": today.isoformat(),
        "valid_until": (today + timedelta(days=90)).isoformat(),
        "evaluated_on": today.isoformat(),
        **changes,
    }


def test_a_patient_sees_their_own_orders_only(api: APIClient, ada: Patient) -> None:
    make_order(patient=ada)
    make_patient(name="Ben Osei")
    [order] = api.get("/api/v1/orders/").json()
    assert (order["therapy"], order["sessions_left"]) == ("mood-40", 6)
    assert (order["min_interval_hours"], order["prescriber"]) == (48, "Erin Cole")
    assert {"valid_from", "valid_until"} <= set(order)


def test_a_clinician_writes_an_order_by_e_mail_or_id(erin: APIClient, ada: Patient) -> None:
    for who in (ada.user.email.upper(), ada.pk, str(ada.pk)):
        response = erin.post("/api/v1/orders/", figures(who))
        assert response.status_code == 201, response.json()
        assert response.json()["dose_mg"] == 40
    assert Order.objects.filter(patient=ada).count() == 3


def test_it_refuses_a_dose_and_a_missing_evaluation_by_name(erin: APIClient, ada: Patient) -> None:
    asked = figures(ada.pk, dose_mg=40.01)
    del asked["evaluated_on"]
    assert problems(erin.post("/api/v1/orders/", asked), 409) == [
        ("dose_too_high", "dose_mg"),
        ("evaluation_missing", "evaluated_on"),
    ]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"patient": "nobody@example.com"}, "patient"),
        ({"patient": "9" * 30}, "patient"),
        ({"patient": "99999999"}, "patient"),
        ({"patient": "\x00"}, "patient"),
        ({"patient": True}, "patient"),
        ({"therapy": "nothing"}, "therapy"),
        ({"therapy": "a\x00b"}, "therapy"),
        ({"therapy": {}}, "therapy"),
        ({"sessions": 0}, "sessions"),
        ({"sessions": 10**30}, "sessions"),
        ({"dose_mg": "NaN"}, "dose_mg"),
        ({"dose_mg": -1}, "dose_mg"),
        ({"dose_mg": 0}, "dose_mg"),
        ({"dose_mg": 40.001}, "dose_mg"),
        ({"rate_mg_per_hour": 10**30}, "rate_mg_per_hour"),
        ({"weight_kg": 0}, "weight_kg"),
        ({"weighed_on": "2999-01-01"}, "weighed_on"),
        ({"valid_from": "tomorrow"}, "valid_from"),
        ({"valid_until": "2001-01-01"}, "valid_until"),
        ({"evaluated_on": "0000-00-00"}, "evaluated_on"),
        ({"second_prescriber": "nobody@example.com"}, "second_prescriber"),
        ({"second_prescriber": "nobody"}, "second_prescriber"),
    ],
)
def test_it_names_the_field_of_an_order_that_is_wrong(
    erin: APIClient, ada: Patient, changes: dict[str, object], field: str
) -> None:
    response = erin.post("/api/v1/orders/", {**figures(ada.pk), **changes})
    assert {attr for _, attr in problems(response)} == {field}
    assert not Order.objects.exists()


def test_a_clinician_is_no_patient_to_write_orders_for(erin: APIClient) -> None:
    dan = make_user(role=Role.DISPATCHER, name="Dan Reyes")
    response = erin.post("/api/v1/orders/", figures(dan.email))
    assert problems(response) == [("does_not_exist", "patient")]


def test_reviews_come_most_urgent_first_with_all_a_clinician_needs(
    api: APIClient, erin: APIClient, ada: Patient
) -> None:
    born = {"date_of_birth": "1985-05-17"}
    for changes in (
        {"seizures": True},
        {"hypertension": "uncontrolled"},
        {"cssrs_1": True, "cssrs_2": True, "cssrs_3": True, "cssrs_4": True, "cssrs_5": True},
        {},
    ):
        api.post("/api/v1/intakes/", {"answers": eligible_answers(**born, **changes)})
    rows = erin.get("/api/v1/reviews/").json()
    assert [row["outcome"] for row in rows] == ["crisis", "excluded", "review", "review"]
    assert rows[0]["patient"]["id"] == ada.pk
    assert rows[0]["patient"]["email"] == ada.user.email
    assert {"note", "clearable"} <= set(rows[0]["findings"][0])
    assert rows[0]["scores"]["phq9"]["total"] == 8
    assert {"id", "question", "answer"} == set(rows[0]["answers"][0])


def test_a_clinician_decides_once(api: APIClient, erin: APIClient) -> None:
    answers = eligible_answers(date_of_birth="1985-05-17", seizures=True)
    key = api.post("/api/v1/intakes/", {"answers": answers}).json()["id"]
    address = f"/api/v1/intakes/{key}/review/"
    assert problems(erin.post(address, {"decision": "clear"})) == [("required", "reason")]
    assert problems(erin.post(address, {"decision": "shrug", "reason": "x"})) == [
        ("invalid_choice", "decision")
    ]
    asked = erin.post(address, {"decision": "ask", "reason": "Since when?"})
    assert (asked.status_code, asked.json()["status"]) == (200, "asked")
    assert api.get("/api/v1/intakes/").json()[0]["message"] == "Since when?"
    cleared = erin.post(address, {"decision": "clear", "reason": "Long ago."})
    assert cleared.json()["status"] == "cleared"
    assert api.get("/api/v1/intakes/").json()[0]["message"] == ""
    again = erin.post(address, {"decision": "clear", "reason": "Long ago."})
    assert problems(again, 409) == [("wrong_state", None)]
    assert erin.get("/api/v1/reviews/").json() == []


@pytest.mark.parametrize("key", ["0", "987654321", "9" * 40])
def test_it_knows_no_other_intakes(erin: APIClient, key: str) -> None:
    response = erin.post(f"/api/v1/intakes/{key}/review/", {"decision": "clear", "reason": "x"})
    assert response.status_code == 404
