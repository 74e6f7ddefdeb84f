"""What the dispatcher's board shows: everybody's day to scale, and a plan to be looked at."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import prefetch_related_objects
from django.template.defaultfilters import pluralize

from booking.clock import say_moment
from booking.models import Appointment
from config.core.clock import now
from nurses import board_rows, copies, dispatch, timeline, workday
from nurses.board_rows import Row
from nurses.dispatch import RULES, Objection, Unassigned
from nurses.models import Plan
from nurses.route import Totals
from nurses.timeline import Axis
from scheduling.intervals import Interval
from scheduling.models import Nurse


@dataclass(frozen=True, slots=True)
class Refusal:
    """A change that was refused, and what had been chosen."""

    visit: str
    nurse: str
    problem: str


@dataclass(frozen=True, slots=True)
class Nobody:
    """A visit without a nurse, and what stops the nearest ones."""

    appointment: Appointment
    when: str
    reasons: list[str]
    is_to_come: bool
    is_refused: bool

    @property
    def key(self) -> str:
        """Its number, as forms send it."""
        return str(self.appointment.pk)


@dataclass(frozen=True, slots=True)
class Board:
    """A day as the dispatcher sees it."""

    day: date
    today: date
    zone: ZoneInfo
    axis: Axis
    rows: list[Row]
    nobody: list[Nobody]
    totals: Totals
    plan: Plan | None
    refusal: Refusal | None = None
    now_at: str = ""

    @property
    def seconds(self) -> int:
        """How long a plan may be searched for."""
        return int(settings.DISPATCH_SECONDS)

    @property
    def has_visits(self) -> bool:
        """Whether there is anything to plan."""
        return bool(self.nobody or self.totals.visits)

    @property
    def before(self) -> date:
        """The day before."""
        return self.day - timedelta(days=1)

    @property
    def after(self) -> date:
        """The day after."""
        return self.day + timedelta(days=1)

    @property
    def is_over(self) -> bool:
        """Whether nothing of it can change any more."""
        return self.day < self.today

    @property
    def is_frozen(self) -> bool:
        """Whether routes were told to nurses, or should have been by now."""
        return bool(self.told) or now() >= copies.publish_hour(self.day)

    @property
    def told(self) -> int:
        """How many routes are published."""
        return sum(bool(row.published) for row in self.rows)

    @property
    def has_refused_form(self) -> bool:
        """Whether the form that was refused is on the page."""
        refused = [*(row.is_refused for row in self.rows), *(one.is_refused for one in self.nobody)]
        return any(refused)

    @property
    def publish_hour(self) -> str:
        """When routes freeze."""
        return say_moment(copies.publish_hour(self.day), self.zone)


def today() -> date:
    """Return the day it is at the clinic."""
    return copies.today()


def clinic_zone() -> ZoneInfo:
    """Return the zone the board's times are in."""
    return ZoneInfo(settings.CLINIC_TIME_ZONE)


def of(day: date, *, refusal: Refusal | None = None) -> Board:
    """Return the board of a day."""
    shown, zone, at = dispatch.on(day), clinic_zone(), now()
    axis, refused = _axis(shown, zone=zone), refusal.visit if refusal else ""
    return Board(
        day=day,
        today=today(),
        zone=zone,
        axis=axis,
        rows=board_rows.rows(shown, axis=axis, refused=refused),
        nobody=[_nobody(one, zone=zone, refused=refused) for one in shown.unassigned],
        totals=shown.totals,
        plan=shown.plan,
        refusal=refusal,
        now_at=axis.place(at) if axis.start < at < axis.end else "",
    )


def _axis(shown: dispatch.Day, *, zone: ZoneInfo) -> Axis:
    return timeline.axis(
        day=shown.date,
        opens=settings.SERVICE_OPENS,
        closes=settings.SERVICE_CLOSES,
        zone=zone,
        held=[period for one in shown.routes for period in board_rows.held(one)],
    )


# -- visits nobody goes to -----------------------------------------------------------------------


def _nobody(one: Unassigned, *, zone: ZoneInfo, refused: str = "") -> Nobody:
    visit = one.appointment
    return Nobody(
        appointment=visit,
        when=timeline.spoken(Interval(visit.starts_at, visit.ends_at), zone),
        reasons=list(_objections(one.reasons)),
        is_to_come=not workday.is_fixed(visit, at=now()),
        is_refused=refused == str(visit.pk),
    )


