"""The days that dispatch is measured on: the public instances, and made-up ones."""

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from config.launch.state import ROOT

PUBLIC = ROOT / "tests" / "data" / "instances"
SKILLS = ("consultation", "mood", "pain")
TRAVEL = {"earth_radius_km": 6371.0088, "detour": 1.3, "km_per_hour": 40.0}


@dataclass(frozen=True)
class Known:
    """The best plan known of a public instance: visits unassigned, kilometres, and its bar."""

    unassigned: int
    km: float
    gap_percent: float  # at most this, certified


KNOWN = {
    "metro20": Known(0, 1299.5, 0.0),
    "metro20-slack15": Known(0, 1042.0, 0.0),
    "metro20-oversubscribed": Known(18, 989.7, 0.0),
    "metro100": Known(0, 3407.1, 1.0),
}
SECONDS = {"metro20": 5, "metro20-slack15": 5, "metro20-oversubscribed": 5}


def files(folder: Path, *, quick: bool) -> Sequence[Path]:
    """The instances to measure, the made-up ones written to a folder."""
    if quick:
        return [written(folder, made_up(nurses=5, visits=18, seed=1))]
    public = [PUBLIC / f"{name}.json" for name in KNOWN]
    return [*public, written(folder, made_up(nurses=100, visits=400, seed=1))]


def written(folder: Path, instance: dict[str, Any]) -> Path:
    """Write an instance and give its file."""
    file = folder / f"{instance['name']}.json"
    file.write_text(json.dumps(instance))
    return file


def made_up(*, nurses: int, visits: int, seed: int) -> dict[str, Any]:
    """A day around Chicago: visits of two hours at promised starts from early to late afternoon."""
    draw = random.Random(seed)  # noqa: S311 -- made-up people
    return {
        "name": f"made-up-{nurses}x{visits}",
        "slack_minutes": 0,
        "travel": TRAVEL,
        "nurses": [{"id": f"n{n}", **_place(draw), **_shift(draw)} for n in range(nurses)],
        "visits": [{"id": f"v{n}", **_place(draw), **_wish(draw)} for n in range(visits)],
    }


def _place(draw: random.Random) -> dict[str, float]:
    return {
        "latitude": round(draw.gauss(41.85, 0.1), 6),
        "longitude": round(draw.gauss(-87.65, 0.13), 6),
    }


def _shift(draw: random.Random) -> dict[str, Any]:
    starts = draw.choice((390, 420, 420, 480, 480, 540))
    # Everybody may talk, most may give one infusion, and some both.
    skills = [SKILLS[0], *(skill for skill in SKILLS[1:] if draw.random() < 0.6)]
    ends = starts + draw.choice((660, 720))
    return {"shift_start": starts, "shift_end": ends, "skills": skills}


def _wish(draw: random.Random) -> dict[str, Any]:
    skill = draw.choices(SKILLS, (60, 25, 15))[0]
    return {"start": 15 * draw.randint(28, 70), "minutes": 120, "skill": skill}
