"""Which breaks a gap between two visits can hold."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scheduling.routing.values import Lunch, NurseDay

Ints = NDArray[np.int64]
AGES = 1 << 30


@dataclass(frozen=True, slots=True)
class Gap:
    """Stretches between visits, as arrays of one shape, in minutes.

    Attributes
    ----------
    begins, ends
        Between these no visit is made.
    on, off
        Between these she is at work; the rest of the gap is her own.
    drive
        Minutes to be driven between `on` and `off`.
    """

    begins: Ints
    ends: Ints
    on: Ints
    off: Ints
    drive: Ints


def to_keep(nurse: NurseDay) -> tuple[Lunch, ...]:
    """Return the breaks that no stretch off work holds already, in order."""
    edges = [-AGES, *(edge for window in nurse.windows for edge in window), AGES]
    idle = list(zip(edges[::2], edges[1::2], strict=True))
    return tuple(
        lunch
        for lunch in sorted(nurse.lunches, key=lambda lunch: (lunch.earliest, lunch.latest))
        if not any(
            min(end, lunch.latest) - max(start, lunch.earliest) >= lunch.minutes
            for start, end in idle
        )
    )


def held(lunches: tuple[Lunch, ...], gap: Gap) -> Ints:
    """Return the breaks each gap can hold beside its drive, as bits.

    Breaks are placed in order, each as early as it may lie; those for which no time is left are
    skipped. What lies outside work takes nothing from the drive.
    """
    after = gap.begins
    spare = gap.off - gap.on - gap.drive
    bits = np.zeros_like(spare)
    for k, lunch in enumerate(lunches):
        begin = np.maximum(after, lunch.earliest)
        end = begin + lunch.minutes
        taken = np.maximum(0, np.minimum(end, gap.off) - np.maximum(begin, gap.on))
        fits = (end <= np.minimum(gap.ends, lunch.latest)) & (taken <= spare)
        bits = bits | np.where(fits, 1 << k, 0)
        after = np.where(fits, end, after)
        spare = np.where(fits, spare - taken, spare)
    return bits


def held_late(lunches: tuple[Lunch, ...], gap: Gap) -> Ints:
    """Return the same with each break as late as it may lie, for gaps that end in leisure."""
    mirrored = tuple(
        Lunch(lunch.minutes, -lunch.latest, -lunch.earliest) for lunch in reversed(lunches)
    )
    bits = held(mirrored, Gap(-gap.ends, -gap.begins, -gap.off, -gap.on, gap.drive))
    last = len(lunches) - 1
    return sum(
        (np.where(bits & (1 << k), 1 << (last - k), 0) for k in range(len(lunches))),
        start=np.zeros_like(bits),
    )
