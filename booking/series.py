"""Which of the starts that can be had make a course: pure values in, values out.

What is preferred, in this order: one clock time throughout (the one asked for, else as near to it
as can be), one nurse throughout, the earliest dates, the smallest change of hour. A rule is never
bent for a preference: where no course keeps the pattern and the spacing, there is none.

The figures are this clinic's policy (``docs/domain.md``, "The service").
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

from booking.chains import Asked, Node, Offer, at_any_time, at_one_time
from booking.clock import check_range

__all__ = ["PATTERNS", "Offer", "Pattern", "Series", "longest", "suggest"]

FIRST_DAYS = 14  # a perfect course that begins later is no better than a good one within these


@dataclass(frozen=True, slots=True)
class Pattern:
    """How the visits of a therapy follow each other.

    Attributes
    ----------
    visits
        How many make a whole course; None where it goes on as long as it is needed.
    steps
        Local days from one visit to the next.
    span
        Local days from the first to the last of a whole course; None where the steps say it.
    words
        The pattern as a patient reads it.
    """

    visits: int | None
    steps: range
    words: str
    span: range | None = None


PATTERNS = {
    "pain-240": Pattern(visits=5, steps=range(1, 2), words="on consecutive days"),
    # From three a week for two weeks (Mon, Wed, Fri: 11 days, first to last) to two for three.
    "mood-40": Pattern(visits=6, steps=range(2, 5), span=range(11, 21), words="over 2 to 3 weeks"),
    "maintenance-40": Pattern(visits=None, steps=range(28, 43), words="every 4 to 6 weeks"),
}


@dataclass(frozen=True, slots=True)
class Series:
    """A course that fits.

    Attributes
    ----------
    starts
        Ascending, in UTC.
    same_time
        Whether all are at one local clock time.
    nurses
        Who could make every one of them; empty where nobody could.
    """

    starts: tuple[datetime, ...]
    same_time: bool
    nurses: frozenset[int]


def suggest(
    *,
    offers: Sequence[Offer],
    zone: ZoneInfo,
    pattern: Pattern,
    visits: int,
    minimum_hours: int,
    wanted: time | None = None,
) -> Series | None:
    """Choose the course of `visits` that is best for the patient; None where none fits.

    Parameters
    ----------
    offers
        Every start that can be had alone, in any order.
    zone
        Zone of the service address: days and clock times are counted there.
    visits
        How many; fewer than the pattern's where an order holds no more.
    minimum_hours
        Spacing the order asks for, start to start.
    wanted
        The local clock time asked for, if any.

    Raises
    ------
    ValueError
        If no visit is asked for, or a start is naive or out of range.
    """
    if visits < 1:
        raise ValueError("a course has at least one visit")
    nodes = _nodes(offers, zone)
    whole = pattern.span if visits == pattern.visits else None
    asked = Asked(
        visits=visits,
        steps=tuple(pattern.steps),
        span=whole or range(visits * pattern.steps.stop),
        minimum_hours=minimum_hours,
        wanted=None if wanted is None else wanted.hour * 60 + wanted.minute,
    )
    last = max((node.day for node in nodes), default=-1)
    for first in range(0, last + 1, FIRST_DAYS):
        window = ((1 << FIRST_DAYS) - 1) << first
        found = at_one_time(nodes, asked, window) or at_any_time(nodes, asked, window)
        if found:
            return _series(found)
    return None


def longest(
    *, offers: Sequence[Offer], zone: ZoneInfo, pattern: Pattern, visits: int, minimum_hours: int
) -> int:
    """How many visits of the pattern fit at most, up to `visits`: 0 where not even one does."""
    fits = (
        number
        for number in range(visits, 0, -1)
        if suggest(
            offers=offers, zone=zone, pattern=pattern, visits=number, minimum_hours=minimum_hours
        )
    )
    return next(fits, 0)


def _nodes(offers: Iterable[Offer], zone: ZoneInfo) -> list[Node]:
    """The offers on the calendar, ascending; a clock time that happens twice in a day, once."""
    placed: dict[tuple[int, int], tuple[datetime, Offer]] = {}
    for offer in sorted(offers, key=lambda offer: offer.starts_at):
        local = check_range(offer.starts_at).astimezone(zone)
        place = local.date().toordinal(), local.hour * 60 + local.minute
        placed.setdefault(place, (offer.starts_at.astimezone(UTC), offer))
    first = min((day for day, _ in placed), default=0)
    return [
        Node(day - first, minute, int(at.timestamp()) // 60, offer)
        for (day, minute), (at, offer) in placed.items()
    ]


def _series(nodes: Sequence[Node]) -> Series:
    return Series(
        starts=tuple(node.offer.starts_at.astimezone(UTC) for node in nodes),
        same_time=len({node.minute for node in nodes}) == 1,
        nurses=frozenset.intersection(*(node.offer.nurses for node in nodes)),
    )
