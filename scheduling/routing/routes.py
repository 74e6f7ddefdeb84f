"""Routes as columns of one table."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Key = tuple[int, tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class Routes:
    """Routes, one a row.

    Attributes
    ----------
    nurse
        (routes,) whose route it is, an index into the day.
    cost, metres
        (routes,) all it costs, and the driving alone.
    stops
        (routes, longest) visits in order, indices into the day; -1 after the last.
    """

    nurse: Ints
    cost: Ints
    metres: Ints
    stops: Ints

    def __len__(self) -> int:
        return len(self.nurse)

    def take(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> "Routes":
        """Return these rows."""
        return Routes(self.nurse[rows], self.cost[rows], self.metres[rows], self.stops[rows])

    def named(self) -> list[Key]:
        """Return what tells one route from another."""
        return [
            (nurse, tuple(stop for stop in stops if stop >= 0))
            for nurse, stops in zip(self.nurse.tolist(), self.stops.tolist(), strict=True)
        ]

    def reduced(
        self, visit_duals: NDArray[np.float64], nurse_duals: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Return the (routes,) reduced costs under these duals."""
        gain = np.append(visit_duals, 0.0)[self.stops].sum(axis=1)
        return np.asarray(self.cost - gain - nurse_duals[self.nurse])


def none() -> Routes:
    """Return no routes."""
    empty = np.zeros(0, dtype=np.int64)
    return Routes(empty, empty, empty, np.zeros((0, 1), dtype=np.int64))


def joined(parts: Iterable[Routes]) -> Routes:
    """Return all rows of several tables in one."""
    tables = [part for part in parts if len(part)] or [none()]
    longest = max(table.stops.shape[1] for table in tables)
    stops = [
        np.pad(table.stops, ((0, 0), (0, longest - table.stops.shape[1])), constant_values=-1)
        for table in tables
    ]
    return Routes(
        np.concatenate([table.nurse for table in tables]),
        np.concatenate([table.cost for table in tables]),
        np.concatenate([table.metres for table in tables]),
        np.concatenate(stops),
    )


def distinct(routes: Routes) -> Routes:
    """Return the cheapest route of each nurse over each set of visits, in a settled order."""
    if not len(routes):
        return routes
    sets = np.sort(routes.stops, axis=1)
    order = np.lexsort((routes.cost, *sets.T[::-1], routes.nurse))
    named = np.column_stack([routes.nurse, sets])[order]
    new = np.ones(len(order), dtype=bool)
    new[1:] = (named[1:] != named[:-1]).any(axis=1)
    return routes.take(order[new])
