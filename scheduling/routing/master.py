"""Choosing routes: each visit in at most one, each nurse on at most one (HiGHS underneath)."""

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
    model = highspy.Highs()
    for name, value in {"output_flag": False, "threads": 1, **options}.items():
        if model.setOptionValue(name, value) != highspy.HighsStatus.kOk:
            raise Unsolvable(f"HiGHS knows no option {name}")
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
        What covering a visit is worth, and what one more route of a nurse would be (<= 0).
    share
        (routes,) how much of each route is taken.
    """

    metres: float
    visit_duals: Floats
    nurse_duals: Floats
    share: Floats


def _rows(sizes: Sizes, routes: Routes) -> tuple[Ints, Ints]:
    """Return where each column begins and which rows it meets, as HiGHS wants them."""
    rows = np.column_stack([routes.stops, sizes.visits + routes.nurse])
    met = rows >= 0
    lengths = met.sum(axis=1)
    return np.cumsum(lengths) - lengths, rows[met]


class Master:
    """The linear relaxation, growing by columns."""

    def __init__(self, sizes: Sizes, *, price: float = UNASSIGNED_METRES) -> None:
        self.sizes = sizes
        self.routes: list[Routes] = []
        self.known: set[Key] = set()
        self.model = highs(presolve="off")
        visits, nurses = sizes.visits, sizes.nurses
        none = np.zeros(0, dtype=np.int32)
        low = np.concatenate([np.where(sizes.optional, 1.0, 0.0), np.where(sizes.must, 1.0, 0.0)])
        self.model.addRows(
            visits + nurses, low, np.ones(visits + nurses), 0, none, none, np.zeros(0)
        )
        each = np.arange(visits, dtype=np.int32)
        self.model.addCols(
            visits,
            np.full(visits, price / METRES),
            np.zeros(visits),
            np.where(sizes.optional, np.inf, 0.0),
            visits,
            each,
            each,
            np.ones(visits),
        )

    def price(self, metres: float) -> None:
        """Set what a visit left over costs."""
        visits = self.sizes.visits
        each = np.arange(visits, dtype=np.int32)
        self.model.changeColsCost(visits, each, np.full(visits, metres / METRES))

    def add(self, routes: Routes) -> int:
        """Add the routes that are new; return how many were."""
        fresh = []
        for row, key in enumerate(routes.keys()):
            if key not in self.known:
                self.known.add(key)
                fresh.append(row)
        if not fresh:
            return 0
        new = routes.take(np.array(fresh))
        begins, rows = _rows(self.sizes, new)
        count = len(new)
        self.model.addCols(
            count,
            new.cost / METRES,
            np.zeros(count),
            np.full(count, np.inf),
            len(rows),
            begins.astype(np.int32),
            rows.astype(np.int32),
            np.ones(len(rows)),
        )
        self.routes.append(new)
        return count

    def fix(self, column: int, value: float | None) -> None:
        """Take a route wholly (1), never (0) or as the solver likes."""
        low, high = (0.0, np.inf) if value is None else (value, value)
        self.model.changeColBounds(self.sizes.visits + column, low, high)

    def solve(self) -> Relaxed:
        """Return the optimum over the columns so far."""
        self.model.run()
        status = self.model.getModelStatus()
        if status != highspy.HighsModelStatus.kOptimal:
            raise Unsolvable(f"the relaxation ended {status}")
        solution = self.model.getSolution()
        duals = METRES * np.array(solution.row_dual)
        visits = self.sizes.visits
        return Relaxed(
            METRES * self.model.getInfo().objective_function_value,
            np.where(self.sizes.optional, duals[:visits], 0.0),
            duals[visits:],
            np.array(solution.col_value)[visits:],
        )
