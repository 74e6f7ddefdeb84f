"""The best plan that can be put together from a set of routes."""

from dataclasses import dataclass

import highspy
import numpy as np
from numpy.typing import NDArray

from scheduling.routing.clock import Clock
from scheduling.routing.master import METRES, Master, Relaxed, Sizes, _rows, highs
from scheduling.routing.routes import Routes
from scheduling.routing.values import UNASSIGNED_METRES, Unsolvable

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

BATCH = 300


@dataclass(frozen=True, slots=True)
class Packing:
    """A choice of routes.

    Attributes
    ----------
    rows
        Which routes of the table.
    metres
        What they and the visits left over cost.
    bound
        No choice from the table costs less.
    """

    rows: Ints
    metres: int
    bound: float


def cost_of(sizes: Sizes, routes: Routes) -> int:
    """Return what a plan of these routes costs."""
    covered = np.zeros(sizes.visits + 1, dtype=bool)
    covered[routes.stops] = True
    left = int((~covered[:-1] & sizes.optional).sum())
    return int(routes.cost.sum()) + UNASSIGNED_METRES * left


def relax(sizes: Sizes, routes: Routes, first: Ints) -> tuple[Relaxed, Floats]:
    """Return the relaxation over all routes, priced by looking, and their reduced costs."""
    master = Master(sizes)
    inside = np.zeros(len(routes), dtype=bool)
    inside[first] = True
    master.add(routes.take(np.flatnonzero(inside)))
    while True:
        relaxed = master.solve()
        reduced = routes.reduced(relaxed.visit_duals, relaxed.nurse_duals)
        below = np.flatnonzero((reduced < -0.01) & ~inside)
        if not len(below):
            return relaxed, reduced
        below = below[np.argsort(reduced[below], kind="stable")[:BATCH]]
        inside[below] = True
        master.add(routes.take(below))


def pack(
    sizes: Sizes,
    routes: Routes,
    start: Ints,
    *,
    clock: Clock,
    nodes: int | None = None,
    likely: Floats | None = None,
) -> Packing:
    """Return the best choice from a table that holds a plan already (`start`, its rows)."""
    known = cost_of(sizes, routes.take(start))
    order = np.argsort(routes.cost if likely is None else likely, kind="stable")
    relaxed, reduced = relax(sizes, routes, np.concatenate([start, order[: 2 * BATCH]]))
    gap = known - relaxed.metres
    if gap < 0.5:
        return Packing(start, known, relaxed.metres)
    keep = reduced <= gap
    keep[start] = True
    kept = np.flatnonzero(keep)
    model = _model(sizes, routes.take(kept))
    _begin(model, sizes, routes.take(start), np.searchsorted(kept, start))
    model.setOptionValue("time_limit", clock.left() + model.getRunTime())
    if nodes is not None:
        model.setOptionValue("mip_max_nodes", nodes)
    model.run()
    rows, bound = _answer(model, sizes, kept)
    found = cost_of(sizes, routes.take(rows))
    if found > known:
        rows, found = start, known
    return Packing(rows, found, min(max(bound, relaxed.metres), found))


def _model(sizes: Sizes, routes: Routes) -> highspy.Highs:
    """Return the choice as a binary program: columns are visits left over, then routes."""
    model = highs(mip_rel_gap=0.0, mip_abs_gap=0.0004)
    visits, rows = sizes.visits, sizes.visits + sizes.nurses
    low = np.concatenate([np.where(sizes.optional, 1.0, 0.0), np.where(sizes.must, 1.0, 0.0)])
    none = np.zeros(0, dtype=np.int32)
    model.addRows(rows, low, np.ones(rows), 0, none, none, np.zeros(0))
    left = np.flatnonzero(sizes.optional).astype(np.int32)
    each = np.arange(len(left), dtype=np.int32)
    price = UNASSIGNED_METRES / METRES
    ones = np.ones(len(left))
    model.addCols(len(left), price * ones, 0 * ones, ones, len(left), each, left, ones)
    begins, met = _rows(sizes, routes)
    ones = np.ones(len(routes))
    model.addCols(
        len(routes),
        routes.cost / METRES,
        0 * ones,
        ones,
        len(met),
        begins.astype(np.int32),
        met.astype(np.int32),
        np.ones(len(met)),
    )
    columns = len(left) + len(routes)
    kinds = np.full(columns, highspy.HighsVarType.kInteger, dtype=object)
    model.changeColsIntegrality(columns, np.arange(columns, dtype=np.int32), list(kinds))
    return model


def _begin(model, sizes, plan, rows):
    covered = np.zeros(sizes.visits + 1, dtype=bool)
    covered[plan.stops] = True
    left = ~covered[:-1][sizes.optional]
    values = np.zeros(model.getNumCol())
    values[: len(left)] = left
    values[len(left) + rows] = 1
    solution = highspy.HighsSolution()
    solution.col_value = values.tolist()
    model.setSolution(solution)


def _answer(model, sizes, kept):
    status = model.getModelStatus()
    good = highspy.HighsModelStatus
    if status not in (good.kOptimal, good.kTimeLimit, good.kSolutionLimit):
        raise Unsolvable(f"the choice of routes ended {status}")
    info = model.getInfo()
    values = np.array(model.getSolution().col_value)
    chosen = values[int(sizes.optional.sum()) :] > 0.5
    return kept[chosen], METRES * info.mip_dual_bound
