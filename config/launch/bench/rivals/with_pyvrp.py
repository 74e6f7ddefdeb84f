"""PyVRP: `python -m config.launch.bench.rivals.with_pyvrp FILE SECONDS THREADS` (it uses one)."""

import sys
from pathlib import Path

import numpy as np
import pyvrp
from pyvrp.stop import MaxRuntime

from config.launch.bench.rivals.day import UNASSIGNED_METRES, Day, Routes, read, say

OUT_OF_REACH = 10_000_000  # metres to a visit that a nurse has no skill for
SEED = 1


def main() -> None:
    """Print the routes."""
    file, seconds = sys.argv[1:3]
    say(solve(read(Path(file)), seconds=float(seconds)))


def solve(day: Day, *, seconds: float) -> Routes:
    """Visits are optional at the price of leaving one; skills are distances out of reach."""
    homes = len(day.nurses)
    kinds = sorted({tuple(sorted(nurse.skills)) for nurse in day.nurses})
    data = pyvrp.ProblemData(
        locations=[pyvrp.Location(*place) for place in day.places],
        clients=[
            pyvrp.Client(
                homes + number,
                service_duration=visit.minutes,
                tw_early=visit.start - day.slack,
                tw_late=visit.start + day.slack,
                prize=UNASSIGNED_METRES,
                required=False,
            )
            for number, visit in enumerate(day.visits)
        ],
        depots=[pyvrp.Depot(number) for number in range(homes)],
        vehicle_types=[
            pyvrp.VehicleType(
                start_depot=number,
                end_depot=number,
                tw_early=nurse.starts,
                tw_late=nurse.ends,
                profile=kinds.index(tuple(sorted(nurse.skills))),
            )
            for number, nurse in enumerate(day.nurses)
        ],
        distance_matrices=[_metres(day, frozenset(kind)) for kind in kinds],
        duration_matrices=[np.array(day.minutes, dtype=np.int64)] * len(kinds),
    )
    best = pyvrp.solve(data, stop=MaxRuntime(seconds), seed=SEED).best
    if not best.is_feasible():
        sys.exit("it ended with routes that cannot be driven in time")
    return {
        day.nurses[route.vehicle_type()].id: [day.visits[n].id for n in _numbers(route)]
        for route in best.routes()
    }


def _metres(day: Day, skills: frozenset[str]) -> np.ndarray:
    metres = np.array(day.metres, dtype=np.int64)
    unable = [visit.skill not in skills for visit in day.visits]
    metres[:, len(day.nurses) :][:, unable] = OUT_OF_REACH
    np.fill_diagonal(metres, 0)
    return metres


def _numbers(route: pyvrp.Route) -> list[int]:
    return [activity.idx for activity in route if activity.is_client()]


if __name__ == "__main__":
    main()
