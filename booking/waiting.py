"""The waiting list: who waits for which days, and whose turn it is."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import DateField, Exists, ExpressionWrapper, F, OuterRef, Q, QuerySet

from booking import clock, rules
from booking.locks import lock_patient
from booking.models import OCCUPYING, Appointment, Offer, WaitingDay, WaitingEntry
from config.core.clock import now
from config.core.errors import Malformed, deadlocks_retried
from patients.accounts import zone_of
from patients.models import Patient, Therapy

Part, Ending, State = WaitingEntry.Part, WaitingEntry.Ending, Offer.State
NOON = 12
DAY = timedelta(days=1)
# A change carries the moment at which its transaction began: one that a look could not see yet.
UNSEEN = timedelta(seconds=30)

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """Which times would suit: days local to the patient, weekdays or any, a part of the day."""

    first_day: date
    last_day: date
    weekdays: tuple[int, ...] = ()
    part: WaitingEntry.Part = Part.ANY


@dataclass(frozen=True, slots=True)
class Place:
    """Where somebody stands among those who wait for days in common: 1 is next."""

    number: int
    total: int


def horizon(zone: ZoneInfo) -> tuple[date, date]:
    """Return the first and the last day that can be waited for."""
    at = now()
    return clock.local_day(at, zone), clock.local_day(rules.latest_start(asked_at=at), zone)


def of(patient: Patient) -> list[WaitingEntry]:
    """Return what a patient waits for, longest first."""
    return list(WaitingEntry.objects.open().filter(patient=patient).select_related("therapy"))


def entry_of(*, patient: Patient, therapy: Therapy) -> WaitingEntry | None:
    """Return the patient's open place for a therapy."""
    rows = WaitingEntry.objects.open().filter(patient=patient, therapy=therapy)
    return rows.select_related("therapy").first()


@deadlocks_retried
@transaction.atomic
def join(*, patient: Patient, therapy: Therapy, wishes: Wishes) -> WaitingEntry:
    """Wait for these days; whoever waits already keeps the place and waits for these instead.

    Raises
    ------
    Malformed
        If no such day can be had.
    """
    patient = lock_patient(patient)
    _refuse_impossible(wishes, zone=zone_of(patient))
    asked = {
        "first_day": wishes.first_day,
        "last_day": wishes.last_day,
        "weekdays": sorted(set(wishes.weekdays)),
        "part": wishes.part,
        "looked_at": None,
    }
    entry, is_new = WaitingEntry.objects.get_or_create(
        patient=patient, therapy=therapy, ended_at=None, defaults=asked
    )
    if not is_new:
        for field, value in asked.items():
            setattr(entry, field, value)
        entry.save(update_fields=list(asked))
    return entry


def _refuse_impossible(wishes: Wishes, *, zone: ZoneInfo) -> None:
    first, last = horizon(zone)
    if wishes.last_day < wishes.first_day:
        raise Malformed("invalid", "The last day is before the first.", "last_day")
    if wishes.last_day < first or wishes.first_day > last:
        raise Malformed("invalid", "These days cannot be booked.", "first_day")
    days = (wishes.last_day - wishes.first_day).days + 1
    found = {(wishes.first_day + n * DAY).weekday() for n in range(min(days, 7))}
    if wishes.weekdays and not found & set(wishes.weekdays):
        raise Malformed("invalid", "None of these days lies between the two dates.", "weekdays")


@deadlocks_retried
@transaction.atomic
def leave(*, entry: WaitingEntry) -> None:
    """Wait no more; twice changes nothing, and an offer that stands is withdrawn."""
    lock_patient(entry.patient)
    end(entry, ending=Ending.LEFT)


def end(entry: WaitingEntry, *, ending: WaitingEntry.Ending) -> None:
    """Close a place in line under the patient's lock, and let go of what was offered."""
    open_offers = Offer.objects.open().filter(entry=entry)
    for offer in open_offers.select_for_update():
        close(offer, state=State.WITHDRAWN)
    WaitingEntry.objects.filter(pk=entry.pk, ended_at__isnull=True).update(
        ended_at=now(), ending=ending
    )


def close(offer: Offer, *, state: Offer.State) -> None:
    """End an open offer that is locked; the time is somebody else's to be asked about."""
    at = now()
    offer.state, offer.ended_at = state, at
    offer.save(update_fields=["state", "ended_at"])
    day = clock.local_day(offer.starts_at, ZoneInfo(offer.time_zone))
    WaitingDay.objects.filter(day=day).update(changed_at=at)


