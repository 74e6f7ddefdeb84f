"""Write discharges down, and correct them: `python -m config.launch.inside faults.discharges`.

`ended --visits 20` makes visits that are over, each with a dose given and a discharge; `corrected
--first-by -2 --second-by 2` writes another discharge, so many hours from the first: by one figure
for every other visit, and by the other for the rest. Prints each visit's planned end and what was
told of it.
"""

import argparse
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.db.models import F

from booking.models import Appointment
from config.core.clock import now
from config.launch.bench import clinic
from nurses.custody import record_dose
from nurses.models import Event
from nurses.visits import record_event
from patients.models import Patient

TIMES = ("starts_at", "ends_at", "heavy_meal_until", "fast_from", "liquids_until", "drive_after")
ENDED = timedelta(hours=5)  # before now, as planned
DISCHARGED = timedelta(hours=3)  # before now: two hours either way lie in the past
STARTED = timedelta(hours=6)


def main() -> None:
    """Do what is asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["ended", "corrected"])
    parser.add_argument("--visits", type=int, default=0)
    parser.add_argument("--first-by", type=float, default=0)
    parser.add_argument("--second-by", type=float, default=0)
    asked = parser.parse_args()
    if asked.what == "ended":
        _end_visits(asked.visits)
    visits = Appointment.objects.exclude(events=None).order_by("pk").distinct()
    if asked.what == "corrected":
        for number, visit in enumerate(visits):
            _correct(visit, hours=(asked.first_by, asked.second_by)[number % 2])
    print(json.dumps({str(visit.pk): _told_of(visit) for visit in visits}))


def _end_visits(count: int) -> None:
    """Move a visit of each nurse to this morning, and have it told."""
    with transaction.atomic():
        clinic.grow(nurses=count, patients=0, share=1.0)
        Patient.objects.update(sms_in_quiet_hours=True)
        visits = list(Appointment.objects.order_by("nurse_id", "starts_at").distinct("nurse_id"))
        for visit in visits:
            back = visit.ends_at - _noted(ENDED)
            moved = {field: F(field) - back for field in TIMES}
            Appointment.objects.filter(pk=visit.pk).update(version=F("version") + 1, **moved)
    for visit in visits:
        with transaction.atomic():  # or a sender could tell of a visit that nobody has ended yet
            _tell_of(visit)


def _tell_of(visit: Appointment) -> None:
    """Write down what happened in a visit."""
    _step(visit, Event.Name.START_INFUSION, at=_noted(STARTED))
    if visit.nurse is not None:
        record_dose(
            appointment_id=visit.pk, by=visit.nurse.user, at=_noted(STARTED),
            client_id="dose", lot="A1", drawn_mg=Decimal(20), given_mg=Decimal(20),
            wasted_mg=Decimal(0), returned_mg=Decimal(0),
        )  # fmt: skip
    _step(visit, Event.Name.DISCHARGE, at=_noted(DISCHARGED))


def _noted(before: timedelta) -> datetime:
    """Return a moment so long before this one, to the minute, as nurses note it."""
    return (now() - before).replace(second=0, microsecond=0)


def _correct(visit: Appointment, *, hours: float) -> None:
    """Say that the first discharge was at another time."""
    first = visit.events.filter(event=Event.Name.DISCHARGE).earliest("pk")
    _step(visit, Event.Name.DISCHARGE, at=first.at + timedelta(hours=hours))


def _step(visit: Appointment, event: Event.Name, *, at: datetime) -> None:
    if visit.nurse is None:
        raise SystemExit("nobody was sent")
    record_event(
        appointment_id=visit.pk,
        by=visit.nurse.user,
        event=event,
        at=at,
        client_id=f"{event}-{visit.events.count()}",
        happened=True,
    )


def _told_of(visit: Appointment) -> dict[str, object]:
    """Return what a visit's end rests on, in the order in which it was told."""
    told = visit.events.filter(event=Event.Name.DISCHARGE).order_by("pk")
    return {
        "zone": visit.time_zone,
        "planned": visit.ends_at.astimezone(UTC).isoformat(),
        "discharged": [event.at.isoformat() for event in told],
    }
