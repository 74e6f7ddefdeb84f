"""Plans nobody asked for: each night, after a change, for a visit without a nurse; and freezing.

A day is looked at again and again. What was seen of it is a row, cleared only once the day is
planned: whoever is killed in between leaves it to be planned by the next. One day is planned by
one process at a time; the lock is the connection's and dies with it.
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time as clock_time, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection

from booking.clock import at_local, local_day
from booking.models import Appointment, StaffTask, Status
from config.core import heartbeats
from config.core.clock import now
from config.core.errors import Refused
from nurses import copies, dispatch, route, workday
from nurses.models import Plan, Route, Watch
from nurses.sweeps import LOST_NURSE
from scheduling.models import Leave, ShiftException

# A day that keeps changing is planned all the same after so many times the wait.
PATIENCE = 4
NIGHT = clock_time(2)
# Enough for one ring of the bell; what is left over waits for the next.
BUDGET_SECONDS = 120
PLANNING = -2  # the advisory lock's half that is not the day

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen of all days to come, before any is looked at closely.

    Attributes
    ----------
    marks
        Day -> a hash of the rows in which a change of it shows.
    watches
        What was known of each day before.
    to_come
        Days with a visit on the road that has not begun.
    published
        Days whose routes are frozen.
    stranded
        Days with an open task about a visit that lost its nurse.
    """

    marks: Mapping[date, str]
    watches: Mapping[date, Watch]
    to_come: frozenset[date]
    published: frozenset[date]
    stranded: frozenset[date]

    def needs_a_look(self, day: date) -> bool:
        """Whether anything may be due on a day; most days need none at most times."""
        if day not in self.to_come and day not in self.published:
            return False
        watch = self.watches.get(day)
        if watch is None or watch.mark != self.marks[day] or watch.restless_since is not None:
            return True
        if day in self.stranded:
            return True
        is_due = now() >= copies.publish_hour(day) or watch.night != _night(now())
        return day not in self.published and is_due


def run() -> int:
    """Look at every day to come, plan what is due, and return how many plans were made."""
    heartbeats.beat(heartbeats.DISPATCH)
    today = copies.today()
    days = [today + timedelta(days=n) for n in range(settings.DISPATCH_DAYS_AHEAD + 1)]
    seen = _see(days)
    started = time.monotonic()
    made = 0
    for day in filter(seen.needs_a_look, days):
        if time.monotonic() - started > BUDGET_SECONDS:
            break
        made += _look(day, seen)
    return made


def _look(day: date, seen: Seen) -> int:
    """Look at one day unless somebody does; a day that fails does not hold up the others."""
    try:
        with _alone(day) as is_ours:
            return _planned(day, seen) if is_ours else 0
    except Exception as error:  # noqa: BLE001
        # Only the kind of error: its words could quote a patient.
        logger.warning("planning %s: %s", day, type(error).__name__)
        return 0


@contextmanager
def _alone(day: date) -> Iterator[bool]:
    key = [PLANNING, day.toordinal()]
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", key)
        (is_ours,) = cursor.fetchone() or (False,)
    try:
        yield is_ours
    finally:
        if is_ours:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", key)


# -- one day -------------------------------------------------------------------------------------


def _planned(day: date, seen: Seen) -> int:
    watch = _watched(day, mark=seen.marks[day])
    if Route.objects.filter(day=day).exists():
        return _keep_published(watch, seen)
    is_time = now() >= copies.publish_hour(day)
    made = _draft(watch, seen, is_last=is_time)
    if is_time:
        dispatch.publish_as_it_is(day)
    return made


def _watched(day: date, *, mark: str) -> Watch:
    """Return the day's row, with any change since it was last seen."""
    at = now()
    watch, _ = Watch.objects.get_or_create(day=day, defaults={"mark": "", "night": _night(at)})
    if watch.mark != mark:
        watch.mark, watch.changed_at = mark, at
        watch.restless_since = watch.restless_since or at
        watch.save()
    return watch


def _keep_published(watch: Watch, seen: Seen) -> int:
    """Tell nurses of what changed on a frozen day, and propose who could step in."""
    if watch.restless_since is not None:
        dispatch.publish_as_it_is(watch.day)
        _rest(watch)
    if watch.day not in seen.stranded:
        return 0
    _, is_new = _propose(watch.day, purpose=Plan.Purpose.LEAVE, is_minimal=True)
    return int(is_new)


def _draft(watch: Watch, seen: Seen, *, is_last: bool) -> int:
    """Plan a day whose routes are drafts if it is due, and make the moves."""
    made = _rescue(watch.day) if watch.day in seen.stranded else 0
    night = _night(now())
    if watch.night != night:
        made += _improve(watch.day, purpose=Plan.Purpose.NIGHTLY)
        watch.night = night
        _rest(watch)
    elif is_last or _is_still(watch):
        made += _improve(watch.day, purpose=Plan.Purpose.CHANGED)
        _rest(watch)
    return made


def _rescue(day: date) -> int:
    """Move only visits that lost their nurse; where that is not enough, others too."""
    made = _improve(day, purpose=Plan.Purpose.LEAVE, is_minimal=True)
    work, at = workday.read(day), now()
    left = [
        visit
        for visit in work.visits
        if work.is_stranded(visit) and not workday.is_fixed(visit, at=at)
    ]
    return made + (_improve(day, purpose=Plan.Purpose.LEAVE) if left else 0)


