"""The relaxation over a table of routes, tightened by cuts."""

from dataclasses import dataclass, replace

import highspy
import numpy as np
from numpy.typing import NDArray

from scheduling.routing.clock import Clock
from scheduling.routing.master import METRES, Master, Sizes, blocks
from scheduling.routing.parity import violated
from scheduling.routing.routes import Routes
from scheduling.routing.values import UNASSIGNED_METRES, Unsolvable

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Set = tuple[int, ...]

BATCH = 300
SLOP = 0.01
"""Metres by which sums may be off, so that a plan is not lost that costs just as much."""
CUTS = 80
"""Cuts added at a time."""
STALL = 6
"""Rounds of cuts looked at together."""


class Hopeless(Unsolvable):
    """No choice of routes keeps to what was barred and fixed."""


@dataclass(frozen=True, slots=True)
class Tightened:
    """An optimum of the tightened relaxation.

    Attributes
    ----------
    metres
        No choice from the table costs less. Taken from the duals alone, so that the solver's
        tolerances do not matter.
    reduced
        (routes,) any choice with this route costs at least so much more than `metres`.
    share
        (routes,) how much of each is taken.
    spare
        (rows,) how far visits and nurses are from being taken once.
    """

    metres: float
    reduced: Floats
    share: Floats
    spare: Floats

    def within(self, cost: float) -> Bools:
        """Tell which routes a plan of at most this cost may hold."""
        return np.asarray(self.reduced <= cost - self.metres + SLOP)

    def take(self, stay: Bools) -> "Tightened":
        """Return the same of these routes."""
        return replace(self, reduced=self.reduced[stay], share=self.share[stay])


