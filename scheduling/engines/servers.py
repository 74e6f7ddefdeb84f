"""Routing servers over HTTP: a block of places in, a block of drives out.

Written from the servers' own documentation (OSRM 5/6 "table service", Valhalla 3 "time-distance
matrix"). Neither Django nor the cache is known here.
"""

import json
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urlsplit

import httpx
import numpy as np
from numpy.typing import NDArray

from scheduling.travel import Place

# A road farther from the door than this is not the place's own: the map ends before it [policy].
MAX_SNAP_METRES = 500
# No drive takes longer than this (100 days): what a server claims beyond it is an error.
_MOST = 8_640_000
# A real OSRM 26.10 says -0.1 m of about one pair in 250 000, both on one stretch of street.
_LEAST = -1
# Too many places, too long an address, or a place or pair that the server cannot serve.
_NOT_THESE = frozenset({400, 413, 414})


class Unanswered(Exception):
    """The server is down, slow or talks nonsense: asking it again at once is of no use."""


class NotThese(Exception):
    """The server is well but will not answer for this block; it may for a part of it."""


@dataclass(frozen=True, slots=True)
class Block:
    """What a server said.

    Attributes
    ----------
    seconds, metres
        (n, m) arrays of float64, whole numbers rounded up, nan where there is no road.
    """

    seconds: NDArray[np.float64]
    metres: NDArray[np.float64]


class Server(Protocol):
    """A routing server."""

    name: str

    def columns(self, rows: int) -> int:
        """How many destinations one request may hold beside so many sources."""

    def block(
        self, sources: Sequence[Place], destinations: Sequence[Place], *, seconds: float
    ) -> Block:
        """Ask for one block and wait no longer than so many seconds.

        Raises
        ------
        Unanswered, NotThese
        """

    def close(self) -> None:
        """Close the connections that are kept to it."""


class _OverHttp:
    """What the servers share."""

    def __init__(self, url: str) -> None:
        self._http = _Http(url)

    def close(self) -> None:
        self._http.close()


