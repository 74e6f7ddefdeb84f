"""Choosing routes: each visit in one, each nurse on at most one (HiGHS underneath).

The relaxation of set partitioning; Huangfu & Hall (2018), Math. Prog. Comp. 10, for the solver.
"""

from dataclasses import dataclass

import highspy
import numpy as np
from numpy.typing import NDArray

from scheduling.routing.routes import Key, Routes
from scheduling.routing.values import UNASSIGNED_METRES, Unsolvable

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

METRES = 1000.0
"""Costs are handed over in kilometres, which keeps the numbers near each other."""


def highs(**options: float | str) -> highspy.Highs:
    """Return a quiet HiGHS on one thread.

    It must be one everywhere: instances with different `threads` in one process get in each
    other's way and end with an objective of zero.
    """
    model = highspy.Highs()  # type: ignore[no-untyped-call]
    for name, value in {"output_flag": False, "threads": 1, **options}.items():
        if model.setOptionValue(name, value) != highspy.HighsStatus.kOk:
            raise Unsolvable(f"HiGHS refuses {name} = {value}")
    return model


@dataclass(frozen=True, slots=True)
class Sizes:
    """How many rows there are: visits first, then nurses.

    Attributes
    ----------
    optional
        (visits,) may be left over; the others come with their nurse's every route.
    must
        (nurses,) has a route in any case.
    """

    optional: Bools
    must: Bools

    @property
    def visits(self) -> int:
        return len(self.optional)

    @property
    def nurses(self) -> int:
        return len(self.must)


@dataclass(frozen=True, slots=True)
class Relaxed:
    """An optimum of the linear relaxation, in metres.

    Attributes
    ----------
    visit_duals, nurse_duals
        What covering a visit is worth, and what one more route of a nurse would be.
    share
        (routes,) how much of each route is taken.
    """

    metres: float
    visit_duals: Floats
    nurse_duals: Floats
    share: Floats


def frame(model: highspy.Highs, sizes: Sizes, *, price: float) -> None:
    """Lay out the rows, and a column for each visit that it is left over."""
    none = np.zeros(0, dtype=np.int32)
    rows = sizes.visits + sizes.nurses
    low = np.concatenate([sizes.optional, sizes.must]).astype(np.float64)
    high = np.concatenate([np.where(sizes.optional, 1.0, np.inf), np.ones(sizes.nurses)])
    model.addRows(rows, low, high, 0, none, none, np.zeros(0))
    each = np.arange(sizes.visits)
    blocks(model, np.full(sizes.visits, price), each, each, np.ones(sizes.visits))
    for visit in np.flatnonzero(~sizes.optional):
        model.changeColBounds(int(visit), 0.0, 0.0)


def blocks(
    model: highspy.Highs, costs: NDArray[np.generic], begins: Ints, rows: Ints, values: Floats
) -> None:
    """Add columns, each from zero up: their costs in metres, where each begins, rows, values."""
    count = len(costs)
    model.addCols(
        count,
        np.asarray(costs, dtype=np.float64) / METRES,
        np.zeros(count),
        np.full(count, np.inf),
        len(rows),
        begins.astype(np.int32),
        rows.astype(np.int32),
        values,
    )


def columns(sizes: Sizes, routes: Routes) -> tuple[Ints, Ints]:
    """Return where each route's rows begin, and the rows."""
    rows = np.column_stack([routes.stops, sizes.visits + routes.nurse])
    met = rows >= 0
    lengths = met.sum(axis=1)
    return np.cumsum(lengths) - lengths, rows[met]


class Master:
    """The linear relaxation, growing by columns."""

    def __init__(self, sizes: Sizes) -> None:
        self.sizes = sizes
        self.routes: list[Routes] = []
        self.known: set[Key] = set()
        # 0 lets it take the primal method after new columns and the dual after new rows.
        self.model = highs(presolve="off", simplex_strategy=0)
        frame(self.model, sizes, price=UNASSIGNED_METRES)

    def price(self, metres: float) -> None:
        """Set what a visit left over costs."""
        each = np.arange(self.sizes.visits, dtype=np.int32)
        self.model.changeColsCost(len(each), each, np.full(len(each), metres / METRES))

    def add(self, routes: Routes) -> int:
        """Add the routes that are new; return how many were."""
        fresh = []
        for row, key in enumerate(routes.named()):
            if key not in self.known:
                self.known.add(key)
                fresh.append(row)
        if fresh:
            new = routes.take(np.array(fresh))
            begins, rows = columns(self.sizes, new)
            blocks(self.model, new.cost, begins, rows, np.ones(len(rows)))
            self.routes.append(new)
        return len(fresh)

    def fix(self, route: int, value: float | None) -> None:
        """Take a route wholly (1) or as the solver likes (None)."""
        low, high = (0.0, np.inf) if value is None else (value, value)
        self.model.changeColBounds(self.sizes.visits + route, low, high)

    def solve(self) -> Relaxed:
        """Return the optimum over the routes so far."""
        self.model.run()
        status = self.model.getModelStatus()
        if status != highspy.HighsModelStatus.kOptimal:
            raise Unsolvable(f"the relaxation ended {status}")
        solution = self.model.getSolution()
        visits, nurses = np.split(METRES * np.array(solution.row_dual), [self.sizes.visits])
        return Relaxed(
            METRES * self.model.getInfo().objective_function_value,
            np.where(self.sizes.optional, visits, 0.0),
            nurses,
            np.array(solution.col_value)[self.sizes.visits :],
        )
