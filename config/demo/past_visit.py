"""One visit that has passed and whose events nobody has recorded yet."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from booking import appointments, clock, rules
from booking.models import Appointment, Status
from config.core.clock import now
from config.core.errors import Refused
from config.demo import people, seed
from patients.models import Therapy
from scheduling.models import Nurse

ASKED_BEFORE = timedelta(hours=72)
DAYS_BACK = 30


def place() -> Appointment | None:
    """Book a visit in the latest window that has passed and is still free for nurse@.

    Booked through the same function as every other visit, as if asked for 72 hours before it; a
    visit of hers that has passed and is still `booked` is left as it is, and None returned.
    """
    nurse = Nurse.objects.get(user__email=people.NURSES[0][0])
    waiting = Appointment.objects.filter(
        nurse=nurse, status=Status.BOOKED, ends_at__lte=now(), order__isnull=False
    )
    if waiting.exists():
        return None
    therapy = Therapy.objects.get(slug="mood-40")
    number = Appointment.objects.count()
    starts = _free_starts(nurse=nurse, therapy=therapy)
    earliest = now() - timedelta(days=DAYS_BACK + 4)
    patient = seed.patient_for_a_visit(
        email=f"visit{now():%Y%m%d%H%M%S}@example.com",
        name=people.full_name(number + 100),
        since=earliest,
    )
    for starts_at in starts:
        try:
            return appointments.book(
                patient=patient,
                therapy=therapy,
                starts_at=starts_at,
                by=patient.user,
                asked_at=starts_at - ASKED_BEFORE,
                nurse=nurse,
            )
        except Refused:
            continue
    return None


def _free_starts(*, nurse: Nurse, therapy: Therapy) -> Iterator[datetime]:
    """Leave out, before anything is booked and refused, where the nurse was with somebody."""
    visits = Appointment.objects.occupying().filter(nurse=nurse)
    taken = list(visits.values_list("starts_at", "ends_at"))
    length = timedelta(minutes=rules.lengths_of(therapy).total)
    for starts_at in _passed_starts(therapy=therapy, zone=ZoneInfo(nurse.time_zone)):
        if not any(start < starts_at + length and starts_at < end for start, end in taken):
            yield starts_at


def _passed_starts(*, therapy: Therapy, zone: ZoneInfo) -> Iterator[datetime]:
    """Yield the starts of visits that are over, latest first."""
    today = now().astimezone(zone).date()
    lengths, figures = rules.lengths_of(therapy), rules.clock_rules()
    for back in range(DAYS_BACK):
        day = today - timedelta(days=back)
        starts = clock.grid_starts(day=day, lengths=lengths, zone=zone, rules=figures)
        for starts_at in reversed(starts):
            if starts_at + timedelta(minutes=lengths.total) <= now():
                yield starts_at
