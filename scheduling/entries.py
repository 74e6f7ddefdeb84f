"""What is entered about nurses, read in one statement and as columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from django.conf import settings
from django.db.models import F, Q, QuerySet

from patients.models import Permit, Therapy
from scheduling import packed
from scheduling.hours import Calendar, Changes, Shifts, worked
from scheduling.instants import Mask
from scheduling.models import Leave, Licence, Nurse, Shift, ShiftException
from scheduling.packed import MISSING, Columns, Pack
from scheduling.sheet import NOTHING_HELD, Held, Ints, Sheet, Spans, Staff

DAY = timedelta(days=1)
FOREVER = np.iinfo(np.int64).max
WIDEST = 1 << 20  # numbers of nurses, beyond which they are searched for

NURSE = {
    "pk": "number",
    "home_latitude": "float",
    "home_longitude": "float",
    "time_zone": "text",
    "max_driving_minutes": "number",
    "max_working_minutes": "number",
}
SHIFT = {
    "nurse_id": "number",
    "weekday": "number",
    "starts": "clock",
    "ends": "clock",
    "lunch_minutes": "number",
    "lunch_from": "clock",
    "lunch_until": "clock",
    "valid_from": "day",
    "valid_until": "day",
}
CHANGE = {
    "nurse_id": "number",
    "day": "day",
    "is_extra": "truth",
    "starts": "clock",
    "ends": "clock",
}
LEAVE = {"nurse_id": "number", "starts_at": "instant", "ends_at": "instant"}
LICENCE = {"nurse_id": "number", "valid_from": "day", "valid_until": "day"}
HELD = {**LEAVE, "latitude": "float", "longitude": "float"}


@dataclass(frozen=True, slots=True)
class Asked:
    """Whose hours of which kind are asked for, from `first` to `last`, days local to each nurse.

    Attributes
    ----------
    therapy, state
        What she must have papers for; no therapy asks for none.
    held
        Rows of what takes nurses' time, to be read in the same statement; their column `taken`
        packs nurse, start, end, latitude and longitude, and is null where there is no nurse.
    also
        A few other rows, as a queryset of `values`.
    """

    kind: Shift.Kind
    first: date
    last: date
    nurses: QuerySet[Nurse]
    nurse_ids: Sequence[int] | None = None
    therapy: Therapy | None = None
    state: str = ""
    with_leave: bool = True
    held: QuerySet[Any] | None = None
    also: QuerySet[Any, Any] | None = None

    @property
    def theirs(self) -> Q:
        """Rows of the nurses asked for."""
        return Q() if self.nurse_ids is None else Q(nurse__in=self.nurse_ids)


@dataclass(frozen=True, slots=True)
class Found:
    """What was read."""

    sheet: Sheet
    held: Held
    also: Any


def read(asked: Asked) -> Found:
    """Read everything that is asked for, as it stands at one moment."""
    packs = {
        "nurses": _nurses(asked),
        "shifts": Pack(_shifts(asked), SHIFT),
        "changes": Pack(_changes(asked), CHANGE),
        "leaves": Pack(_leaves(asked), LEAVE),
        "licences": Pack(_licences(asked), LICENCE),
    }
    if asked.held is not None:
        packs["held"] = Pack(asked.held, HELD, stored="taken")
    columns, also = packed.read(packs, also=asked.also)
    staff = _staff(columns["nurses"])
    off = [_spans(columns["leaves"], staff)]
    calendar = Calendar.of(first=asked.first, last=asked.last, staff=staff)
    if asked.therapy is not None:
        off.append(_without_papers(asked.therapy, calendar, columns))
    windows, lunches = worked(
        calendar=calendar,
        shifts=_shift_columns(columns["shifts"], staff),
        changes=_change_columns(columns["changes"], staff),
        off=off,
    )
    return Found(Sheet(staff, windows, lunches), _held(columns.get("held"), staff), also)


# -- rows ------------------------------------------------------------------------------------------


def _nurses(asked: Asked) -> Pack:
    if asked.nurse_ids is None:
        nurses = asked.nurses
    else:
        nurses = asked.nurses.filter(pk__in=asked.nurse_ids)
    if asked.therapy is None:
        return Pack(nurses, NURSE)
    qualified = nurses.filter(
        qualifications__therapy=asked.therapy, qualifications__valid_until__gte=asked.first
    ).annotate(qualified_until=F("qualifications__valid_until"))
    return Pack(qualified, {**NURSE, "qualified_until": "day"})


def _shifts(asked: Asked) -> QuerySet[Shift]:
    """Return the patterns; a shift of the day before may reach into the first."""
    return Shift.objects.filter(
        asked.theirs,
        Q(valid_until__isnull=True) | Q(valid_until__gte=asked.first - DAY),
        kind=asked.kind,
        valid_from__lte=asked.last,
    )


def _changes(asked: Asked) -> QuerySet[ShiftException]:
    return ShiftException.objects.filter(
        asked.theirs, kind=asked.kind, day__gte=asked.first - DAY, day__lte=asked.last + DAY
    ).annotate(is_extra=Q(effect=ShiftException.Effect.EXTRA))


def _leaves(asked: Asked) -> QuerySet[Leave]:
    """Return leave, a margin around: it is in instants, days are local, shifts may end next day."""
    if not asked.with_leave:
        return Leave.objects.none()
    around = (
        datetime.combine(asked.first - 2 * DAY, time(), tzinfo=UTC),
        datetime.combine(asked.last + 3 * DAY, time(), tzinfo=UTC),
    )
    return Leave.objects.filter(asked.theirs).touching(period=around)


def _licences(asked: Asked) -> QuerySet[Licence]:
    """Return the licences of the kind that the state's permit asks for."""
    if asked.therapy is None or not asked.therapy.needs_order:
        return Licence.objects.none()
    kinds = Permit.objects.filter(state=asked.state, is_permitted=True).values("licence_kind")
    return Licence.objects.filter(asked.theirs, state=asked.state, kind__in=kinds)


