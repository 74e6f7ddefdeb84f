"""What a drive is taken to be where no engine says: never shorter than what engines said.

Pure: numbers in, numbers out.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scheduling.travel import Haversine, Matrix

# Below this a minute of rounding or a one-way street makes any ratio; the difference counts there.
SHORT_METRES = 2000
# Beyond this nobody is sent, and servers refuse whole tables for one such pair: it is not asked.
FARTHEST_METRES = 300_000

STRAIGHT = Haversine()


@dataclass(frozen=True, slots=True)
class Bound:
    """How much longer than the straight estimate a drive may be.

    Attributes
    ----------
    ratio
        For any drive.
    excess_seconds
        What is added at least, so that it holds for short drives as well.
    """

    ratio: float
    excess_seconds: float = 0.0


def excesses(
    seconds: NDArray[np.float64], straight: Matrix
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """By how much a server's answers are longer than the straight estimate.

    Parameters
    ----------
    seconds
        (n, m), nan where there is no road.
    straight
        The straight estimate of the same drives.

    Returns
    -------
    ratio, excess_seconds
        Two (n, m) arrays of float64: the first of long drives, the second of short ones, nan
        elsewhere.
    """
    is_long = straight.metres >= SHORT_METRES
    ratio, excess = np.full(seconds.shape, math.nan), np.full(seconds.shape, math.nan)
    np.divide(seconds, straight.seconds, out=ratio, where=is_long)
    np.subtract(seconds, straight.seconds, out=excess, where=~is_long)
    return ratio, excess


def estimate(straight: Matrix, bound: Bound) -> NDArray[np.float64]:
    """Seconds of a drive nobody knows, (n, m), not rounded; none for staying where one is."""
    seconds = np.maximum(
        straight.seconds * bound.ratio, straight.seconds + max(bound.excess_seconds, 0)
    )
    return np.where(straight.seconds == 0, 0.0, seconds)


def whole_minutes(seconds: NDArray[np.float64]) -> NDArray[np.int32]:
    """Seconds rounded up to whole minutes, less what a float may be off; (n, m) of int32."""
    most = np.iinfo(np.int32).max // 60 * 60
    rounded: NDArray[np.float64] = np.ceil(seconds / 60 - 1e-9) * 60
    return np.minimum(rounded, most).astype(np.int32)
