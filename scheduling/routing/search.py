"""Dispatching a day: a relaxation, a first plan, better plans, and the proof.

Set partitioning by column generation (Desaulniers, Desrosiers & Solomon 2005). Every route whose
reduced cost is within the gap is listed, as in Baldacci, Christofides & Mingozzi (2008), Math.
Prog. 115; the list is tightened by cuts, thinned out, and chosen from exactly.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from scheduling.routing.branching import Tree
from scheduling.routing.clock import Clock
from scheduling.routing.diving import dive, plunge
from scheduling.routing.generation import generate, typical
from scheduling.routing.graph import Graph, build
from scheduling.routing.insertion import fill
from scheduling.routing.master import Master, Sizes
from scheduling.routing.neighbourhood import improve
from scheduling.routing.packing import cost_of, pack
from scheduling.routing.pricing import routes_below
from scheduling.routing.report import planned
from scheduling.routing.routes import Routes, distinct, joined, none
from scheduling.routing.tightening import Tight, Tightened, tighten
from scheduling.routing.values import Day, Plan
from scheduling.routing.verify import routes_of
from scheduling.routing.vroom_process import asked

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

FEW = 1_000
"""Routes from which the best choice is sought in one go."""
SOME = 40_000
"""Routes to look for a better plan in."""
MANY = 150_000
"""Routes the relaxation is tightened over."""
SIZE = 30
"""Nurses torn up together."""
TABLES = 8
"""Times a list of routes is made, ever nearer to as long as wanted."""
ELITE = 20
"""Plans whose routes are tried together."""
STALLED = 5
"""Searches without a better plan after which it only proves."""
LOOSE = 0.03
"""Share of its driving a first plan may be from the bound, else VROOM's is looked at too."""
CASES, SOME_CASES = 10_000, 25
"""Cases a proof may take, and how many between two searches."""


def solve(
    day: Day,
    *,
    seconds: float,
    seed: int,
    start: Mapping[str, Sequence[str]] | None = None,
    with_vroom: bool = True,
) -> Plan:
    """Give a day's visits to nurses.

    Parameters
    ----------
    seconds
        Time to take at most; an easy day takes less.
    seed
        The same seed gives the same plan wherever time was enough; else the same plans in the same
        order, up to the first step that the clock cuts short.
    start
        Known routes, visit ids in order by nurse id. Visits in them that break a rule are left
        out; the rest is kept where nothing better is found.
    with_vroom
        Whether VROOM's plan is looked at as well, where it is installed and the day a large one.
    """
    clock = Clock(seconds)
    with asked(day, clock, wanted=with_vroom) as answer:
        search = Search(day, clock, np.random.default_rng(seed), routes_of(day, start or {}))
        search.run(answer)
    return planned(day, search.best, search.low, clock.spent(), seed)


