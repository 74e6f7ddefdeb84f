"""A link in a message, followed in a real browser without a script and without signing in."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.db import transaction
from playwright.sync_api import Browser, sync_playwright

from booking import links, notices
from booking.links import Purpose
from booking.models import Appointment, Notice, VisitAnswer
from config.core.clock import now
from tests import factories

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def browser(chromium_path: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Browser]:
    # Playwright's loop runs in this thread, and Django takes that for asynchronous code.
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(
            executable_path=chromium_path,
            args=["--no-sandbox"] if os.geteuid() == 0 else [],
        )
        yield found
        found.close()


def visit_soon() -> Appointment:
    starts_at = now().replace(minute=0, second=0, microsecond=0) + timedelta(hours=72)
    visit = factories.make_appointment(
        patient=factories.make_patient(), nurse=factories.make_nurse(), starts_at=starts_at
    )
    with transaction.atomic():
        notices.plan_for(appointment=visit)
    return visit


def test_it_takes_an_answer_from_a_page_that_says_nothing_of_where_it_is(
    browser: Browser, live_server: object
) -> None:
    visit_soon()
    notice = Notice.objects.filter(kind="booked", channel="sms").get()
    path = urlsplit(links.url(Purpose.escort, notice)).path
    context = browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.goto(f"{live_server}{path}")
    assert not VisitAnswer.objects.exists()
    with page.expect_request(lambda request: request.method == "POST") as sent:
        page.get_by_role("button", name="Yes, an adult stays with me").click()
    assert "referer" not in sent.value.all_headers()
    page.get_by_text("Noted on").wait_for()
    assert VisitAnswer.objects.get().facts == {"answer": "yes"}
    assert page.url.endswith(path)
    context.close()
