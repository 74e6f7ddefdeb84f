"""Closing a patient's account: never while a visit is promised, and never behind staff's back."""

from __future__ import annotations

import logging

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _

from booking import attention, feeds, waiting
from booking.locks import lock_patient
from booking.models import UNDER_WAY, Appointment, StaffTask, Status
from config.core.clock import now
from config.core.errors import Reason, Refused, deadlocks_retried
from config.core.models import User
from patients import data_rights
from patients.models import AccountClosure, Patient

TASK = "account_closing"
STILL_BOOKED = "account_closing_booked"
AT_ONCE = 20

logger = logging.getLogger(__name__)


def promised(patient: Patient) -> QuerySet[Appointment]:
    """Return the visits that are booked or under way, soonest first."""
    return Appointment.objects.of(patient=patient).filter(status__in=[Status.BOOKED, *UNDER_WAY])


@deadlocks_retried
@transaction.atomic
def ask(*, patient: Patient, by: User) -> AccountClosure:
    """Note the wish to close an account, and tell staff of it.

    Raises
    ------
    Refused
        While a visit is booked: it is not cancelled silently.
    """
    patient = lock_patient(patient)
    if promised(patient).exists():
        raise Refused([Reason("visits_booked", _("Cancel your visits first."))])
    wish = data_rights.ask_to_close(patient=patient, by=by)
    attention.ask_once(
        kind=TASK,
        key=_key(wish),
        detail=f"Asked to close the account, which happens by itself on {wish.closes_at:%d %b %Y}. "
        "Is care still owed?",
        patient=patient,
    )
    return wish


@deadlocks_retried
@transaction.atomic
def take_back(*, patient: Patient, by: User) -> None:
    """Keep the account after all; staff need not ask any more."""
    wish = data_rights.keep_open(patient=lock_patient(patient), by=by)
    if wish is not None:
        attention.solved(StaffTask.objects.filter(key__in=[_key(wish), f"{_key(wish)}/booked"]))


def sweep() -> int:
    """Close the accounts whose week is over, and return how many."""
    due = AccountClosure.objects.filter(
        closes_at__lte=now(), withdrawn_at__isnull=True, closed_at__isnull=True
    )
    # Those that staff were asked about wait for their visits, and hold up nobody.
    booked = Appointment.objects.filter(
        patient=OuterRef("patient"), status__in=[Status.BOOKED, *UNDER_WAY]
    )
    asked = StaffTask.objects.filter(patient=OuterRef("patient"), kind=STILL_BOOKED)
    due = due.exclude(Exists(booked), Exists(asked))
    rows = due.select_related("patient__user").order_by("closes_at", "pk")[:AT_ONCE]
    return sum(_close_safely(wish) for wish in rows)


def _close_safely(wish: AccountClosure) -> bool:
    try:
        return _close(wish)
    except Exception as error:  # noqa: BLE001  one poisonous row must not hold the others
        logger.warning("closing of account %s: %s", wish.patient_id, type(error).__name__)
        return False


@deadlocks_retried
@transaction.atomic
def _close(wish: AccountClosure) -> bool:
    """Close an account, or ask staff what becomes of a visit that was booked since."""
    patient = lock_patient(wish.patient)
    if promised(patient).exists():
        return attention.ask_once(
            kind=STILL_BOOKED,
            key=f"{_key(wish)}/booked",
            detail="Wanted the account closed by now, but has booked a visit since: please ask.",
            patient=patient,
        )
    feeds.close(patient=patient)
    for entry in waiting.of(patient):
        waiting.leave(entry=entry)
    data_rights.close(patient=patient)
    attention.solved(StaffTask.objects.filter(key__in=[_key(wish), f"{_key(wish)}/booked"]))
    return True


def _key(wish: AccountClosure) -> str:
    return f"closure/{wish.pk}"
