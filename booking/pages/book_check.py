"""Everything about to be promised, once more: one visit, or the visits of a course."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from booking import courses, prices, rules
from booking.clock import local_day
from booking.models import OCCUPYING, Appointment
from booking.pages import picker, picker_look, picker_words as words
from booking.pages.book_catalogue import Treatment
from booking.pages.book_planned import Planned
from booking.pages.book_reasons import GONE, NAMES, in_words, missing
from booking.pages.courses_mending import mended
from booking.pages.picker_times import Time
from booking.pages.steps import Step
from config.core.clock import now
from config.core.errors import Reason, Refused
from patients import gate
from patients.accounts import address_of, zone_of
from patients.models import Address, Order, Patient, Therapy

Problems = Mapping[int, Sequence[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """What the check page shows.

    Attributes
    ----------
    missing
        The gates that are closed.
    changed
        The visits of a course that could not be had as they were asked for.
    others
        Other times for the one visit that cannot be had.
    """

    treatment: Treatment
    zone: str
    visits: tuple[Planned, ...]
    missing: tuple[Step, ...]
    changed: tuple[Planned, ...]
    others: tuple[Time, ...]
    home: Address | None
    escort: str

    @property
    def is_course(self) -> bool:
        """Whether there is more than one."""
        return len(self.visits) > 1

    @property
    def first(self) -> Planned:
        """The first visit."""
        return self.visits[0]

    @property
    def broken(self) -> tuple[Planned, ...]:
        """The visits that cannot be had."""
        return tuple(visit for visit in self.visits if visit.problem)

    @property
    def can_be_booked(self) -> bool:
        """Whether nothing known stands in the way."""
        return not self.missing and not self.broken

    @property
    def price(self) -> str:
        """What all of it costs."""
        return prices.say(len(self.visits) * self.treatment.therapy.price_cents)

    @property
    def deposit(self) -> str:
        """What is to be paid once it is booked; empty for nothing."""
        cents = len(self.visits) * prices.deposit_cents(self.treatment.therapy)
        return prices.say(cents) if cents else ""

    @property
    def policy(self) -> tuple[str, ...]:
        """What cancelling costs; the first sentence of the clinic's rules is about the talk."""
        return prices.policy()[1:]

    @property
    def back(self) -> str:
        """Where another time is chosen."""
        therapy = self.treatment.therapy.pk
        if self.is_course:
            return reverse("book-course", args=[therapy])
        day = local_day(self.first.starts_at, self.first.zone)
        return f"{reverse('book-time', args=[therapy])}?day={day.isoformat()}"

    @property
    def said(self) -> str:
        """`Tuesday 24 November, 10:30 AM`; of a course, how many visits begin then."""
        if not self.is_course:
            return self.first.said
        facts = {"visits": len(self.visits), "first": self.first.said}
        return _("%(visits)s visits, the first on %(first)s") % facts

    @property
    def query(self) -> str:
        """The starts as an address carries them, so that no sign-in and no reload loses them."""
        return "&".join(f"at={visit.at}" for visit in self.visits)


def read_starts(values: Sequence[str]) -> list[datetime]:
    """Return the instants that an address or a form names, ascending, each once."""
    found = {picker.read_at(value) for value in values[: courses.MAX_STARTS]}
    return sorted(start for start in found if start is not None)


def booked(*, patient: Patient, therapy: Therapy, starts: Sequence[datetime]) -> Appointment | None:
    """Return the first of these visits, where all of them are promised already."""
    rows = Appointment.objects.filter(
        patient=patient, therapy=therapy, starts_at__in=starts, status__in=OCCUPYING
    )
    found = list(rows.order_by("starts_at"))
    return found[0] if found and len(found) == len(starts) else None


def of(
    *,
    patient: Patient,
    therapy: Therapy,
    starts: Sequence[datetime],
    refused: Refused | None = None,
) -> Check:
    """Return what the page shows of these starts; `refused` is what booking them has just said."""
    at = now()
    is_somewhere = not therapy.needs_order or address_of(patient) is not None
    found = picker_look.look(patient=patient, therapy=therapy) if is_somewhere else None
    reasons = [
        *gate.ask(
            patient=patient,
            therapy=therapy,
            starts_at=starts[0],
            asked_at=at,
            found=_order(found, starts[0]),
        ),
        *(_broken(starts, found=found) if found else ()),
        *(refused.reasons if refused else ()),
    ]
    problems = _by_place(reasons)
    zone = found.zone if found else zone_of(patient)
    visits = tuple(
        Planned(
            start,
            zone,
            therapy,
            in_words(list(dict.fromkeys(problems.get(place, ()))), therapy=therapy),
        )
        for place, start in enumerate(starts)
    )
    gates = missing(reasons, patient=patient, therapy=therapy)
    broken = tuple(visit for visit in visits if visit.problem)
    bad = [visit.starts_at for visit in broken]
    new = (
        mended(patient=patient, therapy=therapy, starts=starts, broken=bad)
        if bad and not gates
        else ()
    )
    return Check(
        treatment=Treatment(therapy, None),
        zone=words.say_zone(zone, at=starts[0]),
        visits=_with_new(visits, new) if new else visits,
        missing=gates,
        changed=broken,
        others=_others(found, broken=broken, is_course=len(starts) > 1),
        home=address_of(patient) if therapy.needs_order else None,
        escort=patient.escort_name,
    )


def _order(found: picker_look.Look | None, start: datetime) -> Order | None:
    """Return the order that was found at the look, where it reaches to the start."""
    order = found.wish.order if found else None
    if found is None or order is None:
        return None
    day = local_day(start, found.zone)
    return order if order.valid_from <= day <= order.valid_until else None


def _broken(starts: Sequence[datetime], *, found: picker_look.Look) -> Iterator[Reason]:
    """Yield for each start the time rules that it breaks, and whether it is gone."""
    for place, start in enumerate(starts):
        broken = list(rules.broken(replace(found.wish, starts_at=start)))
        if not broken and not found.has(start):
            broken = [Reason("slot_taken", "")]
        yield from (replace(reason, attr=f"starts.{place}") for reason in broken)


def _by_place(reasons: Sequence[Reason]) -> Problems:
    """Sort what is said of the starts by their place; what names none is said of the first."""
    problems: dict[int, list[str]] = {}
    for reason in reasons:
        if reason.code not in NAMES:
            place = (reason.attr or "starts.0").partition(".")[2]
            problems.setdefault(int(place or 0), []).append(reason.code)
    return {
        place: [code for code in codes if code not in GONE] or codes[-1:]
        for place, codes in problems.items()
    }


def _with_new(visits: Sequence[Planned], new: Sequence[datetime]) -> tuple[Planned, ...]:
    kept = {visit.starts_at for visit in visits}
    return tuple(
        replace(visits[0], starts_at=start, problem="", is_new=start not in kept) for start in new
    )


def _others(
    found: picker_look.Look | None, *, broken: Sequence[Planned], is_course: bool
) -> tuple[Time, ...]:
    if found is None or not broken or is_course:
        return ()
    return tuple(picker_look.nearest_in(found, at=broken[0].starts_at))
