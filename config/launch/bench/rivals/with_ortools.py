"""OR-Tools routing: `python -m config.launch.bench.rivals.with_ortools FILE SECONDS THREADS`.

It uses one thread.
"""

import sys
from pathlib import Path

from ortools.constraint_solver import pywrapcp, routing_enums_pb2 as enums

from config.launch.bench.rivals.day import UNASSIGNED_METRES, Day, Routes, read, say

END_OF_DAY = 2880  # minutes; no instance is longer


def main() -> None:
    """Print the routes."""
    file, seconds = sys.argv[1:3]
    say(solve(read(Path(file)), seconds=float(seconds)))


def solve(day: Day, *, seconds: float) -> Routes:
    """Insert in parallel, then guided local search; a visit may be left at its price."""
    homes = list(range(len(day.nurses)))
    manager = pywrapcp.RoutingIndexManager(len(homes) + len(day.visits), len(homes), homes, homes)
    routing = pywrapcp.RoutingModel(manager)
    metres, minutes = day.metres, day.minutes
    service = [0] * len(homes) + [visit.minutes for visit in day.visits]
    node = manager.IndexToNode
    routing.SetArcCostEvaluatorOfAllVehicles(
        routing.RegisterTransitCallback(lambda a, b: metres[node(a)][node(b)])
    )
    transit = routing.RegisterTransitCallback(
        lambda a, b: service[node(a)] + minutes[node(a)][node(b)]
    )
    routing.AddDimension(transit, END_OF_DAY, END_OF_DAY, False, "time")  # noqa: FBT003
    time = routing.GetDimensionOrDie("time")
    for number, nurse in enumerate(day.nurses):
        time.CumulVar(routing.Start(number)).SetRange(nurse.starts, nurse.ends)
        time.CumulVar(routing.End(number)).SetRange(nurse.starts, nurse.ends)
    for number, visit in enumerate(day.visits):
        index = manager.NodeToIndex(len(homes) + number)
        time.CumulVar(index).SetRange(visit.start - day.slack, visit.start + day.slack)
        routing.VehicleVar(index).SetValues([-1, *day.able(visit)])
        routing.AddDisjunction([index], UNASSIGNED_METRES)
    how = pywrapcp.DefaultRoutingSearchParameters()
    how.first_solution_strategy = enums.FirstSolutionStrategy.PARALLEL_CHEAPEST_INSERTION
    how.local_search_metaheuristic = enums.LocalSearchMetaheuristic.GUIDED_LOCAL_SEARCH
    how.time_limit.FromMilliseconds(int(1000 * seconds))
    found = routing.SolveWithParameters(how)
    if found is None:
        return {}
    routes: dict[str, list[str]] = {}
    for number, nurse in enumerate(day.nurses):
        index, routes[nurse.id] = found.Value(routing.NextVar(routing.Start(number))), []
        while not routing.IsEnd(index):
            routes[nurse.id].append(day.visits[node(index) - len(homes)].id)
            index = found.Value(routing.NextVar(index))
    return routes


if __name__ == "__main__":
    main()
