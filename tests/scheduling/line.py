"""A straight road on which a kilometre is a minute, so that days can be told by hand."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from scheduling.travel import Matrix, Place


def at_km(km: int) -> Place:
    """A place so many kilometres, and minutes, from home."""
    return Place(latitude=0.0, longitude=km / 1000)


class Line:
    """Travel along the road."""

    def table(self, sources: Sequence[Place], destinations: Sequence[Place]) -> Matrix:
        here, there = _kilometres(sources), _kilometres(destinations)
        return _matrix(here[:, None], there[None, :])

    def pairs(self, sources: Sequence[Place], destinations: Sequence[Place]) -> Matrix:
        return _matrix(_kilometres(sources), _kilometres(destinations))

    def matrix(self, places: Sequence[Place]) -> Matrix:
        return self.table(places, places)

    def minutes(self, here: Place, there: Place) -> int:
        return int(self.table([here], [there]).seconds[0, 0]) // 60

    def metres(self, here: Place, there: Place) -> int:
        return int(self.table([here], [there]).metres[0, 0])


def _kilometres(places: Sequence[Place]) -> NDArray[np.float64]:
    return np.array([place.longitude for place in places], dtype=np.float64) * 1000


def _matrix(here: NDArray[np.float64], there: NDArray[np.float64]) -> Matrix:
    minutes = np.rint(np.abs(here - there)).astype(np.int32)
    known = np.zeros(minutes.shape, dtype=np.bool_)
    return Matrix(seconds=minutes * 60, metres=minutes * 1000, estimated=known)


LINE = Line()
