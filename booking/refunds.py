"""Money that goes back when a visit does not take place: decided once, sent until it went.

A refund is a row before the provider is asked, under a key of ours. Where an answer was lost, it is
looked for among the provider's refunds before it is asked for again: its keys last a day only.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, Sum

from booking import attention, fees, prices, stripe_door, takings
from booking.locks import locked
from booking.models import FREED, Appointment, Payment, PaymentEvent, Refund, Status
from booking.models.payment import PaymentQuerySet
from config.core.clock import now

State, Event = Refund.State, PaymentEvent.Kind
CANCELLED = "cancelled"
ELSEWHERE = "made at Stripe"
AT_ONCE = 20
# So long a refund in hand is left to whoever took it.
LEASE = timedelta(minutes=2)
LONGEST_WAIT = timedelta(hours=6)
TRIES_BEFORE_A_PERSON = 6
LATELY = timedelta(days=7)

logger = logging.getLogger(__name__)


def sweep() -> int:
    """Decide what goes back, and send it."""
    return settle() + ask_for_fees() + send_due()


# -- deciding ------------------------------------------------------------------------------------


def settle() -> int:
    """Decide what goes back of visits that were paid for and do not take place."""
    paid = Payment.objects.paid().filter(settled_at__isnull=True, appointment__status__in=FREED)
    visits = list(paid.values_list("appointment", flat=True).distinct()[:AT_ONCE])
    return sum(_settle_safely(visit_id) for visit_id in visits)


def _settle_safely(visit_id: UUID) -> bool:
    try:
        return _settle(visit_id)
    except Exception as error:  # noqa: BLE001  one poisonous row must not hold the others
        logger.warning("money of visit %s: %s", visit_id, type(error).__name__)
        return False


@transaction.atomic
def _settle(visit_id: UUID) -> bool:
    visit = locked(visit_id)
    rows = list(_paid(visit).order_by("paid_at", "pk").select_for_update())
    if visit.status not in FREED or not any(row.settled_at is None for row in rows):
        return False
    left = [(row.pk, row.amount_cents - _gone_back(row)) for row in rows]
    for key, cents in fees.going_back(paid=left, fee_cents=prices.cost_of_ending(visit)):
        Refund.objects.get_or_create(
            payment_id=key, why=CANCELLED, defaults={"amount_cents": cents}
        )
    _paid(visit).filter(settled_at__isnull=True).update(settled_at=now())
    return True


def _paid(visit: Appointment) -> PaymentQuerySet:
    return Payment.objects.paid().filter(appointment=visit)


def _gone_back(payment: Payment) -> int:
    gone = payment.refunds.exclude(state=State.FAILED).aggregate(cents=Sum("amount_cents"))
    return gone["cents"] or 0


def ask_for_fees() -> int:
    """Have a person bill what a late end of a visit costs and was not paid before."""
    at = now()
    free = timedelta(hours=settings.CANCEL_FREE_HOURS)
    ended = Appointment.objects.filter(
        Q(status=Status.NO_SHOW)
        | Q(status=Status.CANCELLED, cancelled_at__gt=F("starts_at") - free),
        starts_at__gt=at - LATELY,
        starts_at__lt=at + LATELY,
        therapy__price_cents__gt=0,
    )
    unsettled = Payment.objects.paid().filter(appointment=OuterRef("pk"), settled_at__isnull=True)
    rows = ended.filter(~Exists(unsettled)).exclude(tasks__kind="fee_due")
    return sum(_ask_for_fee(visit) for visit in rows.select_related("therapy", "patient"))


def _ask_for_fee(visit: Appointment) -> bool:
    fee = prices.cost_of_ending(visit)
    kept = sum(row.amount_cents - _gone_back(row) for row in _paid(visit))
    if fee <= kept:
        return False
    return attention.ask_once(
        kind="fee_due",
        key=f"{visit.pk}/fee",
        detail=(
            f"Given up late, this visit costs {prices.say(fee)}; {prices.say(kept)} was paid. "
            "Please send a bill, unless the patient was ill or had eaten."
        ),
        appointment=visit,
    )


# -- sending -------------------------------------------------------------------------------------


def send_due() -> int:
    """Send what is due back and return how much went."""
    sent = 0
    for _ in range(AT_ONCE):
        refund = _take_one(at=now())
        if refund is None:
            break
        sent += _send_safely(refund)
    return sent


@transaction.atomic
def _take_one(*, at: datetime) -> Refund | None:
    """Take the next refund in hand: another worker leaves it alone for a while."""
    due = Refund.objects.filter(state=State.DUE, next_try_at__lte=at).order_by("next_try_at", "pk")
    found = due.select_for_update(skip_locked=True).first()
    if found is None:
        return None
    waits = max(LEASE, min(LONGEST_WAIT, LEASE * 2**found.tries))
    Refund.objects.filter(pk=found.pk).update(tries=F("tries") + 1, next_try_at=at + waits)
    found.refresh_from_db()
    return Refund.objects.select_related("payment__appointment__patient").get(pk=found.pk)


def _send_safely(refund: Refund) -> bool:
    try:
        return _send(refund)
    except Exception as error:  # noqa: BLE001  one poisonous row must not hold the others
        logger.warning("refund %s: %s", refund.pk, type(error).__name__)
        return False


def _send(refund: Refund) -> bool:
    try:
        made = _made_before(refund) or stripe_door.pay_back(
            key=refund.pk, intent_id=refund.payment.intent_id, amount_cents=refund.amount_cents
        )
    except stripe_door.NotNow as problem:
        Refund.objects.filter(pk=refund.pk).update(problem=str(problem)[:300])
        if refund.tries == TRIES_BEFORE_A_PERSON:
            _ask_about(refund, "Money has not gone back yet: Stripe does not answer.")
        return False
    except stripe_door.Declined as refused:
        failed(refund.pk, problem=str(refused))
        return False
    if made.is_failed:
        failed(refund.pk, problem="Stripe says that it failed", refund_id=made.refund_id)
        return False
    done(refund.pk, refund_id=made.refund_id)
    return True


def _made_before(refund: Refund) -> stripe_door.MoneyBack | None:
    """Return the refund that an earlier try made and whose answer was lost."""
    if refund.tries <= 1:
        return None
    made = stripe_door.paid_back(refund.payment.intent_id)
    return next((one for one in made if one.key == str(refund.pk)), None)


# -- what came of it -----------------------------------------------------------------------------


@transaction.atomic
def done(pk: UUID, *, refund_id: str) -> None:
    """Take in that it went; told again, it counts once."""
    refund = Refund.objects.select_for_update().select_related("payment").get(pk=pk)
    if refund.state != State.DUE:
        return
    refund.state, refund.done_at, refund.refund_id = State.DONE, now(), refund_id
    refund.problem = ""
    refund.save(update_fields=["state", "done_at", "refund_id", "problem"])
    takings.note(refund.payment, Event.REFUNDED, cents=refund.amount_cents, about=refund_id)


@transaction.atomic
def failed(pk: UUID, *, problem: str, refund_id: str = "") -> None:
    """Take in that it did not go, and have a person see to it."""
    refund = Refund.objects.select_for_update(of=("self",)).get(pk=pk)
    if refund.state == State.FAILED:
        return
    refund.state, refund.problem = State.FAILED, problem[:300]
    refund.refund_id = refund.refund_id or refund_id
    refund.save(update_fields=["state", "problem", "refund_id"])
    takings.note(
        refund.payment, Event.REFUND_FAILED, cents=refund.amount_cents, about=refund.refund_id
    )
    _ask_about(refund, "Money could not go back: please see to it at Stripe.")


def _ask_about(refund: Refund, detail: str) -> None:
    # One made by hand may be of several rows, and is one thing to see to.
    which = refund.refund_id if refund.why == ELSEWHERE else refund.pk
    attention.ask_once(
        kind="refund_stuck",
        key=f"refund/{which}"[:120],
        detail=detail,
        appointment=refund.payment.appointment,
    )


@transaction.atomic
def heard(*, intent_id: str, made: stripe_door.MoneyBack) -> None:
    """Take in a refund that Stripe tells of: ours, or one that a person made there."""
    ours = _known(made)
    if not ours and not made.is_failed:
        ours = _made_elsewhere(intent_id=intent_id, made=made)
    for one in ours:
        if made.is_failed:
            failed(one.pk, problem="Stripe says that it failed", refund_id=made.refund_id)
        else:
            done(one.pk, refund_id=made.refund_id)


def _known(made: stripe_door.MoneyBack) -> list[Refund]:
    """Return the rows of a refund: several, where it is of several visits paid together."""
    found = list(Refund.objects.filter(refund_id=made.refund_id))
    if found:
        return found
    try:
        return list(Refund.objects.filter(pk=UUID(made.key)))
    except ValueError:
        return []


def _made_elsewhere(*, intent_id: str, made: stripe_door.MoneyBack) -> list[Refund]:
    """Keep a refund made by hand under a payment that still holds so much, else across several.

    What no payment holds any more was never paid, or is due to go back already: a person looks.
    """
    paid = Payment.objects.paid().filter(intent_id=intent_id).select_related("appointment")
    rows = list(paid.order_by("pk").select_for_update(of=("self",)))
    if not rows or Refund.objects.filter(refund_id=made.refund_id).exists():
        return []  # none of ours, or taken in while we waited for the lock
    left = [(row, row.amount_cents - _gone_back(row)) for row in rows]
    held = [one for one in left if one[1] >= made.amount_cents][:1] or left
    kept = sum(cents for _, cents in held) - made.amount_cents
    if kept < 0:
        _ask_about_excess(rows[0], made=made, excess=-kept)
    return [
        Refund.objects.create(payment=row, amount_cents=cents, why=ELSEWHERE)
        for row, cents in fees.going_back(paid=held, fee_cents=kept)
    ]


def _ask_about_excess(payment: Payment, *, made: stripe_door.MoneyBack, excess: int) -> None:
    attention.ask_once(
        kind="payment_differs",
        key=f"refund/{made.refund_id}/excess"[:120],
        detail=(
            f"{prices.say(made.amount_cents)} went back at Stripe by hand, {prices.say(excess)} "
            f"more than was left here of what was paid: look at {made.refund_id}."
        ),
        appointment=payment.appointment,
    )
