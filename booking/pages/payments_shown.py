"""What the pages about money show, in plain words."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from booking import payments, prices, stripe_door
from booking.models import FREED, Appointment, Payment, Refund
from booking.presenting import say_moment
from config.core.clock import now
from patients.accounts import zone_of
from patients.models import Patient

What = Payment.What
JUST_NOW = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a list of facts."""

    label: str
    value: str
    more: str = ""
    url: str = ""
    action: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """Something that can be paid."""

    what: str
    label: str
    is_first: bool


@dataclass(frozen=True, slots=True)
class Line:
    """A payment in the patient's list, and what went back of it."""

    payment: Payment
    paid_on: str
    back: list[str] = field(default_factory=list)


def page_of(visit: Appointment, *, is_back: bool = False) -> dict[str, Any]:
    """Return everything that the page of one visit's money shows."""
    money = prices.owed(visit)
    standing = Payment.objects.open().filter(appointment=visit).first()
    return {
        "visit": visit,
        "money": money,
        "rows": list(_facts(visit, money)),
        "choices": _choices(visit),
        "state": _state(visit, money, is_waiting=is_back and standing is not None),
        "receipts": Payment.objects.paid().filter(appointment=visit).order_by("paid_at"),
        "policy": prices.policy(),
        "received": _received(visit) if is_back else "",
    }


def _received(visit: Appointment) -> str:
    """Say what has just been paid: as the row says it, whatever address the browser came by."""
    rows = Payment.objects.paid().filter(appointment=visit, paid_at__gt=now() - JUST_NOW)
    newest = rows.order_by("-paid_at").first()
    return prices.say(newest.amount_cents) if newest else ""


def _state(visit: Appointment, money: prices.Money, *, is_waiting: bool) -> str:
    """Return which of its faces the page shows."""
    if not money.price:
        return "free"
    if visit.status in FREED:
        return "off"
    if money.is_settled:
        return "settled"
    if not stripe_door.is_on():
        return "by_bill"
    return "waiting" if is_waiting else "due"


def _facts(visit: Appointment, money: prices.Money) -> list[Row]:
    deposit = (
        _("%(deposit)s of it is asked for now, as a deposit.")
        % {"deposit": prices.say(money.deposit)}
        if money.deposit_left and stripe_door.is_on() and visit.status not in FREED
        else ""
    )
    rows = [Row(_("Price"), prices.say(money.price), deposit)]
    if money.paid:
        rows.append(Row(_("You have paid"), prices.say(money.paid)))
    if money.back:
        rows.append(Row(_("Paid back to you"), prices.say(money.back), _back_words(visit)))
    if money.left and visit.status not in FREED:
        rows.append(Row(_("Still to pay"), prices.say(money.left)))
    return rows


def _back_words(visit: Appointment) -> str:
    due = Refund.objects.filter(payment__appointment=visit, state=Refund.State.DUE)
    if due.exists():
        return _("It is on its way. Your bank may take 5 to 10 days.")
    return _("It went to the card you paid with. Your bank may take 5 to 10 days.")


def _choices(visit: Appointment) -> list[Choice]:
    """Return what can be paid: the deposit first, where one is asked for."""
    if not payments.may_be_paid(visit):
        return []
    sums = payments.sums(visit)
    found = []
    if sums.deposit:
        said = (
            _("Pay the deposits of %(visits)s visits, %(sum)s")
            if sums.visits > 1
            else _("Pay the deposit, %(sum)s")
        )
        words = {"visits": sums.visits, "sum": prices.say(sums.deposit)}
        found.append(Choice(What.DEPOSIT.value, said % words, is_first=True))
    if sums.rest > 0 and (sums.rest != sums.deposit or sums.visits > 1):
        said = _("Pay this visit in full, %(sum)s") if sums.deposit else _("Pay %(sum)s")
        words = {"sum": prices.say(sums.rest)}
        found.append(Choice(What.REST.value, said % words, is_first=not found))
    return found


# -- the list, and a receipt ---------------------------------------------------------------------


def lines_of(patient: Patient) -> list[Line]:
    """Return what a patient has paid, newest first."""
    rows = Payment.objects.paid().filter(appointment__patient=patient).order_by("-paid_at", "pk")
    return [
        Line(row, paid_on=_say(row.paid_at, patient), back=_went_back(row, patient))
        for row in rows.select_related("appointment__therapy").prefetch_related("refunds")
    ]


def owing(patient: Patient) -> list[tuple[Appointment, prices.Money]]:
    """Return the visits to come that are not paid yet, soonest first."""
    if not stripe_door.is_on():
        return []
    visits = Appointment.objects.to_come(at=now()).filter(
        patient=patient, therapy__price_cents__gt=0
    )
    each = [(one, prices.owed(one)) for one in visits.select_related("therapy")[:3]]
    return [(visit, money) for visit, money in each if not money.is_settled]


def _went_back(payment: Payment, patient: Patient) -> list[str]:
    said = []
    for refund in payment.refunds.all():
        words = {"sum": prices.say(refund.amount_cents), "day": _say(refund.done_at, patient)}
        if refund.state == Refund.State.DONE:
            said.append(_("%(sum)s went back to you on %(day)s.") % words)
        elif refund.state == Refund.State.DUE:
            said.append(_("%(sum)s goes back to you. It is on its way.") % words)
        else:
            said.append(_("%(sum)s could not go back yet. We are seeing to it.") % words)
    return said


def _say(instant: datetime | None, patient: Patient) -> str:
    return say_moment(instant, zone_of(patient)) if instant else ""


def receipt_of(*, patient: Patient, payment_id: UUID) -> dict[str, Any] | None:
    """Return what the receipt of a payment of the patient's own shows; None if it is none."""
    rows = Payment.objects.paid().filter(appointment__patient=patient, pk=payment_id)
    payment = rows.select_related("appointment__therapy").prefetch_related("refunds").first()
    if payment is None:
        return None
    return {
        "payment": payment,
        "visit": payment.appointment,
        "rows": facts_of(payment, patient=patient),
        "back": _went_back(payment, patient),
    }


def facts_of(payment: Payment, *, patient: Patient) -> list[Row]:
    """Return the facts of a receipt."""
    visit = payment.appointment
    what = _("Deposit for a visit") if payment.what == What.DEPOSIT else _("Visit")
    return [
        Row(_("Receipt number"), str(payment.pk).split("-", maxsplit=1)[0].upper()),
        Row(_("Paid by"), patient.user.name or patient.user.email),
        Row(_("Paid on"), _say(payment.paid_at, patient)),
        Row(_("For"), what, _say(visit.starts_at, patient)),
        Row(_("Amount"), prices.say(payment.amount_cents)),
    ]
