"""What somebody says to a time that was offered: yes is a booking, no keeps the place in line."""

from __future__ import annotations

from django.db import transaction

from booking import appointments, waiting
from booking.availability import NotOffered, SlotTaken
from booking.locks import lock_patient
from booking.models import Appointment, Offer, WaitingEntry
from config.core.clock import now
from config.core.errors import WrongState, deadlocks_retried

State, Ending = Offer.State, WaitingEntry.Ending


class OfferIsOver(WrongState):
    """The offer was answered, has run out or was withdrawn."""


class TimeIsGone(WrongState):
    """Somebody else has the time by now; the place in line is kept."""


@deadlocks_retried
def take(*, offer: Offer) -> Appointment:
    """Book the time that was offered; doing it twice is one visit.

    Raises
    ------
    TimeIsGone
        If somebody else has it by now; the place in line is kept.
    OfferIsOver
        If it was answered another way, has run out or was withdrawn.
    GateClosed
        If something has to be done first: the offer stands until it runs out.
    """
    try:
        with transaction.atomic():
            return _take(offer)
    except (SlotTaken, NotOffered) as gone:
        waiting.withdraw(offer)
        raise TimeIsGone("This time is gone.") from gone


def _take(offer: Offer) -> Appointment:
    patient = lock_patient(offer.entry.patient)
    current = Offer.objects.select_for_update(of=("self",)).get(pk=offer.pk)
    if current.appointment is not None:
        return current.appointment
    at = now()
    if current.state != State.OFFERED or current.expires_at <= at:
        raise OfferIsOver("This offer is over.")
    entry = offer.entry
    visit = appointments.book(
        patient=patient, therapy=entry.therapy, starts_at=current.starts_at, by=entry.patient.user
    )
    current.state, current.ended_at, current.appointment = State.TAKEN, at, visit
    current.save(update_fields=["state", "ended_at", "appointment"])
    waiting.end(entry, ending=Ending.TAKEN)
    return visit


@deadlocks_retried
@transaction.atomic
def decline(*, offer: Offer) -> None:
    """Say no to this time and keep the place; twice changes nothing.

    Raises
    ------
    OfferIsOver
        If it was taken, has run out or was withdrawn.
    """
    lock_patient(offer.entry.patient)
    current = Offer.objects.select_for_update().get(pk=offer.pk)
    if current.state == State.DECLINED:
        return
    if current.state != State.OFFERED:
        raise OfferIsOver("This offer is over.")
    waiting.close(current, state=State.DECLINED)
    WaitingEntry.objects.filter(pk=offer.entry_id).update(looked_at=None)