def _improve(day: date, *, purpose: Plan.Purpose, is_minimal: bool = False) -> int:
    """Plan a day if it needs it, make the moves, and return how many plans were made.

    On the day itself nurses are on the road, whether or not they were told in time: only visits
    that lost their nurse move.
    """
    is_minimal = is_minimal or day <= copies.today()
    plan, is_new = _propose(day, purpose=purpose, is_minimal=is_minimal)
    # What somebody asked for is theirs to carry out; what was cut short is not left lying.
    is_ours = plan.purpose != Plan.Purpose.ASKED and plan.status == Plan.Status.PROPOSED
    # Nobody's promise is given up without a person.
    if is_ours and plan.moves and all(move["to"] is not None for move in plan.moves):
        try:
            dispatch.apply(plan=plan)
        except Refused as refused:
            # Changed in between, or a rule the plan did not know: it stays a proposal.
            logger.info("plan %s of %s: %s", plan.pk, day, ", ".join(refused.codes))
    return int(is_new)


def _propose(day: date, *, purpose: Plan.Purpose, is_minimal: bool) -> tuple[Plan, bool]:
    """Return a plan that fits the day and could be no better, or make one, and whether it did."""
    known = Plan.objects.filter(day=day)
    if purpose == Plan.Purpose.NIGHTLY:
        known = known.filter(is_minimal=False, proven=True)
    elif purpose == Plan.Purpose.LEAVE:
        # What somebody asked for and left lying helps no patient.
        known = known.exclude(purpose=Plan.Purpose.ASKED, status=Plan.Status.PROPOSED)
        known = known if is_minimal else known.filter(is_minimal=False)
    fitting = dispatch.fitting(known, workday.read(day)).first()
    if fitting is not None:
        return fitting, False
    seconds = dispatch.LONGEST if purpose == Plan.Purpose.NIGHTLY else None
    made = dispatch.plan(day=day, seconds=seconds, purpose=purpose, is_minimal=is_minimal)
    return made, True


def _is_still(watch: Watch) -> bool:
    """Whether the day changed, and has been left alone for a while since, or never is."""
    if watch.restless_since is None or watch.changed_at is None:
        return False
    wait = timedelta(minutes=settings.DISPATCH_WAIT_MINUTES)
    at = now()
    return watch.changed_at <= at - wait or watch.restless_since <= at - PATIENCE * wait


def _rest(watch: Watch) -> None:
    watch.changed_at = watch.restless_since = None
    watch.save()


def _night(at: datetime) -> date:
    """Return the day whose small hours came last."""
    zone = ZoneInfo(settings.CLINIC_TIME_ZONE)
    today = local_day(at, zone)
    return today if at >= at_local(today, NIGHT, zone) else today - timedelta(days=1)


# -- all days ------------------------------------------------------------------------------------


def _see(days: list[date]) -> Seen:
    """Read the days in as few questions as one day would take."""
    start = datetime.combine(days[0], clock_time(), tzinfo=UTC) - route.BEFORE
    end = datetime.combine(days[-1], clock_time(), tzinfo=UTC) + route.AFTER
    rows: dict[date, list[str]] = defaultdict(list)
    to_come = set()
    at = now()
    visits = Appointment.objects.occupying().infusions().filter(starts_at__range=(start, end))
    fields = ("starts_at", "time_zone", "status", "pk", "version", "nurse")
    for starts_at, zone, status, *facts in visits.order_by("pk").values_list(*fields):
        day = local_day(starts_at, ZoneInfo(zone))
        rows[day].append(f"{starts_at} {facts}")
        if status == Status.BOOKED and starts_at > at:
            to_come.add(day)
    leaves = Leave.objects.touching(period=(start, end)).order_by("pk")
    for pk, starts_at, ends_at in leaves.values_list("pk", "starts_at", "ends_at"):
        for day in _touched(starts_at, ends_at, days):
            rows[day].append(f"leave {pk} {starts_at} {ends_at}")
    exceptions = ShiftException.objects.filter(day__in=days).order_by("pk")
    for day, *facts in exceptions.values_list("day", "pk", "effect", "kind", "starts", "ends"):
        rows[day].append(f"exception {facts}")
    marks = {day: hashlib.sha256("\n".join(rows[day]).encode()).hexdigest() for day in days}
    return Seen(
        marks=marks,
        watches=Watch.objects.in_bulk(days),
        to_come=frozenset(to_come),
        published=frozenset(Route.objects.filter(day__in=days).values_list("day", flat=True)),
        stranded=frozenset(_stranded()),
    )


def _touched(starts_at: datetime, ends_at: datetime, days: list[date]) -> Iterator[date]:
    for day in days:
        midnight = datetime.combine(day, clock_time(), tzinfo=UTC)
        if starts_at < midnight + route.AFTER and midnight - route.BEFORE < ends_at:
            yield day


def _stranded() -> set[date]:
    tasks = StaffTask.objects.filter(
        kind__in=LOST_NURSE, done_at__isnull=True, appointment__starts_at__gt=now()
    )
    rows = tasks.values_list("appointment__starts_at", "appointment__time_zone")
    return {local_day(starts_at, ZoneInfo(zone)) for starts_at, zone in rows}
