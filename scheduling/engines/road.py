"""Travel by road: what is kept, else what the engine says, else an estimate that is no shorter."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from django.conf import settings
from django.db import transaction

from config.core import heartbeats
from scheduling.engines import cache
from scheduling.engines.asking import Cells, Question
from scheduling.engines.breaker import Breaker
from scheduling.engines.estimate import FARTHEST_METRES, STRAIGHT, estimate, whole_minutes
from scheduling.engines.servers import Server, Unanswered
from scheduling.travel import Matrix, Place

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
        drives = self._drives(origins, ends)
        cells = np.ix_(row_of, column_of)
        return Matrix(
            seconds=drives.seconds[cells],
            metres=drives.metres[cells],
            estimated=drives.estimated[cells],
        )

    def matrix(self, places: Sequence[Place]) -> Matrix:
        """Travel from each of n places to each other, (n, n), zero on the diagonal."""
        return self.table(places, places)

    def minutes(self, here: Place, there: Place) -> int:
        """Whole minutes from one place to another, rounded up."""
        return int(self.table([here], [there]).seconds[0, 0]) // 60

    def metres(self, here: Place, there: Place) -> int:
        """Metres of road from one place to another."""
        return int(self.table([here], [there]).metres[0, 0])

    def _drives(self, origins: cache.Codes, ends: cache.Codes) -> Matrix:
        """Travel between distinct places by their numbers."""
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
        wanted = ~cells.fresh & (straight.metres <= FARTHEST_METRES)
        if wanted.any() and self.breaker.lets_ask():
            self._ask(origins, ends, wanted=wanted, into=cells)
            cache.keep(
                engine=self.server.name,
                origins=origins,
                destinations=ends,
                cells=cells,
                straight=straight,
            )
        return self._filled(cells, straight)

    def _ask(
        self, origins: cache.Codes, ends: cache.Codes, *, wanted: cache.Mask, into: Cells
    ) -> None:
        """Ask the server, and note whether it is well."""
        question = Question(
            server=self.server,
            origins=[cache.place_of(code) for code in origins.tolist()],
            destinations=[cache.place_of(code) for code in ends.tolist()],
            request_seconds=settings.TRAVEL_SECONDS,
            budget_seconds=self.budget_seconds,
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
    return Matrix(
        seconds=whole_minutes(cells.seconds),
        metres=cells.metres.astype(np.int32),
        estimated=np.zeros(cells.seconds.shape, dtype=np.bool_),
    )
