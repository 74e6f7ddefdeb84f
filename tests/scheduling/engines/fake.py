"""A server without sockets, whose every drive can be worked out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from scheduling.engines.servers import Block, NotThese, Unanswered
from scheduling.travel import Haversine, Place

STRAIGHT = Haversine()


@dataclass
class FakeServer:
    """Answers in blocks of at most `most` pairs; some places and pairs have no road.

    Attributes
    ----------
    refused
        Places for which a whole block is refused, as Valhalla does.
    islands
        Places without a road to or from them.
    """

    most: int = 100
    name: str = "osrm"
    is_down: bool = False
    dies_after: float = math.inf
    slower: float = 1.0
    refused: frozenset[Place] = frozenset()
    islands: frozenset[Place] = frozenset()
    asked: list[tuple[int, int]] = field(default_factory=list)

    def columns(self, rows: int) -> int:
        """Count pairs."""
        return self.most // rows

    def seconds(self, here: Place, there: Place) -> float:
        """Say how long a drive is; from 0.6 to 2.6 times as long as the straight one."""
        if here in self.islands or there in self.islands:
            return math.nan
        whim = (here.latitude * 7919 + there.longitude * 104729) % 2
        straight = float(STRAIGHT.table([here], [there]).seconds[0, 0])
        return math.ceil(straight * (0.6 + whim) * self.slower)

    def block(
        self, sources: Sequence[Place], destinations: Sequence[Place], *, seconds: float
    ) -> Block:
        """Answer one block, or not."""
        self.asked.append((len(sources), len(destinations)))
        assert len(sources) * len(destinations) <= self.most
        if self.is_down or len(self.asked) > self.dies_after:
            raise Unanswered("ReadTimeout")
        if self.refused & {*sources, *destinations}:
            raise NotThese
        table = [[self.seconds(here, there) for there in destinations] for here in sources]
        times = np.array(table, dtype=np.float64)
        return Block(seconds=times, metres=np.ceil(times * 10))

    def close(self) -> None:
        """Nothing is open."""