@deadlocks_retried
@transaction.atomic
def withdraw(offer: Offer) -> bool:
    """End an offer because its time is gone; whoever had it is looked at anew."""
    lock_patient(offer.entry.patient)
    current = Offer.objects.select_for_update().get(pk=offer.pk)
    if current.state != State.OFFERED:
        return False
    close(current, state=State.WITHDRAWN)
    WaitingEntry.objects.filter(pk=offer.entry_id).update(looked_at=None)
    return True


# -- whose turn it is ----------------------------------------------------------------------------


def place(entry: WaitingEntry) -> Place:
    """Return where somebody stands among those who wait for some of the same times."""
    rivals = WaitingEntry.objects.open().filter(
        first_day__lte=entry.last_day,
        last_day__gte=entry.first_day,
        therapy__needs_order=entry.therapy.needs_order,
    )
    if entry.part != Part.ANY:
        rivals = rivals.filter(part__in=[Part.ANY, entry.part])
    if entry.weekdays:
        rivals = rivals.filter(Q(weekdays=[]) | Q(weekdays__overlap=entry.weekdays))
    before = Q(in_line_since__lt=entry.in_line_since) | Q(
        in_line_since=entry.in_line_since, pk__lt=entry.pk
    )
    return Place(number=rivals.filter(before).count() + 1, total=rivals.count())


def due(*, at: datetime) -> QuerySet[WaitingEntry]:
    """Return, in order, who waits and for whom something may have changed since it was looked at.

    A day of theirs, or what a gate asks of them; and everybody once a day.
    """
    changed = WaitingDay.objects.filter(
        day__gte=OuterRef("first_day"),
        day__lte=OuterRef("last_day"),
        changed_at__gt=OuterRef("looked_at") - UNSEEN,
    )
    offered = Offer.objects.open().filter(entry=OuterRef("pk"))
    anew = (
        Q(looked_at__isnull=True)
        | Q(looked_at__lt=at - DAY)
        | Q(patient__changed_at__gt=F("looked_at") - UNSEEN)
        | Exists(changed)
    )
    rows = WaitingEntry.objects.open().filter(anew, ~Exists(offered), patient__user__is_active=True)
    return rows.select_related("patient__user", "patient__address", "therapy")


def suits(entry: WaitingEntry, *, start: datetime, zone: ZoneInfo) -> bool:
    """Whether a start is on a day and in a part of it that somebody waits for."""
    local = start.astimezone(zone)
    if not entry.first_day <= local.date() <= entry.last_day:
        return False
    if entry.weekdays and local.weekday() not in entry.weekdays:
        return False
    is_morning = local.hour < NOON
    return entry.part == Part.ANY or is_morning == (entry.part == Part.MORNING)


# -- who waits no more ---------------------------------------------------------------------------


def tidy(*, at: datetime) -> int:
    """End the places of those whose days have passed, and of those who found a time themselves."""
    # A day either way: it is begun and over by each patient's own clock, which `_tidy` reads.
    over = WaitingEntry.objects.open().filter(last_day__lte=at.date())
    visits = Appointment.objects.filter(
        patient=OuterRef("patient"),
        therapy=OuterRef("therapy"),
        status__in=OCCUPYING,
        booked_at__gte=OuterRef("joined_at"),
        starts_at__date__gte=OuterRef("first_day"),
        starts_at__date__lte=ExpressionWrapper(OuterRef("last_day") + 1, DateField()),
    )
    found = WaitingEntry.objects.open().filter(Exists(visits))
    rows = (over | found).distinct().select_related("patient__user", "patient__address")
    return sum(_tidy_safely(entry, at=at) for entry in rows.order_by("last_day", "pk"))


def _tidy_safely(entry: WaitingEntry, *, at: datetime) -> bool:
    try:
        return _tidy(entry, at=at)
    except Exception as error:  # noqa: BLE001  one poisonous row must not hold the others
        logger.warning("waiting entry %s: %s", entry.pk, type(error).__name__)
        return False


@transaction.atomic
def _tidy(entry: WaitingEntry, *, at: datetime) -> bool:
    lock_patient(entry.patient)
    zone = zone_of(entry.patient)
    if clock.local_day(at, zone) > entry.last_day:
        end(entry, ending=Ending.OVER)
        return True
    starts = Appointment.objects.filter(
        patient=entry.patient,
        therapy=entry.therapy_id,
        status__in=OCCUPYING,
        booked_at__gte=entry.joined_at,
    ).values_list("starts_at", flat=True)
    if any(entry.first_day <= clock.local_day(one, zone) <= entry.last_day for one in starts):
        end(entry, ending=Ending.BOOKED)
        return True
    return False
