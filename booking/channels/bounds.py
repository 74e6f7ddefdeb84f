"""A bound on each exchange with a server, kept by one thread for as many as follow each other."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

AGAIN_SECONDS = 0.1


class Bound:
    """Breaks off what takes longer: a server that drips its answers outlasts any timeout of a read.

    Parameters
    ----------
    seconds
        How long an exchange may take.
    break_off
        Called from another thread once it took longer, and again until the exchange is over.
    """

    def __init__(self, *, seconds: float, break_off: Callable[[], None]) -> None:
        self._seconds = seconds
        self._break_off = break_off
        self._ends: float | None = None
        self._lock = threading.Lock()
        self._is_closed = threading.Event()
        self._watch: threading.Thread | None = None

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Bound one exchange."""
        if self._watch is None:
            self._watch = threading.Thread(target=self._look, name="bound", daemon=True)
            self._watch.start()
        self._ends = time.monotonic() + self._seconds
        try:
            yield
        finally:
            # Under the lock: whatever is being broken off now is not the exchange after this one.
            with self._lock:
                self._ends = None

    def close(self) -> None:
        """Have the thread end."""
        self._is_closed.set()

    def _look(self) -> None:
        # An exchange that begins while this sleeps ends after it wakes: to begin one wakes nobody.
        while not self._is_closed.wait(self._left()):
            with self._lock:
                if self._ends is not None and time.monotonic() >= self._ends:
                    self._break_off()

    def _left(self) -> float:
        """Seconds to sleep."""
        ends = self._ends
        if ends is None:
            return self._seconds
        left = ends - time.monotonic()
        return left if left > 0 else AGAIN_SECONDS
