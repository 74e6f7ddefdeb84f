"""Days to dispatch: made up from a seed, and solved by trying everything."""

from itertools import permutations

import numpy as np

from scheduling.routing import UNASSIGNED_METRES, Day, Lunch, NurseDay, Visit
from scheduling.routing.verify import walk
from scheduling.travel import Haversine, Matrix, Place

CITY = Place(41.85, -87.55)
SHIFTS = [(390, 1050), (420, 1080), (420, 1140), (480, 1140), (480, 1200), (540, 1260)]


def city(
    *, seed: int, nurses: int, visits: int, slack: int = 0, skills: int = 3, minutes: int = 120
) -> Day:
    """A city's day: homes and visits spread over some 60 km."""
    rng = np.random.default_rng(seed)
    spread = rng.normal(0, 0.13, (nurses + visits, 2))
    places = [Place(CITY.latitude + north, CITY.longitude + east) for north, east in spread]
    can = rng.random((nurses, skills)) < 0.6
    can[:, 0] = True
    team = tuple(
        NurseDay(f"n{n}", places[n], (SHIFTS[int(rng.integers(len(SHIFTS)))],))
        for n in range(nurses)
    )
    asked = []
    for v in range(visits):
        skill = int(rng.choice(skills, p=np.array([0.6, *[0.4 / (skills - 1)] * (skills - 1)])))
        may = frozenset(nurse.id for n, nurse in enumerate(team) if can[n, skill])
        start = 15 * int(rng.integers(27, 71))
        asked.append(Visit(f"v{v}", places[nurses + v], start, minutes, may))
    return Day(team, tuple(asked), Haversine().matrix(places), slack_minutes=slack)


def day_of(*those: NurseDay | Visit, minutes: int = 0) -> Day:
    """These nurses and visits, each as many minutes from every other."""
    nurses = tuple(one for one in those if isinstance(one, NurseDay))
    visits = tuple(one for one in those if isinstance(one, Visit))
    legs = np.full((len(those), len(those)), 60 * minutes, dtype=np.int32)
    np.fill_diagonal(legs, 0)
    return Day(nurses, visits, Matrix(legs, legs * 10, np.zeros(legs.shape, dtype=bool)))


def anything(*, seed: int) -> Day:
    """A tiny day with every rule at once, on roads that go one way and cut no corners."""
    rng = np.random.default_rng(seed)
    nurses, visits = int(rng.integers(1, 4)), int(rng.integers(0, 6))
    moving = bool(rng.random() < 0.3)
    team = tuple(_nurse(rng, f"n{n}", moving=moving) for n in range(nurses))
    asked = tuple(_visit(rng, f"v{v}", team, moving=moving) for v in range(visits))
    size = nurses + visits
    minutes = rng.integers(1, 70, (size, size))
    np.fill_diagonal(minutes, 0)
    metres = minutes * 600 + rng.integers(0, 4000, (size, size)) * (minutes > 0)
    return Day(
        team,
        asked,
        Matrix(
            (minutes * 60 - 7 * (minutes > 0)).astype(np.int32),
            metres.astype(np.int32),
            np.zeros((size, size), dtype=bool),
        ),
        slack_minutes=int(rng.integers(1, 40)) if moving else 0,
        uneven_metres=int(rng.choice([0, 0, 3000])),
    )


def _nurse(rng: np.random.Generator, name: str, *, moving: bool) -> NurseDay:
    start = int(rng.integers(300, 600))
    end = start + int(rng.integers(200, 900))
    windows = [(start, end)]
    if not moving and rng.random() < 0.5:
        windows.append((end + int(rng.integers(1, 240)), end + 240 + int(rng.integers(60, 400))))
    if not moving and rng.random() < 0.1:
        windows = []
    lunches = []
    for _ in range(int(rng.integers(0, 3)) if not moving else 0):
        earliest = int(rng.integers(500, 900))
        minutes = int(rng.integers(15, 60))
        lunches.append(Lunch(minutes, earliest, earliest + minutes + int(rng.integers(0, 120))))
    return NurseDay(
        name,
        CITY,
        tuple(windows),
        tuple(lunches),
        max_driving=int(rng.integers(60, 240)) if rng.random() < 0.4 else None,
        max_working=int(rng.integers(150, 600)) if rng.random() < 0.4 else None,
    )


def _visit(
    rng: np.random.Generator, name: str, team: tuple[NurseDay, ...], *, moving: bool
) -> Visit:
    names = [nurse.id for nurse in team]
    return Visit(
        name,
        CITY,
        int(rng.integers(330, 1300)),
        int(rng.integers(10, 120)),
        frozenset(nurse for nurse in names if rng.random() < 0.8),
        pinned=str(rng.choice(names)) if not moving and rng.random() < 0.25 else None,
        costs={nurse: int(rng.integers(0, 30_000)) for nurse in names if rng.random() < 0.4},
    )


def least(day: Day) -> int:
    """The least cost of any plan, by trying every route of every nurse."""
    best = {0: 0}
    for nurse in range(len(day.nurses)):
        routes = routes_by_hand(day, nurse)
        after: dict[int, int] = {}
        for done, cost in best.items():
            for carried, metres in routes.items():
                if not done & carried:
                    total = cost + metres
                    after[done | carried] = min(total, after.get(done | carried, total))
        best = after
    return min(
        cost + UNASSIGNED_METRES * (len(day.visits) - done.bit_count())
        for done, cost in best.items()
        if all(visit.pinned is None or done >> v & 1 for v, visit in enumerate(day.visits))
    )


def routes_by_hand(day: Day, nurse: int) -> dict[int, int]:
    """What each set of visits costs a nurse, by the best order she can take it in."""
    routes: dict[int, int] = {}
    for carried in range(1 << len(day.visits)):
        stops = [v for v in range(len(day.visits)) if carried >> v & 1]
        stops.sort(key=lambda v: (day.visits[v].start, v))
        for order in permutations(stops) if day.slack_minutes else [stops]:
            walked = walk(day, nurse, order)
            if walked.broken is None:
                routes[carried] = min(walked.cost, routes.get(carried, walked.cost))
    return routes
