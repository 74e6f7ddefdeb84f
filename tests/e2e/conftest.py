"""What the journeys share: one browser for all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest

from tests.e2e import window
from tests.e2e.window import Window


@pytest.fixture(scope="session")
def browser_window(chromium_path: str) -> Iterator[Window]:
    """Keep one browser open for the session."""
    with window.opened(chromium_path) as opened:
        yield opened


@pytest.fixture
def drive(browser_window: Window, live_server: Any) -> Callable[..., Any]:
    """Give `Window.drive` for the site that the test serves."""
    return partial(browser_window.drive, home=str(live_server))


@pytest.fixture(params=[("phone", True), ("desk", False)], ids=["phone", "desk-no-script"])
def either_way(request: pytest.FixtureRequest, drive: Callable[..., Any]) -> Callable[..., Any]:
    """Give `drive` on a phone with a script, and then at a desk without one."""
    size, javascript = request.param
    return partial(drive, size=size, javascript=javascript)