def _objections(reasons: Iterable[Objection]) -> Iterator[str]:
    """Say each rule once, with the nurses it stops, the nearest first."""
    stopped: dict[str, list[str]] = defaultdict(list)
    for reason in reasons:
        stopped[reason.rule].append(str(reason.nurse))
    for rule, nurses in stopped.items():
        words = RULES.get(rule, rule)
        yield f"{words[0].upper()}{words[1:]}: {', '.join(nurses)}"


# -- a plan --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Moved:
    """A visit that would change nurses."""

    appointment: Appointment
    when: str
    before: Nurse | None
    after: Nurse | None


@dataclass(frozen=True, slots=True)
class Proposal:
    """A plan to be looked at before its moves are made."""

    plan: Plan
    moves: list[Moved]
    nobody: list[Nobody]
    is_stale: bool
    is_over: bool
    is_frozen: bool
    made: str
    problem: str = ""
    longest: int = dispatch.LONGEST

    @property
    def is_published(self) -> bool:
        """Whether it was carried out and told."""
        return self.plan.status == Plan.Status.PUBLISHED

    @property
    def is_open(self) -> bool:
        """Whether it can still be published."""
        return not (self.is_stale or self.is_over or self.is_published)

    @property
    def may_search_longer(self) -> bool:
        """Whether more time could bring a better plan, or its proof."""
        return self.is_open and not self.plan.proven and self.plan.seconds < self.longest

    @property
    def has_strays(self) -> bool:
        """Whether some visits stay with a nurse who cannot go either; no figure counts them."""
        moved = {one.appointment.pk for one in self.moves}
        kept = (one.appointment for one in self.nobody if one.appointment.pk not in moved)
        return any(visit.nurse_id is not None for visit in kept)

    @property
    def dropped(self) -> int:
        """How many visits would lose their nurse to nobody."""
        return sum(one.after is None for one in self.moves)

    @property
    def less(self) -> float:
        """How many kilometres less are driven."""
        return max(self.plan.km_before - self.plan.km_after, 0.0)

    @property
    def more(self) -> float:
        """How many kilometres more are driven."""
        return max(self.plan.km_after - self.plan.km_before, 0.0)

    @property
    def seconds(self) -> int:
        """How long another plan may be searched for."""
        return int(settings.DISPATCH_SECONDS)


def proposal(plan: Plan, *, problem: str = "") -> Proposal:
    """Return what the page of a plan shows."""
    zone = clinic_zone()
    left_out = dispatch.left_out(plan)
    prefetch_related_objects([one.appointment for one in left_out], "patient__user")
    fits = dispatch.fitting(Plan.objects.filter(pk=plan.pk), workday.read(plan.day)).exists()
    return Proposal(
        plan=plan,
        moves=_moves(plan, zone=zone),
        nobody=[_nobody(one, zone=zone) for one in left_out],
        is_stale=not fits,
        is_over=plan.day < today(),
        is_frozen=copies.is_frozen(plan.day),
        made=say_moment(plan.made_at, zone),
        problem=problem,
    )


def _moves(plan: Plan, *, zone: ZoneInfo) -> list[Moved]:
    """Return the moves, soonest first."""
    told = {UUID(row["appointment"]): row for row in plan.moves}
    ids = {row[end] for row in plan.moves for end in ("from", "to")} - {None}
    nurses = {nurse.pk: nurse for nurse in Nurse.objects.filter(pk__in=ids).select_related("user")}
    visits = Appointment.objects.filter(pk__in=told).select_related("patient__user")
    return [
        Moved(
            appointment=visit,
            when=timeline.spoken(Interval(visit.starts_at, visit.ends_at), zone),
            before=nurses.get(told[visit.pk]["from"]),
            after=nurses.get(told[visit.pk]["to"]),
        )
        for visit in visits.order_by("starts_at", "pk")
    ]


def success(plan: Plan) -> str:
    """Say what publishing did."""
    moves, routes = len(plan.moves), plan.routes.count()
    told = f"{routes} route{pluralize(routes)} published, and each nurse is told of hers."
    if not routes:
        told = "Every route was published already, and none has changed."
    return f"{moves} visit{pluralize(moves)} moved. {told}" if moves else told
