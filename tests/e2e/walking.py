"""What a patient does on the pages, as one would: by labels, with and without a script."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django.core import mail
from playwright.sync_api import Locator, Page

from config.demo.answers import eligible_answers
from tests.e2e.window import Watched

PASSWORD = "a-pond-without-wind"
NAME = "Ada Byrne"
BUSY_STEPS = 20  # pages of questions, at most
# The questions that are on a page, shown or not.
ASKED = "Array.from(document.querySelectorAll('[id^=q-]'), one => one.id.slice(2))"

# What has the focus, and how it shows that.
FOCUSED = """() => {
    const one = document.activeElement, style = getComputedStyle(one)
    return [one.innerText || one.value || "", style.outlineStyle, parseFloat(style.outlineWidth)]
}"""


def press(page: Page, name: str | re.Pattern[str], *, exact: bool = True) -> None:
    """Press a button, or follow a link, that is called so."""
    found = page.get_by_role("button", name=name, exact=exact).or_(
        page.get_by_role("link", name=name, exact=exact)
    )
    found.first.click()


def send(page: Page, name: str | re.Pattern[str], *, exact: bool = True) -> None:
    """Press a button that sends a form, and wait for the page that answers."""
    with page.expect_navigation():
        press(page, name, exact=exact)


def title(page: Page) -> str:
    """Give the page's main heading."""
    return page.get_by_role("heading", level=1).inner_text()


def reach(watched: Watched, name: re.Pattern[str], *, most: int = 120) -> None:
    """Press Tab until something with this name has the focus; all on the way show theirs."""
    for _ in range(most):
        watched.page.keyboard.press("Tab")
        text, outline, width = watched.page.evaluate(FOCUSED)
        if not text.strip():
            continue
        assert outline != "none", f"{text!r} does not show that it has the focus"
        assert width >= 2, f"{text!r} hardly shows that it has the focus"
        if name.match(" ".join(text.split())):
            return
    raise AssertionError(f"{name.pattern} cannot be reached by the keyboard")


def enter(watched: Watched, name: re.Pattern[str]) -> None:
    """Go by the keyboard alone to a link or button that leads to another page, and press it."""
    reach(watched, name)
    with watched.page.expect_navigation():
        watched.page.keyboard.press("Enter")


def sign_up(watched: Watched, *, email: str) -> None:
    """Make an account and confirm its address by the code in the message."""
    page = watched.page
    press(page, "Make an account")
    page.get_by_label("E-mail").fill(email)
    _fill(page, {"name": NAME, "phone": "312 555 0123"})
    for field in page.locator("input[type=password]").all():
        field.fill(PASSWORD)
    send(page, "Make my account")
    page.locator("input[name=code]").wait_for()
    found = re.search(r"^\s*([A-Z0-9]{3}-?[A-Z0-9]{3})\s*$", str(mail.outbox[-1].body), re.M)
    assert found, mail.outbox[-1].body
    page.locator("input[name=code]").fill(found[1])
    with page.expect_navigation():
        page.locator("main form button[type=submit], main form button:not([type])").first.click()


def answer_everything(watched: Watched, **changes: object) -> None:
    """Go through the questionnaire, page by page, and send it."""
    page, answers = watched.page, eligible_answers(**changes)
    watched.open("/intake/")
    send(page, "Begin")
    for _ in range(BUSY_STEPS):
        if "Look over" in title(page):
            break
        answer_page(page, answers)
        send(page, "Save and go on")
    assert title(page) == "Look over your answers"
    send(page, "Send my answers")


def answer_page(page: Page, answers: Mapping[str, object]) -> None:
    """Answer what this page asks, and what the answers before make it show."""
    here = page.evaluate(ASKED)
    for id_, answer in answers.items():
        question = page.locator(f"#q-{id_}")
        if id_ in here and question.is_visible():
            _answer(question, id_, answer)


def _answer(question: Locator, id_: str, answer: Any) -> None:
    said = {True: "yes", False: "no"}.get(answer, answer) if isinstance(answer, bool) else answer
    if isinstance(said, list):
        for one in said:
            question.locator(f'input[name="{id_}"][value="{one}"]').check()
    elif question.locator(f'input[name="{id_}_year"]').count():
        for part, value in zip(("year", "month", "day"), str(said).split("-"), strict=True):
            question.locator(f'input[name="{id_}_{part}"]').fill(value)
    elif question.locator("input[type=radio]").count():
        question.locator(f'input[name="{id_}"][value="{said}"]').check()
    else:
        question.locator(f'[name="{id_}"]').fill(str(said))


def sign_papers(watched: Watched) -> None:
    """Read and sign every document that is asked for."""
    page = watched.page
    for _ in range(BUSY_STEPS):
        watched.open("/consents/")
        waiting = page.get_by_role("link", name=re.compile("^Read and sign"))
        if not waiting.count():
            return
        waiting.first.click()
        page.get_by_label("I have read this text, and I agree to it").check()
        page.get_by_label("Your full name").fill(NAME)
        send(page, "Sign this document")
    raise AssertionError("there was no end of documents")


def tell_home_and_escort(watched: Watched) -> None:
    """Say where the nurse comes to, and who stays."""
    page = watched.page
    watched.open("/account/home/")
    _fill(page, {"line1": "1201 Lake St", "postal_code": "60301", "entry": "Side door, bell Byrne"})
    send(page, "Save")
    watched.open("/account/escort/")
    _fill(page, {"escort_name": "Sam Ortiz", "escort_phone": "312 555 0124"})
    send(page, "Save")


def _fill(page: Page, values: Mapping[str, str]) -> None:
    for name, value in values.items():
        field = page.locator(f'[name="{name}"]')
        if field.count():
            field.fill(value)
