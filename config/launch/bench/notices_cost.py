"""What messages cost: the processes that are at work, their memory and their processor time."""

import os
from pathlib import Path

from config.launch import owned, postgres
from config.launch.bench.house import House

PAGE = os.sysconf("SC_PAGE_SIZE")


def workers(house: House) -> list[int]:
    """The senders and the processes in which they send."""
    return [
        pid
        for pid in owned.left_behind(state=house.state / "app")
        if "notices@%h" in owned.command_line(pid)
    ]


def processor(house: House, sink: int) -> dict[str, float]:
    """Seconds of processor that each kind of process has used."""
    used = {"workers": 0.0, "PostgreSQL": 0.0, "mail server": _seconds(sink), "other": 0.0}
    used["PostgreSQL"] = sum(map(_seconds, _database(house)))
    senders = workers(house)
    ours = {*owned.left_behind(state=house.state), *owned.left_behind(state=house.state / "app")}
    for pid in ours - {sink, *_database(house)}:
        used["workers" if pid in senders else "other"] += _seconds(pid)
    return used


def _database(house: House) -> list[int]:
    """The server and its processes, which rename themselves and lose their mark."""
    data = postgres.find_home(state=house.state).data
    server = int((data / "postmaster.pid").read_text().splitlines()[0])
    found = [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]
    return [server, *(pid for pid in found if _parent(pid) == server)]


def _parent(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def _seconds(pid: int) -> float:
    """Processor time of a process and of its children that have ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


def resident(pid: int) -> int:
    """Bytes of memory that a process holds."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE
    except (OSError, IndexError):
        return 0
