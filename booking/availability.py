"""Who can really be there: asked without a lock, then again under the lock of a nurse's day.

A nurse's day is an advisory lock inside a savepoint per nurse tried, so that a transaction never
holds one day of two nurses; a course takes its days in order. So no two can wait for each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from zoneinfo import ZoneInfo

import numpy as np
from django.db import transaction

from booking import clock, rules, search
from booking.models import OCCUPYING, Appointment
from booking.rules import Wish
from booking.search import Where
from config.core.errors import Reason, Refused, constraints_as_refusals
from config.core.models import User
from config.core.postgres import prepared
from scheduling import daysheet, roster
from scheduling.instants import micros
from scheduling.models import Nurse
from scheduling.sheet import NOTHING_HELD, Held, Sheet, Staff
from scheduling.slots import fits

Taken = tuple[float, float, float, float]
NOWHERE = 1000.0  # the latitude of a consultation, which has no place
# As `search.holding`. What became of each is seen to here, as in `rules.VISITS`.
HOLDING = """
    SELECT starts_at, ends_at, status, latitude, longitude FROM booking_appointment
    WHERE nurse_id = %s AND ends_at > %s AND starts_at < %s AND id IS DISTINCT FROM %s::uuid
"""
LOCKED_DAY = """
    SELECT pg_advisory_xact_lock(%s::int, %s::int), user_id, name
    FROM scheduling_nurse AS nurse JOIN core_user ON core_user.id = user_id WHERE nurse.id = %s
"""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A nurse who could make a start.

    Attributes
    ----------
    zone
        Whose days she works by.
    held, place
        What took the nurses' time when she was found able, and which of them she is.
    """

    nurse_id: int
    zone: ZoneInfo
    held: Held | None = None
    place: int = 0

    @property
    def holding(self) -> frozenset[Taken] | None:
        """What took her time around the start: start, end and place of each."""
        if self.held is None:
            return None
        hers = self.held.spans.nurse == self.place
        where = np.nan_to_num(self.held.places[hers], nan=NOWHERE)
        # As floats, which hold microseconds of our years exactly.
        columns = [self.held.spans.start[hers], self.held.spans.end[hers], where]
        rows = np.column_stack(columns).tolist()
        return frozenset((start, end, lat, lon) for start, end, lat, lon in rows)


class NotOffered(Refused):
    """The start is not one that any nurse on shift could make."""


class SlotTaken(Refused):
    """The start was offered once, and is taken now."""


class _NurseIsGone(Exception):
    """The nurse tried was booked by somebody else in between."""


def hold(
    *,
    appointment: Appointment,
    wish: Wish,
    at: Where,
    without: Appointment | None = None,
    nurse: Nurse | None = None,
    among: Sequence[Candidate] | None = None,
) -> None:
    """Give the visit to the first candidate who is still free under the lock, and save it.

    `among` are the candidates where they have been found already, best first.
    """
    if among is None:
        among = candidates(wish=wish, at=at, without=without, nurse=nurse)
    for one in among:
        try:
            with transaction.atomic():
                whose_day = lock_nurse_day(nurse=one, starts_at=wish.starts_at)
                if not still_free(nurse=one, wish=wish, at=at, without=without):
                    raise _NurseIsGone
                appointment.nurse = whose_day
                with constraints_as_refusals():
                    prepared.save(appointment)
                return
        except _NurseIsGone:
            continue
        except Refused as refused:
            if refused.codes != ["slot_taken"]:
                raise
    raise _slot_taken(wish=wish, at=at, without=without)


def lock_nurse_day(*, nurse: Candidate, starts_at: datetime) -> Nurse:
    """Wait for the nurse's local day; a rolled-back savepoint gives it free again.

    Returns whose day it is, with the name that the patient is told.
    """
    day = starts_at.astimezone(nurse.zone).date().toordinal()
    found = prepared.row(LOCKED_DAY, [nurse.nurse_id, day, nurse.nurse_id])
    if found is None:
        raise Nurse.DoesNotExist
    _, user_id, name = found
    whose_day = prepared.part(Nurse, id=nurse.nurse_id, user_id=user_id)
    whose_day.user = prepared.part(User, id=user_id, name=name)
    return whose_day


