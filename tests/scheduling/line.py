"""A straight road on which a kilometre is a minute, so that days can be told by hand."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scheduling.travel import Matrix, Place


def at_km(km: int) -> Place:
    """A place so many kilometres, and minutes, from home."""
    return Place(latitude=0.0, longitude=km / 1000)


class Line:
    """Travel along the road."""

    def table(self, sources: Sequence[Place], destinations: Sequence[Place]) -> Matrix:
        here = np.array([place.longitude for place in sources]).reshape(-1, 1)
        there = np.array([place.longitude for place in destinations]).reshape(1, -1)
        minutes = np.rint(np.abs(here - there) * 1000).astype(np.int32)
        known = np.zeros(minutes.shape, dtype=np.bool_)
        return Matrix(seconds=minutes * 60, metres=minutes * 1000, estimated=known)

    def matrix(self, places: Sequence[Place]) -> Matrix:
        return self.table(places, places)

    def minutes(self, here: Place, there: Place) -> int:
        return int(self.table([here], [there]).seconds[0, 0]) // 60

    def metres(self, here: Place, there: Place) -> int:
        return int(self.table([here], [there]).metres[0, 0])


LINE = Line()
