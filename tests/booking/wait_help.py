"""What the tests of the waiting list share: a nurse whose mornings hold one visit each."""

from __future__ import annotations

from datetime import date, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from booking import appointments, search, waiting
from booking.clock import local_day
from booking.models import Appointment, Offer, WaitingEntry
from booking.waiting import Wishes
from config.core.clock import now
from patients.models import Patient
from scheduling.models import Nurse
from tests import factories

ZONE = ZoneInfo(factories.CHICAGO)


def day(number: int) -> date:
    """The local day so many days ahead."""
    return local_day(now(), ZONE) + timedelta(days=number)


def make_nurse() -> Nurse:
    return factories.make_nurse(starts=time(8), ends=time(13))


def fill(number: int, *, name: str = "Fay Holm") -> Appointment:
    """Book all there is on a day."""
    patient = factories.make_patient(name=name)
    starts = _starts(patient, number)
    return appointments.book(
        patient=patient, therapy=factories.therapy(), starts_at=starts[0], by=patient.user
    )


def _starts(patient: Patient, number: int) -> Any:
    therapy = factories.therapy()
    wish = search.wish_for(patient=patient, therapy=therapy, starts_at=now(), asked_at=now())
    return search.open_starts(
        wish=wish,
        at=search.where(patient=patient, therapy=therapy),
        first=day(number),
        last=day(number),
    )


def waits(
    name: str = "Ada Byrne", *, first: int = 3, last: int = 3, patient: Patient | None = None,
    **wishes: Any,
) -> WaitingEntry:  # fmt: skip
    """Somebody who waits for some days."""
    return waiting.join(
        patient=patient or factories.make_patient(name=name),
        therapy=factories.therapy(),
        wishes=Wishes(first_day=day(first), last_day=day(last), **wishes),
    )


def offered_to(entry: WaitingEntry) -> Offer | None:
    return Offer.objects.open().filter(entry=entry).first()


def who_is_asked() -> list[str]:
    rows = Offer.objects.open().order_by("pk").values_list("entry__patient__user__name", flat=True)
    return [name.split()[0] for name in rows]