def candidates(
    *, wish: Wish, at: Where, without: Appointment | None = None, nurse: Nurse | None = None
) -> list[Candidate]:
    """Return the nurses who could make the start, least extra driving first.

    Raises
    ------
    NotOffered
        If nobody on shift could make it even on an empty day, it is off the quarter hour, or the
        clinic closed the area that day.
    SlotTaken
        If somebody could, but for other visits.
    """
    if not clock.on_grid(wish.starts_at, wish.zone, rules.clock_rules()):
        raise _not_offered(wish=wish, at=at, without=without)
    found = _look(wish=wish, at=at, without=without, nurse_ids=[nurse.pk] if nurse else None)
    if wish.day in found.closed:
        raise _not_offered(wish=wish, at=at, without=without)
    free = _able(found.sheet, held=found.held, wish=wish, at=at)
    if not free:
        if _able(found.sheet, held=NOTHING_HELD, wish=wish, at=at):
            raise _slot_taken(wish=wish, at=at, without=without)
        raise _not_offered(wish=wish, at=at, without=without)
    return free


def _look(
    *,
    wish: Wish,
    at: Where,
    without: Appointment | None = None,
    nurse_ids: Sequence[int] | None = None,
) -> roster.Look:
    """Read who works around the start, and what they hold."""
    day = wish.starts_at.astimezone(UTC).date()
    return search.look(wish=wish, at=at, first=day, last=day, without=without, nurse_ids=nurse_ids)


def _able(sheet: Sheet, *, held: Held, wish: Wish, at: Where) -> list[Candidate]:
    """Return who can make the start, least extra driving first, then by number."""
    travel, start = search.travel(), micros(wish.starts_at)
    minutes = wish.therapy.total_minutes
    rows = daysheet.rows(sheet=sheet, held=held, travel=travel, shortest=minutes)
    found = fits(rows=rows, here=at.place, minutes=minutes, travel=travel)
    at_start = (found.earliest <= start) & (start <= found.latest)
    numbers = rows.nurse[found.row[at_start]]
    nearest = numbers[np.lexsort((numbers, found.extra[at_start]))]
    return [_candidate(sheet.staff, held, number) for number in dict.fromkeys(nearest.tolist())]


def _candidate(staff: Staff, held: Held, number: int) -> Candidate:
    place = int(np.searchsorted(staff.numbers, number))
    return Candidate(number, staff.zones[staff.zone[place]], held, place)


def _slot_taken(*, wish: Wish, at: Where, without: Appointment | None = None) -> SlotTaken:
    others = partial(search.alternatives, wish=wish, at=at, without=without)
    return SlotTaken([Reason("slot_taken", "That time has just been taken.")], alternatives=others)


def _not_offered(*, wish: Wish, at: Where, without: Appointment | None = None) -> NotOffered:
    others = partial(search.alternatives, wish=wish, at=at, without=without)
    return NotOffered(
        [Reason("not_offered", "No nurse can make a visit at that time.")], alternatives=others
    )


def still_free(*, nurse: Candidate, wish: Wish, at: Where, without: Appointment | None) -> bool:
    """Look again under the lock: at what she holds, and where that has changed at everything."""
    held = nurse.holding
    if held is not None and held == _holding_now(nurse, wish=wish, without=without):
        return True
    found = _look(wish=wish, at=at, without=without, nurse_ids=[nurse.nurse_id])
    return bool(_able(found.sheet, held=found.held, wish=wish, at=at))


def _holding_now(nurse: Candidate, *, wish: Wish, without: Appointment | None) -> frozenset[Taken]:
    day = wish.starts_at.astimezone(UTC).date()
    begin, end = search.reach(first=day, last=day)
    rows = prepared.rows(HOLDING, [nurse.nurse_id, begin, end, without and without.pk])
    return frozenset(
        (
            float(micros(starts_at)),
            float(micros(ends_at)),
            NOWHERE if latitude is None else latitude,
            NOWHERE if longitude is None else longitude,
        )
        for starts_at, ends_at, status, latitude, longitude in rows
        if status in OCCUPYING
    )


def assign(*, appointment: Appointment, wish: Wish, at: Where, nurse: Nurse) -> None:
    """Give a held visit to one nurse, under the lock of her day, and save it.

    Raises
    ------
    NotOffered, SlotTaken
    """
    one = Candidate(nurse.pk, ZoneInfo(nurse.time_zone))
    lock_nurse_day(nurse=one, starts_at=wish.starts_at)
    if not still_free(nurse=one, wish=wish, at=at, without=appointment):
        found = _look(wish=wish, at=at, without=appointment, nurse_ids=[nurse.pk])
        if _able(found.sheet, held=NOTHING_HELD, wish=wish, at=at):
            raise SlotTaken([Reason("slot_taken", f"{nurse} has another visit.")])
        raise NotOffered([Reason("not_offered", f"{nurse} may not be sent there then.")])
    appointment.nurse = nurse
    with constraints_as_refusals():
        appointment.save(update_fields=["nurse"])
