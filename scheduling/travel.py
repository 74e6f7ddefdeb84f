"""How long a nurse drives from one place to another.

`Travel` is what the rest asks for; `Haversine` is the maker that needs no map. The makers that ask
a routing server are in `scheduling.engines`.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

EARTH_RADIUS_KM = 6371.0088


@dataclass(frozen=True, slots=True)
class Place:
    """A point on the earth, in degrees (WGS 84).

    Raises
    ------
    ValueError
        If a coordinate is not finite or out of range.
    """

    latitude: float
    longitude: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.latitude) and abs(self.latitude) <= 90):
            raise ValueError(f"latitude {self.latitude} is not between -90 and 90")
        if not (math.isfinite(self.longitude) and abs(self.longitude) <= 180):
            raise ValueError(f"longitude {self.longitude} is not between -180 and 180")


@dataclass(frozen=True, slots=True)
class Matrix:
    """Travel from every source (rows) to every destination (columns).

    Attributes
    ----------
    seconds, metres
        (n, m) arrays of int32; seconds are whole minutes x 60.
    estimated
        (n, m) array of bool: where the engine that should have answered did not.
    """

    seconds: NDArray[np.int32]
    metres: NDArray[np.int32]
    estimated: NDArray[np.bool_]


class Travel(Protocol):
    """Whatever can tell travel between places; times need not be the same both ways."""

    def table(self, sources: Sequence[Place], destinations: Sequence[Place]) -> Matrix:
        """Travel from each source to each destination."""

    def matrix(self, places: Sequence[Place]) -> Matrix:
        """Travel from each place to each other, zero on the diagonal."""

    def minutes(self, here: Place, there: Place) -> int:
        """Whole minutes from one place to another."""

    def metres(self, here: Place, there: Place) -> int:
        """Metres of road from one place to another."""


@dataclass(frozen=True, slots=True)
class Haversine:
    """Great-circle distance, lengthened by a detour, at one speed, rounded up to the minute.

    Attributes
    ----------
    detour
        Road length over great-circle length. A city's street grid lies near 1.3 [policy].
    kilometres_per_hour
        Door to door, parking included [policy].
    """

    detour: float = 1.3
    kilometres_per_hour: float = 40.0

    def table(self, sources: Sequence[Place], destinations: Sequence[Place]) -> Matrix:
        """Travel from each of n sources to each of m destinations.

        Returns
        -------
        Matrix
            (n, m); seconds are whole minutes x 60, metres are rounded.

        Notes
        -----
        Minutes are rounded up, less a billionth of a minute so that a length that is a whole
        number of minutes is not pushed to the next by the last bit of a float.
        """
        kilometres = _great_circle_km(_radians(sources), _radians(destinations))
        metres = np.rint(1000 * self.detour * kilometres)
        minutes = np.ceil(metres / 1000 / self.kilometres_per_hour * 60 - 1e-9)
        return Matrix(
            seconds=(minutes * 60).astype(np.int32),
            metres=metres.astype(np.int32),
            estimated=np.zeros(metres.shape, dtype=np.bool_),
        )

    def matrix(self, places: Sequence[Place]) -> Matrix:
        """Travel from each of n places to each other, (n, n), zero on the diagonal."""
        return self.table(places, places)

    def minutes(self, here: Place, there: Place) -> int:
        """Whole minutes from one place to another, rounded up."""
        return int(self.table([here], [there]).seconds[0, 0]) // 60

    def metres(self, here: Place, there: Place) -> int:
        """Metres of road from one place to another."""
        return int(self.table([here], [there]).metres[0, 0])


def _radians(places: Sequence[Place]) -> NDArray[np.float64]:
    """Latitudes and longitudes of n places, (n, 2), in radians."""
    degrees = [(place.latitude, place.longitude) for place in places]
    return np.radians(np.array(degrees, dtype=np.float64).reshape(-1, 2))


def _great_circle_km(
    sources: NDArray[np.float64], destinations: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Haversine distance between (n, 2) and (m, 2) points in radians, (n, m), in kilometres."""
    latitude = sources[:, None, 0], destinations[None, :, 0]
    longitude = sources[:, None, 1], destinations[None, :, 1]
    half = (
        np.sin((latitude[1] - latitude[0]) / 2) ** 2
        + np.cos(latitude[0]) * np.cos(latitude[1]) * np.sin((longitude[1] - longitude[0]) / 2) ** 2
    )
    angle: NDArray[np.float64] = 2 * np.arcsin(np.sqrt(np.minimum(half, 1.0)))
    return EARTH_RADIUS_KM * angle
