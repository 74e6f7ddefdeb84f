"""Free times offered to whoever waits, in order, each to one person at a time, for a while.

Nothing calls here when a time comes free: a sweep looks at the days that changed. An offer holds
nothing: taking it is a booking under every rule, and others may book the time meanwhile.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import IntegrityError, transaction

from booking import appointments, clock, offer_links, openings, rules, search, waiting
from booking.locks import lock_patient
from booking.models import Offer, WaitingEntry
from booking.notices import offered_times
from booking.rules import Wish
from config.core.clock import now
from config.core.errors import Refused, constraint_of
from patients.accounts import zone_of
from scheduling.slots import Feasible

State = Offer.State
QUIET_FROM, QUIET_UNTIL = time(21), time(8)
# What is left of an offer where the visit is near: less would be of no use.
LEAST = timedelta(minutes=30)
# Around an offered visit its nurse is not offered to anybody else: somebody has to drive there.
APART = timedelta(minutes=60)
LOOKS = 60
DAYS_TRIED = 4
ONE_AT_A_TIME = {
    "offer_of_a_nurses_time_is_to_one_at_a_time",
    "offer_is_open_once_per_place_in_line",
    "offer_of_a_time_is_made_once",
}

logger = logging.getLogger(__name__)


# -- when ----------------------------------------------------------------------------------------


def is_quiet(at: datetime, zone: ZoneInfo) -> bool:
    """Whether nobody is to be disturbed."""
    local = at.astimezone(zone).time()
    return local >= QUIET_FROM or local < QUIET_UNTIL


def runs_out(offered_at: datetime, *, minutes: int, zone: ZoneInfo) -> datetime:
    """Return when an offer runs out: so many minutes of the day later, nights do not count."""
    left, at = timedelta(minutes=minutes), offered_at
    while True:
        day = clock.local_day(at, zone)
        at = max(at, clock.at_local(day, QUIET_UNTIL, zone))
        evening = clock.at_local(day, QUIET_FROM, zone)
        if at + left <= evening:
            return at + left
        left -= max(timedelta(0), evening - at)
        at = clock.at_local(day + timedelta(days=1), QUIET_UNTIL, zone)


def _ends(*, start: datetime, wish: Wish) -> datetime | None:
    """Return when an offer of a start made now would run out; None if that is too soon."""
    notice = rules.earliest_start(therapy=wish.therapy, asked_at=wish.asked_at) - wish.asked_at
    ends = runs_out(wish.asked_at, minutes=settings.OFFER_MINUTES, zone=wish.zone)
    ends = min(ends, start - notice)
    return ends if ends - wish.asked_at >= LEAST else None


# -- looked for every few seconds ----------------------------------------------------------------


def sweep() -> int:
    """End what has run out, see what changed, and offer what is free to whoever is next."""
    at = now()
    done = lapse(at=at) + waiting.tidy(at=at)
    if not WaitingEntry.objects.open().exists():
        return done
    changed = openings.look(at=at)
    done += sum(_withdraw_safely(offer) for offer in _in_doubt(changed))
    looks = 0
    for entry in list(waiting.due(at=at)):
        if is_quiet(at, zone_of(entry.patient)):
            continue
        done += _offer_safely(entry, at=at)
        looks += 1
        if looks >= LOOKS:
            break
    return done


def lapse(*, at: datetime) -> int:
    """End offers whose time is up; whoever had one waits on, behind those who wait now."""
    rows = Offer.objects.run_out(at=at).select_related("entry__patient")
    return sum(_lapse_safely(offer) for offer in list(rows))


def _lapse_safely(offer: Offer) -> bool:
    try:
        return _lapse(offer)
    except Exception as error:  # noqa: BLE001  one poisonous row must not hold the others
        logger.warning("offer %s: %s", offer.pk, type(error).__name__)
        return False


@transaction.atomic
def _lapse(offer: Offer) -> bool:
    lock_patient(offer.entry.patient)
    current = Offer.objects.select_for_update().get(pk=offer.pk)
    if current.state != State.OFFERED:
        return False
    waiting.close(current, state=State.LAPSED)
    WaitingEntry.objects.filter(pk=offer.entry_id, ended_at__isnull=True).update(
        in_line_since=now(), looked_at=None
    )
    return True


def _in_doubt(changed: set[date]) -> Iterator[Offer]:
    """Yield open offers of days that changed."""
    rows = Offer.objects.open().select_related("entry__patient__address", "entry__therapy")
    for offer in rows:
        if clock.local_day(offer.starts_at, ZoneInfo(offer.time_zone)) in changed:
            yield offer


def _withdraw_safely(offer: Offer) -> bool:
    try:
        return _withdraw_if_gone(offer)
    except Exception as error:  # noqa: BLE001  one poisonous row must not hold the others
        logger.warning("offer %s: %s", offer.pk, type(error).__name__)
        return False


def _withdraw_if_gone(offer: Offer) -> bool:
    """Take back an offer of a time that somebody else has booked; its place in line is kept."""
    entry, at = offer.entry, now()
    day = clock.local_day(offer.starts_at, ZoneInfo(offer.time_zone))
    wish = search.wish_for(
        patient=entry.patient, therapy=entry.therapy, starts_at=offer.starts_at, asked_at=at
    )
    found = search.feasible(
        wish=wish,
        at=search.where(patient=entry.patient, therapy=entry.therapy),
        first=day,
        last=day,
    )
    if found is not None and found.nurses(offer.starts_at):
        return False
    return waiting.withdraw(offer)


# -- offering ------------------------------------------------------------------------------------


def _offer_safely(entry: WaitingEntry, *, at: datetime) -> bool:
    try:
        return _offer(entry, at=at)
    except Exception as error:  # noqa: BLE001  one poisonous row must not hold the others
        logger.warning("waiting entry %s: %s", entry.pk, type(error).__name__)
        return False


def _offer(entry: WaitingEntry, *, at: datetime) -> bool:
    """Look for a time that somebody could book now, and offer it."""
    offer = _found(entry, at=at)
    if offer is not None and not _make(offer):
        return False  # another worker was quicker: looked at again
    WaitingEntry.objects.filter(pk=entry.pk).update(looked_at=at)
    return offer is not None


def _found(entry: WaitingEntry, *, at: datetime) -> Offer | None:
    patient, therapy, zone = entry.patient, entry.therapy, zone_of(entry.patient)
    try:
        search.refuse_outside(patient=patient, therapy=therapy)
    except Refused:
        return None
    first, last = waiting.horizon(zone)
    first, last = max(first, entry.first_day), min(last, entry.last_day)
    if first > last:
        return None
    noon = clock.at_local(first, time(12), zone)
    wish = search.wish_for(patient=patient, therapy=therapy, starts_at=noon, asked_at=at)
    found = search.feasible(
        wish=wish, at=search.where(patient=patient, therapy=therapy), first=first, last=last
    )
    return _first_open(entry, wish=wish, found=found) if found else None


def _first_open(entry: WaitingEntry, *, wish: Wish, found: Feasible) -> Offer | None:
    """Return the first start that suits, that is nobody else's for now, and that no rule refuses.

    A day on which a gate or a rule refuses one start is not asked about another.
    """
    before = set(entry.offers.exclude(state=State.WITHDRAWN).values_list("starts_at", flat=True))
    taken = list(Offer.objects.open().values_list("nurse", "starts_at", "ends_at"))
    refused_on: set[date] = set()
    for start in found.open_starts():
        if start in before or not waiting.suits(entry, start=start, zone=wish.zone):
            continue
        day, ends = clock.local_day(start, wish.zone), _ends(start=start, wish=wish)
        nurse = _somebody(found.nurses(start), starts_at=start, wish=wish, taken=taken)
        if ends is None or nurse is None or day in refused_on:
            continue
        asked = search.wish_for(
            patient=entry.patient, therapy=entry.therapy, starts_at=start, asked_at=wish.asked_at
        )
        if not appointments.closed(patient=entry.patient, wish=asked):
            return _drafted(entry, wish=asked, nurse_id=nurse, expires_at=ends)
        refused_on.add(day)
        if len(refused_on) >= DAYS_TRIED:
            break
    return None


def _somebody(
    nurses: list[int],
    *,
    starts_at: datetime,
    wish: Wish,
    taken: list[tuple[int, datetime, datetime]],
) -> int | None:
    """Return a nurse who is offered to nobody else around a visit."""
    begins = starts_at - APART
    ends = starts_at + timedelta(minutes=wish.therapy.total_minutes) + APART
    busy = {nurse for nurse, start, end in taken if start < ends and begins < end}
    return next((nurse for nurse in nurses if nurse not in busy), None)


def _drafted(entry: WaitingEntry, *, wish: Wish, nurse_id: int, expires_at: datetime) -> Offer:
    return Offer(
        entry=entry,
        nurse_id=nurse_id,
        starts_at=wish.starts_at,
        ends_at=wish.ends_at,
        time_zone=wish.zone.key,
        offered_at=wish.asked_at,
        expires_at=expires_at,
    )


def _make(offer: Offer) -> bool:
    """Write the offer and what is said of it; false where another worker offered first."""
    try:
        with transaction.atomic():
            lock_patient(offer.entry.patient)
            if not WaitingEntry.objects.open().filter(pk=offer.entry_id).exists():
                return False
            offer.save()
            offered_times.tell(offer, link=offer_links.url(offer))
    except IntegrityError as error:
        if constraint_of(error) in ONE_AT_A_TIME:
            return False
        raise
    return True
