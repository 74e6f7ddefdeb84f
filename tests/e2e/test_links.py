"""A link in a message, followed in a real browser without a script and without signing in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db import transaction
from playwright.sync_api import Page

from booking.links import tokens
from booking.links.tokens import Purpose
from booking.models import Notice, VisitAnswer
from booking.notices import ledger
from config.core.clock import now
from tests import factories
from tests.e2e.window import Watched

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


def path_to(purpose: Purpose) -> str:
    """A link in a message about Ada's visit in three days."""
    starts_at = now().replace(minute=0, second=0, microsecond=0) + timedelta(hours=72)
    visit = factories.make_appointment(
        patient=factories.make_patient(), nurse=factories.make_nurse(), starts_at=starts_at
    )
    with transaction.atomic():
        ledger.plan_for(appointment=visit)
    notice = Notice.objects.get(kind="booked", channel="sms")
    path: str = urlsplit(tokens.url(purpose, notice)).path
    return path


def confirm(page: Page, address: str) -> None:
    """Open the page, answer, and see the answer; nobody is told where the page is."""
    page.goto(address)
    assert not page.get_by_text("Noted on").count()
    with page.expect_request(lambda request: request.method == "POST") as sent:
        page.get_by_role("button", name="Yes, an adult stays with me").click()
    assert "referer" not in sent.value.all_headers()
    page.get_by_text("Noted on").wait_for()
    assert page.url == address


def test_it_takes_an_answer_from_a_page_that_says_nothing_of_where_it_is(
    drive: Callable[..., Any],
) -> None:
    path = path_to(Purpose.escort)

    def journey(watched: Watched) -> None:
        confirm(watched.page, watched.home + path)

    drive(journey, javascript=False)
    assert VisitAnswer.objects.get().facts == {"answer": "yes"}
