"""Who may be sent, and when: shifts minus leave, where licence and qualification stand.

It never sees an appointment: booking brings times and places as values.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Q

from patients.models import Permit, Therapy
from scheduling.intervals import Interval, merge, subtract
from scheduling.models import Leave, Licence, Nurse, Qualification, Shift
from scheduling.travel import Place


@dataclass(frozen=True, slots=True)
class Available:
    """A nurse who may be sent, and the stretches of time in which she may."""

    nurse_id: int
    home: Place
    zone: ZoneInfo
    windows: tuple[Interval, ...]


@dataclass(frozen=True, slots=True)
class _Papers:
    """What decides on which days a nurse may be sent."""

    qualified_until: dict[int, date]
    licences: dict[int, list[Licence]] | None
    shifts: dict[int, list[Shift]]
    leaves: dict[int, list[Interval]]

    def allow(self, *, nurse_id: int, day: date) -> bool:
        """Whether qualification and licence stand on a day."""
        if day > self.qualified_until[nurse_id]:
            return False
        if self.licences is None:
            return True
        return any(
            licence.valid_from <= day <= licence.valid_until
            for licence in self.licences.get(nurse_id, ())
        )


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
    found = {nurse.pk: nurse for nurse in nurses}
    papers = _papers(therapy=therapy, state=state, first=first, last=last, nurse_ids=list(found))
    rows = (
        _available(nurse=nurse, papers=papers, first=first, last=last) for nurse in found.values()
    )
    return [row for row in rows if row.windows]


def has_papers(*, nurse: Nurse, therapy: Therapy, state: str, day: date) -> bool:
    """Whether licence and qualification let the nurse give the therapy in a state on a day."""
    papers = _papers(therapy=therapy, state=state, first=day, last=day, nurse_ids=[nurse.pk])
    return nurse.pk in papers.qualified_until and papers.allow(nurse_id=nurse.pk, day=day)


def _papers(
    *, therapy: Therapy, state: str, first: date, last: date, nurse_ids: list[int]
) -> _Papers:
    qualified = Qualification.objects.filter(nurse__in=nurse_ids, therapy=therapy)
    kind = Shift.Kind.FIELD if therapy.needs_order else Shift.Kind.DESK
    shifts = Shift.objects.filter(
        Q(valid_until__isnull=True) | Q(valid_until__gte=first),
        nurse__in=nurse_ids,
        kind=kind,
        valid_from__lte=last,
    )
    # A day's margin on both sides: leave is stored as instants, days are local.
    around = (
        datetime.combine(first - timedelta(days=1), time(), tzinfo=UTC),
        datetime.combine(last + timedelta(days=2), time(), tzinfo=UTC),
    )
    leaves: dict[int, list[Interval]] = defaultdict(list)
    for leave in Leave.objects.filter(nurse__in=nurse_ids).touching(period=around):
        leaves[leave.nurse_id].append(Interval(leave.starts_at, leave.ends_at))
    return _Papers(
        qualified_until={row.nurse_id: row.valid_until for row in qualified},
        licences=_licences(state=state, nurse_ids=nurse_ids) if therapy.needs_order else None,
        shifts=_by_nurse(shifts),
        leaves=leaves,
    )


def _by_nurse(shifts: Iterable[Shift]) -> dict[int, list[Shift]]:
    grouped: dict[int, list[Shift]] = defaultdict(list)
    for shift in shifts:
        grouped[shift.nurse_id].append(shift)
    return grouped


def _licences(*, state: str, nurse_ids: list[int]) -> dict[int, list[Licence]]:
    """Return the licences of the kind that the state's permit asks for."""
    kinds = Permit.objects.filter(state=state, is_permitted=True).values("licence_kind")
    grouped: dict[int, list[Licence]] = defaultdict(list)
    for licence in Licence.objects.filter(nurse__in=nurse_ids, state=state, kind__in=kinds):
        grouped[licence.nurse_id].append(licence)
    return grouped


def _available(*, nurse: Nurse, papers: _Papers, first: date, last: date) -> Available:
    zone = ZoneInfo(nurse.time_zone)
    worked = [
        _window(shift=shift, day=day, zone=zone)
        for day in (first + timedelta(days=n) for n in range((last - first).days + 1))
        if papers.allow(nurse_id=nurse.pk, day=day)
        for shift in papers.shifts.get(nurse.pk, ())
        if _is_worked(shift=shift, day=day)
    ]
    return Available(
        nurse_id=nurse.pk,
        home=Place(nurse.home_latitude, nurse.home_longitude),
        zone=zone,
        windows=tuple(subtract(merge(worked), papers.leaves.get(nurse.pk, []))),
    )


def _is_worked(*, shift: Shift, day: date) -> bool:
    if shift.weekday != day.weekday() or day < shift.valid_from:
        return False
    return shift.valid_until is None or day <= shift.valid_until


def _window(*, shift: Shift, day: date, zone: ZoneInfo) -> Interval:
    start = datetime.combine(day, shift.starts, tzinfo=zone)
    end = datetime.combine(day, shift.ends, tzinfo=zone)
    return Interval(start.astimezone(UTC), end.astimezone(UTC))
