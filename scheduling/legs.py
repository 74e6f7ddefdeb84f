"""Thousands of drives at once, from whichever engine says them: pure values in, minutes out."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from scheduling.travel import Haversine, Place, Spots, Travel, spots as spots_of

MOST_PLACES = 100  # of a table: a few nurses' places are asked for together

Ints = NDArray[np.int64]


def between(travel: Travel, spots: Spots, *, origins: Ints, destinations: Ints, near: Ints) -> Ints:
    """Whole minutes from each origin to its own destination.

    Parameters
    ----------
    origins, destinations
        (n,) numbers of spots.
    near
        (n,) ascending numbers, the same for legs that share places, such as a nurse's.
    """
    if isinstance(travel, Haversine):
        return travel.legs(spots.vectors[:, origins], spots.vectors[:, destinations])
    minutes = np.zeros(len(origins), dtype=np.int64)
    for part in _parts(origins, destinations, near):
        sources, row = np.unique(origins[part], return_inverse=True)
        targets, column = np.unique(destinations[part], return_inverse=True)
        table = travel.table(
            [spots.place(number) for number in sources],
            [spots.place(number) for number in targets],
        )
        minutes[part] = table.seconds[row, column] // 60
    return minutes


def _parts(origins: Ints, destinations: Ints, near: Ints) -> Iterator[slice]:
    """Cut the legs between one `near` and the next, where a table would hold too many places."""
    cuts = np.flatnonzero(np.diff(near)) + 1
    begin, places = 0, set[int]()
    for one, next_ in zip([0, *cuts.tolist()], [*cuts.tolist(), len(near)], strict=True):
        more = {*origins[one:next_].tolist(), *destinations[one:next_].tolist()}
        if places and len(places | more) > MOST_PLACES:
            yield slice(begin, one)
            begin, places = one, set()
        places |= more
    if begin < len(near):
        yield slice(begin, len(near))


def around(
    travel: Travel, spots: Spots, *, here: Place, before: Ints, after: Ints
) -> tuple[Ints, Ints]:
    """Whole minutes from each place `before` to here, and from here to each place `after`."""
    if isinstance(travel, Haversine):
        middle = spots_of(np.array([[here.latitude, here.longitude]])).vectors
        return (
            travel.legs(spots.vectors[:, before], middle),
            travel.legs(middle, spots.vectors[:, after]),
        )
    sources, row = np.unique(before, return_inverse=True)
    targets, column = np.unique(after, return_inverse=True)
    to = travel.table([spots.place(number) for number in sources], [here]).seconds[:, 0] // 60
    on = travel.table([here], [spots.place(number) for number in targets]).seconds[0] // 60
    return to[row].astype(np.int64), on[column].astype(np.int64)
