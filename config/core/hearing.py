"""A worker that no longer hears its queues finds out, and ends so that it is started again.

Workers have gone deaf after their connection to Redis was reset: the process runs, answers when
asked how it is, and takes nothing. So each worker that has heard nothing for a while sends itself a
message over a queue of its own. Where that can be sent and is not heard, the worker ends; the
launcher's supervisor and Docker's restart policy start it anew.
"""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
from dataclasses import dataclass, field
from typing import Any

from celery import Celery, bootsteps
from celery.utils.nodenames import worker_direct
from celery.worker import state
from kombu.exceptions import KombuError

SECONDS_BETWEEN_LOOKS = 5.0
ASKS_AFTER = 15.0  # seconds of silence
DEAF_AFTER = 30.0  # seconds after it could be asked
SECONDS_TO_END = 10.0
QUESTION = "config.core.tasks.hear"

logger = logging.getLogger(__name__)


def _seconds() -> float:
    return time.monotonic()


@dataclass
class Ear:
    """When a worker last heard anything, and since when it has been asked in vain; in seconds."""

    heard_at: float = field(default_factory=lambda: _seconds())  # noqa: PLW0108  tests set the clock
    asked_at: float | None = None

    def hears(self) -> None:
        """Take note of a message, or of work in hand that keeps the worker from taking more."""
        self.heard_at, self.asked_at = _seconds(), None

    def wants_asking(self) -> bool:
        """Whether it has been silent for so long that somebody should ask."""
        return _seconds() - self.heard_at >= ASKS_AFTER

    def asked(self, *, could_be: bool) -> None:
        """Take note that it was asked; a broker that takes nothing says nothing about the ear."""
        if not could_be:
            self.asked_at = None
        elif self.asked_at is None:
            self.asked_at = _seconds()

    def is_deaf(self) -> bool:
        """Whether it could be asked and did not hear."""
        return self.asked_at is not None and _seconds() - self.asked_at >= DEAF_AFTER


class Hearing(bootsteps.StartStopStep):
    """Celery's door: looks after the ear of one worker, in a thread of the main process."""

    requires = ("celery.worker.components:Pool",)

    def __init__(self, worker: Any, **options: Any) -> None:
        super().__init__(worker, **options)
        self.ear = Ear()
        self.ended = threading.Event()

    def start(self, worker: Any) -> None:
        worker.consumer.on_task_message.add(lambda _: self.ear.hears())
        threading.Thread(target=self._watch, args=[worker], name="hearing", daemon=True).start()

    def stop(self, worker: Any) -> None:
        self.ended.set()

    def _watch(self, worker: Any) -> None:
        while not self.ended.wait(SECONDS_BETWEEN_LOOKS):
            if state.active_requests or state.reserved_requests:
                self.ear.hears()
            elif self.ear.is_deaf():
                logger.critical("deaf: nothing is heard of what is sent to %s", worker.hostname)
                end()
                return
            elif self.ear.wants_asking():
                self.ear.asked(could_be=_ask(worker.app, worker.hostname))


def _ask(app: Celery, hostname: str) -> bool:
    """Send the worker a message of its own; whether the broker took it."""
    try:
        app.send_task(QUESTION, queue=worker_direct(hostname).name, expires=DEAF_AFTER, retry=False)
    except (OSError, KombuError) as error:
        logger.warning("the broker cannot be asked: %s", type(error).__name__)
        return False
    return True


def end() -> None:
    """End this worker, at the latest by force; what it had in hand is taken back elsewhere."""
    setattr(state, "should_terminate", os.EX_SOFTWARE)  # noqa: B010  its type says None
    time.sleep(SECONDS_TO_END)
    if os.getpgrp() == os.getpid():
        os.killpg(os.getpid(), signal.SIGKILL)
    os._exit(os.EX_SOFTWARE)
