"""What changed under booked visits: found here, because nothing to the left calls rightwards.

A task names the leave or the version of the promise it is about, and is asked once: done by
somebody means that they decided, even where the visit stays as it is. Where nothing is left to
decide, because a plan or a person sent another nurse, it is closed as done by nobody.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta
from zoneinfo import ZoneInfo

from django.db.models import Exists, F, OuterRef, Q

from booking import attention
from booking.clock import say_moment
from booking.models import Appointment, StaffTask, Status
from config.core.clock import now
from scheduling import roster
from scheduling.intervals import Interval, contains
from scheduling.models import Leave

# What a task asks where a visit to come has no nurse who can go.
ON_LEAVE, NOBODY, MAY_NOT_GO = "leave_over_visit", "no_nurse", "nurse_may_not_go"
LOST_NURSE = (ON_LEAVE, NOBODY, MAY_NOT_GO)


def run() -> int:
    """Ask for a person where a visit to come lost its nurse; return how many tasks are new."""
    return _ask([*_on_leave(), *_without_nurse()], kinds=(ON_LEAVE, NOBODY))


def check_rosters() -> int:
    """Ask for a person where shift, licence or qualification no longer let the nurse go."""
    return _ask([*_not_to_be_sent()], kinds=(MAY_NOT_GO,))


def _ask(wanted: list[StaffTask], *, kinds: tuple[str, ...]) -> int:
    by_nobody = Q(done_at__isnull=False, done_by__isnull=True)
    asked = StaffTask.objects.filter(key__in=[task.key for task in wanted]).exclude(by_nobody)
    known = set(asked.values_list("kind", "key"))
    new = [task for task in wanted if (task.kind, task.key) not in known]
    StaffTask.objects.bulk_create(new, ignore_conflicts=True)
    attention.solved(
        StaffTask.objects.filter(kind__in=kinds)
        .exclude(key__in=[task.key for task in wanted])
        .exclude(appointment__status=Status.BOOKED, appointment__starts_at__lte=now())
    )
    return len(new)


def _on_leave() -> Iterator[StaffTask]:
    ahead = Leave.objects.filter(ends_at__gt=now())
    rows = ahead.filter(
        nurse__appointments__status=Status.BOOKED,
        nurse__appointments__starts_at__gt=now(),
        nurse__appointments__period__overlap=F("period"),
    ).values_list("pk", "nurse__appointments")
    leave_of = {visit: leave for leave, visit in rows}
    for visit in Appointment.objects.filter(pk__in=leave_of).select_related("nurse__user"):
        yield StaffTask(
            kind=ON_LEAVE,
            key=f"leave/{leave_of[visit.pk]}/visit/{visit.pk}/{visit.version}",
            appointment=visit,
            detail=f"{visit.nurse} is on leave at the visit on {_when(visit)}: send another nurse.",
        )


def _not_to_be_sent() -> Iterator[StaffTask]:
    on_leave = Leave.objects.filter(nurse=OuterRef("nurse"), period__overlap=OuterRef("period"))
    promised = Appointment.objects.to_come(at=now()).filter(nurse__isnull=False)
    visits = promised.filter(~Exists(on_leave))
    alike: dict[tuple[str, str], list[Appointment]] = defaultdict(list)
    for visit in visits.select_related("nurse__user", "therapy").order_by("starts_at"):
        alike[visit.therapy_id, visit.state].append(visit)
    for (_, state), group in alike.items():
        windows = _windows(group, state=state)
        for visit in group:
            period = Interval(visit.starts_at, visit.ends_at)
            if not any(contains(one, period) for one in windows.get(visit.nurse_id, ())):
                yield StaffTask(
                    kind=MAY_NOT_GO,
                    key=f"nurse/{visit.nurse_id}/visit/{visit.pk}/{visit.version}",
                    appointment=visit,
                    detail=f"{visit.nurse} may no longer be sent to the visit on {_when(visit)}: "
                    "look at shift, leave, licence and qualification, or send another nurse."[:500],
                )


def _windows(visits: list[Appointment], *, state: str) -> dict[int | None, tuple[Interval, ...]]:
    """Return when each of the visits' nurses may be sent, by the number of the nurse."""
    margin = timedelta(days=1)  # days are local to each nurse
    found = roster.available(
        therapy=visits[0].therapy,
        state=state,
        first=visits[0].starts_at.date() - margin,
        last=visits[-1].starts_at.date() + margin,
        nurse_ids=[visit.nurse_id for visit in visits if visit.nurse_id is not None],
    )
    return {one.nurse_id: one.windows for one in found}


def _without_nurse() -> Iterator[StaffTask]:
    for visit in Appointment.objects.to_come(at=now()).filter(nurse__isnull=True):
        yield StaffTask(
            kind=NOBODY,
            key=f"visit/{visit.pk}/{visit.version}",
            appointment=visit,
            detail=f"Nobody goes to the visit on {_when(visit)}: assign a nurse.",
        )


def _when(visit: Appointment) -> str:
    return say_moment(visit.starts_at, ZoneInfo(visit.time_zone))