class Search:
    """One search: the best plan so far and the bound below all plans.

    Attributes
    ----------
    best
        Routes of the best plan.
    low
        Metres no plan can do with less than.
    ceiling
        As far as the list of routes can raise that.
    elite
        Plans found lately.
    """

    def __init__(self, day: Day, clock: Clock, rng: np.random.Generator, start: Routes) -> None:
        self.day = day
        self.clock = clock
        self.rng = rng
        self.graph: Graph = build(day)
        self.sizes = Sizes(self.graph.optional, self.graph.must)
        self.master = Master(self.sizes)
        self.best = start
        self.best = self._completed(start)
        self.low = 0.0
        self.ceiling = 0.0
        self.elite: list[Routes] = []

    def run(self, other: Callable[[], Mapping[str, Sequence[str]]] = dict) -> None:
        """Search until the gap is closed, nothing moves any more, or time is up.

        `other` gives routes made elsewhere, if any; it is asked where our own are no good.
        """
        if not len(self.graph.nurse):
            self.low = cost_of(self.sizes, self.best)
            return
        self._fill(self.best)
        # With the forced routes there is always an answer, whatever else a dive takes.
        self.master.add(joined([self.best, self.graph.forced]))
        self.bound = generate(self.graph, self.master, self.clock.share(0.5))
        self.low = self.ceiling = self.bound.metres
        self._fill(dive(self.graph, self.master, self.clock.share(0.5)))
        if self._gap() > LOOSE * self.best.metres.sum():
            self._take(routes_of(self.day, other()))
        if self._done():
            return
        _, table = self._table(SOME)
        if len(table) > FEW:
            table = distinct(joined([table, *self.master.routes]))
            likely = table.reduced(self.bound.visit_duals, self.bound.floors)
            self._improve(table, likely, self._rows(table, self.best), self.clock, size=SIZE)
        for most in (MANY, 4 * MANY):
            if not self._done() and self.low >= self.ceiling:
                self._prove(most)

    def _take(self, plan: Routes) -> None:
        """Take a plan if it is better, and its routes to look for better ones in."""
        if self.master.add(plan):
            self._offer(plan) if self.clock.over() else self._fill(plan)

    def _gap(self) -> float:
        return cost_of(self.sizes, self.best) - self.low

    def _done(self) -> bool:
        return self._gap() < 1 or self.clock.over()

    def _completed(self, plan: Routes) -> Routes:
        """Return a plan with the routes that pinned visits force."""
        lacking = np.setdiff1d(self.graph.forced.nurse, plan.nurse)
        return joined([plan, self.graph.forced.take(np.isin(self.graph.forced.nurse, lacking))])

    def _offer(self, plan: Routes) -> bool:
        """Take a plan if it is better; return whether it is."""
        plan = self._completed(plan)
        better = cost_of(self.sizes, plan) < cost_of(self.sizes, self.best)
        if better:
            self.best = plan
        return better

    def _fill(self, plan: Routes) -> None:
        """Take a plan, filled up by insertion in two orders, if that makes it better."""
        visits = self.day.visits
        by_start = sorted(range(len(visits)), key=lambda visit: (visits[visit].start, visit))
        by_choice = sorted(by_start, key=lambda visit: len(visits[visit].nurses))
        for order in (by_start, by_choice):
            self._offer(fill(self.day, self.graph, self._completed(plan), order))

    def _table(self, most: int) -> tuple[float, Routes]:
        """Return all routes of a reduced cost within the gap, or as far as `most` of them go.

        The first figure is how far: no plan with another route costs less than that above the
        bound. The best plan's own routes are always there, and those that pinned visits force.
        """
        gap = cost_of(self.sizes, self.best) - self.bound.metres
        reach, table = 0.0, none()
        wider = typical(self.graph) / 4
        for _ in range(TABLES):
            wider = min(wider, gap)
            limit = self.bound.floors + wider
            found, complete = routes_below(
                self.graph, self.bound.visit_duals, limit, rests=self.bound.rests, most=most
            )
            if complete:
                reach, table = wider, found
                wider *= 1.5 if len(table) > most // 20 else 3.0
            else:
                wider = (reach + wider) / 2
            if reach >= gap or self.clock.over():
                break
        return reach, distinct(joined([table, self.best, self.graph.forced]))

    def _rows(self, table: Routes, plan: Routes) -> Ints:
        """Return where a plan's routes stand in a table, be it in another order of visits."""
        rows = []
        for nurse, stops in plan.named():
            mine = np.flatnonzero(table.nurse == nurse)
            padded = sorted([*stops, *[-1] * (table.stops.shape[1] - len(stops))])
            same = (np.sort(table.stops[mine], axis=1) == padded).all(axis=1)
            rows.append(mine[same][0])
        return np.sort(np.array(rows, dtype=np.int64))

    def _improve(
        self, table: Routes, likely: Floats, rows: Ints, clock: Clock, *, size: int
    ) -> Ints:
        """Improve the plan in these rows of a table; return where it stands then."""
        size = min(size, max(2, self.sizes.nurses * 2 // 3))
        rows = improve(self.sizes, table, rows, likely, clock=clock, rng=self.rng, size=size)
        self._offer(table.take(rows))
        return rows

    def _prove(self, most: int) -> None:
        """Tighten, thin out, and choose exactly once few enough routes are left."""
        reach, table = self._table(most)
        order = np.argsort(table.reduced(self.bound.visit_duals, self.bound.floors), kind="stable")
        tight = Tight(self.sizes, table, np.union1d(order[: 2 * FEW], self._rows(table, self.best)))
        self.ceiling = self.bound.metres + reach
        better = True
        while better and not self._done():
            cost = cost_of(self.sizes, self.best)
            optimum = tighten(tight, cost, self.clock, self.rng)
            self.low = max(self.low, min(optimum.metres, self.ceiling))
            optimum = optimum.take(tight.prune(optimum.within(cost)))
            if optimum.within(cost).sum() <= FEW:
                self._settle(tight, optimum)
                return
            better = not self._done() and self._closer(tight, optimum, self.clock.share(0.5))
        if not self._done():
            self._split(tight, optimum)

    def _split(self, tight: Tight, optimum: Tightened) -> None:
        """Prove by cases, and look for better plans in between."""
        tight.solve()
        tight.loosen()
        tree = Tree(tight, optimum)
        stalled = 1
        while not self._done() and self.low < self.ceiling and tree.open and tree.asked < CASES:
            cases = SOME_CASES << stalled
            low = tree.run(cost_of(self.sizes, self.best), self.clock, cases=cases)
            self.low = max(self.low, min(low, self.ceiling))
            better = bool(tree.found[1].size) and self._offer(tree.plan())
            if not better and not self._done() and stalled < STALLED:
                better = self._closer(tight, optimum, self.clock)
            stalled = 0 if better else stalled + 1

    def _settle(self, tight: Tight, optimum: Tightened) -> None:
        """Choose from what is left, exactly."""
        kept = optimum.within(cost_of(self.sizes, self.best))
        kept[self._rows(tight.table, self.best)] = True
        table = tight.table.take(kept)
        packing = pack(
            self.sizes,
            table,
            self._rows(table, self.best),
            clock=self.clock,
            likely=optimum.reduced[kept],
            sets=tight.sets,
        )
        self._offer(table.take(packing.rows))
        self.low = max(self.low, min(packing.bound, self.ceiling))

    def _closer(self, tight: Tight, optimum: Tightened, clock: Clock) -> bool:
        """Look for a better plan near the tightened optimum; return whether there was one."""
        before = cost_of(self.sizes, self.best)
        rows = self._rows(tight.table, self.best)
        self._improve(tight.table, optimum.reduced, rows, clock, size=2 * SIZE)
        if cost_of(self.sizes, self.best) == before:
            plan = plunge(tight, clock, self.rng)
            rows = self._improve(tight.table, optimum.reduced, plan, clock, size=SIZE)
            self.elite = [*self.elite, tight.table.take(rows)][-ELITE:]
            self._merge()
        return cost_of(self.sizes, self.best) < before

    def _merge(self) -> None:
        """Choose the best plan from all routes of the last plans."""
        table = distinct(joined([self.best, *self.elite]))
        start = self._rows(table, self.best)
        likely = np.zeros(len(table))
        packing = pack(self.sizes, table, start, clock=self.clock, likely=likely, nodes=ELITE)
        self._offer(table.take(packing.rows))
