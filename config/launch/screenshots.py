"""bin/screenshots: the demo's pages as a patient and a nurse see them, in docs/screenshots.

It serves the demo's data from engines of its own and walks through it in Chromium: each picture is
taken on a phone by day and at a desk by night. `bin/screenshots book visit` takes some of them.
"""

import argparse
import os
import re
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

from playwright.sync_api import Browser, Page, sync_playwright

from config.launch import engines
from config.launch.bench import house
from config.launch.state import ROOT

FOLDER = ROOT / "docs" / "screenshots"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
DATABASE = "screenshots"
PASSWORD = "stillwater-demo"  # noqa: S105  of the demo's made-up people
PATIENT, NURSE = "patient@example.com", "nurse@example.com"
TALLEST = 2200  # pixels; what lies below is more of the same
LOOKS: dict[str, dict[str, Any]] = {
    "phone": {"viewport": {"width": 390, "height": 844}, "color_scheme": "light"},
    "desk": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "dark"},
}


@dataclass(frozen=True)
class Shot:
    """A picture: who looks, and how they get there."""

    name: str
    go: Callable[[Page, str], None]
    who: str = ""


def to(path: str) -> Callable[[Page, str], None]:
    """Go straight to an address."""

    def go(page: Page, home: str) -> None:
        page.goto(home + path)

    return go


def to_a_time(page: Page, home: str) -> None:
    """Choose a morning on the first day that has many times."""
    page.goto(f"{home}/book/mood-40/")
    for link in (".day:not(.full)", ".slot"):
        page.goto(urljoin(page.url, page.locator(link).nth(2).get_attribute("href")))


def to_check(page: Page, home: str) -> None:
    """Look once more before booking."""
    to_a_time(page, home)
    page.get_by_role("link", name=re.compile("^Continue with")).click()


def to_booked(page: Page, home: str) -> None:
    """Book, unless that was done for the other picture."""
    page.goto(f"{home}/visits/")
    if not _own(page):
        to_check(page, home)
        page.get_by_role("button", name=re.compile("^Book ")).click()
        page.wait_for_url("**/booked/")
        return
    page.goto(f"{home}{_own(page)}booked/")


def to_own(part: str = "") -> Callable[[Page, str], None]:
    """Go to the patient's next visit, or a page of it."""

    def go(page: Page, home: str) -> None:
        page.goto(f"{home}/visits/")
        page.goto(f"{home}{_own(page)}{part}")

    return go


def _own(page: Page) -> str:
    """Give the address of the visit that the page leads to; empty if there is none."""
    found = re.search(r"/visits/[0-9a-f]{8}-[0-9a-f-]{27}/", page.content())
    return found[0] if found else ""


def to_questions(page: Page, home: str) -> None:
    """Open a page of the health questionnaire."""
    page.goto(f"{home}/intake/again/")


SHOTS = (
    Shot("home", to("/")),
    Shot("treatments", to("/treatments/")),
    Shot("prepare", to("/prepare/")),
    Shot("questions", to("/questions/")),
    Shot("prices", to("/prices/")),
    Shot("sign-in", to("/accounts/login/")),
    Shot("book", to("/book/"), PATIENT),
    Shot("book-time", to_a_time, PATIENT),
    Shot("book-course", to("/book/pain-240/course/"), PATIENT),
    Shot("book-check", to_check, PATIENT),
    Shot("booked", to_booked, PATIENT),
    Shot("visits", to("/visits/"), PATIENT),
    Shot("visit", to_own(), PATIENT),
    Shot("visit-cancel", to_own("cancel/"), PATIENT),
    Shot("intake-again", to_questions, PATIENT),
    Shot("check-in", to("/check-ins/new/"), PATIENT),
    Shot("account", to("/account/"), PATIENT),
    Shot("route", to("/route/"), NURSE),
)


def main() -> int:
    """Take the pictures; gives 1 where that was not possible."""
    wanted = _options()
    executable = next(filter(None, map(shutil.which, BROWSERS)), None)
    if executable is None:
        print(f"No browser found (looked for {', '.join(BROWSERS)}).", file=sys.stderr)
        return 1
    try:
        with house.opened() as home:
            home.make(DATABASE)
            home.python("manage.py", "seed_demo", database=DATABASE)
            with home.serving(DATABASE) as port:
                _take_all(wanted, home=f"http://{house.HOST}:{port}", executable=executable)
    except (house.Failed, engines.CannotStart) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _options() -> list[Shot]:
    parser = argparse.ArgumentParser(prog="bin/screenshots", description=__doc__)
    names = [shot.name for shot in SHOTS]
    parser.add_argument("names", nargs="*", help=f"of {', '.join(names)}; default: all")
    asked = parser.parse_args().names
    if unknown := set(asked) - set(names):
        parser.error(f"no picture {sorted(unknown)}: choose from {names}")
    return [shot for shot in SHOTS if not asked or shot.name in asked]


def _take_all(shots: list[Shot], *, home: str, executable: str) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    as_root = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=as_root)
        for look in LOOKS:
            for who in dict.fromkeys(shot.who for shot in shots):
                mine = [shot for shot in shots if shot.who == who]
                _take(mine, browser, look=look, who=who, home=home)
        browser.close()


def _take(shots: list[Shot], browser: Browser, *, look: str, who: str, home: str) -> None:
    context = browser.new_context(
        **LOOKS[look], locale="en-US", timezone_id="America/Chicago", reduced_motion="reduce"
    )
    page = context.new_page()
    if who:
        page.goto(f"{home}/accounts/login/")
        page.locator("input[name=login]").fill(who)
        page.locator("input[name=password]").fill(PASSWORD)
        page.locator("main form button[type=submit]").first.click()
    for shot in shots:
        shot.go(page, home)
        _keep(page, FOLDER / f"{shot.name}-{look}.png")
    context.close()


def _keep(page: Page, file: Path) -> None:
    """Take the whole page, down to where it is tall enough."""
    size = page.viewport_size or {"width": 0, "height": 0}
    tall = int(page.evaluate("document.documentElement.scrollHeight"))
    area: Any = {"x": 0, "y": 0, "width": size["width"], "height": min(tall, TALLEST)}
    page.screenshot(path=file, full_page=True, clip=area)
    print(file.relative_to(ROOT))


if __name__ == "__main__":
    sys.exit(main())
