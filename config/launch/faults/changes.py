"""Book, move and cancel visits by the rules, over and over, while senders deliver.

`python -m config.launch.inside faults.changes --runs 1000`: several people at once, each of whom
changes a visit of theirs while its messages are in a sender's hand. Prints for each change which
version it made dead, when it had committed, and whether a message had been in hand before it.
"""

import argparse
import json
import random
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, time as clock_time, timedelta
from typing import Any

from django.db import connection

from booking import appointments
from booking.models import Appointment, Notice, NoticeStatus
from config.celery import app
from config.core.clock import now
from config.launch.bench import clinic
from patients.models import Patient, Therapy
from scheduling.models import Nurse

PEOPLE = 8
MOST_MOVES = 2
DAYS = range(4, 24)
A_MOMENT = 0.05  # seconds, within which the change comes once a message is in hand
PATIENCE, LOOKS = 20.0, 0.005  # seconds
IN_HAND = (NoticeStatus.CLAIMED, NoticeStatus.SENDING, NoticeStatus.SENT)
Change = tuple[str, int, str, float, bool]


def main() -> None:
    """Let the people change their visits and print what they did."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, required=True)
    runs = parser.parse_args().runs
    people = _people()
    with ThreadPoolExecutor(PEOPLE) as threads:
        lives = [
            threads.submit(_live, patient, nurse, range(number, runs, PEOPLE))
            for number, (patient, nurse) in enumerate(people)
        ]
    print(json.dumps({"changes": [change for life in lives for change in life.result()]}))


def _people() -> list[tuple[Patient, Nurse]]:
    """Make people who take texts at any hour, each with a nurse next door."""
    clinic.grow(nurses=PEOPLE, patients=PEOPLE, share=0)
    Patient.objects.update(sms_in_quiet_hours=True)
    patients = Patient.objects.filter(user__email__startswith="bench-b").order_by("pk")
    people = list(zip(patients, Nurse.objects.order_by("pk"), strict=True))
    for patient, nurse in people:
        nurse.home_latitude = patient.address.latitude
        nurse.home_longitude = patient.address.longitude
        nurse.save()
    return people


def _live(patient: Patient, nurse: Nurse, runs: range) -> list[Change]:
    """Tell one person's runs."""
    try:
        return [
            change
            for run in runs
            for change in _run(patient, nurse, random.Random(run))  # noqa: S311  which story
        ]
    finally:
        connection.close()


def _run(patient: Patient, nurse: Nurse, draw: random.Random) -> Iterator[Change]:
    """Book a visit, move it up to twice, cancel it: each while it is being told of."""
    visit = appointments.book(
        patient=patient,
        therapy=Therapy.objects.get(slug="mood-40"),
        starts_at=_start(draw),
        by=patient.user,
        nurse=nurse,
    )
    for _ in range(draw.randint(0, MOST_MOVES)):
        is_told, version = _is_being_told(visit, draw), visit.version
        visit = appointments.reschedule(appointment=visit, starts_at=_start(draw, not_=visit))
        yield str(visit.pk), version, "moved", time.time(), is_told
    is_told = _is_being_told(visit, draw)
    visit = appointments.cancel(appointment=visit)
    yield str(visit.pk), visit.version, "cancelled", time.time(), is_told


def _start(draw: random.Random, *, not_: Appointment | None = None) -> datetime:
    """Draw a start on another day than the visit has now."""
    today = now().astimezone(clinic.ZONE).date()
    taken = not_.starts_at.astimezone(clinic.ZONE).date() if not_ else None
    day = draw.choice([d for n in DAYS if (d := today + timedelta(days=n)) != taken])
    at = clock_time(draw.randint(9, 14), draw.choice((0, 15, 30, 45)))
    return datetime.combine(day, at, tzinfo=clinic.ZONE).astimezone(UTC)


def _is_being_told(visit: Appointment, draw: random.Random) -> bool:
    """Bring its messages forward, ring, and come back within a moment of one being in hand."""
    rows = Notice.objects.filter(appointment=visit, version=visit.version)
    at: Any = now()
    rows.filter(status=NoticeStatus.PENDING).update(ideal_at=at, send_from=at)
    app.send_task("booking.tasks.send_due_notices", expires=10)
    ends = time.monotonic() + PATIENCE
    while not rows.filter(status__in=IN_HAND).exists():
        if time.monotonic() > ends:
            return False
        time.sleep(LOOKS)
    time.sleep(draw.random() * A_MOMENT)
    return True
