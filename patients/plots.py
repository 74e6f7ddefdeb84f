"""PHQ-9 over time as shapes on a sheet: values in, places out (pure).

The template draws them. All lengths are in the units of the sheet; y grows downwards.

References
----------
Bands of the PHQ-9 at 5, 10, 15 and 20: Kroenke, Spitzer, Williams.
    J Gen Intern Med 2001;16:606-613.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

HIGHEST = 27
BANDS = (0, 5, 10, 15, 20)
# A visit so long before the first check-in, or after the last, still has a place on the sheet.
NEAR = timedelta(days=14)
INSET = 14.0


@dataclass(frozen=True, slots=True)
class Sheet:
    """How large the drawing is, and what stays free around the plot for words."""

    width: int
    height: int
    left: int
    right: int
    top: int
    bottom: int
    ticks: int

    @property
    def floor(self) -> float:
        """Where a score of 0 lies."""
        return float(self.height - self.bottom)

    @property
    def end(self) -> float:
        """Where the plot ends on the right."""
        return float(self.width - self.right)

    @property
    def plot_width(self) -> float:
        """How wide the plot is."""
        return self.end - self.left

    @property
    def number_x(self) -> float:
        """Where numbers of the scale end, left of the plot."""
        return self.left - 6.0

    @property
    def name_x(self) -> float:
        """Where names of bands begin, right of the plot."""
        return self.end + 8.0

    @property
    def day_y(self) -> float:
        """The line on which days are written."""
        return self.height - 6.0


NARROW = Sheet(width=340, height=300, left=26, right=134, top=12, bottom=34, ticks=2)
WIDE = Sheet(width=680, height=320, left=32, right=136, top=12, bottom=34, ticks=4)


@dataclass(frozen=True, slots=True)
class Dot:
    """A score in its place."""

    x: float
    y: float
    total: int


@dataclass(frozen=True, slots=True)
class Band:
    """A stretch of the scale, `level` 0 to 4: named at `middle`, its lowest score at `foot`."""

    level: int
    lowest: int
    y: float
    height: float
    middle: float
    foot: float


@dataclass(frozen=True, slots=True)
class Tick:
    """A day named below the plot; `anchor` as SVG names it."""

    x: float
    at: datetime
    anchor: str


@dataclass(frozen=True, slots=True)
class Plot:
    """All that is drawn on one sheet."""

    sheet: Sheet
    bands: tuple[Band, ...]
    dots: tuple[Dot, ...]
    line: str
    visits: tuple[float, ...]
    ticks: tuple[Tick, ...]


def phq9(
    scores: Sequence[tuple[datetime, int]],
    *,
    visits: Sequence[datetime] = (),
    sheet: Sheet = WIDE,
) -> Plot:
    """Place scores and visits on a sheet.

    Parameters
    ----------
    scores
        Instant and total, 0 to 27, in any order; at least one.
    visits
        When medicine was given; those far from every score are left out.

    Raises
    ------
    ValueError
        If there is no score, or one is off the scale.
    """
    if not scores or any(not 0 <= total <= HIGHEST for _, total in scores):
        raise ValueError("expected scores between 0 and 27, at least one")
    ordered = sorted(scores)
    first, last = ordered[0][0], ordered[-1][0]
    shown = sorted(at for at in visits if first - NEAR <= at <= last + NEAR)
    instants = [at for at, _ in ordered] + shown
    begin, end = min(instants), max(instants)

    def place(at: datetime) -> float:
        room = sheet.end - sheet.left - 2 * INSET
        share = (at - begin) / (end - begin) if end > begin else 0.5
        return round(sheet.left + INSET + room * share, 1)

    dots = tuple(Dot(place(at), _height(total, sheet), total) for at, total in ordered)
    return Plot(
        sheet=sheet,
        bands=_bands(sheet),
        dots=dots,
        line=" ".join(f"{dot.x},{dot.y}" for dot in dots),
        visits=tuple(place(at) for at in shown),
        ticks=tuple(
            Tick(place(at), at, anchor) for at, anchor in _named(begin, end, count=sheet.ticks)
        ),
    )


def _height(score: float, sheet: Sheet) -> float:
    return round(sheet.floor - (sheet.floor - sheet.top) * score / HIGHEST, 1)


def _bands(sheet: Sheet) -> tuple[Band, ...]:
    """Return the bands, each from its lowest score to the next one's."""
    edges = [*BANDS, HIGHEST]
    tops = [_height(edge, sheet) for edge in edges]
    return tuple(
        Band(
            level=level,
            lowest=edges[level],
            y=tops[level + 1],
            height=round(tops[level] - tops[level + 1], 1),
            middle=round((tops[level] + tops[level + 1]) / 2, 1),
            foot=round(tops[level] + 4, 1),
        )
        for level in range(len(BANDS))
    )


def _named(begin: datetime, end: datetime, *, count: int) -> list[tuple[datetime, str]]:
    """Return the days to name: the first, the last, and those between if they are days apart."""
    days = (end - begin) / timedelta(days=1)
    if days < 1:
        return [(begin, "middle")]
    parts = max(1, min(count - 1, int(days)))
    steps = [begin + (end - begin) * number / parts for number in range(parts + 1)]
    return [(at, "middle") for at in steps]
