"""A real browser for journeys: it lives in a thread of its own and is shared by a session."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar

from django.conf import settings
from django.db import connections
from django.test import Client
from playwright.sync_api import (
    Browser,
    ConsoleMessage,
    Error,
    Page,
    Request,
    Response,
    ViewportSize,
    sync_playwright,
)

from config.core.models import User
from tests import site

T = TypeVar("T")

SIZES: dict[str, ViewportSize] = {
    "phone": {"width": 390, "height": 844},
    "desk": {"width": 1280, "height": 900},
    "small": {"width": 320, "height": 640},  # also 1280 px at 400 %
    "zoomed": {"width": 640, "height": 450},  # 1280 px at 200 %
}
# Whether a page is wider than its window.
WIDER = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
PATIENCE_MS = 60_000  # a machine may be busy with other things
JOURNEY_S = 900
# Each page lives for a second: its scripts are through before they are worth being optimised.
NOT_OPTIMISED = ["--js-flags=--no-opt"]


@dataclass
class Watched:
    """A page with what it complained of and whom it called.

    Attributes
    ----------
    complaints
        Errors and warnings of its console: a refusal by the Content-Security-Policy is one.
    strangers
        Addresses it asked that are not ours.
    """

    page: Page
    home: str
    complaints: list[str] = field(default_factory=list)
    strangers: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.set_default_timeout(PATIENCE_MS)
        self.page.on("console", self._heard)
        self.page.on("pageerror", self._failed)
        self.page.on("request", self._called)

    def open(self, path: str) -> Response:
        """Go to an address of ours."""
        answer = self.page.goto(f"{self.home}{path}")
        if answer is None:
            raise AssertionError(f"{path} did not answer")
        return answer

    def leave(self) -> None:
        """Hear no more of the page, and leave it as it was found."""
        self.page.remove_listener("console", self._heard)
        self.page.remove_listener("pageerror", self._failed)
        self.page.remove_listener("request", self._called)
        self.page.goto("about:blank")

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)

    def _failed(self, error: Error) -> None:
        self.complaints.append(str(error))

    def _called(self, request: Request) -> None:
        if not request.url.startswith((self.home, "data:")):
            self.strangers.append(request.url)


class Kind(NamedTuple):
    """What makes a browser's page another one: it is kept for whoever needs such a page next."""

    javascript: bool
    locale: str
    scripts: tuple[str, ...]


class Window:
    """The browser of a session of tests."""

    def __init__(self, executable: str) -> None:
        # Playwright's loop makes its thread an asynchronous one to Django: it gets its own.
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="browser")
        self._executable = executable
        self._playwright: Any = None
        self._browser: Browser | None = None
        self._pages: dict[Kind, Page] = {}

    def drive(
        self,
        journey: Callable[[Watched], T],
        *,
        home: str,
        size: str = "phone",
        javascript: bool = True,
        scheme: str = "light",
        user: User | None = None,
        locale: str = "en-US",
        scripts: Sequence[str] = (),
    ) -> T:
        """Let a journey happen on a new page, and give what it returns.

        Parameters
        ----------
        journey
            Runs in the browser's thread, where it may use the database as well.
        user
            Who is signed in.
        scripts
            Run on each page before its own.
        """
        cookies = [_session(user, home)] if user else []

        kind = Kind(javascript, locale, tuple(scripts))

        def run() -> T:
            with self._lent(kind) as page:
                page.context.add_cookies(cookies)  # type: ignore[arg-type]
                page.set_viewport_size(SIZES[size])
                page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
                watched = Watched(page, home)
                result = journey(watched)
                watched.leave()
                return result

        return self._thread.submit(run).result(JOURNEY_S)

    def close(self) -> None:
        """End the browser."""
        self._thread.submit(self._shut).result(JOURNEY_S)
        self._thread.shutdown()

    @contextmanager
    def _lent(self, kind: Kind) -> Iterator[Page]:
        """Lend a page; nothing of it is left to the next, who finds one that is warm.

        A new page would cost more than most of what is looked at on it.
        """
        page = self._page(kind)
        try:
            yield page
        except BaseException:  # nobody knows what it is like now
            self._pages.pop(kind).context.close()
            raise
        else:
            for other in page.context.pages:
                if other != page:
                    other.close()
            page.context.clear_cookies()
        finally:
            connections.close_all()

    def _page(self, kind: Kind) -> Page:
        if kind not in self._pages:
            context = self._open().new_context(
                viewport=SIZES["phone"],
                java_script_enabled=kind.javascript,
                locale=kind.locale,
                timezone_id="America/Chicago",
                reduced_motion="reduce",
            )
            for script in kind.scripts:
                context.add_init_script(script)
            self._pages[kind] = context.new_page()
        return self._pages[kind]

    def _open(self) -> Browser:
        if self._browser is None:
            self._playwright = sync_playwright().start()
            self._browser = self._playwright.chromium.launch(
                executable_path=self._executable,
                args=[*NOT_OPTIMISED, *(["--no-sandbox"] if os.geteuid() == 0 else [])],
            )
        return self._browser

    def _shut(self) -> None:
        if self._browser is not None:
            self._browser.close()
            self._playwright.stop()


def _session(user: User, home: str) -> dict[str, str]:
    client = Client()
    site.sign_in(client, user)
    name = settings.SESSION_COOKIE_NAME
    return {"name": name, "value": client.cookies[name].value, "url": home}


@contextmanager
def opened(executable: str) -> Iterator[Window]:
    """A browser until the end of the block; Django lets its thread use the database."""
    before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    window = Window(executable)
    try:
        yield window
    finally:
        window.close()
        if before is None:
            del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]
        else:
            os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = before
