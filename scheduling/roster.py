"""Who may be sent, and when: shifts and their exceptions less leave, where the papers stand.

It never sees an appointment: booking brings times and places as values.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Q

from patients.models import Permit, Therapy
from scheduling.gaps import Available, Lunch
from scheduling.intervals import Interval, merge, overlaps, subtract
from scheduling.models import (
    Closure,
    Leave,
    Licence,
    Nurse,
    Qualification,
    Shift,
    ShiftException,
)
from scheduling.travel import Place

__all__ = ["Available", "available", "closed", "has_papers", "on_shift", "working_on"]

Row = TypeVar("Row", Licence, Shift, ShiftException, Leave)
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)


# -- what is asked -------------------------------------------------------------------------------


def available(
    *,
    therapy: Therapy,
    state: str,
    first: date,
    last: date,
    nurse_ids: Sequence[int] | None = None,
) -> list[Available]:
    """Return the nurses who may be sent on some day from `first` to `last`, both included.

    Days are local to each nurse. A consultation is held from a desk and asks for no licence in
    the patient's state.
    """
    nurses = Nurse.objects.filter(
        is_active=True,
        user__is_active=True,
        qualifications__therapy=therapy,
        qualifications__valid_until__gte=first,
    )
    if nurse_ids is not None:
        nurses = nurses.filter(pk__in=nurse_ids)
    found = list(nurses)
    ids = [nurse.pk for nurse in found]
    kind = Shift.Kind.FIELD if therapy.needs_order else Shift.Kind.DESK
    papers = _papers(therapy=therapy, state=state, nurse_ids=ids)
    sheet = _sheet(kind=kind, first=first, last=last, nurse_ids=ids)
    rows = [
        _available(nurse=nurse, sheet=sheet, papers=papers, first=first, last=last)
        for nurse in found
    ]
    return [row for row in rows if row.windows]


def on_shift(
    *, kind: Shift.Kind, first: date, last: date, nurse_ids: Sequence[int] | None = None
) -> list[Available]:
    """Return who works on some day from `first` to `last`, whatever her papers let her do."""
    nurses = Nurse.objects.filter(is_active=True, user__is_active=True)
    if nurse_ids is not None:
        nurses = nurses.filter(pk__in=nurse_ids)
    found = list(nurses)
    sheet = _sheet(kind=kind, first=first, last=last, nurse_ids=[nurse.pk for nurse in found])
    rows = [
        _available(nurse=nurse, sheet=sheet, papers=None, first=first, last=last) for nurse in found
    ]
    return [row for row in rows if row.windows]


def working_on(day: date) -> set[int]:
    """Return the numbers of the nurses on the road on their local day, leave left out of it."""
    sheet = _sheet(kind=Shift.Kind.FIELD, first=day, last=day, nurse_ids=None, with_leave=False)
    nurses = Nurse.objects.filter(is_active=True, pk__in=sheet.nurse_ids)
    return {
        nurse.pk
        for nurse in nurses
        if _available(nurse=nurse, sheet=sheet, papers=None, first=day, last=day).windows
    }


def has_papers(*, nurse: Nurse, therapy: Therapy, state: str, day: date) -> bool:
    """Whether licence and qualification let the nurse give the therapy in a state on a day."""
    papers = _papers(therapy=therapy, state=state, nurse_ids=[nurse.pk])
    return papers.allow(nurse_id=nurse.pk, day=day)


def closed(*, therapy: Therapy, state: str, postal_code: str, first: date, last: date) -> set[date]:
    """Return the days from `first` to `last`, local to the address, on which it is closed."""
    closures = list(Closure.objects.in_force().touching(first=first, last=last))
    return {
        day
        for day in days_between(first, last)
        if any(
            closure.covers(
                day=day,
                state=state,
                postal_code=postal_code,
                is_consultation=not therapy.needs_order,
            )
            for closure in closures
        )
    }


# -- papers --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Papers:
    """What decides on which days a nurse may be sent."""

    qualified_until: dict[int, date]
    licences: dict[int, list[Licence]] | None

    def allow(self, *, nurse_id: int, day: date) -> bool:
        """Whether qualification and licence stand on a day."""
        if nurse_id not in self.qualified_until or day > self.qualified_until[nurse_id]:
            return False
        if self.licences is None:
            return True
        return any(
            licence.valid_from <= day <= licence.valid_until
            for licence in self.licences.get(nurse_id, ())
        )


def _papers(*, therapy: Therapy, state: str, nurse_ids: list[int]) -> _Papers:
    qualified = Qualification.objects.filter(nurse__in=nurse_ids, therapy=therapy)
    return _Papers(
        qualified_until={row.nurse_id: row.valid_until for row in qualified},
        licences=_licences(state=state, nurse_ids=nurse_ids) if therapy.needs_order else None,
    )


def _licences(*, state: str, nurse_ids: list[int]) -> dict[int, list[Licence]]:
    """Return the licences of the kind that the state's permit asks for."""
    kinds = Permit.objects.filter(state=state, is_permitted=True).values("licence_kind")
    return _by_nurse(Licence.objects.filter(nurse__in=nurse_ids, state=state, kind__in=kinds))


