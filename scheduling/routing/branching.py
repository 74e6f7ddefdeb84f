"""A proof by cases, asking of a nurse and a visit whether she makes it.

Best-first branch and bound over a tightened table (Barnhart et al. 1998, Operations Research 46);
the visits of a nurse are branched on as in Ryan & Foster (1981).
"""

import heapq
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from scheduling.routing.clock import Clock
from scheduling.routing.routes import Routes
from scheduling.routing.tightening import Hopeless, Tight, Tightened
from scheduling.routing.values import Unsolvable

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

TRIED = 2
"""Questions tried before one is asked."""
LESS = 0.5
"""Plans cost whole metres: one that is cheaper is so by more than this."""


@dataclass(order=True, frozen=True, slots=True)
class _Case:
    """A case still open.

    Attributes
    ----------
    metres
        No plan in this case costs less.
    number
        Settles ties.
    barred
        Routes not to be taken in this case, packed to bits.
    questions
        (nurse, visit) pairs to ask about next.
    """

    metres: float
    number: int
    barred: NDArray[np.uint8] = field(compare=False)
    questions: list[tuple[int, int]] = field(compare=False)


class Tree:
    """The cases open so far, over a table that must not change meanwhile.

    Attributes
    ----------
    found
        The cheapest plan met: metres, and rows of the table.
    given_up
        No plan in a case that the solver failed at costs less.
    """

    def __init__(self, tight: Tight, optimum: Tightened) -> None:
        self.tight = tight
        self.asked = 0
        self.found: tuple[float, Ints] = np.inf, np.zeros(0, dtype=np.int64)
        self.given_up = np.inf
        none = np.packbits(np.zeros(len(tight.table), dtype=bool))
        self.open = [_Case(optimum.metres, 0, none, self._questions(optimum))]

    def run(self, cost: float, clock: Clock, *, cases: int) -> float:
        """Look into so many cases for plans below a cost; return what no plan costs less than."""
        for _ in range(cases):
            cost = min(cost, self.found[0])
            if clock.over() or not self.open or self.open[0].metres > cost - LESS:
                break
            self._split(heapq.heappop(self.open), cost, clock)
        self.tight.bar(np.zeros(len(self.tight.table), dtype=bool))
        return self._low(min(cost, self.found[0]))

    def _low(self, cost: float) -> float:
        return min([cost, self.given_up, *(one.metres for one in self.open[:1])])

    def _split(self, case: _Case, cost: float, clock: Clock) -> None:
        """Replace a case by the two answers to the question that raises the bound most."""
        answers: list[list[_Case]] = []
        for nurse, visit in case.questions:
            answers.append([self._case(case, out) for out in self._sides(nurse, visit)])
            if clock.over():
                break
        best = max(answers, key=lambda pair: sorted(one.metres for one in pair))
        for one in best:
            if one.metres <= cost - LESS and one.questions:
                heapq.heappush(self.open, one)

    def _case(self, case: _Case, out: Bools) -> _Case:
        self.asked += 1
        barred = np.unpackbits(case.barred, count=len(out)).astype(bool) | out
        self.tight.bar(barred)
        packed = np.packbits(barred)
        try:
            optimum = self.tight.solve()
        except Hopeless:
            return _Case(np.inf, self.asked, packed, [])
        except Unsolvable:
            self.given_up = min(self.given_up, case.metres)
            return _Case(np.inf, self.asked, packed, [])
        metres = max(case.metres, optimum.metres)
        return _Case(metres, self.asked, packed, self._questions(optimum))

    def _questions(self, optimum: Tightened) -> list[tuple[int, int]]:
        """Return the pairs taken most nearly by half; where there is none, note the plan."""
        sizes, table = self.tight.sizes, self.tight.table
        taken = np.flatnonzero(optimum.share > 1e-6)
        share = np.zeros((sizes.nurses, sizes.visits + 1))
        nurse, stops = table.nurse[taken][:, None], table.stops[taken]
        np.add.at(share, (nurse, stops), optimum.share[taken][:, None])
        even = np.minimum(share, 1 - share)[:, :-1]
        order = np.argsort(-even, axis=None, kind="stable")[:TRIED]
        pairs = zip(*np.unravel_index(order, even.shape), strict=True)
        questions = [(int(n), int(v)) for n, v in pairs if even[n, v] > 1e-5]
        if not questions and optimum.metres < self.found[0]:
            self.found = optimum.metres, np.flatnonzero(optimum.share > 0.5)
        return questions

    def _sides(self, nurse: int, visit: int) -> tuple[Bools, Bools]:
        """Return the routes that are out if a nurse makes a visit, and if she does not."""
        hers = self.tight.table.nurse == nurse
        there = (self.tight.table.stops == visit).any(axis=1)
        return hers ^ there, hers & there

    def plan(self) -> Routes:
        """Return the cheapest plan met, none if none was."""
        return self.tight.table.take(self.found[1])
