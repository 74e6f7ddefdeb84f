"""Money for visits: what is owed, where it is paid, and what the provider said came of it.

A booking never waits for money. What was asked for is a row before the provider is asked, under a
key that is ours, so that a lost answer is asked for again and a double click pays once.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse

from booking import attention, refunds, stripe_door, takings
from booking.locks import lock_patient
from booking.models import FREED, Appointment, Payment, PaymentEvent, Status
from booking.prices import owed
from config.core.clock import now
from config.core.errors import WrongState, deadlocks_retried

What, State = Payment.What, Payment.State
# So long a page to pay on is open; Stripe wants half an hour at least.
LASTS = timedelta(hours=1)
# A row whose page was never made is not tried again later than this: Stripe's least would not fit.
MADE_WITHIN = timedelta(minutes=20)
AT_ONCE = 50
UNPAID = "deposit_unpaid"

logger = logging.getLogger(__name__)


def may_be_paid(visit: Appointment) -> bool:
    """Whether there is anything to pay for a visit, and a way to do it here."""
    return stripe_door.is_on() and visit.status not in FREED and not owed(visit).is_settled


def after_booking(visit: Appointment) -> str:
    """Return where to go once a visit is booked: to pay, where a deposit is asked for."""
    is_asked = stripe_door.is_on() and owed(visit).deposit_left > 0
    return reverse("visit-pay" if is_asked else "visit-booked", args=[visit.pk])


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """What can be paid now, in cents: a deposit, of so many visits together, and all of a visit."""

    deposit: int
    visits: int
    rest: int


def sums(visit: Appointment) -> Sums:
    """Return what can be paid for a visit now."""
    deposits = _amounts(of_its_course(visit), What.DEPOSIT)
    return Sums(deposit=sum(deposits.values()), visits=len(deposits), rest=owed(visit).left)


# -- asking for it -------------------------------------------------------------------------------


def of_its_course(visit: Appointment) -> list[Appointment]:
    """Return the visits whose deposits are paid together with this one's, itself among them."""
    if visit.course_id is None:
        return [visit]
    others = Appointment.objects.filter(course=visit.course_id).exclude(status__in=FREED)
    return list(others.select_related("therapy", "patient__user").order_by("starts_at"))


def checkout(*, visit: Appointment, what: Payment.What, back: str, language: str) -> str:
    """Return the address at which to pay; asked twice, it is the same one.

    A deposit is asked for all visits of a course together.

    Raises
    ------
    WrongState
        If there is nothing to pay, or it has been paid.
    stripe_door.NotNow, stripe_door.Declined
    """
    visits = of_its_course(visit) if what == What.DEPOSIT else [visit]
    for standing in _open(visits):
        _leave_behind(standing, wanted=_amounts(visits, what))
    rows = _asked(visits=visits, what=what)
    if rows[0].url:
        return rows[0].url
    try:
        session = stripe_door.open_session(
            key=rows[0].checkout,
            amounts=[row.amount_cents for row in rows],
            back=back,
            language=language,
            until=rows[0].expires_at,
        )
    except stripe_door.Declined as refused:
        takings.end(rows[0].checkout, state=State.FAILED, about=str(refused))
        raise
    Payment.objects.filter(checkout=rows[0].checkout, session_id="").update(
        session_id=session.session_id, url=session.url
    )
    return session.url


def _open(visits: Sequence[Appointment]) -> QuerySet[Payment]:
    rows = Payment.objects.open().filter(appointment__in=[visit.pk for visit in visits])
    return rows.order_by("checkout", "pk").distinct("checkout")


def _amounts(visits: Sequence[Appointment], what: Payment.What) -> dict[UUID, int]:
    """Return what is to be paid for each visit; where nothing is, it is left out."""
    money = {visit.pk: owed(visit) for visit in visits}
    found = {
        pk: one.deposit_left if what == What.DEPOSIT else one.left for pk, one in money.items()
    }
    return {pk: cents for pk, cents in found.items() if cents}


def _leave_behind(standing: Payment, *, wanted: dict[UUID, int]) -> None:
    """Close a page that is of no use, or for another amount; one that was paid on counts."""
    at = now()
    same = Payment.objects.filter(checkout=standing.checkout)
    is_same = dict(same.values_list("appointment", "amount_cents")) == wanted
    is_fresh = not standing.session_id and at - standing.created_at < MADE_WITHIN
    if is_same and (is_fresh or standing.is_of_use(at=at + timedelta(minutes=1))):
        return
    takings.abandon(standing)


@deadlocks_retried
@transaction.atomic
def _asked(*, visits: Sequence[Appointment], what: Payment.What) -> list[Payment]:
    """Return the open rows of these visits, or make them: under the patient's lock, once."""
    lock_patient(visits[0].patient)
    standing = list(Payment.objects.open().filter(appointment__in=visits).order_by("pk"))
    if standing:
        return standing
    amounts = _amounts(
        list(
            Appointment.objects.select_related("therapy")
            .filter(pk__in=[visit.pk for visit in visits])
            .exclude(status__in=FREED)
        ),
        what,
    )
    if not amounts:
        raise WrongState("There is nothing to pay for this visit.")
    key, at = uuid4(), now()
    rows = [
        Payment(
            appointment_id=visit_id,
            checkout=key,
            what=what,
            amount_cents=cents,
            currency=settings.CURRENCY,
            created_at=at,
            expires_at=at + LASTS,
        )
        for visit_id, cents in amounts.items()
    ]
    Payment.objects.bulk_create(rows)
    for row in rows:
        takings.note(row, PaymentEvent.Kind.CREATED)
    return sorted(rows, key=lambda row: row.pk)


# -- looked for every half minute ----------------------------------------------------------------


def sweep() -> int:
    """Do all that is to be done about money and return how much there was."""
    if not stripe_door.is_on():
        return 0
    return takings.look_at_open() + refunds.sweep() + ask_for_deposits()


def ask_for_deposits() -> int:
    """Have a person ask for deposits that were not paid; the visits stay."""
    asked = [slug for slug, cents in settings.DEPOSITS.items() if cents]
    at = now()
    late = at - timedelta(hours=settings.DEPOSIT_HOURS)
    visits = Appointment.objects.to_come(at=at).filter(
        therapy__in=asked, booked_at__lte=late, booked_at__gt=late - timedelta(days=7)
    )
    unpaid = visits.filter(status=Status.BOOKED).exclude(payments__state=State.PAID)
    unpaid = unpaid.exclude(tasks__kind=UNPAID)
    return sum(
        attention.ask_once(
            kind=UNPAID,
            key=f"{visit.pk}/deposit",
            detail="The deposit of this visit has not been paid: please ask. The visit stays.",
            appointment=visit,
        )
        for visit in unpaid.select_related("patient")[:AT_ONCE]
    )
