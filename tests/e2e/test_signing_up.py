"""A person makes an account in a real browser, on a phone and at a desk."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import (
    Browser,
    Locator,
    Page,
    Request,
    ViewportSize,
    sync_playwright,
)

from tests.factories import PASSWORD as KNOWN, make_patient

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

SIZES: dict[str, ViewportSize] = {
    "phone": {"width": 390, "height": 844},
    "desk": {"width": 1280, "height": 900},
}
PASSWORD = "a-pond-without-wind"


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


class Watched:
    """A page that remembers what it complained of and whom it called."""

    def __init__(self, page: Page, home: str) -> None:
        self.page, self.home = page, home
        self.complaints: list[str] = []
        self.strangers: list[str] = []
        page.on("console", lambda message: self._heard(message.type, message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", self._called)

    def _heard(self, kind: str, text: str) -> None:
        if kind in ("error", "warning"):
            self.complaints.append(text)

    def _called(self, request: Request) -> None:
        if not request.url.startswith((self.home, "data:")):
            self.strangers.append(request.url)

    def is_wider_than_the_screen(self) -> bool:
        wide: bool = self.page.evaluate(
            "document.documentElement.scrollWidth > document.documentElement.clientWidth"
        )
        return wide


@pytest.mark.parametrize("size", SIZES)
def test_it_takes_a_visitor_from_the_door_to_their_own_pages(
    browser: Browser, live_server: Any, mailoutbox: list[Any], size: str
) -> None:
    address = f"ben-{uuid4().hex}@example.com"  # the cache counts what is sent to each
    page = browser.new_page(viewport=SIZES[size])
    watched = Watched(page, live_server.url)
    page.goto(live_server.url + "/account/escort/")
    page.get_by_role("link", name="Make an account").click()
    page.get_by_label("Your name").fill("Ben Okoye")
    page.get_by_label("E-mail", exact=True).fill(address)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Make my account").click()
    page.get_by_role("heading", name="Check your e-mail").wait_for()
    page.get_by_label("Code", exact=True).fill(_code(mailoutbox[0].body))
    page.get_by_role("button", name="Confirm").click()
    page.get_by_role("heading", name="The adult who stays with you").wait_for()
    assert page.url == live_server.url + "/account/escort/"
    assert not watched.is_wider_than_the_screen()
    assert watched.complaints == []
    assert watched.strangers == []


def test_it_signs_in_with_a_passkey_and_nothing_else(browser: Browser, live_server: Any) -> None:
    ada = make_patient()
    here = live_server.url.replace("127.0.0.1", "localhost")  # passkeys want a name
    page = browser.new_page(viewport=SIZES["phone"])
    watched = Watched(page, here)
    _give_it_a_fingerprint(page)
    page.goto(here + "/accounts/2fa/webauthn/add/")
    page.get_by_label("E-mail", exact=True).fill(ada.user.email)
    page.get_by_label("Password", exact=True).fill(KNOWN)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_label("Password", exact=True).fill(KNOWN)
    page.get_by_role("button", name="Go on").click()
    page.get_by_label("A name for it").fill("My phone")
    page.get_by_role("button", name="Add it").click()
    page.get_by_role("heading", name="Your spare codes").wait_for()

    page.goto(here + "/account/")
    page.get_by_role("button", name="Sign out").click()
    page.goto(here + "/account/devices/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.get_by_role("heading", name="Where you are signed in").wait_for()
    assert watched.complaints == []
    assert watched.strangers == []


def _give_it_a_fingerprint(page: Page) -> None:
    """Have the browser believe that its device knows its owner and keeps passkeys."""
    device = page.context.new_cdp_session(page)
    device.send("WebAuthn.enable")
    knows = {"hasResidentKey": True, "hasUserVerification": True, "isUserVerified": True}
    own = {"protocol": "ctap2", "transport": "internal", "automaticPresenceSimulation": True}
    device.send("WebAuthn.addVirtualAuthenticator", {"options": own | knows})


def test_it_can_be_used_with_the_keyboard_alone(browser: Browser, live_server: Any) -> None:
    page = browser.new_page(viewport=SIZES["desk"])
    page.goto(live_server.url + "/accounts/login/")
    page.keyboard.press("Tab")
    assert page.locator(":focus").inner_text() == "Skip to the content"
    page.keyboard.press("Enter")
    assert page.locator(":focus").get_attribute("id") == "content"
    page.keyboard.press("Tab")
    assert page.locator(":focus").get_attribute("name") == "login"
    outline = page.locator(":focus").evaluate("(field) => getComputedStyle(field).outlineWidth")
    assert outline == "3px"


def test_it_offers_no_target_too_small_for_a_thumb(browser: Browser, live_server: Any) -> None:
    page = browser.new_page(viewport=SIZES["phone"])
    for address in ("/", "/accounts/login/", "/accounts/signup/", "/accounts/password/reset/"):
        page.goto(live_server.url + address)
        for control in page.locator(".button, header a, input:not([type=hidden])").all():
            box = control.bounding_box() if control.is_visible() else None
            assert box is None or box["height"] >= 44 or _is_in_a_label(control), control


def _is_in_a_label(control: Locator) -> bool:
    """A box to tick is as large as the row it stands in."""
    row = control.locator("xpath=ancestor::*[contains(@class, 'choice')]")
    box = row.bounding_box() if row.count() == 1 else None
    return box is not None and box["height"] >= 44


def _code(message: str) -> str:
    return next(word for word in message.split() if word.isdigit() and len(word) == 6)
