"""The words of a day's dispatch: who can go, what is asked, what came out."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from scheduling.travel import Matrix, Place

UNASSIGNED_METRES = 1_000_000
"""What a visit nobody goes to costs, in metres: more than any detour that would save it."""


class Unsolvable(Exception):
    """The solver underneath did not do what it was asked."""


@dataclass(frozen=True, slots=True)
class Lunch:
    """A break of `minutes` lying wholly in [earliest, latest].

    Driving may be split by it, a visit may not.
    """

    minutes: int
    earliest: int
    latest: int


@dataclass(frozen=True, slots=True)
class NurseDay:
    """One nurse's day.

    Attributes
    ----------
    windows
        (start, end) in minutes, ascending and not touching. She leaves home at or after a window's
        start and is home again by its end.
    lunches
        Breaks to keep. A stretch of one's interval in which she is off satisfies it.
    max_driving
        Minutes of driving that day, the drive home included.
    max_working
        Minutes of visits and driving that day.
    """

    id: str
    home: Place
    windows: tuple[tuple[int, int], ...]
    lunches: tuple[Lunch, ...] = ()
    max_driving: int | None = None
    max_working: int | None = None


@dataclass(frozen=True, slots=True)
class Visit:
    """One visit to make.

    Attributes
    ----------
    start
        Minute it begins.
    nurses
        Who may go by papers and skill.
    pinned
        The nurse who goes whatever the rules say: it is in progress, or was fixed by hand.
    costs
        Metres of extra cost if that nurse goes.
    """

    id: str
    place: Place
    start: int
    minutes: int
    nurses: frozenset[str]
    pinned: str | None = None
    costs: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Day:
    """A day to dispatch.

    Attributes
    ----------
    travel
        (n + v, n + v): homes first, then visits, each in order.
    slack_minutes
        A visit that is not pinned begins within its start plus or minus this.
    uneven_metres
        A nurse's k-th visit costs (k - 1) times this.

    Raises
    ------
    ValueError
        Where the parts do not fit together; the message says which.
    """

    nurses: tuple[NurseDay, ...]
    visits: tuple[Visit, ...]
    travel: Matrix
    slack_minutes: int = 0
    uneven_metres: int = 0

    def __post_init__(self) -> None:
        places = len(self.nurses) + len(self.visits)
        if self.travel.seconds.shape != (places, places) != self.travel.metres.shape:
            raise ValueError(f"travel is not {places} x {places}")
        ids = {nurse.id for nurse in self.nurses}
        if len(ids) < len(self.nurses) or len({v.id for v in self.visits}) < len(self.visits):
            raise ValueError("two nurses or two visits bear one id")
        if self.slack_minutes < 0 or self.uneven_metres < 0:
            raise ValueError("slack and unevenness cannot be negative")
        if self.slack_minutes and (
            any(nurse.lunches or len(nurse.windows) > 1 for nurse in self.nurses)
            or any(visit.pinned is not None for visit in self.visits)
        ):
            raise ValueError("breaks, split shifts and pinned visits need starts that do not move")
        for visit in self.visits:
            if visit.minutes < 1:
                raise ValueError(f"visit {visit.id} takes no time")
            if visit.pinned is not None and visit.pinned not in ids:
                raise ValueError(f"visit {visit.id} is pinned to nobody known")


@dataclass(frozen=True, slots=True)
class Why:
    """Why a nurse does not go: "papers", "shift", "lunch", "driving", "hours" or "busy"."""

    nurse: str
    rule: str


@dataclass(frozen=True, slots=True)
class Plan:
    """Who goes where, and how good that is.

    Attributes
    ----------
    routes
        Visits of each nurse in order; every nurse is there.
    metres
        Driving alone.
    cost_metres
        Driving, costs, unevenness and `UNASSIGNED_METRES` per visit left over.
    lower_bound_metres
        No plan of that day costs less than this.
    gap_percent
        How far `cost_metres` may lie above the best possible.
    proven
        The gap is closed.
    why
        For each visit left over, what stops the nearest nurses.
    """

    routes: dict[str, tuple[str, ...]]
    unassigned: tuple[str, ...]
    metres: int
    cost_metres: int
    lower_bound_metres: int
    gap_percent: float
    proven: bool
    seconds: float
    seed: int
    why: dict[str, tuple[Why, ...]]
