"""What the bench says: tables and bars, on the terminal as in docs/performance.md."""

import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path


@dataclass(frozen=True)
class Bar:
    """A promise and whether this run kept it; `met` is None where it could not be measured."""

    promise: str
    measured: str
    met: bool | None

    @property
    def verdict(self) -> str:
        """In one word."""
        return {True: "met", False: "**missed**", None: "not measured"}[self.met]


@dataclass(frozen=True)
class Section:
    """One part of the report."""

    name: str
    title: str
    explained: str
    tables: tuple[str, ...]
    bars: tuple[Bar, ...]
    notes: tuple[str, ...] = ()

    def text(self) -> str:
        """In Markdown, which reads well on a terminal too."""
        rows = [(bar.promise, bar.measured, bar.verdict) for bar in self.bars]
        parts = [f"## {self.title}", self.explained.strip(), *self.tables]
        parts += [table(("Bar", "Measured", ""), rows)] if rows else []
        parts += [f"- {note}" for note in self.notes]
        return "\n\n".join(parts) + "\n"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table whose columns line up: the first to the left, figures to the right."""
    widths = [max(len(row[n]) for row in (head, *rows)) for n in range(len(head))]
    lines = [_line(head, widths), _rule(widths), *(_line(row, widths) for row in rows)]
    return "\n".join(lines)


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    cells = [
        cell.ljust(width) if n == 0 else cell.rjust(width)
        for n, (cell, width) in enumerate(zip(row, widths, strict=True))
    ]
    return f"| {' | '.join(cells)} |"


def _rule(widths: Sequence[int]) -> str:
    dashes = [
        "-" * (width + 2) if n == 0 else "-" * (width + 1) + ":" for n, width in enumerate(widths)
    ]
    return f"|{'|'.join(dashes)}|"


def machine(*, postgres: str = "") -> str:
    """Name the machine and the day, in one line."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    parts = [
        datetime.now(UTC).date().isoformat(),
        _processor(),
        f"{os.cpu_count()} cores",
        f"{memory:.0f} GB",
        f"Linux {platform.release().split('-')[0]}",
        f"Python {platform.python_version()}",
    ]
    load = os.getloadavg()[0]
    return ", ".join(
        [*parts, *([f"PostgreSQL {postgres}"] if postgres else []), f"load {load:.1f}"]
    )


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return " ".join(line.partition(":")[2].split())
    return platform.machine()


def days(*, count: int) -> tuple[date, date]:
    """Tomorrow and the last of `count` days."""
    tomorrow = datetime.now(UTC).date() + timedelta(days=1)
    return tomorrow, tomorrow + timedelta(days=count - 1)
