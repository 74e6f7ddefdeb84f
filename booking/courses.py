"""Book a course: several visits of one patient and therapy, all or none.

Locks are taken as for one visit: the patient, then the nurses' days, a course's in their order.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from django.db import transaction

from booking import appointments, availability, rules, search, series, sessions
from booking.locks import lock_patient
from booking.models import Course
from booking.notices import ledger
from booking.rules import Diary, Wish
from booking.search import Where
from config.core.clock import now
from config.core.errors import Alternatives, Malformed, Reason, Refused, deadlocks_retried
from config.core.models import User
from patients.models import Patient, Therapy

MAX_STARTS = 31
OF_THE_ORDER = ("order_missing", "order_exhausted")


class CourseRefused(Refused):
    """Some of the starts cannot be had, so none is; each reason names its start in `attr`."""


@dataclass(slots=True)
class _Visit:
    """One visit asked for: its place in the request, and what came of it."""

    index: int
    wish: Wish
    reasons: list[Reason] = field(default_factory=list)
    alternatives: Alternatives | None = None

    def refuse(self, refused: Refused) -> None:
        """Remember why it cannot be had, and what could be instead."""
        self.reasons, self.alternatives = list(refused.reasons), refused.alternatives


def pattern_of(therapy: Therapy) -> series.Pattern:
    """Return how the visits of a therapy follow each other.

    Raises
    ------
    Malformed
        If it is not given in courses.
    """
    pattern = series.PATTERNS.get(therapy.slug)
    if pattern is None:
        raise Malformed("no_course", f"{therapy.name} is booked one by one.", "therapy")
    return pattern


@deadlocks_retried
def book(
    *,
    patient: Patient,
    therapy: Therapy,
    starts: Sequence[datetime],
    by: User,
    asked_at: datetime | None = None,
) -> Course:
    """Reserve every visit of a course, with one nurse where one can make them all, or none.

    Parameters
    ----------
    asked_at
        The moment that gate and notice rules count from; now, if not given. No HTTP door gives it.

    Raises
    ------
    CourseRefused, Malformed
    """
    pattern_of(therapy)
    asked_at = asked_at or now()
    with transaction.atomic():
        patient = lock_patient(patient)
        visits = _asked(patient=patient, therapy=therapy, starts=starts, asked_at=asked_at)
        course = Course.objects.create(
            patient=patient, therapy=therapy, booked_at=asked_at, booked_by=by
        )
        _hold(visits=visits, course=course)
        _refuse(visits)
        booked = list(course.appointments.select_related("patient").order_by("starts_at"))
        # The diary of one visit has every other of the course, and not itself.
        infusions = (booked[0].starts_at, *visits[0].wish.diary.starts)
        ledger.plan_new(appointments=booked, infusions=infusions)
    return course


def _asked(
    *, patient: Patient, therapy: Therapy, starts: Sequence[datetime], asked_at: datetime
) -> list[_Visit]:
    """Ask gates and time rules of each start, soonest first, as if those before it stood.

    A session is held for each that an order has one left for, so that the next finds one less.
    Each wish comes back with every other visit of the course in its diary.
    """
    visits: list[_Visit] = []
    for index, starts_at in sorted(enumerate(starts), key=lambda asked: (asked[1], asked[0])):
        wish = search.wish_for(
            patient=patient, therapy=therapy, starts_at=starts_at, asked_at=asked_at
        )
        after_those_before = _beside(wish, (visit.wish for visit in visits))
        reasons = appointments.closed(patient=patient, wish=after_those_before)
        if not any(reason.code in OF_THE_ORDER for reason in reasons):
            sessions.reserve(wish.order)
        visits.append(_Visit(index=index, wish=wish, reasons=reasons))
    wishes = [visit.wish for visit in visits]
    for place, visit in enumerate(visits):
        visit.wish = _beside(visit.wish, [*wishes[:place], *wishes[place + 1 :]])
    return visits


def _beside(wish: Wish, others: Iterable[Wish]) -> Wish:
    """Return the wish as it is once others are promised too."""
    promised = list(others)
    hours = ((w.starts_at, rules.minimum_hours(therapy=w.therapy, order=w.order)) for w in promised)
    diary = Diary(
        taken=(*wish.diary.taken, *((w.starts_at, w.ends_at) for w in promised)),
        infusions=(*wish.diary.infusions, *hours),
    )
    return replace(wish, diary=diary)


def _hold(*, visits: Sequence[_Visit], course: Course) -> None:
    """Hold a nurse for each visit, soonest first: her day is locked before any later one.

    Those that break no rule are tried even where others do, so that a refusal names every start.
    """
    if all(visit.reasons for visit in visits):
        return  # perhaps for want of an address
    at = search.where(patient=course.patient, therapy=course.therapy)
    able = [_able(visit, at=at) for visit in visits]
    rank = _ranking(able)
    for visit, nurses in zip(visits, able, strict=True):
        if visit.reasons:
            continue
        appointment = appointments.draft(
            patient=course.patient, wish=visit.wish, by=course.booked_by, course=course
        )
        among = sorted(nurses, key=lambda nurse: rank[nurse.nurse_id])
        try:
            availability.hold(appointment=appointment, wish=visit.wish, at=at, among=among)
        except Refused as refused:
            visit.refuse(refused)


def _able(visit: _Visit, *, at: Where) -> list[availability.Candidate]:
    """Return who could make a visit that breaks no rule, least extra driving first."""
    if visit.reasons:
        return []
    try:
        return availability.candidates(wish=visit.wish, at=at)
    except Refused as refused:
        visit.refuse(refused)
        return []


def _ranking(able: Iterable[Sequence[availability.Candidate]]) -> dict[int, tuple[int, int, int]]:
    """Rank the nurses: who can make most of the visits first, then who drives least for them."""
    visits: Counter[int] = Counter()
    places: Counter[int] = Counter()
    for nurses in able:
        for place, nurse in enumerate(nurses):
            visits[nurse.nurse_id] += 1
            places[nurse.nurse_id] += place
    return {nurse_id: (-visits[nurse_id], places[nurse_id], nurse_id) for nurse_id in visits}


def _refuse(visits: Iterable[_Visit]) -> None:
    refused = sorted((visit for visit in visits if visit.reasons), key=lambda visit: visit.index)
    if refused:
        raise CourseRefused(
            [replace(r, attr=f"starts.{visit.index}") for visit in refused for r in visit.reasons],
            alternatives=next(
                (v.alternatives for v in refused if v.alternatives is not None), None
            ),
        )
