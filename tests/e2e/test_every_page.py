"""Every page in a real browser: reachable by all, calm in its console, light, and of our own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT as AXE  # type: ignore[import-untyped]

from config.core.models import User
from patients.models import Patient
from tests import site
from tests.e2e import rarer
from tests.e2e.state import WRONG, State
from tests.e2e.window import SIZES, WIDER, Watched

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
HEADINGS = "document.querySelectorAll('h1').length"
# What the page breaks of the rules, and where: nothing else comes over from the browser. What is
# played is loaded beforehand, as a rule asks; no rule that is tried looks at style sheets.
BROKEN = """async tags => {
    const preload = {assets: ["media"]}
    const found = await axe.run({runOnly: tags, resultTypes: ["violations"], preload})
    return found.violations.flatMap(
        one => one.nodes.map(node => `${one.id}: ${node.html.slice(0, 160)}`)
    )
}"""
# What the keyboard comes to and does not show that it did, itself or in the row it stands in.
UNSEEN = """() => {
    const outlined = one => {
        const style = one && getComputedStyle(one)
        return style && style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2
    }
    const reached = "a[href], button, input, select, textarea, summary, [tabindex]"
    return Array.from(document.querySelectorAll(reached)).filter(one => {
        one.focus({preventScroll: true})
        const shown = [one, one.nextElementSibling, one.closest("label, .choice")]
        return document.activeElement === one && one.tabIndex >= 0 && !shown.some(outlined)
    }).map(one => `does not show the focus: ${one.outerHTML.slice(0, 160)}`)
}"""
# Fills in the page's form and sends it, whatever the browser thinks of what stands in it.
SEND = """fields => {
    const forms = Array.from(document.querySelectorAll("main form[method=post]"))
    const names = Object.keys(fields)
    const form = forms.find(one => names.every(name => one.elements[name])) ?? forms[0]
    for (const name of names) form.elements[name].value = fields[name]
    form.noValidate = true
    form.querySelector("button:not([type=button])").click()
}"""
REFUSED = "the server responded with a status of "  # what some pages are there to say
Drive = Callable[..., Any]


def broken(watched: Watched) -> list[str]:
    """Name the rules of accessibility that the page breaks, and where."""
    return list(watched.page.evaluate(BROKEN, WCAG))


def look(watched: Watched) -> list[str]:
    """Name what is wrong with a page: on a phone by day, and at a desk by night."""
    page = watched.page
    page.set_viewport_size(SIZES["phone"])
    page.emulate_media(color_scheme="light")
    wrong = broken(watched)
    if page.evaluate(HEADINGS) != 1:
        wrong.append("has not one main heading")
    page.emulate_media(color_scheme="dark")
    wrong += fits(watched, "phone", "zoomed", "desk")
    return wrong + [f"{one} (by night)" for one in broken(watched)]


def look_and_reach(watched: Watched) -> list[str]:
    """Name what is wrong with a page, and what of it does not show that the keyboard is there."""
    wrong = look(watched)
    watched.page.keyboard.press("Tab")  # from here on the browser shows what has the focus
    return wrong + list(watched.page.evaluate(UNSEEN))


def walk(shown: Sequence[site.Page], look: Callable[[Watched], list[str]]) -> Any:
    """Make a journey over pages that collects what is wrong with each."""

    def journey(watched: Watched) -> list[str]:
        wrong = []
        for page in shown:
            watched.complaints.clear()
            answer = watched.open(page.path)
            if isinstance(page, State):
                wrong += come_to(watched, page)
            elif answer.status >= 400 and page.name != "offer":
                wrong.append(f"{page.name}: {answer.status}")
                continue
            wrong += [f"{page.name}: {one}" for one in look(watched)]
            wrong += [
                f"{page.name}: says {one}" for one in watched.complaints if REFUSED not in one
            ]
        return wrong + [f"asked {one}" for one in watched.strangers]

    return journey


def come_to(watched: Watched, state: State) -> list[str]:
    """Bring the page to its state; say so where it does not come to it."""
    page = watched.page
    if state.lost:
        page.context.clear_cookies(name=state.lost)
    if state.fields is not None:
        with page.expect_navigation():
            page.evaluate(SEND, state.fields)
    is_there = page.locator("main").locator(state.shows).count()
    return [] if is_there else [f"{state.name}: does not show {state.shows}"]


def divided(
    *, language: str = "en", pages: Callable[[site.Cast], Iterable[site.Page]] = site.pages
) -> list[tuple[list[site.Page], User | None]]:
    """Give the pages of visitors, and those of each person with the account."""
    people = site.cast()
    Patient.objects.update(language=language)
    by_person: dict[User | None, list[site.Page]] = {}
    for page in pages(people):
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
    wrong = [
        one
        for shown, user in divided()
        for one in drive(walk(shown, look_and_reach), user=user, scripts=[AXE])
    ]
    assert not wrong, "\n".join(wrong)


def test_pages_that_few_see_are_reachable_by_all_too(drive: Drive, settings: Any) -> None:
    settings.STRIPE_SECRET_KEY = "sk_test_none"  # what is owed is asked for; nothing is paid here
    settings.ROOT_URLCONF = rarer.__name__
    wrong = [
        one
        for shown, user in divided(pages=rarer.states)
        for one in drive(walk(shown, look), user=user, scripts=[AXE])
    ]
    assert not wrong, "\n".join(wrong)


def with_errors(people: site.Cast) -> list[site.Page]:
    """Give every page, and every form that was filled in wrongly."""
    return [*site.pages(people), *(one for one in rarer.states(people) if one.shows == WRONG)]


def test_every_page_is_in_spanish_too_and_fits_the_smallest_phone(drive: Drive) -> None:
    def in_spanish(watched: Watched) -> list[str]:
        is_spanish = watched.page.locator("html").get_attribute("lang") == "es"
        too_wide = ["is wider than the window"] if watched.page.evaluate(WIDER) else []
        return [*too_wide, *([] if is_spanish else ["is not in Spanish"])]

    wrong = [
        one
        for shown, user in divided(language="es", pages=with_errors)
        for one in drive(
            walk(shown, in_spanish), user=user, locale="es-US", size="small", javascript=False
        )
    ]
    assert not wrong, "\n".join(wrong)


def test_the_checker_finds_what_is_wrong(drive: Drive) -> None:
    spoil = """() => {
        const main = document.querySelector("main"), script = document.createElement("script")
        main.innerHTML = `<img src="/favicon.ico"><input>
            <p class="note amber">Grey</p><button>Go</button>`
        main.querySelector("p").style.color = "light-dark(black, #5a4a30)"
        main.querySelector("p").style.width = "700px"
        main.querySelector("button").style.outline = "none"
        script.textContent = "document.title = 'Ours'"
        main.append(script)
    }"""

    def journey(watched: Watched) -> tuple[list[str], list[str]]:
        watched.open("/contact/")
        watched.page.evaluate(spoil)
        return look_and_reach(watched), watched.complaints

    found, complaints = drive(journey, scripts=[AXE])
    rules = [one.partition(":")[0] for one in found]
    by_day = rules[: rules.index("has not one main heading")]
    assert {"image-alt", "label"} == set(by_day)
    assert "color-contrast" in rules
    assert "does not show the focus" in rules
    assert "is wider than the window (zoomed)" in rules
    assert any("Content Security Policy" in one for one in complaints)
