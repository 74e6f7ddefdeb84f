"""Cuts from parity: where an odd set of rows can only be covered once each, half of it rounds.

Adding up rows of "at most one" over a set S, halving and rounding down gives, for whole numbers,
sum over routes of floor(|route within S| / 2) <= floor(|S| / 2). Subset-row cuts (Jepsen, Petersen,
Spoorendonk & Pisinger 2008, Operations Research 56) are those with |S| = 3; larger sets are found
by elimination modulo two (Koster, Zymolka & Kutschka 2009, Algorithmica 55).
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

BROKEN = 0.02
"""By how much a cut must be broken to be worth a row."""


def violated(
    holds: Bools, share: Floats, spare: Floats, rng: np.random.Generator, *, rounds: int, most: int
) -> list[tuple[int, ...]]:
    """Return sets of rows whose cut the shares break, the most broken first.

    Parameters
    ----------
    holds
        (rows, routes) which rows the split routes meet.
    share
        (routes,) strictly between 0 and 1.
    spare
        (rows,) what is missing to 1 in each row.
    """
    found: dict[tuple[int, ...], float] = {}
    for turn in range(rounds):
        noise = rng.uniform(0.7, 1.3, len(share)) if turn else np.ones(len(share))
        order = np.argsort(-share * noise, kind="stable")
        found.update(_eliminated(holds, share, spare, order))
    best = sorted(found.items(), key=lambda item: (-item[1], len(item[0]), item[0]))
    return [rows for rows, _ in best[:most]]


def _eliminated(
    holds: Bools, share: Floats, spare: Floats, order: NDArray[np.int64]
) -> dict[tuple[int, ...], float]:
    """Add rows to one another modulo two until routes with large shares are even; note odd sets.

    A sum of an odd number of rows is broken as far as what is odd or spare in it falls below 1.
    """
    rows = len(spare)
    odd = holds.copy()
    summed = np.eye(rows, dtype=bool)
    count = np.ones(rows, dtype=bool)
    waiting = np.ones(rows, dtype=bool)
    weight = odd @ share + spare
    found: dict[tuple[int, ...], float] = {}
    for route in order:
        met = np.flatnonzero(odd[:, route] & waiting)
        if not len(met):
            continue
        at = int(np.argmin(weight[met]))
        pivot, others = met[at], np.delete(met, at)
        waiting[pivot] = False
        odd[others] ^= odd[pivot]
        summed[others] ^= summed[pivot]
        count[others] ^= count[pivot]
        weight[others] = odd[others] @ share + summed[others] @ spare
        for row in (pivot, *others[weight[others] < 1 - BROKEN]):
            if count[row] and weight[row] < 1 - BROKEN:
                found[tuple(np.flatnonzero(summed[row]).tolist())] = float(1 - weight[row])
    return found
