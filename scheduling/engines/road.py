"""Travel by road: what is kept, else what the engine says, else an estimate that is no shorter."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from django.conf import settings
from django.db import transaction
from numpy.typing import NDArray

from config.core import heartbeats
from scheduling.engines import cache
from scheduling.engines.asking import Cells, Question
from scheduling.engines.breaker import Breaker
from scheduling.engines.estimate import FARTHEST_METRES, STRAIGHT, estimate, whole_minutes
from scheduling.engines.servers import Server, Unanswered
from scheduling.travel import Matrix, Place

MOST_PLACES = 100  # of a table asked for the sake of pairs
SILENT = "travel_engine_silent"
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Road:
    """A routing server behind the cache.

    Attributes
    ----------
    budget_seconds
        How long one table may ask; a page's is short, a plan's may be long.
    """

    server: Server
    breaker: Breaker
    budget_seconds: float

    def table(self, sources: Sequence[Place], destinations: Sequence[Place]) -> Matrix:
        """Travel from each of n sources to each of m destinations, (n, m).

        Coordinates are rounded to five decimals; a place is no drive away from itself.
        """
        origins, row_of = np.unique(cache.codes(sources), return_inverse=True)
        ends, column_of = np.unique(cache.codes(destinations), return_inverse=True)
        everything = np.ones((origins.size, ends.size), dtype=np.bool_)
        until = time.monotonic() + self.budget_seconds
        drives = self._drives(origins, ends, needed=everything, until=until)
        cells = np.ix_(row_of, column_of)
        return Matrix(
            seconds=drives.seconds[cells],
            metres=drives.metres[cells],
            estimated=drives.estimated[cells],
        )

    def pairs(self, sources: Sequence[Place], destinations: Sequence[Place]) -> Matrix:
        """Travel from each of k sources to its own destination, (k,): what `table` says of each.

        What is known is read in one query, however many they are; the rest is asked in tables of
        those that follow each other.
        """
        until = time.monotonic() + self.budget_seconds
        origins, ends = cache.codes(sources), cache.codes(destinations)
        cells = cache.read_pairs(engine=self.server.name, origins=origins, destinations=ends)
        stays = origins == ends
        cells.seconds[stays] = cells.metres[stays] = 0
        drives = _matrix(cells)
        missing = np.flatnonzero(~stays & ~(cells.fresh & ~np.isnan(cells.seconds))[:, 0])
        for part in _neighbours(missing, origins, ends):
            rows, row = np.unique(origins[part], return_inverse=True)
            columns, column = np.unique(ends[part], return_inverse=True)
            needed = np.zeros((rows.size, columns.size), dtype=np.bool_)
            needed[row, column] = True
            found = self._drives(rows, columns, needed=needed, until=until)
            drives.seconds[part, 0] = found.seconds[row, column]
            drives.metres[part, 0] = found.metres[row, column]
            drives.estimated[part, 0] = found.estimated[row, column]
        return Matrix(drives.seconds[:, 0], drives.metres[:, 0], drives.estimated[:, 0])

    def matrix(self, places: Sequence[Place]) -> Matrix:
        """Travel from each of n places to each other, (n, n), zero on the diagonal."""
        return self.table(places, places)

    def minutes(self, here: Place, there: Place) -> int:
        """Whole minutes from one place to another, rounded up."""
        return int(self.table([here], [there]).seconds[0, 0]) // 60

    def metres(self, here: Place, there: Place) -> int:
        """Metres of road from one place to another."""
        return int(self.table([here], [there]).metres[0, 0])

    def _drives(
        self, origins: cache.Codes, ends: cache.Codes, *, needed: cache.Mask, until: float
    ) -> Matrix:
        """Travel between distinct places by their numbers; asked only for what is needed."""
        cells = cache.read(engine=self.server.name, origins=origins, destinations=ends)
        stays = origins[:, None] == ends[None, :]
        cells.seconds[stays] = cells.metres[stays] = 0
        cells.fresh |= stays
        if np.all(cells.fresh & ~np.isnan(cells.seconds)):
            return _matrix(cells)
        straight = STRAIGHT.table(
            [cache.place_of(code) for code in origins.tolist()],
            [cache.place_of(code) for code in ends.tolist()],
        )
        wanted = needed & ~cells.fresh & (straight.metres <= FARTHEST_METRES)
        if wanted.any() and time.monotonic() < until and self.breaker.lets_ask():
            self._ask(origins, ends, wanted=wanted, until=until, into=cells)
            cells.seconds[stays] = cells.metres[stays] = 0
            cells.told &= wanted  # a block may hold more than that
            cache.keep(
                engine=self.server.name,
                origins=origins,
                destinations=ends,
                cells=cells,
                straight=straight,
            )
        return self._filled(cells, straight)

    def _ask(
        self,
        origins: cache.Codes,
        ends: cache.Codes,
        *,
        wanted: cache.Mask,
        until: float,
        into: Cells,
    ) -> None:
        """Ask the server, and note whether it is well."""
        question = Question(
            server=self.server,
            origins=[cache.place_of(code) for code in origins.tolist()],
            destinations=[cache.place_of(code) for code in ends.tolist()],
            request_seconds=settings.TRAVEL_SECONDS,
            until=until,
        )
        try:
            question.ask(wanted=wanted, into=into)
        except Unanswered as error:
            self.breaker.failed()
            log.warning("%s does not answer (%s): drives are estimated", self.server.name, error)
            transaction.on_commit(lambda: heartbeats.beat(SILENT), robust=True)
        else:
            if self.breaker.answered():
                log.warning("%s answers again", self.server.name)
                transaction.on_commit(lambda: heartbeats.forget(SILENT), robust=True)

    def _filled(self, cells: Cells, straight: Matrix) -> Matrix:
        """Estimate what is still not known; what is known stays as it was told, however old."""
        unknown = np.isnan(cells.seconds)
        if not unknown.any():
            return _matrix(cells)
        guess = estimate(straight, cache.bound(engine=self.server.name))
        return Matrix(
            seconds=whole_minutes(np.where(unknown, guess, cells.seconds)),
            metres=np.where(unknown, straight.metres, cells.metres).astype(np.int32),
            estimated=unknown,
        )


def _matrix(cells: Cells) -> Matrix:
    """Take cells as they are; what is not known is nothing."""
    return Matrix(
        seconds=whole_minutes(np.nan_to_num(cells.seconds)),
        metres=np.nan_to_num(cells.metres).astype(np.int32),
        estimated=np.zeros(cells.seconds.shape, dtype=np.bool_),
    )


def _neighbours(
    missing: NDArray[np.intp], origins: cache.Codes, ends: cache.Codes
) -> Iterator[NDArray[np.intp]]:
    """Cut what is missing where a table of it would hold too many places."""
    begin, places = 0, set[int]()
    for stop, pair in enumerate(missing.tolist()):
        places |= {int(origins[pair]), int(ends[pair])}
        if len(places) > MOST_PLACES:
            yield missing[begin:stop]
            begin, places = stop, {int(origins[pair]), int(ends[pair])}
    if begin < missing.size:
        yield missing[begin:]
