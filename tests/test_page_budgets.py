"""What a page may cost: bytes on the way to a phone, requests, questions to the database."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from config.core.models import User
from tests import factories, site

pytestmark = pytest.mark.django_db

MOST_BYTES = 150_000
MOST_REQUESTS = 10
MOST_QUERIES = 15
TAGS = re.compile(r"<(?:link|script|img)\b[^>]*>")
LOADED = re.compile(r'\b(?:href|src)="(/static/[^"]+)"')


def size_of(address: str) -> int:
    """Bytes of a static file, as they are before anything compresses them."""
    found = finders.find(address.removeprefix("/static/"))
    assert isinstance(found, str), f"{address} is not a file of ours"
    return Path(found).stat().st_size


def client_of(user: User | None) -> Client:
    client = Client()
    if user:
        site.sign_in(client, user)
    return client


def test_every_page_is_light_and_asks_little() -> None:
    people = site.cast()
    clients: dict[User | None, Client] = {}
    wrong = []
    for page in site.pages(people):
        client = clients.setdefault(page.who, client_of(page.who))
        client.get(page.path)  # what is asked once a process is not a page's
        with CaptureQueriesContext(connection) as queries:
            answer = client.get(page.path)
        said = answer.content.decode()
        files = sorted(set(LOADED.findall(" ".join(TAGS.findall(said)))))
        weight = len(answer.content) + sum(map(size_of, files))
        if weight > MOST_BYTES:
            wrong.append(f"{page.name}: {weight} bytes")
        if len(files) >= MOST_REQUESTS:
            wrong.append(f"{page.name}: {len(files) + 1} requests")
        if len(queries) > MOST_QUERIES:
            wrong.append(f"{page.name}: {len(queries)} queries")
        if answer.status_code not in (200, 404):
            wrong.append(f"{page.name}: {answer.status_code}")
    assert not wrong, "\n".join(wrong)


def test_no_page_is_left_out() -> None:
    ada = site.cast()
    looked_at = {page.name for page in site.pages(ada)}
    assert site.page_names() - looked_at == set()


def test_what_is_behind_a_sign_in_is_kept_nowhere() -> None:
    people = site.cast()
    patient = client_of(people.ada.user)
    kept = [
        page.name
        for page in site.pages(people)
        if page.who == people.ada.user
        and "no-store" not in patient.get(page.path).headers.get("Cache-Control", "")
    ]
    assert not kept


def test_a_page_of_somebody_else_is_not_found() -> None:
    ada = site.cast()
    other = Client()
    other.force_login(factories.make_patient(name="Ben Ortiz").user)
    for name in ("visit", "visit-move", "visit-cancel", "visit-booked", "visit-pay"):
        assert other.get(reverse(name, args=[ada.ahead.pk])).status_code == 404, name
    assert other.get(reverse("intake-outcome", args=[ada.intake.pk])).status_code == 404
