"""What the engines said, kept in rows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Max
from numpy.typing import NDArray

from config.core.clock import now
from scheduling.engines.asking import Cells
from scheduling.engines.estimate import Bound, excesses
from scheduling.models import TravelTime
from scheduling.travel import Matrix, Place

# "No road" may be a fault of the map or of the server: it is asked again the next day.
NO_ROAD_KEPT = timedelta(days=1)
# While the engine is down an old answer is still better than an estimate: kept so many lives.
LIVES = 4
BATCH = 10_000

# Columns instead of rows: a plan's table has hundreds of thousands of drives (ten times as fast).
_TOLD = """
array_agg(seconds), array_agg(metres),
array_agg(fetched_at >= CASE WHEN seconds IS NULL THEN %s::timestamptz ELSE %s::timestamptz END)
"""
_TABLE = f"""
SELECT {_TOLD}, array_agg(origin), array_agg(destination)
  FROM scheduling_traveltime
 WHERE engine = %s AND origin = ANY(%s::bigint[]) AND destination = ANY(%s::bigint[])
"""  # noqa: S608 -- both parts are written here
_PAIRS = f"""
SELECT {_TOLD}, array_agg(pair - 1)
  FROM scheduling_traveltime
  JOIN unnest(%s::bigint[], %s::bigint[]) WITH ORDINALITY AS asked (origin, destination, pair)
       USING (origin, destination)
 WHERE engine = %s
"""  # noqa: S608
_WRITE = """
INSERT INTO scheduling_traveltime
       (engine, fetched_at, origin, destination, seconds, metres, ratio, excess_seconds)
SELECT %s, %s, told.*
  FROM unnest(%s::bigint[], %s::bigint[], %s::float8[]::int[], %s::float8[]::int[], %s::float8[],
              %s::float8[]::int[]) AS told
    ON CONFLICT (engine, origin, destination) DO UPDATE
   SET fetched_at = excluded.fetched_at, seconds = excluded.seconds, metres = excluded.metres,
       ratio = excluded.ratio, excess_seconds = excluded.excess_seconds
"""
_SHIFT = np.array([90.0, 180.0])

Codes = NDArray[np.int64]
Mask = NDArray[np.bool_]


def codes(places: Sequence[Place]) -> Codes:
    """Number each place by its square of five decimals (about a metre), (n,)."""
    degrees = np.array([(place.latitude, place.longitude) for place in places], dtype=np.float64)
    steps = np.rint((degrees.reshape(-1, 2) + _SHIFT) * 1e5).astype(np.int64)
    numbers: Codes = steps[:, 0] << 26 | steps[:, 1]
    return numbers


def place_of(code: int) -> Place:
    """Return the place with this number."""
    latitude, longitude = (code >> 26) / 1e5 - 90, (code & (1 << 26) - 1) / 1e5 - 180
    return Place(round(latitude, 5), round(longitude, 5))


def read(*, engine: str, origins: Codes, destinations: Codes) -> Cells:
    """Return what is known of a whole table of distinct places, ascending, in one query."""
    cells = Cells.unknown(origins.size, destinations.size)
    found = _fetch(_TABLE, [engine, _array(origins), _array(destinations)])
    if found:
        *told, row, column = found
        _fill(
            cells, told, at=(np.searchsorted(origins, row), np.searchsorted(destinations, column))
        )
    return cells


def read_pairs(*, engine: str, origins: Codes, destinations: Codes) -> Cells:
    """Return what is known of k pairs, as a table of one column, in one query."""
    cells = Cells.unknown(origins.size, 1)
    found = _fetch(_PAIRS, [_array(origins), _array(destinations), engine])
    if found:
        *told, row = found
        _fill(cells, told, at=(np.array(row), np.zeros(len(row), dtype=np.int64)))
    return cells


def _fetch(query: str, values: list[str]) -> list[list[Any]] | None:
    """Return the columns of a query that begins with what was told; None if nothing was."""
    limit = now() - timedelta(days=settings.TRAVEL_CACHE_DAYS)
    with connection.cursor() as cursor:
        cursor.execute(query, [max(limit, now() - NO_ROAD_KEPT), limit, *values])
        columns = cursor.fetchone()
    return list(columns) if columns and columns[0] is not None else None


def _fill(cells: Cells, told: list[list[Any]], *, at: tuple[NDArray[np.intp], ...]) -> None:
    seconds, metres, fresh = told
    cells.seconds[at] = np.array(seconds, dtype=np.float64)  # null is nan
    cells.metres[at] = np.array(metres, dtype=np.float64)
    cells.fresh[at] = fresh


def keep(
    *, engine: str, origins: Codes, destinations: Codes, cells: Cells, straight: Matrix
) -> None:
    """Keep what a server told just now, once the surrounding transaction has ended.

    Inside a booking nothing is locked and nothing can fail for it: the rows are written after its
    commit, in statements of their own, in one order for all writers. A failure is logged.
    """
    ratio, excess = excesses(cells.seconds, straight)
    row, column = np.nonzero(cells.told)  # by origin, then by destination: both ascend
    told = [
        origins[row],
        destinations[column],
        *(table[row, column] for table in (cells.seconds, cells.metres, ratio, excess)),
    ]
    at = now()
    transaction.on_commit(lambda: _write(engine, at, told), robust=True)


def _write(engine: str, at: datetime, told: list[NDArray[Any]]) -> None:
    with connection.cursor() as cursor:
        for first in range(0, told[0].size, BATCH):
            batch = [_array(column[first : first + BATCH]) for column in told]
            cursor.execute(_WRITE, [engine, at, *batch])


def bound(*, engine: str) -> Bound:
    """Return how much longer than the straight estimate this engine's drives have been."""
    most = TravelTime.objects.filter(engine=engine).aggregate(
        ratio=Max("ratio"), excess=Max("excess_seconds")
    )
    return Bound(
        ratio=max(settings.TRAVEL_FALLBACK_FACTOR, most["ratio"] or 0.0),
        excess_seconds=max(most["excess"] or 0, 0),
    )


def forget_old() -> int:
    """Delete what was not asked again for long, and return how many rows that were."""
    limit = now() - LIVES * timedelta(days=settings.TRAVEL_CACHE_DAYS)
    return TravelTime.objects.filter(fetched_at__lt=limit).delete()[0]


def _array(values: NDArray[Any]) -> str:
    """Write numbers as PostgreSQL reads an array, nan as null."""
    return "{" + ",".join(map(str, values.tolist())).replace("nan", "NULL") + "}"