class Tight:
    """A table of routes, the part of it the solver holds, and the cuts.

    Attributes
    ----------
    sets
        The rows whose halved sum each cut is.
    within
        (cuts, rows + 1) which rows are in each.
    weights
        What each route of the table counts in a cut, for the cuts that ever bound.
    """

    def __init__(self, sizes: Sizes, table: Routes, first: Ints) -> None:
        self.sizes = sizes
        self.rows = sizes.visits + sizes.nurses
        self.model = Master(sizes).model
        self.table = table
        self.members = members(sizes, table)
        self.sets: list[Set] = []
        self.within = np.zeros((0, self.rows + 1), dtype=np.int8)
        self.weights: dict[Set, NDArray[np.int8]] = {}
        self.idle = np.zeros(0, dtype=bool)
        self.inside = np.zeros(0, dtype=np.int64)
        self.held = np.zeros(len(table), dtype=bool)
        self.barred = np.zeros(len(table), dtype=bool)
        self._hold(np.sort(first))

    def _hold(self, which: Ints) -> None:
        """Hand routes over to the solver."""
        own = self.members[which]
        counts = np.column_stack(
            [halved(one, own) for one in self.within] or [np.zeros((len(own), 0), dtype=np.int8)]
        )
        cuts = np.broadcast_to(self.rows + np.arange(counts.shape[1]), counts.shape)
        met = np.column_stack([own < self.rows, counts > 0])
        rows = np.column_stack([own, cuts])[met]
        values = np.column_stack([np.ones_like(own), counts])[met].astype(np.float64)
        lengths = met.sum(axis=1)
        blocks(self.model, self.table.cost[which], np.cumsum(lengths) - lengths, rows, values)
        self.held[which] = True
        self.inside = np.concatenate([self.inside, which])

    def solve(self) -> Tightened:
        """Return the optimum, looking through the table for routes the solver should hold."""
        while True:
            self.model.run()
            status = self.model.getModelStatus()
            if status == highspy.HighsModelStatus.kInfeasible:
                self._widen()
                continue
            if status != highspy.HighsModelStatus.kOptimal:
                raise Unsolvable(f"the tightened relaxation ended {status}")
            metres, reduced = self._priced(METRES * np.array(self.model.getSolution().row_dual))
            below = np.flatnonzero((reduced < -0.1) & ~self.held & ~self.barred)
            if not len(below):
                return self._optimum(metres, reduced)
            self._hold(below[np.argsort(reduced[below], kind="stable")[:BATCH]])

    def _widen(self) -> None:
        """Hand over more routes of nurses who have to go; only with all of them is it hopeless."""
        left = np.flatnonzero(self.sizes.must[self.table.nurse] & ~self.held & ~self.barred)
        if not len(left):
            raise Hopeless("no choice of routes is left")
        self._hold(left[np.argsort(self.table.cost[left], kind="stable")[:BATCH]])

    def _priced(self, duals: Floats) -> tuple[float, Floats]:
        """Return the sum of duals and the reduced costs, signs set right."""
        visits, nurses, cuts = np.split(duals, [self.sizes.visits, self.rows])
        visits = np.where(self.sizes.optional, np.minimum(visits, UNASSIGNED_METRES), 0.0)
        nurses = np.where(self.sizes.must, nurses, np.minimum(nurses, 0.0))
        cuts = np.minimum(cuts, 0.0)
        binding = np.flatnonzero(cuts)
        self.idle = cuts == 0
        reduced = self.table.reduced(visits, nurses)
        for cut in binding:
            reduced -= cuts[cut] * self._weights(int(cut))
        ends = np.array([len(one) // 2 for one in self.sets], dtype=np.float64)
        return float(visits.sum() + nurses.sum() + cuts @ ends), reduced

    def _weights(self, cut: int) -> NDArray[np.int8]:
        """Return (routes,) what each route counts in a cut."""
        one = self.sets[cut]
        if one not in self.weights:
            self.weights[one] = halved(self.within[cut], self.members)
        return self.weights[one]

    def _optimum(self, metres: float, reduced: Floats) -> Tightened:
        """Return it, lowered by what the solver's tolerance left below zero."""
        lowest = np.zeros(self.sizes.nurses)
        np.minimum.at(lowest, self.table.nurse, np.where(self.barred, 0.0, reduced))
        solution = self.model.getSolution()
        share = np.zeros(len(self.table))
        left, taken = np.split(np.array(solution.col_value), [self.sizes.visits])
        share[self.inside] = taken
        spare = 1.0 - np.array(solution.row_value)[: self.rows]
        spare[: self.sizes.visits] = left
        return Tightened(
            float(metres + lowest.sum()),
            reduced - lowest[self.table.nurse],
            share,
            np.maximum(spare, 0.0),
        )

    def cut(self, optimum: Tightened, rng: np.random.Generator, *, rounds: int = 3) -> int:
        """Add cuts that an optimum breaks; return how many."""
        split = np.flatnonzero((optimum.share > 1e-6) & (optimum.share < 1 - 1e-6))
        holds = np.zeros((self.rows + 1, len(split)), dtype=bool)
        holds[self.members[split].T, np.arange(len(split))] = True
        used = np.flatnonzero(holds[:-1].any(axis=1))
        broken = violated(
            holds[used], optimum.share[split], optimum.spare[used], rng, rounds=rounds, most=CUTS
        )
        sets = [tuple(used[list(one)].tolist()) for one in broken]
        fresh = sorted(set(sets) - set(self.sets), key=sets.index)
        self.add(fresh)
        return len(fresh)

    def add(self, sets: list[Set]) -> None:
        """Add the cuts of these sets of rows."""
        fresh = np.zeros((len(sets), self.rows + 1), dtype=np.int8)
        for row, one in zip(fresh, sets, strict=True):
            row[list(one)] = 1
            mine = halved(row, self.members[self.inside])
            at = np.flatnonzero(mine)
            columns = (self.sizes.visits + at).astype(np.int32)
            most = float(len(one) // 2)
            self.model.addRow(-np.inf, most, len(at), columns, mine[at].astype(np.float64))
        self.sets += sets
        self.within = np.concatenate([self.within, fresh])

    def loosen(self) -> None:
        """Drop the cuts that did not bind when last solved."""
        idle = np.zeros(len(self.sets), dtype=bool)
        idle[: len(self.idle)] = self.idle
        at = self.rows + np.flatnonzero(idle)
        if len(at):
            self.model.deleteRows(len(at), at.astype(np.int32))
        self.sets = [one for one, drop in zip(self.sets, idle, strict=True) if not drop]
        self.within = self.within[~idle]
        self.weights = {one: self.weights[one] for one in self.sets if one in self.weights}

    def prune(self, keep: Bools) -> Bools:
        """Forget routes not to be kept, unless the solver holds them; return which stay."""
        stay = keep | self.held
        number = np.cumsum(stay) - 1
        self.inside = number[self.inside]
        self.table = self.table.take(stay)
        self.members = self.members[stay]
        self.weights = {one: weights[stay] for one, weights in self.weights.items()}
        self.held, self.barred = self.held[stay], self.barred[stay]
        return stay

    def bar(self, barred: Bools) -> None:
        """Forbid these routes, and allow all others."""
        where = np.full(len(self.table), -1)
        where[self.inside] = np.arange(len(self.inside))
        changed = np.flatnonzero((barred != self.barred) & (where >= 0))
        if len(changed):
            columns = (self.sizes.visits + where[changed]).astype(np.int32)
            high = np.where(barred[changed], 0.0, np.inf)
            self.model.changeColsBounds(len(changed), columns, np.zeros(len(changed)), high)
        self.barred = barred.copy()

    def fix(self, routes: Ints, value: float | None) -> None:
        """Take routes wholly (1) or as the solver likes (None)."""
        low, high = (0.0, np.inf) if value is None else (value, value)
        where = np.full(len(self.table), -1)
        where[self.inside] = np.arange(len(self.inside))
        for route in routes:
            self.model.changeColBounds(int(self.sizes.visits + where[route]), low, high)


def members(sizes: Sizes, table: Routes) -> Ints:
    """Return (routes, longest + 1) the rows each route meets; past the last one for none."""
    own = np.column_stack([table.stops, sizes.visits + table.nurse])
    return np.where(own < 0, sizes.visits + sizes.nurses, own)


def halved(within: NDArray[np.int8], own: Ints) -> NDArray[np.int8]:
    """Return (routes,) half of how many rows of a set each route meets, rounded down."""
    return np.asarray(within[own].sum(axis=1, dtype=np.int8) // 2)


def tighten(tight: Tight, cost: float, clock: Clock, rng: np.random.Generator) -> Tightened:
    """Cut until it hardly helps any more, forgetting routes no plan below `cost` can use."""
    trail: list[float] = []
    while True:
        optimum = tight.solve()
        trail.append(optimum.metres)
        gap = cost - optimum.metres
        slow = len(trail) > STALL and trail[-1] - trail[-1 - STALL] < 0.01 * gap
        if gap < 1 or slow or clock.over():
            return optimum
        if len(trail) % STALL == 0:
            tight.loosen()
        keep = optimum.within(cost)
        if keep.sum() < 0.8 * len(keep):
            optimum = optimum.take(tight.prune(keep))
        if not tight.cut(optimum, rng):
            return tight.solve()