def _by_nurse(rows: Iterable[Row]) -> dict[int, list[Row]]:
    grouped: dict[int, list[Row]] = defaultdict(list)
    for row in rows:
        grouped[row.nurse_id].append(row)
    return grouped


# -- shifts, exceptions, leave -------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Sheet:
    """What is entered about nurses' hours of one kind, by the number of the nurse."""

    shifts: dict[int, list[Shift]]
    exceptions: dict[int, list[ShiftException]]
    leaves: dict[int, list[Leave]]

    @property
    def nurse_ids(self) -> set[int]:
        """Who has any hours entered."""
        return {*self.shifts, *self.exceptions}


def _sheet(
    *,
    kind: Shift.Kind,
    first: date,
    last: date,
    nurse_ids: list[int] | None,
    with_leave: bool = True,
) -> _Sheet:
    """Read the hours of these nurses; a shift of the day before may reach into `first`."""
    theirs = Q() if nurse_ids is None else Q(nurse__in=nurse_ids)
    shifts = Shift.objects.filter(
        theirs,
        Q(valid_until__isnull=True) | Q(valid_until__gte=first - DAY),
        kind=kind,
        valid_from__lte=last,
    )
    exceptions = ShiftException.objects.filter(
        theirs, kind=kind, day__gte=first - DAY, day__lte=last + DAY
    )
    # Leave is stored as instants, days are local, and a shift of the last day may end the next.
    around = (
        datetime.combine(first - 2 * DAY, time(), tzinfo=UTC),
        datetime.combine(last + 3 * DAY, time(), tzinfo=UTC),
    )
    leaves = Leave.objects.filter(theirs).touching(period=around) if with_leave else ()
    return _Sheet(
        shifts=_by_nurse(shifts), exceptions=_by_nurse(exceptions), leaves=_by_nurse(leaves)
    )


def _available(
    *, nurse: Nurse, sheet: _Sheet, papers: _Papers | None, first: date, last: date
) -> Available:
    zone = ZoneInfo(nurse.time_zone)
    exceptions = sheet.exceptions.get(nurse.pk, [])
    off_all_day = {one.day for one in exceptions if one.is_whole_day}
    shifts = [
        (hours, _lunch(shift=shift, day=day, hours=hours, zone=zone))
        for day in days_between(first - DAY, last)
        if day not in off_all_day
        for shift in sheet.shifts.get(nurse.pk, ())
        if _is_worked(shift=shift, day=day) and (hours := _hours(shift, day=day, zone=zone))
    ]
    asked = Interval(_midnight(first, zone), _midnight(last + DAY, zone))
    worked = merge([*(hours for hours, _ in shifts), *_extra(exceptions, off_all_day, zone)])
    off = [
        *(Interval(leave.starts_at, leave.ends_at) for leave in sheet.leaves.get(nurse.pk, ())),
        *_off(exceptions, zone),
        *_without_papers(nurse=nurse, papers=papers, first=first, last=last, zone=zone),
    ]
    return Available(
        nurse_id=nurse.pk,
        home=Place(nurse.home_latitude, nurse.home_longitude),
        zone=zone,
        windows=tuple(subtract((one for one in worked if overlaps(one, asked)), off)),
        lunches=tuple(sorted(lunch for _, lunch in shifts if lunch)),
        max_driving=_limit(nurse.max_driving_minutes, settings.MAX_DRIVING_MINUTES),
        max_working=_limit(nurse.max_working_minutes, settings.MAX_WORKING_MINUTES),
    )


