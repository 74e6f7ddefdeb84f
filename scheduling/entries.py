"""What is entered about nurses, read in one statement and as columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from django.conf import settings

from patients.models import Therapy
from scheduling import packed
from scheduling.hours import Calendar, Changes, Shifts, worked
from scheduling.instants import Mask
from scheduling.models import Shift
from scheduling.packed import MISSING, Columns, Pack
from scheduling.sheet import NOTHING_HELD, Held, Ints, Sheet, Spans, Staff

FOREVER = np.iinfo(np.int64).max
WIDEST = 1 << 20  # numbers of nurses, beyond which they are searched for

NURSE = {
    "id": "number",
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
        A query of what takes nurses' time, to be read in the same statement: one column that packs
        nurse, start, end, latitude and longitude, and is null where there is no nurse.
    held_parameters
        What it is asked with beside `ids`.
    employed
        Whether her account must be active as well.
    also
        A query of a few other rows, with `first` and `last` among its parameters.
    """

    kind: Shift.Kind
    first: date
    last: date
    nurse_ids: Sequence[int] | None = None
    employed: bool = True
    therapy: Therapy | None = None
    state: str = ""
    with_leave: bool = True
    held: str = ""
    held_parameters: Mapping[str, Any] = field(default_factory=dict)
    also: str = ""

    @property
    def needs_licence(self) -> bool:
        """Whether she must have a licence in the state."""
        return self.therapy is not None and self.therapy.needs_order

    @property
    def parameters(self) -> dict[str, Any]:
        """What the statement is asked with."""
        return {
            "kind": str(self.kind),
            "first": self.first,
            "last": self.last,
            "ids": None if self.nurse_ids is None else list(self.nurse_ids),
            "therapy": self.therapy and self.therapy.pk,
            "state": self.state,
            **self.held_parameters,
        }


@dataclass(frozen=True, slots=True)
class Found:
    """What was read."""

    sheet: Sheet
    held: Held
    also: Any


def read(asked: Asked) -> Found:
    """Read everything that is asked for, as it stands at one moment."""
    packs = _packs(asked)
    if asked.held:
        packs["held"] = Pack(asked.held, HELD, is_stored=True)
    columns, also = packed.read(packs, parameters=asked.parameters, also=asked.also)
    staff = _staff(columns["nurses"])
    off = [_spans(columns["leaves"], staff)] if asked.with_leave else []
    calendar = Calendar.of(first=asked.first, last=asked.last, staff=staff)
    if asked.therapy is not None:
        off.append(_without_papers(calendar, columns))
    windows, lunches = worked(
        calendar=calendar,
        shifts=_shift_columns(columns["shifts"], staff),
        changes=_change_columns(columns["changes"], staff),
        off=off,
    )
    return Found(Sheet(staff, windows, lunches), _held(columns.get("held"), staff), also)


# -- rows ------------------------------------------------------------------------------------------


def _packs(asked: Asked) -> dict[str, Pack]:
    """Return what to read of nurses, in SQL: a search is too quick to have an ORM compose it."""
    theirs = "TRUE" if asked.nurse_ids is None else "nurse_id = ANY(%(ids)s::bigint[])"
    packs = {
        "nurses": _nurses(asked, theirs),
        "shifts": Pack(
            # A shift of the day before may reach into the first.
            f"""
            SELECT packed FROM scheduling_shift
            WHERE kind = %(kind)s AND valid_from <= %(last)s AND {theirs}
            AND (valid_until IS NULL OR valid_until >= %(first)s::date - 1)
            """,  # noqa: S608
            SHIFT,
            is_stored=True,
        ),
        "changes": Pack(
            f"""
            SELECT nurse_id, day, effect = 'extra', starts, ends FROM scheduling_shiftexception
            WHERE kind = %(kind)s AND {theirs}
            AND day BETWEEN %(first)s::date - 1 AND %(last)s::date + 1
            """,  # noqa: S608
            CHANGE,
        ),
    }
    if asked.with_leave:
        # In instants, while days are local and shifts may end next day: a margin around.
        packs["leaves"] = Pack(
            f"""
            SELECT {", ".join(LEAVE)} FROM scheduling_leave
            WHERE period && tstzrange(%(first)s::date - 2, %(last)s::date + 3) AND {theirs}
            """,  # noqa: S608
            LEAVE,
        )
    if asked.needs_licence:
        packs["licences"] = _licences(theirs)
    return packs


def _licences(theirs: str) -> Pack:
    return Pack(
        f"""
        SELECT nurse_id, valid_from, valid_until FROM scheduling_licence
        JOIN patients_permit USING (state)
        WHERE state = %(state)s AND is_permitted AND licence_kind = kind AND {theirs}
        """,  # noqa: S608
        LICENCE,
    )


def _nurses(asked: Asked, theirs: str) -> Pack:
    kinds = NURSE if asked.therapy is None else {**NURSE, "valid_until": "day"}
    columns = ", ".join(["nurse.id", *list(kinds)[1:]])
    tables = ["scheduling_nurse nurse"]
    if asked.employed:
        tables.append("core_user account ON account.id = user_id AND account.is_active")
    if asked.therapy is not None:
        tables.append(
            "scheduling_qualification ON nurse_id = nurse.id"
            " AND therapy_id = %(therapy)s AND valid_until >= %(first)s"
        )
    theirs = theirs.replace("nurse_id", "nurse.id")
    return Pack(
        f"SELECT {columns} FROM {' JOIN '.join(tables)} WHERE nurse.is_active AND {theirs}",  # noqa: S608
        kinds,
    )


# -- columns ---------------------------------------------------------------------------------------


def _staff(nurses: Columns) -> Staff:
    numbers = nurses.whole("id")
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


def _without_papers(calendar: Calendar, columns: dict[str, Columns]) -> Spans:
    """Return the days on which nurses may not be sent, one more than asked at both ends."""
    nurses, staff = columns["nurses"], calendar.staff
    places = calendar.around(1)
    days = calendar.days[places.start : places.stop]
    until = nurses.whole("valid_until")[np.argsort(nurses.whole("id"))]
    allowed: Mask = days <= until[:, None]
    if "licences" in columns:
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
