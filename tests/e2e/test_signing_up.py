"""A person makes an account and signs in, in a real browser, on a phone and at a desk."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import CDPSession, Page

from tests.e2e.window import WIDER, Watched
from tests.factories import PASSWORD as KNOWN, make_patient

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

Drive = Callable[..., Any]
PASSWORD = "a-pond-without-wind"


@pytest.mark.parametrize("size", ["phone", "desk"])
def test_it_takes_a_visitor_from_the_door_to_their_own_pages(
    drive: Drive, mailoutbox: list[Any], size: str
) -> None:
    address = f"ben-{uuid4().hex}@example.com"  # the cache counts what is sent to each

    def journey(watched: Watched) -> None:
        page = watched.page
        watched.open("/account/escort/")
        page.get_by_role("link", name="Make an account").click()
        page.get_by_label("Your name").fill("Ben Okoye")
        page.get_by_label("E-mail", exact=True).fill(address)
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_role("button", name="Make my account").click()
        page.get_by_role("heading", name="Check your e-mail").wait_for()
        page.get_by_label("Code", exact=True).fill(_code(mailoutbox[0].body))
        page.get_by_role("button", name="Confirm").click()
        page.get_by_role("heading", name="The adult who stays with you").wait_for()
        assert page.url == watched.home + "/account/escort/"
        assert not page.evaluate(WIDER)
        assert watched.complaints == []
        assert watched.strangers == []

    drive(journey, size=size)


def test_it_signs_in_with_a_passkey_and_nothing_else(drive: Drive) -> None:
    ada = make_patient()

    def journey(watched: Watched) -> None:
        page = watched.page
        device = _give_it_a_fingerprint(page)
        watched.open("/accounts/2fa/webauthn/add/")
        page.get_by_label("E-mail", exact=True).fill(ada.user.email)
        page.get_by_label("Password", exact=True).fill(KNOWN)
        page.get_by_role("button", name="Sign in", exact=True).click()
        page.get_by_label("Password", exact=True).fill(KNOWN)
        page.get_by_role("button", name="Go on").click()
        page.get_by_label("A name for it").fill("My phone")
        page.get_by_role("button", name="Add it").click()
        page.get_by_role("heading", name="Your spare codes").wait_for()

        watched.open("/account/")
        page.get_by_role("button", name="Sign out").click()
        page.get_by_role("link", name="Sign in").first.wait_for(state="attached")
        watched.open("/account/devices/")
        page.get_by_role("button", name="Sign in with a passkey").click()
        page.get_by_role("heading", name="Where you are signed in").wait_for()
        device.detach()  # the page has no fingerprint for whoever comes next
        assert watched.complaints == []
        assert watched.strangers == []

    drive(journey)


def _give_it_a_fingerprint(page: Page) -> CDPSession:
    """Have the browser believe that its device knows its owner and keeps passkeys."""
    device = page.context.new_cdp_session(page)
    device.send("WebAuthn.enable")
    knows = {"hasResidentKey": True, "hasUserVerification": True, "isUserVerified": True}
    own = {"protocol": "ctap2", "transport": "internal", "automaticPresenceSimulation": True}
    device.send("WebAuthn.addVirtualAuthenticator", {"options": own | knows})
    return device


def test_it_can_be_used_with_the_keyboard_alone(drive: Drive) -> None:
    def journey(watched: Watched) -> None:
        page = watched.page
        watched.open("/accounts/login/")
        page.keyboard.press("Tab")
        assert page.locator(":focus").inner_text() == "Skip to the content"
        page.keyboard.press("Enter")
        assert page.locator(":focus").get_attribute("id") == "content"
        page.keyboard.press("Tab")
        assert page.locator(":focus").get_attribute("name") == "login"
        outline = page.locator(":focus").evaluate("(field) => getComputedStyle(field).outlineWidth")
        assert outline == "3px"

    drive(journey, size="desk")


def test_it_offers_no_target_too_small_for_a_thumb(drive: Drive) -> None:
    def journey(watched: Watched) -> list[str]:
        found = []
        for address in ("/", "/accounts/login/", "/accounts/signup/", "/accounts/password/reset/"):
            watched.open(address)
            found += watched.page.evaluate(TOO_SMALL)
        return found

    assert drive(journey) == []


# Controls lower than 44 px; a box to tick is as large as the row it stands in.
TOO_SMALL = """() => Array.from(
    document.querySelectorAll(".button, header a, input:not([type=hidden])")
).filter(one => {
    const row = one.closest(".choice") ?? one
    return one.checkVisibility() && row.getBoundingClientRect().height < 44
}).map(one => one.outerHTML)"""


def _code(message: str) -> str:
    return next(word for word in message.split() if word.isdigit() and len(word) == 6)
