"""What a run cost in processor time, whoever else was at the machine."""

import os
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

TICK_MS = 1000 / os.sysconf("SC_CLK_TCK")
PARTS = {"gunicorn": "site", "postgres": "PostgreSQL"}


@contextmanager
def counted() -> Iterator[Counter[str]]:
    """Count, until the end of the block, the milliseconds of the site, PostgreSQL and all."""
    spent: Counter[str] = Counter()
    before = _so_far()
    yield spent
    spent.update({part: ms - before.get(part, 0) for part, ms in _so_far().items()})


def _so_far() -> Mapping[str, int]:
    """Read it of every process below this one, those that ended among them, and of the machine."""
    parents: dict[int, int] = {}
    spent: dict[int, float] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it has just ended
        parents[int(folder.name)] = int(fields[1])
        spent[int(folder.name)] = sum(int(field) for field in fields[11:15]) * TICK_MS
    found: Counter[str] = Counter()
    for pid, ms in spent.items():
        if part := _part(pid, parents):
            found[part] += round(ms)
    user, nice, system, _, _, *others = map(int, Path("/proc/stat").read_text().split()[1:9])
    found["all"] = round(TICK_MS * (user + nice + system + sum(others)))
    return found


def _part(pid: int, parents: Mapping[int, int]) -> str:
    """Say which part of ours a process belongs to; none of it if it is not below this one."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    except OSError:
        return ""
    above = pid
    while above not in (0, os.getpid()):
        above = parents.get(above, 0)
    named = (part for word, part in PARTS.items() if word in words)
    return next(named, "") if above else ""
