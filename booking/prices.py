"""What visits cost, in words: the same figures wherever a price or a fee is said."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import QuerySet, Sum
from django.utils.translation import get_language, gettext as _

from booking import fees
from booking.clock import local_day, say_moment
from booking.models import Appointment, Payment, Refund, Status
from config.core.clock import now
from patients.models import Therapy
from scheduling.models import Closure

SIGNS = {"usd": "$", "cad": "CA$", "eur": "€", "gbp": "£"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Money:
    """What a visit costs and what of it was paid, in cents.

    Attributes
    ----------
    paid
        Without what went back or is about to.
    back
        What went back or is about to.
    """

    price: int
    deposit: int
    paid: int
    back: int

    @property
    def left(self) -> int:
        """What is still to be paid."""
        return max(0, self.price - self.paid)

    @property
    def deposit_left(self) -> int:
        """What is asked for before the visit."""
        return max(0, self.deposit - self.paid)

    @property
    def is_settled(self) -> bool:
        """Whether nothing is left to pay."""
        return self.left == 0


def owed(visit: Appointment) -> Money:
    """Return what a visit costs and what of it was paid."""
    paid = _sum(Payment.objects.paid().filter(appointment=visit))
    back = _sum(
        Refund.objects.filter(payment__appointment=visit).exclude(state=Refund.State.FAILED)
    )
    return Money(
        price=visit.therapy.price_cents,
        deposit=deposit_cents(visit.therapy),
        paid=paid - back,
        back=back,
    )


def _sum(rows: QuerySet[Payment] | QuerySet[Refund]) -> int:
    return rows.aggregate(cents=Sum("amount_cents"))["cents"] or 0


def rules() -> fees.FeeRules:
    """Return the clinic's figures."""
    return fees.FeeRules(
        free_hours=settings.CANCEL_FREE_HOURS,
        late_percent=settings.CANCEL_FEE_PERCENT,
        no_show_percent=settings.NO_SHOW_FEE_PERCENT,
    )


def deposit_cents(therapy: Therapy) -> int:
    """Return what is asked for once a visit is booked; never more than its price."""
    asked = settings.DEPOSITS.get(therapy.slug, 0)
    return min(int(asked), therapy.price_cents)


def say(cents: int) -> str:
    """Say an amount: ``$1,495.00``."""
    sign = SIGNS.get(settings.CURRENCY)
    amount = f"{cents // 100:,}.{cents % 100:02d}"
    return f"{sign}{amount}" if sign else f"{amount} {settings.CURRENCY.upper()}"


def cost_of_cancelling(visit: Appointment, *, at: datetime) -> fees.Cost:
    """Return what it costs a patient to cancel a visit at a moment.

    What cannot take place because of us costs nothing.
    """
    if visit.blocked or visit.nurse_id is None or _is_closed(visit):
        return fees.Cost(cents=0)
    return fees.cancelling(
        price_cents=visit.therapy.price_cents, starts_at=visit.starts_at, at=at, rules=rules()
    )


def _is_closed(visit: Appointment) -> bool:
    """Whether the clinic closed the area that day."""
    day = local_day(visit.starts_at, ZoneInfo(visit.time_zone))
    return any(
        closure.covers(
            day=day,
            state=visit.state,
            postal_code=visit.postal_code,
            is_consultation=visit.is_consultation,
        )
        for closure in Closure.objects.in_force().touching(first=day, last=day)
    )


def cost_of_ending(visit: Appointment) -> int:
    """Return what a visit that did not take place costs, in cents; broken off, it costs nothing."""
    if visit.status == Status.NO_SHOW:
        return fees.no_show(price_cents=visit.therapy.price_cents, rules=rules())
    if visit.status == Status.CANCELLED and visit.cancelled_at is not None:
        return cost_of_cancelling(visit, at=visit.cancelled_at).cents
    return 0


def cancelling(visit: Appointment, *, at: datetime | None = None) -> tuple[str, ...]:
    """Say in whole sentences what cancelling costs now, when it costs more, and what goes back."""
    cost = cost_of_cancelling(visit, at=at or now())
    paid = owed(visit).paid
    back = _("You have paid %(paid)s: %(back)s goes back to you.")
    told = back % {"paid": say(paid), "back": say(max(0, paid - cost.cents))}
    return (*_cancelling(cost, visit=visit), *((told,) if paid else ()), *_own_words())


def _cancelling(cost: fees.Cost, *, visit: Appointment) -> tuple[str, ...]:
    percent = settings.CANCEL_FEE_PERCENT
    if cost.free_until is not None:
        until = say_moment(
            cost.free_until,
            ZoneInfo(visit.time_zone),
            language=get_language() or settings.LANGUAGE_CODE,
            in_full=True,
        )
        return (
            _("Cancelling costs nothing until %(until)s.") % {"until": until},
            _("After that it costs %(fee)s, %(percent)s percent of the price.")
            % {"fee": say(cost.later_cents), "percent": percent},
        )
    if cost.cents == 0:
        return (_("Cancelling costs nothing."),)
    return (
        _("Cancelling now costs %(fee)s, %(percent)s percent of the price.")
        % {"fee": say(cost.cents), "percent": percent},
        safety(),
    )


def safety() -> str:
    """Say that nobody pays for having been careful: a fee must not make anybody hide a meal."""
    return _("If you are ill or have eaten, call us: then it costs nothing.")


def policy() -> tuple[str, ...]:
    """Say the rules for any visit, in whole sentences."""
    figures = rules()
    free = _("The free talk costs nothing, and neither does cancelling it.")
    if not figures.late_percent:
        said: tuple[str, ...] = (_("Cancelling a visit costs nothing."),)
    else:
        said = (
            _("Cancelling a visit costs nothing until %(hours)s hours before it.")
            % {"hours": figures.free_hours},
            _("After that it costs %(percent)s percent of the price.")
            % {"percent": figures.late_percent},
            safety(),
        )
    if figures.no_show_percent:
        missed = _("If nobody is there when the nurse comes, it costs %(percent)s percent.")
        said = (*said, missed % {"percent": figures.no_show_percent})
    return (free, *said, *_own_words())


def _own_words() -> tuple[str, ...]:
    return (settings.CANCELLATION_POLICY,) if settings.CANCELLATION_POLICY else ()
