"""How the demo's first patient has been: check-ins of the weeks before, getting better."""

from __future__ import annotations

from datetime import timedelta
from uuid import NAMESPACE_URL, uuid5

from config.core.clock import now
from patients import check_ins
from patients.instruments import GAD7_IDS, PHQ9_IDS
from patients.models import Patient

# Days ago, PHQ-9 total, GAD-7 total and pain.
COURSE = ((40, 19, 14, 6), (33, 16, 12, 5), (26, 17, 12, 5), (19, 12, 9, 4), (12, 9, 7, 3))


def seed(patient: Patient) -> None:
    """Write them unless there are any."""
    if patient.check_ins.exists():
        return
    for days, phq9, gad7, pain in COURSE:
        mood = _spread(phq9, PHQ9_IDS[:-1]) | {PHQ9_IDS[-1]: 0}
        check_ins.submit(
            patient=patient,
            client_id=uuid5(NAMESPACE_URL, f"check-in/{patient.pk}/{days}"),
            answers={**mood, **_spread(gad7, GAD7_IDS), "pain": pain},
            at=now() - timedelta(days=days),
        )


def _spread(total: int, ids: tuple[str, ...]) -> dict[str, int]:
    """Return answers of 0 to 3 that come to a total, as even as they can be."""
    each, more = divmod(total, len(ids))
    return {name: each + (number < more) for number, name in enumerate(ids)}
