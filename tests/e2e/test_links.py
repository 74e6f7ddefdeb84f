"""A link in a message, followed in a real browser without a script and without signing in."""

from __future__ import annotations

import os
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.db import transaction
from playwright.sync_api import Page, sync_playwright

from booking.links import tokens
from booking.links.tokens import Purpose
from booking.models import Notice, VisitAnswer
from booking.notices import ledger
from config.core.clock import now
from tests import factories

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
    chromium_path: str, live_server: object
) -> None:
    path = path_to(Purpose.escort)
    as_root = ["--no-sandbox"] if os.geteuid() == 0 else []
    # The database is left alone while Playwright's loop runs in this thread: Django would open a
    # second connection for it and nobody would close that.
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path, args=as_root)
        context = browser.new_context(
            java_script_enabled=False, viewport={"width": 390, "height": 844}
        )
        confirm(context.new_page(), f"{live_server}{path}")
        browser.close()
    assert VisitAnswer.objects.get().facts == {"answer": "yes"}
