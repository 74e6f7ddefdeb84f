"""Make messages that fall due: `python -m config.launch.inside faults.rows --visits 100`.

Each visit of a made-up clinic gets one of each given kind, to patients of their own. Prints how
many rows there are to deliver.
"""

import argparse
import json
from datetime import datetime, timedelta

from django.db import transaction

from booking.models import Appointment, Notice
from config.core.clock import now
from config.launch.bench import clinic
from patients.models import Patient

KINDS = {
    "booked": ("F", ("email",)),
    "evening_before": ("P", ("email",)),
    "driving_warning": ("S", ("email", "sms")),
    "confirm_escort": ("P", ("email",)),
}
VISITS_PER_NURSE = 60
USEFUL = timedelta(hours=12)
BATCH = 2000


def main() -> None:
    """Make what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--visits", type=int, required=True)
    parser.add_argument("--kinds", nargs="+", required=True, choices=list(KINDS))
    asked = parser.parse_args()
    with transaction.atomic():
        at = now()
        rows = [
            row(visit, kind=kind, notice_class=notice_class, channel=channel, at=at, useful=USEFUL)
            for visit in visits(asked.visits)
            for kind in asked.kinds
            for notice_class, channels in [KINDS[kind]]
            for channel in channels
        ]
        Notice.objects.bulk_create(rows, BATCH)
    print(json.dumps({"rows": len(rows)}))


def visits(count: int) -> list[Appointment]:
    """Visits of a made-up clinic, of patients who take texts at any hour.

    What is measured with them is not quiet hours.
    """
    clinic.grow(nurses=1 + count // VISITS_PER_NURSE, patients=0, share=1.0)
    Patient.objects.update(sms_in_quiet_hours=True, phone="+13125550123")
    found = list(Appointment.objects.order_by("-starts_at")[:count])
    if len(found) < count:
        raise SystemExit(f"only {len(found)} visits of {count} could be made")
    return found


def row(
    visit: Appointment, *, kind: str, notice_class: str, channel: str,
    at: datetime, useful: timedelta,
) -> Notice:  # fmt: skip
    """Return a message to a visit's patient that falls due at a time.

    A clinic this young has few patients: each visit has an address of its own, so that what is
    held at an address is one visit's.
    """
    return Notice(
        appointment=visit,
        version=visit.version,
        kind=kind,
        recipient="patient",
        channel=channel,
        facts={"to": f"{visit.pk}@example.com"} if channel == "email" else {},
        notice_class=notice_class,
        ideal_at=at,
        send_from=at,
        not_after=at + useful,
    )
