"""Time the core of the slot search, the C loop and plain Python in turns, results compared.

`python -m config.launch.inside bench.core FOLDER REPEATS NURSES...`: prints a JSON list, one
object per number of nurses, seconds of each repeat.
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from config.launch.bench import loops
from scheduling.instants import MINUTE
from scheduling.sheet import UNLIMITED
from scheduling.slots import Rows, feasible_starts
from scheduling.travel import Haversine, Place, spots

PLAIN_REPEATS = 3


def main() -> None:
    """Print what was measured."""
    folder, repeats, *sizes = sys.argv[1:]
    in_c = loops.compiled(Path(folder))
    print(json.dumps([measured(int(size), int(repeats), in_c) for size in sizes]))


def measured(nurses: int, repeats: int, in_c: loops.Prepare | None) -> dict[str, Any]:
    """Time each way at one size.

    Raises
    ------
    AssertionError
        If two of them count differently.
    """
    rows, asked = loops.made_up(nurses=nurses)
    search, c = ours(rows, asked), in_c(rows, asked) if in_c else None
    expected = loops.plain(rows, asked)
    np.testing.assert_array_equal(search(), expected)
    if c is not None:
        np.testing.assert_array_equal(c(), expected)
    seconds: dict[str, list[float]] = {"ours": [], "c": [], "plain": []}
    for turn in range(repeats):
        seconds["ours"].append(_timed(search))
        if c is not None:
            seconds["c"].append(_timed(c))
        if turn < PLAIN_REPEATS:
            seconds["plain"].append(_timed(lambda: loops.plain(rows, asked)))
    return {"nurses": nurses, "rows": len(rows.nurse), **seconds}


def ours(rows: loops.Rows, asked: loops.Asked) -> Callable[[], loops.Ints]:
    """The product's core, on the same columns in its own units."""
    given = Rows(
        nurse=rows.nurse,
        ready=rows.ready * MINUTE,
        due=rows.due * MINUTE,
        opens=rows.opens * MINUTE,
        closes=rows.closes * MINUTE,
        before=rows.before,
        after=rows.after,
        drive=rows.between,
        spare_driving=rows.spare_driving,
        spare_working=np.where(rows.spare_working >= loops.FAR, UNLIMITED, rows.spare_working),
        spots=spots(rows.places),
    )
    starts, here = asked.starts * MINUTE, Place(*asked.here)

    def search() -> loops.Ints:
        return feasible_starts(
            rows=given, here=here, minutes=asked.minutes, starts=starts, travel=Haversine()
        ).counts

    return search


def _timed(search: Callable[[], loops.Ints]) -> float:
    begun = time.perf_counter()
    search()
    return time.perf_counter() - begun
