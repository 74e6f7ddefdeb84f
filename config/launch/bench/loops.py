"""The slot search as it is measured against: plain Python, and C where there is a compiler.

Rows are columns of equal length; instants are whole minutes from a common zero.
"""

import ctypes
import math
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

SOURCE = Path(__file__).with_name("slots.c")
EARTH_KM, DETOUR, KM_PER_HOUR = 6371.0088, 1.3, 40.0
COMPILERS = ("cc", "gcc", "clang")
FAR = 10**9
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Rows:
    """Free stretches, each nurse's together and ascending; places by number.

    `places` are latitudes and longitudes in degrees, (m, 2).
    """

    nurse: Ints
    opens: Ints
    closes: Ints
    ready: Ints
    due: Ints
    before: Ints
    after: Ints
    between: Ints
    spare_driving: Ints
    spare_working: Ints
    places: Floats

    @property
    def columns(self) -> list[Ints]:
        """All but the places, in the order of their names above."""
        return [getattr(self, field.name) for field in fields(self) if field.name != "places"]


@dataclass(frozen=True)
class Asked:
    """A visit of `minutes` at `here`, in degrees, at one of the starts."""

    here: tuple[float, float]
    minutes: int
    starts: Ints


Prepare = Callable[[Rows, Asked], Callable[[], Ints]]


def plain(rows: Rows, asked: Asked) -> Ints:
    """Count the nurses for each start, in Python alone."""
    starts, here = asked.starts.tolist(), unit(np.array([asked.here]))[0].tolist()
    drives = [_drive(place, here) for place in unit(rows.places).tolist()]
    zero, many, index = starts[0], len(starts), _index(starts)
    counts, reached, whose, last = [0] * (many + 1), 0, -1, len(index) - 1
    for nurse, opens, closes, ready, due, before, after, between, driving, working in zip(
        *(column.tolist() for column in rows.columns), strict=True
    ):
        to, on = drives[before], drives[after]
        if nurse != whose:
            whose, reached = nurse, 0
        extra = to + on - between
        earliest = max(opens, ready + to) - zero
        latest = min(closes, due - on) - asked.minutes - zero + 1
        if extra > driving or extra + asked.minutes > working or earliest >= latest:
            continue
        first = max(index[min(max(earliest, 0), last)], reached)
        stop = index[min(max(latest, 0), last)]
        if first < stop:
            reached = stop
            counts[first] += 1
            counts[stop] -= 1
    return np.cumsum(counts[:many])


def _index(starts: list[int]) -> list[int]:
    """For each minute from the first start on, how many starts lie before it."""
    index: list[int] = []
    for number, start in enumerate(starts):
        index += [number] * (start - starts[0] + 1 - len(index))
    return [*index, len(starts)]


def _drive(here: list[float], there: list[float]) -> int:
    half = min(math.dist(here, there) / 2, 1.0)
    metres = round(1000 * DETOUR * EARTH_KM * 2 * math.asin(half))
    return math.ceil(metres / 1000 / KM_PER_HOUR * 60 - 1e-9)


def compiled(folder: Path) -> Prepare | None:
    """The C loop, compiled with -O3; None on a machine without a compiler."""
    compiler = next(filter(None, map(shutil.which, COMPILERS)), None)
    if compiler is None:
        return None
    folder.mkdir(parents=True, exist_ok=True)
    library = folder / "slots.so"
    command = [compiler, "-O3", "-shared", "-fPIC", "-o", str(library), str(SOURCE), "-lm"]
    if subprocess.run(command, capture_output=True).returncode:
        return None
    count_starts = ctypes.CDLL(str(library)).count_starts

    def prepared(rows: Rows, asked: Asked) -> Callable[[], Ints]:
        starts, here = asked.starts, unit(np.array([asked.here]))
        places = unit(rows.places)  # ours are given as unit vectors as well
        counts = np.empty(len(starts) + 1, dtype=np.int64)
        index = np.empty(int(starts[-1] - starts[0]) + 2, dtype=np.int32)
        drives = np.empty(len(places), dtype=np.int64)
        columns = rows.columns
        arguments = (
            ctypes.c_int64(len(rows.nurse)),
            *(_address(column) for column in (*columns, places)),
            ctypes.c_int64(len(places)),
            _address(here),
            ctypes.c_int64(asked.minutes),
            ctypes.c_int64(len(starts)),
            *(_address(given) for given in (starts, index, drives, counts)),
        )

        def search() -> Ints:
            count_starts(*arguments)
            return counts[:-1]

        return search

    return prepared


def _address(array: NDArray[np.generic]) -> ctypes.c_void_p:
    return array.ctypes.data_as(ctypes.c_void_p)  # which keeps the array


def made_up(*, nurses: int, days: int = 28, seed: int = 1) -> tuple[Rows, Asked]:
    """Nurse-days of three visits each, four free stretches, and a long visit that is asked for."""
    draw = np.random.default_rng(seed)
    count = nurses * days
    midnight = np.tile(np.arange(days) * 1440, nurses)[:, None]
    begins = midnight + draw.integers([480, 720, 945], [601, 781, 1066], (count, 3)) // 15 * 15
    opens = np.hstack([midnight + 450, begins + 105])
    closes = np.hstack([begins, midnight + 1230])
    homes = draw.normal([41.87, -87.72], 0.11, (nurses, 2))
    visits = np.repeat(homes, days * 3, axis=0) + draw.uniform(-0.05, 0.05, (count * 3, 2))
    places = np.concatenate([homes, visits])
    home = np.repeat(np.arange(nurses), days)[:, None]
    visit = nurses + np.arange(count * 3).reshape(count, 3)
    before = np.hstack([home, visit]).reshape(-1)
    after = np.hstack([visit, home]).reshape(-1)
    points = unit(places).tolist()
    between = [_drive(points[a], points[b]) for a, b in zip(before, after, strict=True)]
    many = count * 4
    rows = Rows(
        nurse=np.repeat(np.arange(nurses), days * 4),
        opens=opens.reshape(-1),
        closes=closes.reshape(-1),
        ready=opens.reshape(-1),
        due=closes.reshape(-1),
        before=before,
        after=after,
        between=np.array(between),
        spare_driving=draw.integers(20, 120, many),
        spare_working=np.full(many, FAR),
        places=places,
    )
    quarter_hours = np.arange(480, 1010, 15)
    starts = (np.arange(days)[:, None] * 1440 + quarter_hours).reshape(-1)
    return rows, Asked(here=(41.885, -87.7845), minutes=105, starts=starts)


def unit(degrees: Floats) -> Floats:
    """Unit vectors, (n, 3), of latitudes and longitudes, (n, 2)."""
    lat, lon = np.radians(degrees).T
    vectors = [np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)]
    return np.ascontiguousarray(np.stack(vectors, axis=1))
