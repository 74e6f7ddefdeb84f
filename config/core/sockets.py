"""What a line to a server that is kept open tells without being asked."""

from __future__ import annotations

import select
from typing import Protocol


class _Line(Protocol):
    def fileno(self) -> int: ...


def is_readable(line: _Line) -> bool:
    """Whether there is anything to be read now; the end of the line is."""
    looked = select.poll()
    looked.register(line.fileno(), select.POLLIN)
    return bool(looked.poll(0))
