"""Thousands of drives at once, from whichever engine says them: pure values in, minutes out."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scheduling.travel import Haversine, Place, Spots, Travel, Vectors, spots as spots_of

Ints = NDArray[np.int64]


def between(travel: Travel, spots: Spots, *, origins: Ints, destinations: Ints) -> Ints:
    """Whole minutes from each origin to its own destination, (n,); both are numbers of spots."""
    if isinstance(travel, Haversine):
        return travel.legs(_at(spots, origins), _at(spots, destinations))
    pair, which = np.unique(origins * len(spots.degrees) + destinations, return_inverse=True)
    one, other = np.divmod(pair, max(len(spots.degrees), 1))
    found = travel.pairs(_places(spots, one), _places(spots, other))
    minutes: Ints = found.seconds[which].astype(np.int64) // 60
    return minutes


def around(
    travel: Travel, spots: Spots, *, here: Place, before: Ints, after: Ints
) -> tuple[Ints, Ints]:
    """Whole minutes from each place `before` to here, and from here to each place `after`."""
    if isinstance(travel, Haversine):
        middle = spots_of(np.array([[here.latitude, here.longitude]])).vectors
        if len(before) + len(after) < len(spots.degrees):
            return travel.legs(_at(spots, before), middle), travel.legs(middle, _at(spots, after))
        minutes = travel.legs(spots.vectors, middle)  # as long there as back
        return minutes[before], minutes[after]
    sources, row = np.unique(before, return_inverse=True)
    targets, column = np.unique(after, return_inverse=True)
    to = travel.table(_places(spots, sources), [here]).seconds[:, 0] // 60
    on = travel.table([here], _places(spots, targets)).seconds[0] // 60
    return to[row].astype(np.int64), on[column].astype(np.int64)


def _at(spots: Spots, numbers: Ints) -> Vectors:
    return np.take(spots.vectors, numbers, axis=1)


def _places(spots: Spots, numbers: Ints) -> list[Place]:
    return [spots.place(number) for number in numbers.tolist()]