# -- columns ---------------------------------------------------------------------------------------


def _staff(nurses: Columns) -> Staff:
    numbers = nurses.whole("pk")
    order = np.argsort(numbers)
    names, zone = nurses.texts("time_zone")
    homes = np.stack([nurses.floats("home_latitude"), nurses.floats("home_longitude")], axis=1)
    return Staff(
        numbers=numbers[order],
        homes=homes[order],
        zones=tuple(ZoneInfo(name) for name in names),
        zone=zone[order],
        max_driving=_limits(nurses, "max_driving_minutes", settings.MAX_DRIVING_MINUTES)[order],
        max_working=_limits(nurses, "max_working_minutes", settings.MAX_WORKING_MINUTES)[order],
    )


def _limits(nurses: Columns, name: str, clinics: int) -> Ints:
    own = nurses.whole(name)
    return np.where(own == MISSING, clinics, own)


def _whose(columns: Columns, staff: Staff) -> tuple[Ints | slice, Ints]:
    """Return the rows of known nurses, and the place of each one's nurse among the staff."""
    ids = columns.whole("nurse_id")
    most = max(int(ids.max(initial=0)), int(staff.numbers.max(initial=0)))
    if most <= WIDEST:  # looked up, not searched
        place_of = np.full(most + 1, -1)
        place_of[staff.numbers] = np.arange(len(staff.numbers))
        place = place_of[ids]
    else:
        place = np.searchsorted(staff.numbers, ids)
        place[np.append(staff.numbers, MISSING)[place] != ids] = -1
    known = place >= 0
    if known.all():
        return slice(None), place
    return np.flatnonzero(known), place[known]


def _spans(columns: Columns, staff: Staff) -> Spans:
    rows, nurse = _whose(columns, staff)
    return Spans(nurse, columns.whole("starts_at")[rows], columns.whole("ends_at")[rows])


def _shift_columns(columns: Columns, staff: Staff) -> Shifts:
    rows, nurse = _whose(columns, staff)
    until = columns.whole("valid_until")[rows]
    names = ("weekday", "starts", "ends", "lunch_minutes", "lunch_from", "lunch_until")
    return Shifts(
        nurse=nurse,
        **{name: columns.whole(name)[rows] for name in (*names, "valid_from")},
        valid_until=np.where(until == MISSING, FOREVER, until),
    )


def _change_columns(columns: Columns, staff: Staff) -> Changes:
    rows, nurse = _whose(columns, staff)
    starts = columns.whole("starts")[rows]
    return Changes(
        nurse=nurse,
        day=columns.whole("day")[rows],
        extra=columns.whole("is_extra")[rows] == 1,
        whole=starts == MISSING,
        starts=starts,
        ends=columns.whole("ends")[rows],
    )


def _without_papers(therapy: Therapy, calendar: Calendar, columns: dict[str, Columns]) -> Spans:
    """Return the days on which nurses may not be sent, one more than asked at both ends."""
    nurses, staff = columns["nurses"], calendar.staff
    places = calendar.around(1)
    days = calendar.days[places.start : places.stop]
    until = nurses.whole("qualified_until")[np.argsort(nurses.whole("pk"))]
    allowed: Mask = days <= until[:, None]
    if therapy.needs_order:
        licences = columns["licences"]
        rows, nurse = _whose(licences, staff)
        begins, ends = (
            licences.whole(name)[rows][:, None] for name in ("valid_from", "valid_until")
        )
        stands = np.zeros(allowed.shape, dtype=np.bool_)
        np.logical_or.at(stands, nurse, (begins <= days) & (days <= ends))
        allowed &= stands
    nurse, day = np.nonzero(~allowed)
    return calendar.whole(nurse, day + places.start)


def _held(columns: Columns | None, staff: Staff) -> Held:
    if columns is None:
        return NOTHING_HELD
    rows, nurse = _whose(columns, staff)
    spans = Spans(nurse, columns.whole("starts_at")[rows], columns.whole("ends_at")[rows])
    places = np.stack([columns.floats("latitude"), columns.floats("longitude")], axis=1)
    return Held(spans, places[rows])
