"""Nobody waits for an engine that is known to be dead."""

import threading
import time
from collections.abc import Callable

FIRST_WAIT = 5.0
LONGEST_WAIT = 300.0


class Breaker:
    """After a failure nobody asks for a while; then one tries, and the rest wait for its word.

    The pause doubles with each failure in a row, from `FIRST_WAIT` to `LONGEST_WAIT` seconds.
    One for each process; threads share it.
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._failures = 0
        self._closed_until = 0.0

    def lets_ask(self) -> bool:
        """Whether to ask now; after a failure, only the first to want to after the pause."""
        with self._lock:
            if not self._failures:
                return True
            if self._clock() < self._closed_until:
                return False
            self._closed_until = self._clock() + self._pause()
            return True

    def failed(self) -> None:
        """Note that the engine did not answer."""
        with self._lock:
            self._failures += 1
            self._closed_until = self._clock() + self._pause()

    def answered(self) -> bool:
        """Note an answer; return whether it is the first after a failure."""
        with self._lock:
            was_down, self._failures = self._failures > 0, 0
            return was_down

    def _pause(self) -> float:
        return float(min(FIRST_WAIT * 2 ** min(self._failures - 1, 10), LONGEST_WAIT))
