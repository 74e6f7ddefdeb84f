"""Many clients at once, each with a database connection of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from django.db import connection

T = TypeVar("T")
PATIENCE = 60


def race(runners: Sequence[Callable[[], T]]) -> list[T]:
    """Start all runners at the same moment and return what each gave."""
    start = threading.Barrier(len(runners))

    def run(runner: Callable[[], T]) -> T:
        try:
            start.wait(PATIENCE)
            return runner()
        finally:
            connection.close()

    with ThreadPoolExecutor(max_workers=len(runners)) as pool:
        return list(pool.map(run, runners))
