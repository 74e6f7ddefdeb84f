"""The messages that left the house, read from the files they were written to."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

STAMP = "%Y%m%dT%H%M%S.%f"


@dataclass(frozen=True)
class Letter:
    """One message: when it was written, to whom, and all of its text."""

    written_at: datetime
    channel: str
    to: str
    subject: str
    text: str


def letters(outbox: Path, *, since: datetime, channel: str = "email") -> list[Letter]:
    """Return the messages written since an instant, oldest first."""
    first = since.astimezone(UTC).strftime(STAMP)
    paths = sorted(outbox.glob(f"*-{channel}-*.txt"))
    return [_read(path) for path in paths if path.name >= first]


def wait_for(
    outbox: Path, *, since: datetime, is_it: Callable[[Letter], bool], seconds: float = 60
) -> Letter | None:
    """Return the newest e-mail since an instant that is the one; None if none comes in time."""
    ends = time.monotonic() + seconds
    while True:
        found = [letter for letter in letters(outbox, since=since) if is_it(letter)]
        if found:
            return found[-1]
        if time.monotonic() >= ends:
            return None
        time.sleep(0.25)


def _read(path: Path) -> Letter:
    text = path.read_text(encoding="utf-8")
    head = dict(
        line.split(": ", 1) for line in text.split("\n\n", 1)[0].splitlines() if ": " in line
    )
    stamp, channel, _ = path.name.split("-", 2)
    return Letter(
        written_at=datetime.strptime(stamp, STAMP).replace(tzinfo=UTC),
        channel=channel,
        to=head.get("To", ""),
        subject=head.get("Subject", ""),
        text=text,
    )
