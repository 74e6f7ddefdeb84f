"""The watch: looks every few seconds whether messages go out, and calls staff when they do not."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field
from datetime import timedelta

from django.db import DatabaseError, connection

from booking.delivery import alarm
from config.core import heartbeats

SECONDS_BETWEEN_LOOKS = 15.0
UNREACHABLE_AFTER = 90.0  # seconds
ALIVE_WITHIN = timedelta(minutes=2)

logger = logging.getLogger(__name__)


@dataclass
class Watch:
    """One process that watches; the database may be what is missing, so it remembers that itself.

    Attributes
    ----------
    blind_since
        Since when the database has not answered, in seconds of `time.monotonic`.
    told
        Whether staff know of that.
    """

    lookout: alarm.Lookout = field(default_factory=alarm.Lookout)
    blind_since: float | None = None
    told: bool = False

    def look(self) -> None:
        """Look once; a database that stays away is told as well."""
        try:
            alarm.look(self.lookout)
        except DatabaseError as error:
            logger.warning("the database did not answer: %s", type(error).__name__)
            connection.close()
            self._blind()
        else:
            self._sees()

    def _blind(self) -> None:
        at = time.monotonic()
        self.blind_since = at if self.blind_since is None else self.blind_since
        if not self.told and at - self.blind_since >= UNREACHABLE_AFTER:
            text = "The database cannot be reached: nothing is booked and no message goes out."
            self.told = alarm.write(subject="The database cannot be reached", text=text)

    def _sees(self) -> None:
        if self.told:
            self.told = not alarm.write(
                subject="The database answers again", text="The database can be reached again."
            )
        self.blind_since = None


def go_on() -> None:
    """Watch until told to stop."""
    watch = Watch()
    while True:
        watch.look()
        time.sleep(SECONDS_BETWEEN_LOOKS)


def is_alive() -> bool:
    """Whether somebody watches."""
    return heartbeats.is_alive(heartbeats.WATCH, within=ALIVE_WITHIN)
