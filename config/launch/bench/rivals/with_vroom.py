"""VROOM through pyvroom: `python -m config.launch.bench.rivals.with_vroom FILE SECONDS THREADS`."""

import sys
from datetime import timedelta
from pathlib import Path

import numpy as np
import vroom

from config.launch.bench.rivals.day import Day, Routes, read, say

MOST_THOROUGH = 5


def main() -> None:
    """Print the routes."""
    file, seconds, threads = sys.argv[1:4]
    say(solve(read(Path(file)), seconds=float(seconds), threads=int(threads)))


def solve(day: Day, *, seconds: float, threads: int) -> Routes:
    """Fixed starts as time windows, minutes to be in time, metres to be saved."""
    problem = vroom.Input()
    problem.set_durations_matrix("car", 60 * np.array(day.minutes, dtype=np.uint32))
    problem.set_costs_matrix("car", np.array(day.metres, dtype=np.uint32))
    skills = sorted({visit.skill for visit in day.visits})
    for number, nurse in enumerate(day.nurses):
        problem.add_vehicle(
            vroom.Vehicle(
                number,
                start=number,
                end=number,
                skills={skills.index(s) for s in nurse.skills if s in skills},
                time_window=vroom.TimeWindow(60 * nurse.starts, 60 * nurse.ends),
            )
        )
    for number, visit in enumerate(day.visits):
        window = (60 * (visit.start - day.slack), 60 * (visit.start + day.slack))
        problem.add_job(
            vroom.Job(
                number,
                location=len(day.nurses) + number,
                default_service=60 * visit.minutes,
                skills={skills.index(visit.skill)},
                time_windows=[vroom.TimeWindow(*window)],
            )
        )
    found = problem.solve(
        exploration_level=MOST_THOROUGH, nb_threads=threads, timeout=timedelta(seconds=seconds)
    )
    jobs = found.routes[found.routes["type"] == "job"]
    return {
        nurse.id: [day.visits[n].id for n in jobs[jobs["vehicle_id"] == number]["id"]]
        for number, nurse in enumerate(day.nurses)
    }


if __name__ == "__main__":
    main()
