"""The door to the travel engine that `TRAVEL_URL` names."""

from datetime import timedelta
from threading import Lock

from django.conf import settings

from config.core import heartbeats
from config.core.clock import now
from scheduling.engines.breaker import Breaker
from scheduling.engines.road import SILENT, Road
from scheduling.engines.servers import Server, connect
from scheduling.travel import Haversine, Travel

# The longest pause between two tries, and a little: whoever is silent longer is noted again.
SILENT_FOR = timedelta(minutes=10)

_engines: dict[str, tuple[Server, Breaker]] = {}
_lock = Lock()


def configured(*, budget_seconds: float | None = None) -> Travel:
    """Return the engine; a plan that runs in a worker may give it longer for one table.

    Raises
    ------
    ValueError
        If `TRAVEL_URL` names none; the service does not start on such a one.
    """
    if not settings.TRAVEL_URL:
        return Haversine()
    server, breaker = _engine(settings.TRAVEL_URL)
    budget = settings.TRAVEL_SECONDS if budget_seconds is None else budget_seconds
    return Road(server=server, breaker=breaker, budget_seconds=budget)


def standing() -> str:
    """Say in a few words where drives come from just now."""
    if not settings.TRAVEL_URL:
        return "haversine"
    silent = heartbeats.last(SILENT)
    if silent is not None and now() - silent < SILENT_FOR:
        return "does not answer: drives not known yet are estimated"
    return "ok"


def forget() -> None:
    """Close what this process keeps open, as after a change of the setting."""
    while _engines:
        _engines.popitem()[1][0].close()


def _engine(url: str) -> tuple[Server, Breaker]:
    """Give the one engine of this process, with its connections and its breaker."""
    with _lock:
        if url not in _engines:
            _engines[url] = connect(url), Breaker()
        return _engines[url]
