"""Whatever is sent, the answer is never a 500."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from rest_framework.test import APIClient

from config.core.models import Role
from config.demo.answers import eligible_answers
from patients import catalogue, questionnaire
from tests.factories import make_patient, make_user

pytestmark = pytest.mark.django_db

EVIL: list[Any] = [
    "🙂 שלום \u202e\u200d",
    "x" * 10_000,
    "a\x00b",
    "\x00",
    "\ud800",
    "<img src=x onerror=alert(1)>",
    "'; DROP TABLE patients_patient; --",
    "{{ 7 * 7 }} %s %(x)s",
    "",
    None,
    True,
    -1,
    10**400,
    1e308,
    [],
    {},
    [[[]]],
    {"a": {"b": [None]}},
    {"": "\x00"},
    {"\x00": "\ud800"},
]
BODIES = [
    b"",
    b"null",
    b"[]",
    b'"text"',
    b"1",
    b"{",
    b"\xff\xfe",
    b'{"a": NaN}',
    b"[" * 100_000,
    b'{"answers":' * 20_000,
    b'{"answers": {"seizures": ' + b"9" * 5_000 + b"}}",
]
FIELDS = {
    ("patch", "me/"): (
        "name",
        "date_of_birth",
        "phone",
        "address",
        "escort",
        "channels",
        "sms_in_quiet_hours",
        "language",
    ),
    ("post", "intakes/"): ("answers",),
    ("post", "consents/treatment/sign/"): ("typed_name", "sha256"),
    ("post", "orders/"): (
        "patient",
        "therapy",
        "sessions",
        "dose_mg",
        "rate_mg_per_hour",
        "weight_kg",
        "weighed_on",
        "valid_from",
        "valid_until",
        "evaluated_on",
        "second_prescriber",
    ),
    ("post", "intakes/1/review/"): ("decision", "reason"),
}
SOUND: dict[str, dict[str, Any]] = {
    "me/": {},
    "intakes/": {"answers": {}},
    "consents/treatment/sign/": {"typed_name": "Ada", "sha256": "0" * 64},
    "orders/": {
        "patient": 1,
        "therapy": "mood-40",
        "sessions": 6,
        "dose_mg": 40,
        "rate_mg_per_hour": 60,
        "weight_kg": 80,
        "weighed_on": "2026-01-01",
        "valid_from": "2026-01-01",
        "valid_until": "2026-12-31",
        "evaluated_on": "2026-01-01",
    },
}


@pytest.fixture
def clients() -> list[APIClient]:
    """Ada and a clinician: between them they may open every door."""
    catalogue.install()
    ada = make_patient()
    clients = []
    for user in (ada.user, make_user(role=Role.CLINICIAN, name="Erin Cole")):
        client = APIClient(raise_request_exception=False)
        client.force_authenticate(user)
        clients.append(client)
    return clients


def post(client: APIClient, method: str, path: str, body: object, **headers: str) -> int:
    """Send JSON as Python writes it, lone surrogates and all, and return the status."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    response = getattr(client, method)(
        f"/api/v1/{path}", raw, content_type="application/json", **headers
    )
    return int(response.status_code)


@pytest.mark.parametrize(("method", "path"), FIELDS)
def test_no_value_in_any_field_breaks_it(clients: list[APIClient], method: str, path: str) -> None:
    for field in FIELDS[method, path]:
        for value in EVIL:
            body = {**SOUND.get(path, {}), field: value}
            for client in clients:
                status = post(client, method, path, body)
                assert status < 500, (path, field, value)


@pytest.mark.parametrize("part", ["address", "escort"])
def test_no_value_inside_the_profile_breaks_it(clients: list[APIClient], part: str) -> None:
    fields = {
        "address": "line1 line2 city state postal_code latitude longitude",
        "escort": "name phone texts",
    }[part]
    for field in fields.split():
        for value in EVIL:
            status = post(clients[0], "patch", "me/", {part: {field: value}})
            assert status < 500, (field, value)


def test_no_answer_to_any_question_breaks_it(clients: list[APIClient]) -> None:
    for value in EVIL:
        every = {question.id: value for question in questionnaire.QUESTIONS}
        assert post(clients[0], "post", "intakes/", {"answers": every}) < 500, value
    for value in EVIL[:8]:
        words = eligible_answers(medicines_other=value, anything_else=value)
        assert post(clients[0], "post", "intakes/", {"answers": words}) < 500, value


@pytest.mark.parametrize("key", ["", "one"])
@pytest.mark.parametrize(("method", "path"), FIELDS)
def test_no_body_breaks_it(clients: list[APIClient], method: str, path: str, key: str) -> None:
    headers = {"HTTP_IDEMPOTENCY_KEY": key} if key else {}
    for body in BODIES:
        for client in clients:
            assert post(client, method, path, body, **headers) < 500, body[:20]


@pytest.mark.parametrize("slug", ["%00", "🙂", "a" * 3000, "treatment%00", "..%2f..", "-"])
def test_no_path_breaks_it(clients: list[APIClient], slug: str) -> None:
    sent = {"typed_name": "Ada", "sha256": "0"}
    assert post(clients[0], "post", f"consents/{slug}/sign/", sent) in (404, 409)


@pytest.mark.parametrize("agent", ["x" * 5000, "\x00", "ÿþ"])
def test_no_header_breaks_it(clients: list[APIClient], agent: str) -> None:
    sent = {"typed_name": "Ada", "sha256": "0" * 64}
    for address in ("", "not an address", "10.0.0.1"):
        headers = {"HTTP_USER_AGENT": agent, "REMOTE_ADDR": address}
        assert post(clients[0], "post", "consents/treatment/sign/", sent, **headers) == 409


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(door=st.sampled_from(sorted(FIELDS)), values=st.lists(JSON, min_size=12, max_size=12))
def test_no_json_breaks_it(
    clients: list[APIClient], door: tuple[str, str], values: list[Any]
) -> None:
    body = {**SOUND.get(door[1], {}), **dict(zip(FIELDS[door], values, strict=False))}
    for client in clients:
        assert post(client, *door, body) < 500, body
