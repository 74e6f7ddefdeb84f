"""Every page in a real browser: reachable by all, calm in its console, light, and of our own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]

from config.core.models import User
from patients.models import Patient
from tests import site
from tests.e2e.window import SIZES, WIDER, Watched

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
HEADINGS = "document.querySelectorAll('h1').length"
Drive = Callable[..., Any]


def broken(watched: Watched, options: dict[str, Any]) -> list[str]:
    """Name the rules of accessibility that the page breaks, and where."""
    found = Axe().run(watched.page, options=options).response["violations"]
    return [f"{one['id']}: {node['html'][:160]}" for one in found for node in one["nodes"]]


def walk(shown: list[site.Page], look: Callable[[Watched, site.Page], list[str]]) -> Any:
    """Make a journey over pages that collects what is wrong with each."""

    def journey(watched: Watched) -> list[str]:
        wrong = []
        for page in shown:
            watched.complaints.clear()
            answer = watched.open(page.path)
            if answer.status >= 400 and page.name != "offer":
                wrong.append(f"{page.name}: {answer.status}")
                continue
            wrong += [f"{page.name}: {one}" for one in look(watched, page)]
            wrong += [f"{page.name}: says {one}" for one in watched.complaints if "404" not in one]
        return wrong + [f"asked {one}" for one in watched.strangers]

    return journey


def divided(*, language: str = "en") -> list[tuple[list[site.Page], User | None]]:
    """Give the pages of visitors, and those of each person with the account."""
    people = site.cast()
    Patient.objects.update(language=language)
    by_person: dict[User | None, list[site.Page]] = {}
    for page in site.pages(people):
        by_person.setdefault(page.who, []).append(page)
    return [(shown, user) for user, shown in by_person.items()]


def fits(watched: Watched, *sizes: str) -> list[str]:
    """Name the windows that the page is wider than."""
    wrong = []
    for size in sizes:
        watched.page.set_viewport_size(SIZES[size])
        if watched.page.evaluate(WIDER):
            wrong.append(f"is wider than the window ({size})")
    return wrong


def test_every_page_is_reachable_by_all_by_day_and_by_night(drive: Drive) -> None:
    def look(watched: Watched, _: site.Page) -> list[str]:
        watched.page.set_viewport_size(SIZES["phone"])
        watched.page.emulate_media(color_scheme="light")
        wrong = broken(watched, {"runOnly": WCAG, "resultTypes": ["violations"]})
        if watched.page.evaluate(HEADINGS) != 1:
            wrong.append("has not one main heading")
        watched.page.emulate_media(color_scheme="dark")
        wrong += fits(watched, "zoomed", "desk")
        return wrong + broken(watched, {"runOnly": {"type": "rule", "values": ["color-contrast"]}})

    wrong = [one for shown, user in divided() for one in drive(walk(shown, look), user=user)]
    assert not wrong, "\n".join(wrong)


def test_every_page_is_in_spanish_too_and_fits_the_smallest_phone(drive: Drive) -> None:
    def look(watched: Watched, _: site.Page) -> list[str]:
        is_spanish = watched.page.locator("html").get_attribute("lang") == "es"
        return [*fits(watched, "small"), *([] if is_spanish else ["is not in Spanish"])]

    wrong = [
        one
        for shown, user in divided(language="es")
        for one in drive(walk(shown, look), user=user, locale="es-US")
    ]
    assert not wrong, "\n".join(wrong)


def test_the_checker_finds_what_is_wrong(drive: Drive) -> None:
    def journey(watched: Watched) -> list[str]:
        watched.open("/contact/")
        watched.page.evaluate(
            "document.querySelector('main').innerHTML = '<img src=\"/favicon.ico\"><input>'"
        )
        return broken(watched, {"runOnly": WCAG, "resultTypes": ["violations"]})

    found = drive(journey)
    assert any(one.startswith("image-alt") for one in found)
    assert any(one.startswith("label") for one in found)
