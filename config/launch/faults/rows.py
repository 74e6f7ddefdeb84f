"""Make messages that fall due: `python -m config.launch.faults.inside rows --visits 100`.

Each visit of a made-up clinic gets one of each given kind, to patients of their own. Prints how
many rows there are to deliver.
"""

import argparse
import json
from collections.abc import Iterator
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
    parser.add_argument("--in-seconds", type=float, default=0, help="when they fall due")
    asked = parser.parse_args()
    with transaction.atomic():
        clinic.grow(nurses=1 + asked.visits // VISITS_PER_NURSE, patients=0, share=1.0)
        # Texts at any hour: what is measured here is not quiet hours.
        Patient.objects.update(sms_in_quiet_hours=True, phone="+13125550123")
        due = now() + timedelta(seconds=asked.in_seconds)
        rows = list(_rows(asked.visits, asked.kinds, due))
        Notice.objects.bulk_create(rows, BATCH)
    print(json.dumps({"rows": len(rows)}))


def _rows(visits: int, kinds: list[str], due: datetime) -> Iterator[Notice]:
    chosen = list(Appointment.objects.order_by("-starts_at").values_list("pk", "version")[:visits])
    if len(chosen) < visits:
        raise SystemExit(f"only {len(chosen)} visits of {visits} could be made")
    for pk, version in chosen:
        for kind in kinds:
            notice_class, channels = KINDS[kind]
            for channel in channels:
                yield Notice(
                    appointment_id=pk,
                    version=version,
                    kind=kind,
                    recipient="patient",
                    channel=channel,
                    notice_class=notice_class,
                    ideal_at=due,
                    send_from=due,
                    not_after=due + USEFUL,
                )
