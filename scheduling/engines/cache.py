"""What the engines said, kept in rows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import timedelta

import numpy as np
from django.conf import settings
from django.db import transaction
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
BATCH = 2000
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
    """Return what is known of a whole table of distinct places, in one query."""
    cells = Cells.unknown(origins.size, destinations.size)
    row_of = {code: row for row, code in enumerate(origins.tolist())}
    column_of = {code: column for column, code in enumerate(destinations.tolist())}
    rows = TravelTime.objects.filter(
        engine=engine, origin__in=list(row_of), destination__in=list(column_of)
    ).values_list("origin", "destination", "seconds", "metres", "fetched_at")
    limit = now() - timedelta(days=settings.TRAVEL_CACHE_DAYS)
    no_road_limit = max(limit, now() - NO_ROAD_KEPT)
    for origin, destination, seconds, metres, fetched_at in rows:
        cell = row_of[origin], column_of[destination]
        cells.seconds[cell] = math.nan if seconds is None else seconds
        cells.metres[cell] = math.nan if metres is None else metres
        cells.fresh[cell] = fetched_at >= (no_road_limit if seconds is None else limit)
    return cells


def keep(
    *, engine: str, origins: Codes, destinations: Codes, cells: Cells, straight: Matrix
) -> None:
    """Keep what a server told just now, once the surrounding transaction has ended.

    Inside a booking nothing is locked and nothing can fail for it: the rows are written after its
    commit, in a statement of their own, in one order for all writers. A failure is logged.
    """
    ratio, excess = excesses(cells.seconds, straight)
    at = now()
    rows = [
        TravelTime(
            engine=engine,
            origin=int(origins[row]),
            destination=int(destinations[column]),
            seconds=_whole(cells.seconds[row, column]),
            metres=_whole(cells.metres[row, column]),
            ratio=None if math.isnan(ratio[row, column]) else float(ratio[row, column]),
            excess_seconds=_whole(excess[row, column]),
            fetched_at=at,
        )
        for row, column in np.argwhere(cells.told)
    ]
    rows.sort(key=lambda travel_time: (travel_time.origin, travel_time.destination))
    transaction.on_commit(lambda: _write(rows), robust=True)


def _write(rows: list[TravelTime]) -> None:
    TravelTime.objects.bulk_create(
        rows,
        batch_size=BATCH,
        update_conflicts=True,
        unique_fields=["engine", "origin", "destination"],
        update_fields=["seconds", "metres", "ratio", "excess_seconds", "fetched_at"],
    )


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


def _whole(value: float) -> int | None:
    return None if math.isnan(value) else int(value)