class Osrm(_OverHttp):
    """OSRM's table service.

    Its default `--max-table-size` of 100 allows 100 x 100 pairs, in whatever shape (measured);
    so many places that their address stays below the 8 kB that proxies take.
    """

    name = "osrm"
    _most_pairs = 10_000
    _most_places = 300

    def columns(self, rows: int) -> int:
        """Count both pairs and places."""
        return min(self._most_pairs // rows, self._most_places - rows)

    def block(
        self, sources: Sequence[Place], destinations: Sequence[Place], *, seconds: float
    ) -> Block:
        """Ask `/table/v1/driving/`, for time and length of each pair."""
        n, m = len(sources), len(destinations)
        places = ";".join(
            f"{place.longitude:.5f},{place.latitude:.5f}" for place in (*sources, *destinations)
        )
        first = ";".join(str(index) for index in range(n))
        second = ";".join(str(index) for index in range(n, n + m))
        answer = self._http.get(
            f"/table/v1/driving/{places}?annotations=duration,distance"
            f"&sources={first}&destinations={second}",
            seconds=seconds,
        )
        if answer.get("code") != "Ok":
            raise Unanswered("an answer that is neither Ok nor an error")
        off_map = np.logical_or.outer(
            _snaps(answer.get("sources"), n) > MAX_SNAP_METRES,
            _snaps(answer.get("destinations"), m) > MAX_SNAP_METRES,
        )
        return _block(answer.get("durations"), answer.get("distances"), (n, m), off_map=off_map)


class Valhalla(_OverHttp):
    """Valhalla's matrix; at most 2500 pairs, its default `max_matrix_location_pairs`.

    Its work grows with the places: 2000 to one take it many seconds, and no page waits for that.
    """

    name = "valhalla"
    _most_pairs = 2500
    _most_places = 100

    def columns(self, rows: int) -> int:
        """Count both pairs and places."""
        return min(self._most_pairs // rows, self._most_places - rows)

    def block(
        self, sources: Sequence[Place], destinations: Sequence[Place], *, seconds: float
    ) -> Block:
        """Ask `/sources_to_targets`; both of its two forms of answer are understood."""
        asked = {
            "sources": [_location(place) for place in sources],
            "targets": [_location(place) for place in destinations],
            "costing": "auto",
            "units": "kilometers",
            "verbose": False,
        }
        answer = self._http.post("/sources_to_targets", asked, seconds=seconds)
        if answer.get("units") not in {"kilometers", "km", None}:
            raise Unanswered("distances in another unit")
        table = answer.get("sources_to_targets")
        shape = len(sources), len(destinations)
        if isinstance(table, dict):
            return _block(table.get("durations"), table.get("distances"), shape, metres=1000)
        durations = [[_get(cell, "time") for cell in _list(row)] for row in _list(table)]
        distances = [[_get(cell, "distance") for cell in _list(row)] for row in _list(table)]
        return _block(durations, distances, shape, metres=1000)


class _Http:
    """A server's base address and the connections kept to it."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")
        # Proxies of the environment are for the outside; the engine is the clinic's own.
        self._client = httpx.Client(trust_env=False)

    def close(self) -> None:
        self._client.close()

    def get(self, path: str, *, seconds: float) -> dict[str, Any]:
        """Send a GET and return the JSON object of its answer."""
        return self._send(self._client.build_request("GET", self._url + path), seconds=seconds)

    def post(self, path: str, body: dict[str, Any], *, seconds: float) -> dict[str, Any]:
        """Send a POST with JSON and return the JSON object of its answer."""
        request = self._client.build_request("POST", self._url + path, json=body)
        return self._send(request, seconds=seconds)

    def _send(self, request: httpx.Request, *, seconds: float) -> dict[str, Any]:
        until = time.monotonic() + seconds
        request.extensions["timeout"] = httpx.Timeout(seconds).as_dict()
        try:
            response = self._client.send(request, stream=True)
            try:
                body = _body(response, until=until)
            finally:
                response.close()
            answer = json.loads(body) if response.status_code == 200 else None
        except (httpx.HTTPError, ValueError, RecursionError) as error:
            raise Unanswered(type(error).__name__) from error
        if response.status_code in _NOT_THESE:
            raise NotThese
        if not isinstance(answer, dict):
            raise Unanswered(f"status {response.status_code}" if answer is None else "no object")
        return answer


def _body(response: httpx.Response, *, until: float) -> bytes:
    """Read an answer, however slowly it drips, until a time of the monotonic clock."""
    body = bytearray()
    for part in response.iter_bytes():
        body += part
        if time.monotonic() > until:
            raise httpx.ReadTimeout("the answer did not end in time")
    return bytes(body)


def named(url: str) -> tuple[Callable[[str], Server], str]:
    """Return which server an address such as `osrm+http://host:5000` names, and where it is.

    Raises
    ------
    ValueError
        In words for whoever set it.
    """
    kind, plus, address = url.partition("+")
    makers: dict[str, Callable[[str], Server]] = {"osrm": Osrm, "valhalla": Valhalla}
    parts = urlsplit(address)
    is_address = parts.scheme in {"http", "https"} and parts.hostname and not parts.query
    # Reading the port refuses one that is not a number below 65536.
    if not plus or kind not in makers or not is_address or parts.port == 0:
        raise ValueError("it must look like osrm+http://host:5000 or valhalla+http://host:8002")
    return makers[kind], address


def connect(url: str) -> Server:
    """Return a client of the server that an address names; nothing is sent yet."""
    make, address = named(url)
    return make(address)


def _location(place: Place) -> dict[str, float]:
    return {
        "lat": round(place.latitude, 5),
        "lon": round(place.longitude, 5),
        "search_cutoff": MAX_SNAP_METRES,
    }


def _block(
    durations: Any,
    distances: Any,
    shape: tuple[int, int],
    *,
    metres: int = 1,
    off_map: NDArray[np.bool_] | None = None,
) -> Block:
    """Make a block of two lists of lists, whose distances are in units of so many metres."""
    seconds, lengths = _numbers(durations, shape), _numbers(distances, shape) * metres
    no_road = np.isnan(seconds) | np.isnan(lengths)
    if off_map is not None:
        no_road |= off_map
    seconds[no_road] = lengths[no_road] = math.nan
    # Less a little, so that what is whole in decimals but not in floats is not rounded up.
    return Block(seconds=np.ceil(seconds - 1e-6), metres=np.ceil(lengths - 1e-6))


def _numbers(rows: Any, shape: tuple[int, int]) -> NDArray[np.float64]:
    """Return lists of lists of numbers or null as an array of this shape, null as nan."""
    if len(_list(rows)) != shape[0] or any(len(_list(row)) != shape[1] for row in rows):
        raise Unanswered("a table of the wrong shape")
    cells = [_number(cell) for row in rows for cell in row]
    return np.array(cells, dtype=np.float64).reshape(shape)


def _number(value: Any) -> float:
    if value is None:
        return math.nan
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not _LEAST <= value <= _MOST:
        raise Unanswered("a cell that is no duration or distance")
    return max(float(value), 0.0)


def _snaps(points: Any, count: int) -> NDArray[np.float64]:
    """How far OSRM moved each place to the road it started from, (count,), in metres."""
    if len(_list(points)) != count:
        raise Unanswered("another number of places than asked")
    moved = [_get(point, "distance") for point in points]
    if not all(isinstance(metres, int | float) for metres in moved):
        raise Unanswered("a place without its distance to the road")
    return np.array(moved, dtype=np.float64)


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise Unanswered("a table that is no list")
    return value


def _get(value: Any, key: str) -> Any:
    if not isinstance(value, dict) or key not in value:
        raise Unanswered(f"a cell without {key}")
    return value[key]