def _is_worked(*, shift: Shift, day: date) -> bool:
    if shift.weekday != day.weekday() or day < shift.valid_from:
        return False
    return shift.valid_until is None or day <= shift.valid_until


def _extra(
    exceptions: Iterable[ShiftException], off_all_day: set[date], zone: ZoneInfo
) -> Iterator[Interval]:
    """Hours more, but for those of a whole day off."""
    for one in exceptions:
        if one.effect == ShiftException.Effect.EXTRA and one.day not in off_all_day:
            hours = _hours(one, day=one.day, zone=zone)
            if hours:
                yield hours


def _off(exceptions: Iterable[ShiftException], zone: ZoneInfo) -> Iterator[Interval]:
    """Hours off, and whole days."""
    for one in exceptions:
        if one.is_whole_day:
            yield Interval(_midnight(one.day, zone), _midnight(one.day + DAY, zone))
        elif one.effect == ShiftException.Effect.OFF:
            hours = _hours(one, day=one.day, zone=zone)
            if hours:
                yield hours


def _without_papers(
    *, nurse: Nurse, papers: _Papers | None, first: date, last: date, zone: ZoneInfo
) -> Iterator[Interval]:
    """Days on which the nurse may not be sent, one more than asked at both ends."""
    for day in days_between(first - DAY, last + DAY) if papers else ():
        if papers and not papers.allow(nurse_id=nurse.pk, day=day):
            yield Interval(_midnight(day, zone), _midnight(day + DAY, zone))


def _lunch(*, shift: Shift, day: date, hours: Interval, zone: ZoneInfo) -> Lunch | None:
    """Return the lunch of a shift, as far as the clocks of the day leave it time."""
    if shift.lunch_from is None or shift.lunch_until is None:
        return None
    begins = day if shift.lunch_from >= shift.starts else day + DAY
    window = _between(begins, shift.lunch_from, shift.lunch_until, zone)
    if window is None:
        return None
    longest = (window.end - window.start) // MINUTE
    return Lunch(window=window, minutes=min(shift.lunch_minutes, longest), shift=hours)


# -- local days ----------------------------------------------------------------------------------


def days_between(first: date, last: date) -> list[date]:
    """Return the days from `first` to `last`, both included."""
    return [first + n * DAY for n in range((last - first).days + 1)]


def _hours(entry: Shift | ShiftException, *, day: date, zone: ZoneInfo) -> Interval | None:
    """Return the hours of an entry on a day; none if they are those that the clock skips."""
    if entry.starts is None or entry.ends is None:
        return None
    return _between(day, entry.starts, entry.ends, zone)


def _between(day: date, starts: time, ends: time, zone: ZoneInfo) -> Interval | None:
    """Return the stretch between two local times, the second on the next day if not later.

    A time that happens twice means the first; one that is skipped means the moment that the clock
    would have shown had it not been put forward.
    """
    until = day if ends > starts else day + DAY
    start = datetime.combine(day, starts, tzinfo=zone).astimezone(UTC)
    end = datetime.combine(until, ends, tzinfo=zone).astimezone(UTC)
    return Interval(start, end) if start < end else None


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), tzinfo=zone).astimezone(UTC)


def _limit(own: int | None, clinics: int) -> int:
    return clinics if own is None else own
