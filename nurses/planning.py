"""Plans nobody asked for: each night, after a change, for a visit without a nurse; and freezing.

A day is looked at again and again. What was seen of it is a row, cleared only once the day is
planned: whoever is killed in between leaves it to be planned by the next. One day is planned by
one process at a time; the lock is the connection's and dies with it. A search is counted before it
begins: a day whose searches fail, or take the worker with them, is searched ever less often.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import connection

from config.core import heartbeats
from config.core.clock import now
from config.core.errors import Refused
from nurses import copies, dispatch, looking, workday
from nurses.looking import Seen
from nurses.models import Plan, Route, Watch

# A day that keeps changing is planned all the same after so many times the wait.
PATIENCE = 4
# A second failure in a row is followed by this pause, each further one by twice the last.
FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=2), timedelta(hours=1)
# Enough for one ring of the bell; what is left over waits for the next.
BUDGET_SECONDS = 120
PLANNING = -2  # the advisory lock's half that is not the day

logger = logging.getLogger(__name__)


def run() -> int:
    """Look at every day to come, plan what is due, and return how many plans were made."""
    heartbeats.beat(heartbeats.DISPATCH)
    today = copies.today()
    days = [today + timedelta(days=n) for n in range(settings.DISPATCH_DAYS_AHEAD + 1)]
    seen = looking.see(days)
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
    try:
        made = 0 if _pauses(watch) else _draft(watch, seen, is_last=is_time)
    except Exception:
        # Nurses are told of their routes at the hour, whether or not better ones could be found.
        if is_time:
            dispatch.publish_as_it_is(day)
        raise
    if is_time:
        dispatch.publish_as_it_is(day)
    return made


def _watched(day: date, *, mark: str) -> Watch:
    """Return the day's row, with any change since it was last seen."""
    at = now()
    watch, _ = Watch.objects.get_or_create(
        day=day, defaults={"mark": "", "night": looking.night(at)}
    )
    if watch.mark != mark:
        watch.mark, watch.changed_at = mark, at
        watch.restless_since = watch.restless_since or at
        watch.tries, watch.tried_at = 0, None
        watch.save()
    return watch


def _keep_published(watch: Watch, seen: Seen) -> int:
    """Tell nurses of what changed on a frozen day, and propose who could step in."""
    if watch.restless_since is not None:
        dispatch.publish_as_it_is(watch.day)
        _rest(watch)
    if watch.day not in seen.stranded or _pauses(watch):
        return 0
    _, is_new = _propose(watch, purpose=Plan.Purpose.LEAVE, is_minimal=True)
    return int(is_new)


def _draft(watch: Watch, seen: Seen, *, is_last: bool) -> int:
    """Plan a day whose routes are drafts if it is due, and make the moves."""
    made = _rescue(watch) if watch.day in seen.stranded else 0
    night = looking.night(now())
    if watch.night != night:
        made += _improve(watch, purpose=Plan.Purpose.NIGHTLY)
        watch.night = night
        _rest(watch)
    elif is_last or _is_still(watch):
        made += _improve(watch, purpose=Plan.Purpose.CHANGED)
        _rest(watch)
    return made


def _rescue(watch: Watch) -> int:
    """Move only visits that lost their nurse; where that is not enough, others too."""
    made = _improve(watch, purpose=Plan.Purpose.LEAVE, is_minimal=True)
    work, at = workday.read(watch.day), now()
    left = [
        visit
        for visit in work.visits
        if work.is_stranded(visit) and not workday.is_fixed(visit, at=at)
    ]
    return made + (_improve(watch, purpose=Plan.Purpose.LEAVE) if left else 0)


def _improve(watch: Watch, *, purpose: Plan.Purpose, is_minimal: bool = False) -> int:
    """Plan a day if it needs it, make the moves, and return how many plans were made.

    On the day itself nurses are on the road, whether or not they were told in time: only visits
    that lost their nurse move.
    """
    is_minimal = is_minimal or watch.day <= copies.today()
    plan, is_new = _propose(watch, purpose=purpose, is_minimal=is_minimal)
    # What somebody asked for is theirs to carry out; what was cut short is not left lying.
    is_ours = plan.purpose != Plan.Purpose.ASKED and plan.status == Plan.Status.PROPOSED
    # Nobody's promise is given up without a person.
    if is_ours and plan.moves and all(move["to"] is not None for move in plan.moves):
        try:
            dispatch.apply(plan=plan)
        except Refused as refused:
            # Changed in between, or a rule the plan did not know: it stays a proposal.
            logger.info("plan %s of %s: %s", plan.pk, plan.day, ", ".join(refused.codes))
    return int(is_new)


def _propose(watch: Watch, *, purpose: Plan.Purpose, is_minimal: bool) -> tuple[Plan, bool]:
    """Return a plan that fits the day and could be no better, or make one, and whether it did."""
    day = watch.day
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
    with _counted(watch):
        made = dispatch.plan(day=day, seconds=seconds, purpose=purpose, is_minimal=is_minimal)
    return made, True


@contextmanager
def _counted(watch: Watch) -> Iterator[None]:
    """Count a search as failed until it has ended well."""
    _count(watch, tries=watch.tries + 1, tried_at=now())
    yield
    _count(watch, tries=0, tried_at=None)


def _count(watch: Watch, *, tries: int, tried_at: datetime | None) -> None:
    watch.tries, watch.tried_at = tries, tried_at
    watch.save(update_fields=["tries", "tried_at"])


def _pauses(watch: Watch) -> bool:
    """Whether searches of the day as it stands have failed, too often to try again already."""
    if watch.tries < 2 or watch.tried_at is None:
        return False
    doubled = min(watch.tries - 2, 10)
    pause = min(FIRST_PAUSE * (1 << doubled), LONGEST_PAUSE)
    return now() < watch.tried_at + pause


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
