"""Making a plan's moves and freezing routes: all or nothing, on the day as it was seen."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from django.db import connection, transaction

from booking import assignments
from booking.assignments import Move
from config.core.clock import now
from config.core.errors import Reason, Refused, WrongState, deadlocks_retried
from config.core.models import User
from nurses import copies, route, workday
from nurses.models import Plan, Route
from nurses.workday import Workday
from scheduling.models import Nurse

CARRIED_OUT = (Plan.Status.APPLIED, Plan.Status.PUBLISHED)
# An advisory lock in a pair with a day; a nurse's number, which pairs with one too, is positive.
PUBLISHING = -1

OVER = "That day is over: it can be read, not changed."


@deadlocks_retried
def publish(*, plan: Plan, by: User | None) -> Plan:
    """Make a plan's moves, freeze the day's routes and tell the nurses whose route is new to them.

    Publishing a plan again that the day still follows changes nothing.

    Raises
    ------
    Refused
        `stale_plan` if anything it rests on has moved since; `wrong_state` if the day is over; else
        the rule that refuses a move.
    """
    if plan.day < copies.today():
        raise WrongState(OVER)
    with transaction.atomic():
        current = _carry_out(plan)
        _publish_routes(current.day, by=by, plan=current)
        return _enter(current, Plan.Status.PUBLISHED)


@deadlocks_retried
def apply(*, plan: Plan) -> Plan:
    """Make a plan's moves on a day whose routes are drafts; raise as `publish` does."""
    with transaction.atomic():
        current = _carry_out(plan)
        return _enter(current, Plan.Status.APPLIED)


@deadlocks_retried
def publish_as_it_is(day: date, *, by: User | None = None) -> list[Route]:
    """Freeze the routes that are not, or have changed since, and return the new copies."""
    with transaction.atomic():
        _lock(day)
        return _publish_routes(day, by=by)


def _publish_routes(day: date, *, by: User | None, plan: Plan | None = None) -> list[Route]:
    visits = [visit for visit in route.held_on(day) if not visit.is_consultation]
    return copies.publish(day=day, routes=route.everybodys(day, visits=visits), by=by, plan=plan)


def _carry_out(plan: Plan) -> Plan:
    """Make the moves of a plan that still fits, while nothing else on that day can move."""
    _lock(plan.day)
    current = Plan.objects.select_for_update(of=("self",)).get(pk=plan.pk)
    work = _held_still(current.day)
    found = work.fingerprint()
    if current.status in CARRIED_OUT and found == current.leads_to:
        return current
    moves = [Move(UUID(row["appointment"]), row["to"]) for row in current.moves]
    if found != current.fingerprint or _is_too_late(current, work=work, moves=moves):
        raise Refused(
            [Reason("stale_plan", "The day has changed since: have it planned again.", "plan")]
        )
    assignments.assign_all(moves)
    return current


def _held_still(day: date) -> Workday:
    """Lock the day's visits and its nurses' days, and return the day as it now stays."""
    seen = workday.read(day)
    nurses = Nurse.objects.filter(pk__in=[one.nurse_id for one in seen.nurses])
    assignments.hold_still(visits=seen.visits, nurses=nurses)
    return workday.read(day)


def _is_too_late(plan: Plan, *, work: Workday, moves: Sequence[Move]) -> bool:
    """Whether a visit that would move has begun, or routes were published that would be redone."""
    moved = {move.appointment_id for move in moves}
    at = now()
    if any(workday.is_fixed(visit, at=at) for visit in work.visits if visit.pk in moved):
        return True
    published = Route.objects.filter(day=plan.day)
    return bool(moves) and not plan.is_minimal and published.exists()


def _lock(day: date) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [PUBLISHING, day.toordinal()])


def _enter(plan: Plan, status: Plan.Status) -> Plan:
    if plan.status not in (status, Plan.Status.PUBLISHED):
        plan.status = status
        plan.save(update_fields=["status"])
    return plan
