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

Vectors = NDArray[np.float64]


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


@dataclass(frozen=True, slots=True)
class Spots:
    """Places by number, for thousands of legs at once.

    Attributes
    ----------
    degrees
        (n, 2) array of float64: latitudes and longitudes.
    vectors
        (3, n) array of float64: the same as points of the unit sphere.
    """

    degrees: NDArray[np.float64]
    vectors: Vectors

    def place(self, number: int) -> Place:
        """The place with a number."""
        return Place(*self.degrees[number].tolist())


def spots(degrees: NDArray[np.float64]) -> Spots:
    """Number places by their (n, 2) latitudes and longitudes."""
    return Spots(degrees=degrees, vectors=unit_vectors(degrees))


def unit_vectors(degrees: NDArray[np.float64]) -> Vectors:
    """Points of the unit sphere, (3, n), at (n, 2) latitudes and longitudes in degrees."""
    # Each row is contiguous: numpy's sine of a strided array may differ in the last bit.
    latitude, longitude = np.ascontiguousarray(np.radians(degrees).T)
    across = np.cos(latitude)
    return np.stack([across * np.cos(longitude), across * np.sin(longitude), np.sin(latitude)])


class Travel(Protocol):
    """Whatever can tell travel between places; times need not be the same both ways."""

    def table(self, sources: Sequence[Place], destinations: Sequence[Place]) -> Matrix:
        """Travel from each source to each destination."""

    def pairs(self, sources: Sequence[Place], destinations: Sequence[Place]) -> Matrix:
        """Travel from each of k sources to its own destination, (k,)."""

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
        here, there = _vectors_of(sources), _vectors_of(destinations)
        return self._matrix(self._metres(here[:, :, None], there[:, None, :]))

    def pairs(self, sources: Sequence[Place], destinations: Sequence[Place]) -> Matrix:
        """Travel from each of k sources to its own destination, (k,): what `table` says of each."""
        return self._matrix(self._metres(_vectors_of(sources), _vectors_of(destinations)))

    def legs(self, origins: Vectors, destinations: Vectors) -> NDArray[np.int64]:
        """Whole minutes from each origin to its own destination, what `table` gives for the pair.

        Parameters
        ----------
        origins, destinations
            (3, n) unit vectors; one of them may be (3, 1), for all.
        """
        return self._minutes(self._metres(origins, destinations)).astype(np.int64)

    def _metres(self, origins: Vectors, destinations: Vectors) -> NDArray[np.float64]:
        """Metres of road, rounded: the chord between unit vectors gives exactly the haversine."""
        metres = _squared(origins[0], destinations[0])
        metres += _squared(origins[1], destinations[1])
        metres += _squared(origins[2], destinations[2])
        # In place: these are long arrays, and each new one costs as much as its reckoning.
        np.sqrt(metres, out=metres)
        metres *= 0.5
        np.minimum(metres, 1.0, out=metres)
        np.arcsin(metres, out=metres)
        metres *= 1000 * self.detour * EARTH_RADIUS_KM * 2
        return np.rint(metres, out=metres)

    def _matrix(self, metres: NDArray[np.float64]) -> Matrix:
        return Matrix(
            seconds=(self._minutes(metres) * 60).astype(np.int32),
            metres=metres.astype(np.int32),
            estimated=np.zeros(metres.shape, dtype=np.bool_),
        )

    def _minutes(self, metres: NDArray[np.float64]) -> NDArray[np.float64]:
        minutes = metres * (60 / (1000 * self.kilometres_per_hour))
        minutes -= 1e-9
        return np.ceil(minutes, out=minutes)

    def matrix(self, places: Sequence[Place]) -> Matrix:
        """Travel from each of n places to each other, (n, n), zero on the diagonal."""
        return self.table(places, places)

    def minutes(self, here: Place, there: Place) -> int:
        """Whole minutes from one place to another, rounded up."""
        return int(self.table([here], [there]).seconds[0, 0]) // 60

    def metres(self, here: Place, there: Place) -> int:
        """Metres of road from one place to another."""
        return int(self.table([here], [there]).metres[0, 0])


def _squared(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
    difference = one - other
    difference *= difference
    return difference


def _vectors_of(places: Sequence[Place]) -> Vectors:
    degrees = [(place.latitude, place.longitude) for place in places]
    return unit_vectors(np.array(degrees, dtype=np.float64).reshape(-1, 2))
