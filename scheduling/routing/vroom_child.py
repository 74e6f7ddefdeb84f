"""VROOM, asked by a process of its own: `python -P vroom_child.py < question > answer`.

Run by its path and knowing nothing of the product: whatever VROOM does, only this process ends.
"""

import json
import os
import signal
import sys
import time
from datetime import timedelta
from typing import Any

import numpy as np
import vroom

NICENESS = 5
MOST_SECONDS = 600


def main() -> None:
    """Read a question, have it solved, print vehicles with their jobs in order."""
    question = json.load(sys.stdin)
    left = min(question["until"] - time.monotonic(), MOST_SECONDS)
    # Whoever asked may be gone by then.
    signal.alarm(max(1, round(left) + 1))
    os.nice(NICENESS)
    found = problem_of(question).solve(
        exploration_level=question["level"],
        nb_threads=1,
        timeout=timedelta(seconds=max(0.0, 0.9 * left)),
    )
    print(json.dumps(routes_of(found.to_dict())))


def problem_of(question: dict[str, Any]) -> vroom.Input:
    """Return the problem: minutes to be in time, metres to be saved."""
    problem = vroom.Input()
    seconds = 60 * np.array(question["minutes"], dtype=np.uint32)
    metres = np.array(question["metres"], dtype=np.uint32)
    for profile in {vehicle["profile"] for vehicle in question["vehicles"]}:
        costs = metres.copy()
        for place, extra in question["extra"].get(profile, ()):
            costs[:, place] += extra
        problem.set_durations_matrix(profile, seconds)
        problem.set_costs_matrix(profile, costs)
    for number, one in enumerate(question["vehicles"]):
        problem.add_vehicle(_vehicle(number, one))
    for number, one in enumerate(question["jobs"]):
        problem.add_job(_job(number, one))
    return problem


def routes_of(found: dict[str, Any]) -> list[list[Any]]:
    """Return the vehicles that go anywhere, each with its jobs in order."""
    return [
        [route["vehicle"], [step["id"] for step in route["steps"] if step["type"] == "job"]]
        for route in found["routes"]
    ]


def _vehicle(number: int, one: dict[str, Any]) -> vroom.Vehicle:
    return vroom.Vehicle(
        number,
        start=one["home"],
        end=one["home"],
        profile=one["profile"],
        skills=set(one["skills"]),
        time_window=vroom.TimeWindow(60 * one["from"], 60 * one["until"]),
        breaks=[
            vroom.Break(
                which, time_windows=[vroom.TimeWindow(60 * first, 60 * last)], service=60 * minutes
            )
            for which, (first, last, minutes) in enumerate(one["breaks"])
        ],
        max_travel_time=None if one["driving"] is None else 60 * one["driving"],
    )


def _job(number: int, one: dict[str, Any]) -> vroom.Job:
    return vroom.Job(
        number,
        location=one["place"],
        default_service=60 * one["minutes"],
        skills={one["skill"]},
        priority=one["priority"],
        time_windows=[vroom.TimeWindow(60 * one["from"], 60 * one["until"])],
    )


if __name__ == "__main__":
    main()
