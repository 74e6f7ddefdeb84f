"""Another time for the visits of a course that cannot be had; the rest stays as it was chosen."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from booking import clock, courses, suggestions
from config.core.errors import Malformed, Refused
from patients.accounts import zone_of
from patients.models import Patient, Therapy


def mended(
    *,
    patient: Patient,
    therapy: Therapy,
    starts: Sequence[datetime],
    broken: Collection[datetime],
) -> tuple[datetime, ...]:
    """Return as many starts that can be had, the good ones among them; none where none fit.

    Parameters
    ----------
    starts
        All that were asked for, ascending.
    broken
        Those of them that cannot be had.
    """
    if len(starts) < 2:
        return ()
    zone = zone_of(patient)
    wanted = min(broken).astimezone(zone).time()
    try:
        steps = courses.pattern_of(therapy).steps
        found = suggestions.find(
            patient=patient,
            therapy=therapy,
            first=clock.local_day(starts[0], zone) - timedelta(days=steps.stop - 1),
            wanted=wanted,
            keeping=[start for start in starts if start not in broken],
        )
    except (Refused, Malformed):
        return ()
    new = tuple(slot["starts_at"] for slot in found["slots"])
    return new if len(new) == len(starts) else ()
