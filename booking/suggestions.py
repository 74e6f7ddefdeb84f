"""A course that fits, found among the slots there really are."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from itertools import pairwise
from typing import Any

from django.conf import settings
from django.db.models import F

from booking import clock, rules, search, series
from booking.appointments import GateClosed
from booking.availability import NotOffered
from booking.courses import OF_THE_ORDER, pattern_of
from booking.rules import Wish
from config.core.clock import now
from config.core.errors import Reason
from patients import gate
from patients.models import Order, Patient, Therapy


@dataclass(frozen=True, slots=True, kw_only=True)
class _Question:
    """What is looked for: a pattern, the starts there are, and what the orders ask for."""

    wish: Wish
    pattern: series.Pattern
    offers: Sequence[series.Offer]
    minimum_hours: int
    wanted: time | None

    def answer(self, *, order: Order, visits: int) -> series.Series | None:
        """Return the best course of so many visits under one order."""
        return series.suggest(
            offers=self.under(order),
            zone=self.wish.zone,
            pattern=self.pattern,
            visits=visits,
            minimum_hours=self.minimum_hours,
            wanted=self.wanted,
        )

    def under(self, order: Order) -> list[series.Offer]:
        """Return the starts on the days on which the order is in force."""
        zone = self.wish.zone
        return [
            offer
            for offer in self.offers
            if order.valid_from <= clock.local_day(offer.starts_at, zone) <= order.valid_until
        ]


def find(
    *,
    patient: Patient,
    therapy: Therapy,
    first: date,
    wanted: time | None = None,
    keeping: Collection[datetime] = (),
) -> dict[str, Any]:
    """Return the best course from a day on, with what it keeps; nothing is held.

    It asks what `slots` asks, and for an order: the visits are as many as its sessions allow.

    Parameters
    ----------
    wanted
        The local clock time that would suit best.
    keeping
        Starts that every course offered has: the others are put between and around them.

    Raises
    ------
    GateClosed
        If there is no order, or none of its sessions is left.
    Malformed
        If the therapy is not given in courses.
    NotOffered
        If no course fits until the horizon; it says how many visits do.
    """
    pattern = pattern_of(therapy)
    search.refuse_outside(patient=patient, therapy=therapy)
    orders = _orders(patient=patient, therapy=therapy, first=first)
    question = _question(
        patient=patient, therapy=therapy, orders=orders, first=first, wanted=wanted
    )
    for order in orders:
        for visits in _numbers(pattern, order):
            offers = _beside(keeping, question=question, visits=visits)
            found = replace(question, offers=offers).answer(order=order, visits=visits)
            if found and set(keeping) <= set(found.starts):
                return _shown(found, question=question, order=order)
    raise _none(question, orders=orders, first=first)


def _orders(*, patient: Patient, therapy: Therapy, first: date) -> list[Order]:
    """Return the orders with sessions left, those that allow most of a course first."""
    pattern = pattern_of(therapy)
    usable = Order.objects.filter(
        patient=patient,
        therapy=therapy,
        withdrawn_at__isnull=True,
        valid_until__gte=first,
        sessions_reserved__lt=F("sessions"),
    )
    return sorted(usable, key=lambda row: (-_numbers(pattern, row)[0], row.valid_until, row.pk))


def _numbers(pattern: series.Pattern, order: Order) -> list[int]:
    """Return how many visits to look for, most first; what goes on as needed is two or more."""
    if pattern.visits:
        return [min(pattern.visits, order.sessions_left)]
    most = min(order.sessions_left, 1 + settings.HORIZON_DAYS // pattern.steps.start)
    return list(range(most, min(most, 2) - 1, -1))


def _question(
    *,
    patient: Patient,
    therapy: Therapy,
    orders: Sequence[Order],
    first: date,
    wanted: time | None,
) -> _Question:
    at = now()
    wish = search.wish_for(patient=patient, therapy=therapy, starts_at=at, asked_at=at)
    if not orders:
        raise _no_order(wish, patient=patient, first=first)
    # A booking takes the order that ends first: whichever that is, the widest spacing holds.
    strictest = max(orders, key=lambda order: order.min_interval_hours)
    return _Question(
        wish=wish,
        pattern=pattern_of(therapy),
        offers=_offers(replace(wish, order=strictest), patient=patient, first=first),
        minimum_hours=strictest.min_interval_hours,
        wanted=wanted,
    )


def _offers(wish: Wish, *, patient: Patient, first: date) -> list[series.Offer]:
    """Return every start that can be had alone, from a day on until the horizon."""
    first = max(first, wish.day)
    last = clock.local_day(rules.latest_start(asked_at=wish.asked_at), wish.zone)
    if first > last:
        return []
    at = search.where(patient=patient, therapy=wish.therapy)
    found = search.feasible(wish=wish, at=at, first=first, last=last)
    if found is None:
        return []
    return [
        series.Offer(starts_at=start, nurses=frozenset(found.nurses(start)))
        for start in found.open_starts()
    ]


def _beside(
    keeping: Collection[datetime], *, question: _Question, visits: int
) -> list[series.Offer]:
    """Return the offers from which a course can be made that has all the starts to keep.

    Those are the only ones of their days. The others lie where the pattern is broken between two of
    them and, where that is not enough, as far around them as the pattern reaches.
    """
    if not keeping:
        return list(question.offers)
    zone, steps = question.wish.zone, question.pattern.steps
    days = sorted({clock.local_day(start, zone).toordinal() for start in keeping})
    gaps = [range(one + 1, other) for one, other in pairwise(days) if other - one not in steps]
    reach = (visits - len(days)) * (steps.stop - 1)
    if visits - len(days) > len(gaps):
        gaps += [range(days[0] - reach, days[0]), range(days[-1] + 1, days[-1] + reach + 1)]
    return [
        offer
        for offer in question.offers
        if offer.starts_at in keeping
        or any(clock.local_day(offer.starts_at, zone).toordinal() in gap for gap in gaps)
    ]


def _no_order(wish: Wish, *, patient: Patient, first: date) -> GateClosed:
    starts_at = max(wish.asked_at, clock.at_local(first, time(12), wish.zone))
    closed = gate.ask(
        patient=patient, therapy=wish.therapy, starts_at=starts_at, asked_at=wish.asked_at
    )
    missing = Reason("order_missing", gate.NEXT_STEPS["order_missing"])
    return GateClosed([r for r in closed if r.code in OF_THE_ORDER] or [missing])


def _shown(found: series.Series, *, question: _Question, order: Order) -> dict[str, Any]:
    wish, visits = question.wish, len(found.starts)
    return {
        "therapy": wish.therapy.slug,
        "time_zone": wish.zone.key,
        "visits": visits,
        "whole_course": question.pattern.visits,
        "limited_by": _limit(visits, question=question, order=order),
        "same_time": found.same_time,
        "same_nurse": bool(found.nurses),
        "summary": _summary(found, question=question, order=order),
        "slots": [search.slot(wish=wish, starts_at=start) for start in found.starts],
    }


def _limit(visits: int, *, question: _Question, order: Order) -> str | None:
    """Return what there are no more visits for; None where the course is whole."""
    if visits == question.pattern.visits:
        return None
    return "order" if visits == order.sessions_left else "horizon"


def _summary(found: series.Series, *, question: _Question, order: Order) -> str:
    """Say what is suggested and what it keeps, in plain words."""
    visits, pattern = len(found.starts), question.pattern
    at = clock.say_time(found.starts[0], question.wish.zone)
    hours = f"each at {at}" if found.same_time else "not all at one time of day"
    nurses = "one nurse throughout" if found.nurses else "more than one nurse"
    many = f"{visits} visits {pattern.words}, {hours}, {nurses}."
    said = many if visits > 1 else f"One visit at {at}."
    limit = _limit(visits, question=question, order=order)
    if limit == "order":
        whole = f" A whole course is {pattern.visits}." if pattern.visits else ""
        return f"{said} Your order has no more sessions left.{whole}"
    if limit == "horizon":
        return f"{said} Later ones can be booked {settings.HORIZON_DAYS} days ahead."
    return said


def _none(question: _Question, *, orders: Sequence[Order], first: date) -> NotOffered:
    """Say that no course fits, and how many of its visits do, which is not called a course."""
    order, pattern, wish = orders[0], question.pattern, question.wish
    visits = _numbers(pattern, order)[-1]
    most = series.longest(
        offers=question.under(order),
        zone=wish.zone,
        pattern=pattern,
        visits=visits - 1,
        minimum_hours=question.minimum_hours,
    )
    sentence = (
        f"No course of {visits} visits {pattern.words} fits from {first:%Y-%m-%d} to "
        f"{settings.HORIZON_DAYS} days ahead. The most that fit are {most}."
    )
    slots = [
        search.slot(wish=wish, starts_at=offer.starts_at)
        for offer in question.offers[: search.ALTERNATIVES]
    ]
    return NotOffered([Reason("not_offered", sentence)], alternatives=lambda: slots)
