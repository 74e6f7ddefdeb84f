"""Book visits about the days when clocks change, and tell of them under a clock of our own.

`python -m config.launch.inside faults.clocks --visits 8`: the first so many of `vectors`, booked by
the rules in a process whose clock is moved from one message to the next. Prints, for each message
by its number, which visit it is of, what it is and when it left.
"""

import argparse
import json
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from itertools import groupby

import time_machine

from booking import appointments
from booking.models import Appointment, Notice, NoticeStatus
from booking.models.notice import DUE_AT
from booking.notices import ledger
from config.core.clock import now
from config.launch.bench import clinic
from config.launch.faults.vectors import VECTORS, Vector
from nurses.models import Event
from nurses.visits import record_event
from patients.models import Patient, Therapy
from scheduling.models import Nurse

AFTERWARDS = timedelta(days=2)
SECOND = timedelta(seconds=1)
Travelled = Callable[[datetime], None]


def main() -> None:
    """Tell of as many visits as are asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--visits", type=int, required=True)
    chosen = VECTORS[: parser.parse_args().visits]
    booked: list[Appointment] = []
    with time_machine.travel(chosen[0].booked_at, tick=False) as traveller:
        for booked_at, group in groupby(chosen, key=lambda vector: vector.booked_at):
            traveller.move_to(booked_at)
            there = [_book(vector, number=len(booked) + n) for n, vector in enumerate(group)]
            booked += there
            _tell(traveller.move_to, there)
    print(
        json.dumps(
            {
                row.pk: [number, *_facts(row)]
                for number, visit in enumerate(booked)
                for row in Notice.objects.filter(appointment=visit, status=NoticeStatus.SENT)
            }
        )
    )


def _facts(row: Notice) -> tuple[str, str, str, str]:
    return row.kind, row.recipient, row.channel, row.sent_at.isoformat() if row.sent_at else ""


def _book(vector: Vector, *, number: int) -> Appointment:
    """Book it for a patient and with a nurse of its own, neighbours who both live by its clock."""
    clinic.grow(nurses=number + 1, patients=number + 1, share=0)
    nurse = Nurse.objects.order_by("-pk")[0]
    patient = Patient.objects.filter(user__email__startswith="bench-b").order_by("-pk")[0]
    nurse.time_zone = patient.address.time_zone = vector.zone
    nurse.home_latitude = patient.address.latitude
    nurse.home_longitude = patient.address.longitude
    nurse.save()
    patient.address.save()
    return appointments.book(
        patient=patient,
        therapy=Therapy.objects.get(slug="mood-40"),
        starts_at=vector.starts_at,
        by=patient.user,
        nurse=nurse,
    )


def _tell(travel: Travelled, visits: Iterable[Appointment]) -> None:
    """Send each message when it is due, and nothing a second sooner; end each visit in time."""
    ends = {visit.ends_at: visit for visit in visits}
    over = max(ends) + AFTERWARDS
    while True:
        soonest = _soonest()
        at = min([*ends, *([soonest] if soonest else []), over])
        travel(at - SECOND)
        ledger.send_due()
        travel(at)
        if at in ends:
            _end(ends.pop(at))
        elif at == over:
            return
        ledger.send_due()


def _soonest() -> datetime | None:
    """Return when the next message is due that has still to fall due."""
    waiting = Notice.objects.filter(status=NoticeStatus.PENDING).order_by(DUE_AT)
    found: datetime | None = (
        waiting.annotate(due=DUE_AT).filter(due__gt=now()).values_list("due", flat=True).first()
    )
    return found


def _end(visit: Appointment) -> None:
    """Write down that the visit is over, as a nurse out of signal would."""
    if visit.nurse is None:
        raise SystemExit("nobody was sent")
    record_event(
        appointment_id=visit.pk,
        by=visit.nurse.user,
        event=Event.Name.DISCHARGE,
        at=now(),
        client_id="discharged",
        happened=True,
    )
