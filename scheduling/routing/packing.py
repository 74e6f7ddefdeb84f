"""The best plan that can be put together from a table of routes."""

from collections.abc import Sequence
from dataclasses import dataclass

import highspy
import numpy as np
from numpy.typing import NDArray

from scheduling.routing.clock import Clock
from scheduling.routing.master import METRES, Sizes, blocks, columns, frame, highs
from scheduling.routing.routes import Routes
from scheduling.routing.tightening import BATCH, Set, Tight, halved, members
from scheduling.routing.values import UNASSIGNED_METRES, Unsolvable

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


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


def cost_of(sizes: Sizes, plan: Routes) -> int:
    """Return what a plan of these routes costs."""
    covered = np.zeros(sizes.visits + 1, dtype=bool)
    covered[plan.stops] = True
    left = int((~covered[:-1] & sizes.optional).sum())
    return int(plan.cost.sum()) + UNASSIGNED_METRES * left


def pack(
    sizes: Sizes,
    table: Routes,
    start: Ints,
    *,
    clock: Clock,
    likely: Floats,
    nodes: int | None = None,
    most: int | None = None,
    sets: Sequence[Set] = (),
) -> Packing:
    """Return the best choice from a table that holds a plan already.

    Parameters
    ----------
    start
        Rows of the plan known.
    likely
        (routes,) the smaller, the sooner a route is looked at.
    nodes, most
        Give up after so many nodes, and look at no more than so many routes: then what comes back
        is good rather than best, and the bound still holds.
    sets
        Cuts to begin with.
    """
    known = cost_of(sizes, table.take(start))
    order = np.argsort(likely, kind="stable")
    tight = Tight(sizes, table, np.union1d(start, order[: 2 * BATCH]))
    tight.add(list(sets))
    relaxed = tight.solve()
    gap = known - relaxed.metres
    if gap < 1:
        return Packing(start, known, relaxed.metres)
    kept = np.flatnonzero(relaxed.within(known))
    bound = np.inf
    if most is not None and len(kept) > most:
        kept = kept[np.argsort(relaxed.reduced[kept], kind="stable")[:most]]
        bound = relaxed.metres
    kept = np.union1d(kept, start)
    model = _model(sizes, table.take(kept), sets)
    _begin(model, sizes, table.take(start), np.searchsorted(kept, start))
    model.setOptionValue("time_limit", clock.left())
    if nodes is not None:
        model.setOptionValue("mip_max_nodes", nodes)
    model.run()
    rows, proven = _answer(model, sizes, kept)
    found = cost_of(sizes, table.take(rows))
    if found > known:
        rows, found = start, known
    return Packing(rows, found, min(max(proven, relaxed.metres), bound, found))


def _model(sizes: Sizes, routes: Routes, sets: Sequence[Set]) -> highspy.Highs:
    """Return the choice as a program in whole numbers: visits left over, then routes."""
    model = highs(mip_rel_gap=0.0, mip_abs_gap=0.0004)
    frame(model, sizes, price=UNASSIGNED_METRES)
    begins, rows = columns(sizes, routes)
    blocks(model, routes.cost, begins, rows, np.ones(len(rows)))
    own = members(sizes, routes)
    for one in sets:
        within = np.zeros(sizes.visits + sizes.nurses + 1, dtype=np.int8)
        within[list(one)] = 1
        weights = halved(within, own)
        at = np.flatnonzero(weights)
        where = (sizes.visits + at).astype(np.int32)
        model.addRow(-np.inf, float(len(one) // 2), len(at), where, weights[at].astype(np.float64))
    count = model.getNumCol()
    whole = np.full(count, highspy.HighsVarType.kInteger.value, dtype=np.uint8)
    model.changeColsIntegrality(count, np.arange(count, dtype=np.int32), whole)
    return model


def _begin(model: highspy.Highs, sizes: Sizes, plan: Routes, rows: Ints) -> None:
    """Tell the solver the plan known."""
    covered = np.zeros(sizes.visits + 1, dtype=bool)
    covered[plan.stops] = True
    values = np.zeros(model.getNumCol())
    values[: sizes.visits] = ~covered[:-1] & sizes.optional
    values[sizes.visits + rows] = 1
    solution = highspy.HighsSolution()
    solution.col_value = values.tolist()
    model.setSolution(solution)


def _answer(model: highspy.Highs, sizes: Sizes, kept: Ints) -> tuple[Ints, float]:
    """Return the rows chosen and the bound proven."""
    status = model.getModelStatus()
    good = highspy.HighsModelStatus
    if status not in (good.kOptimal, good.kTimeLimit, good.kSolutionLimit):
        raise Unsolvable(f"the choice of routes ended {status}")
    chosen = np.array(model.getSolution().col_value)[sizes.visits :] > 0.5
    return kept[chosen], METRES * model.getInfo().mip_dual_bound
