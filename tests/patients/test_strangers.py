"""Strangers fill in the questionnaire, on its pages and over the API; nothing crashes.

Four hundred of them: `bin/test tests/patients/test_strangers.py --strangers 400`.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from config.core.models import Role, User
from patients import medicines, progress, questionnaire
from patients.models import Intake, Patient
from patients.questionnaire import SECTIONS
from patients.screening import Screening, screen
from tests.patients.strangers import SYNTHEA, TODAY, WRITTEN, Stranger, strangers
from tests.patients.test_intake_pages import on, typed

DOCUMENT = Path(__file__).parents[2] / "docs" / "intake.md"
ALL = 400
NOON = datetime(2026, 11, 23, 18, tzinfo=UTC)  # in Chicago


def screened(stranger: Stranger) -> Screening:
    """What screening has to say of them, asked directly."""
    answers = questionnaire.clean(stranger.answers, today=TODAY)
    return screen(answers, today=TODAY)


def test_the_table_of_the_document_is_what_came_of_them() -> None:
    """The screening of all of them, by outcome, and how often each rule weighed."""
    found = [screened(one) for one in strangers(ALL)]
    outcomes = Counter(one.outcome.value for one in found)
    rules = Counter(
        finding.code
        for one in found
        for finding in one.findings
        if finding.severity != "information"
    )
    document = DOCUMENT.read_text(encoding="utf-8")
    table = dict(re.findall(r"^\| `(\w+)` \| (\d+) \|", document, re.MULTILINE))
    assert {name: int(number) for name, number in table.items()} == outcomes | rules
    assert set(outcomes) == {"eligible", "review", "excluded", "crisis"}


OPIOIDS = {"Morphine", "Hydrocodone", "Oxycodone", "Fentanyl", "Meperidine"}


def test_it_knows_the_dangerous_medicines_as_charts_word_them() -> None:
    """Synthea's people take what RxNorm names; what is not known is read by a clinician."""
    names = {name for one in SYNTHEA for name in one["medicines"]}
    opioids = {name for name in names if any(word in name for word in OPIOIDS)}
    sedatives = {name for name in names if "Midazolam" in name or "doxylamine" in name}
    assert (len(opioids), len(sedatives)) == (6, 2)
    assert all(medicines.read(name).classes == ("opioids",) for name in opioids)
    for name in names:
        read = medicines.read(name)
        assert read.classes or read.unrecognised, name
        assert name not in sedatives or read.classes, name


@pytest.fixture
def some(request: pytest.FixtureRequest) -> list[Stranger]:
    return strangers(request.config.getoption("--strangers"))


@pytest.mark.django_db
def test_strangers_get_through_and_screening_says_the_same_of_them_everywhere(
    some: list[Stranger],
) -> None:
    every = 2 if len(some) >= ALL else 4  # pages take longer than the API
    with time_machine.travel(NOON):
        for stranger in some:
            send = by_pages if stranger.number % every == 0 else by_api
            row = send(stranger, arrived(stranger))
            expected = screened(stranger)
            assert row.outcome == expected.outcome, stranger
            codes = {one["code"] for one in row.findings}
            assert codes == {one.code for one in expected.findings}, stranger
    assert Intake.objects.count() == len(some)


def arrived(stranger: Stranger) -> Client:
    user = User.objects.create_user(
        email=f"stranger{stranger.number}@example.com",
        name=WRITTEN[stranger.number % len(WRITTEN)].replace("\x00", "")[:200],
        role=Role.PATIENT,
    )
    Patient.objects.create(user=user)
    client = Client()
    client.force_login(user)
    return client


def by_pages(stranger: Stranger, browser: Client) -> Intake:
    """Fill in page after page; what is mistyped is said at its question, and then put right."""
    for section in SECTIONS:
        if section.id not in [one.section.id for one in progress.steps(stranger.answers)]:
            continue
        address = reverse("intake-section", args=[section.id])
        sent = on(section.id, stranger.answers)
        for wrong in mistyped(stranger, section.id):
            again = browser.post(address, sent | wrong)
            assert again.status_code == 200, (stranger, wrong)
            assert "Everything you filled in is kept." in again.content.decode()
        assert browser.post(address, sent).status_code == 302, stranger
    review = browser.get(reverse("intake-review-page"))
    assert "<script>alert" not in review.content.decode()
    ready = dict(re.findall(r'name="(draft|seen)" value="([^"]*)"', review.content.decode()))
    for _ in range(1 + stranger.presses_twice):
        response = browser.post(reverse("intake-review-page"), ready)
    outcome: Any = response
    assert browser.get(outcome.url).status_code == 200
    return Intake.objects.get(patient__user__email=f"stranger{stranger.number}@example.com")


def mistyped(stranger: Stranger, section: str) -> list[dict[str, Any]]:
    if stranger.mistyped is None or progress.BY_ID[stranger.mistyped[0]].section != section:
        return []
    return [typed(dict([stranger.mistyped]))]


def by_api(stranger: Stranger, client: Client) -> Intake:
    """Send all of it at once; what is mistyped is refused by name, and then put right."""
    address = reverse("intakes")
    if stranger.mistyped is not None:
        wrong = {"answers": stranger.answers | dict([stranger.mistyped])}
        refused = client.post(address, json.dumps(wrong), content_type="application/json")
        assert refused.status_code == 400, stranger
    body = json.dumps({"answers": stranger.answers})
    response = client.post(address, body, content_type="application/json")
    assert response.status_code == 201, (stranger, response.content)
    return Intake.objects.get(pk=response.json()["id"])
