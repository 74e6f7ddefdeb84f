"""Who can really be there: asked without a lock, then again under the lock of a nurse's day.

A nurse's day is an advisory lock inside a savepoint per nurse tried, so that a transaction never
holds one day of two nurses; a course takes its days in order. So no two can wait for each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import connection, transaction

from booking import clock, rules, search
from booking.models import Appointment
from booking.rules import Wish
from booking.search import Where
from config.core.errors import Reason, Refused, constraints_as_refusals
from scheduling import roster
from scheduling.gaps import Available, Gap, gaps
from scheduling.models import Nurse


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
    among: Sequence[Available] | None = None,
) -> None:
    """Give the visit to the first candidate who is still free under the lock, and save it.

    `among` are the candidates where they have been found already, best first.
    """
    if among is None:
        among = candidates(wish=wish, at=at, without=without, nurse=nurse)
    for one in among:
        try:
            with transaction.atomic():
                lock_nurse_day(nurse=one, starts_at=wish.starts_at)
                if not still_free(nurse=one, wish=wish, at=at, without=without):
                    raise _NurseIsGone
                appointment.nurse_id = one.nurse_id
                with constraints_as_refusals():
                    appointment.save()
                return
        except _NurseIsGone:
            continue
        except Refused as refused:
            if refused.codes != ["slot_taken"]:
                raise
    raise _slot_taken(wish=wish, at=at, without=without)


def lock_nurse_day(*, nurse: Available, starts_at: datetime) -> None:
    """Wait for the nurse's local day; a rolled-back savepoint gives it free again."""
    day = starts_at.astimezone(nurse.zone).date().toordinal()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [nurse.nurse_id, day])


def candidates(
    *, wish: Wish, at: Where, without: Appointment | None = None, nurse: Nurse | None = None
) -> list[Available]:
    """Return the nurses who could make the start, least extra driving first.

    Raises
    ------
    NotOffered
        If nobody on shift could make it even on an empty day, it is off the quarter hour, or the
        clinic closed the area that day.
    SlotTaken
        If somebody could, but for other visits.
    """
    on_grid = clock.on_grid(wish.starts_at, wish.zone, rules.clock_rules())
    if not on_grid or search.closed_days(wish=wish, at=at, first=wish.day, last=wish.day):
        raise _not_offered(wish=wish, at=at, without=without)
    on_shift = _on_shift(wish=wish, at=at, nurse=nurse)
    free = search.free_gaps(nurses=on_shift, without=without)
    fits = [gap for gap in free if _fits(gap=gap, wish=wish, at=at)]
    if not fits:
        if any(_could_on_an_empty_day(nurse=nurse, wish=wish, at=at) for nurse in on_shift):
            raise _slot_taken(wish=wish, at=at, without=without)
        raise _not_offered(wish=wish, at=at, without=without)
    by_id = {nurse.nurse_id: nurse for nurse in on_shift}
    nearest = sorted(fits, key=lambda gap: _extra_drive(gap, at))
    return [by_id[nurse_id] for nurse_id in dict.fromkeys(gap.nurse_id for gap in nearest)]


def _on_shift(*, wish: Wish, at: Where, nurse: Nurse | None) -> list[Available]:
    """Return who works around the day of the start; days are local to each nurse."""
    day = wish.starts_at.date()
    return roster.available(
        therapy=wish.therapy,
        state=at.state,
        first=day - timedelta(days=1),
        last=day + timedelta(days=1),
        nurse_ids=None if nurse is None else [nurse.pk],
    )


def _fits(*, gap: Gap, wish: Wish, at: Where) -> bool:
    found = search.fitting(
        gaps=[gap], at=at, minutes=wish.therapy.total_minutes, starts=[wish.starts_at]
    )
    return bool(found.counts[0])


def _could_on_an_empty_day(*, nurse: Available, wish: Wish, at: Where) -> bool:
    empty = gaps(nurse=nurse, visits=[], drive=search.travel().minutes)
    return any(_fits(gap=gap, wish=wish, at=at) for gap in empty)


def _extra_drive(gap: Gap, at: Where) -> tuple[int, int]:
    """Return the minutes of driving a visit adds to a gap, then the nurse's number."""
    if at.place is None:
        return 0, gap.nurse_id
    drive = search.travel().minutes
    added = drive(gap.before, at.place) + drive(at.place, gap.after)
    return added - gap.drive, gap.nurse_id


def _slot_taken(*, wish: Wish, at: Where, without: Appointment | None = None) -> SlotTaken:
    others = search.alternatives(wish=wish, at=at, without=without)
    return SlotTaken([Reason("slot_taken", "That time has just been taken.")], alternatives=others)


def _not_offered(*, wish: Wish, at: Where, without: Appointment | None = None) -> NotOffered:
    others = search.alternatives(wish=wish, at=at, without=without)
    return NotOffered(
        [Reason("not_offered", "No nurse can make a visit at that time.")], alternatives=others
    )


def still_free(*, nurse: Available, wish: Wish, at: Where, without: Appointment | None) -> bool:
    """Look again under the lock."""
    free = search.free_gaps(nurses=[nurse], without=without)
    return any(_fits(gap=gap, wish=wish, at=at) for gap in free)


def assign(*, appointment: Appointment, wish: Wish, at: Where, nurse: Nurse) -> None:
    """Give a held visit to one nurse, under the lock of her day, and save it.

    Raises
    ------
    NotOffered, SlotTaken
    """
    found = _on_shift(wish=wish, at=at, nurse=nurse)
    if not any(_could_on_an_empty_day(nurse=one, wish=wish, at=at) for one in found):
        raise NotOffered([Reason("not_offered", f"{nurse} may not be sent there then.")])
    lock_nurse_day(nurse=found[0], starts_at=wish.starts_at)
    if not still_free(nurse=found[0], wish=wish, at=at, without=appointment):
        raise SlotTaken([Reason("slot_taken", f"{nurse} has another visit.")])
    appointment.nurse = nurse
    with constraints_as_refusals():
        appointment.save(update_fields=["nurse"])
