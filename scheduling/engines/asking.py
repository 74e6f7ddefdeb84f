"""A table of any size, asked of a server in blocks it accepts.

Pure but for the server's own requests.
"""

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from scheduling.engines.servers import NotThese, Server, Unanswered
from scheduling.travel import Place

# Blocks refused in one table before the rest is left alone: a bad place takes about 2 log2(100).
MOST_REFUSALS = 40

Indices = NDArray[np.intp]


@dataclass(slots=True)
class Cells:
    """What is known of the drives from n places to m others.

    Attributes
    ----------
    seconds, metres
        (n, m) arrays of float64, nan where there is no road or nothing is known.
    fresh
        (n, m) array of bool: where the answer is new enough not to be asked for again.
    told
        (n, m) array of bool: where a server answered just now.
    """

    seconds: NDArray[np.float64]
    metres: NDArray[np.float64]
    fresh: NDArray[np.bool_]
    told: NDArray[np.bool_]

    @classmethod
    def unknown(cls, rows: int, columns: int) -> "Cells":
        """Return cells of which nothing is known."""
        nothing = np.full((rows, columns), math.nan)
        no = np.zeros((rows, columns), dtype=np.bool_)
        return cls(nothing, nothing.copy(), no, no.copy())


@dataclass(slots=True)
class Question:
    """One table's worth of requests.

    Attributes
    ----------
    request_seconds
        How long one request may take.
    until
        Of the clock: no request is begun after it, and what is not known by then stays unknown.
    """

    server: Server
    origins: Sequence[Place]
    destinations: Sequence[Place]
    request_seconds: float
    until: float
    clock: Callable[[], float] = time.monotonic
    _refusals: int = field(default=0, init=False)

    def ask(self, *, wanted: NDArray[np.bool_], into: Cells) -> None:
        """Ask for the wanted cells and write down what is told, also if it breaks off.

        Raises
        ------
        Unanswered
            If the server is down, or refuses everything.
        """
        # The last is next: a block that was refused is followed by its own halves.
        waiting = list(blocks(wanted, columns=self.server.columns))[::-1]
        while waiting and self.clock() < self.until and self._refusals < MOST_REFUSALS:
            rows, columns = waiting.pop()
            if not self._ask_one(rows, columns, into=into):
                waiting += halves(rows, columns)
        if self._refusals >= MOST_REFUSALS and not np.isfinite(into.seconds[into.told]).any():
            raise Unanswered("it refuses everything")

    def _ask_one(self, rows: Indices, columns: Indices, *, into: Cells) -> bool:
        """Ask for one block; return False if it must be asked for in halves."""
        place = np.ix_(rows, columns)
        try:
            block = self.server.block(
                [self.origins[row] for row in rows],
                [self.destinations[column] for column in columns],
                seconds=self.request_seconds,
            )
        except NotThese:
            self._refusals += 1
            if rows.size * columns.size > 1:
                return False
            into.seconds[place] = into.metres[place] = math.nan
        else:
            into.seconds[place], into.metres[place] = block.seconds, block.metres
        into.told[place] = True
        return True


def blocks(
    wanted: NDArray[np.bool_], *, columns: Callable[[int], int]
) -> Iterator[tuple[Indices, Indices]]:
    """Cover the wanted cells with blocks a server accepts.

    Parameters
    ----------
    wanted
        (n, m) array of bool.
    columns
        How many columns a block of so many rows may have; below 1 for too many rows.

    Yields
    ------
    rows, columns
        Indices, ascending. Each wanted cell is in one block, and each row and column of a block
        holds a wanted cell.
    """
    rows = np.flatnonzero(wanted.any(axis=1))
    height = _height(rows.size, int(wanted.any(axis=0).sum()), columns=columns)
    for top in range(0, rows.size, height):
        band = rows[top : top + height]
        across = np.flatnonzero(wanted[band].any(axis=0))
        width = columns(band.size)
        for left in range(0, across.size, width):
            part = across[left : left + width]
            yield band[wanted[np.ix_(band, part)].any(axis=1)], part


def _height(rows: int, columns_wanted: int, *, columns: Callable[[int], int]) -> int:
    """How many rows a block should have so that there are fewest blocks."""
    heights = [height for height in range(1, rows + 1) if columns(height) >= 1]

    def count(height: int) -> int:
        return math.ceil(rows / height) * math.ceil(columns_wanted / columns(height))

    return min(heights, key=count, default=1)


def halves(rows: Indices, columns: Indices) -> list[tuple[Indices, Indices]]:
    """Split a block across its longer side."""
    if rows.size >= columns.size:
        return [(half, columns) for half in np.array_split(rows, 2)]
    return [(rows, half) for half in np.array_split(columns, 2)]
