"""The clinic's whole day: every nurse's route, plans for better ones, and publishing them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.conf import settings
from django.db.models import Q, QuerySet

from booking.models import Appointment
from config.core.clock import now
from config.core.models import User
from nurses import copies, route, solving, workday
from nurses.models import Plan
from nurses.publishing import CARRIED_OUT, apply, publish, publish_as_it_is
from nurses.route import Route, Totals
from nurses.workday import Workday
from scheduling.models import Nurse

__all__ = ["Day", "apply", "on", "plan", "publish", "publish_as_it_is"]

# Bounds on what may be asked of one search, in seconds.
SHORTEST, LONGEST = 1, 60

RULES = {
    "papers": "no licence or qualification for it",
    "shift": "does not work then",
    "lunch": "would lose the lunch break",
    "driving": "would drive too long",
    "hours": "would work too long",
    "busy": "on another visit",
}


@dataclass(frozen=True, slots=True)
class Objection:
    """What stops one nurse."""

    nurse: Nurse
    rule: str


@dataclass(frozen=True, slots=True)
class Unassigned:
    """A visit that no nurse goes to, and what stops the nearest ones where a plan has asked."""

    appointment: Appointment
    reasons: tuple[Objection, ...] = ()

    @property
    def why(self) -> str:
        """Say it; `no_nurse` where nobody has asked yet."""
        said = (f"{one.nurse}: {RULES.get(one.rule, one.rule)}" for one in self.reasons)
        return "; ".join(said) or "no_nurse"


@dataclass(frozen=True, slots=True)
class Day:
    """All routes of a day.

    Attributes
    ----------
    plan
        The last plan that still fits the day as it stands; None until one ran.
    """

    date: date
    routes: list[Route]
    unassigned: list[Unassigned]
    plan: Plan | None = None

    @property
    def lower_bound_km(self) -> float | None:
        """What the plan says no better one drives less than."""
        return self.plan.lower_bound_km if self.plan else None

    @property
    def gap_percent(self) -> float | None:
        """How far the plan may be above it."""
        return self.plan.gap_percent if self.plan else None

    @property
    def totals(self) -> Totals:
        """What all routes add up to."""
        return Totals.of(
            drives=[drive for one in self.routes for drive in one.drives],
            visits=sum(len(one.stops) for one in self.routes),
        )


def on(day: date) -> Day:
    """Return the day's routes, of nurses with a shift on the road or a visit, by name."""
    visits = [visit for visit in route.held_on(day) if not visit.is_consultation]
    plan = fitting_plan(day)
    reasons = why(plan) if plan else {}
    return Day(
        date=day,
        routes=route.everybodys(day, visits=visits),
        unassigned=[
            Unassigned(visit, reasons.get(visit.pk, ()))
            for visit in visits
            if visit.nurse_id is None
        ],
        plan=plan,
    )


def fitting_plan(day: date) -> Plan | None:
    """Return the newest plan whose day is the day as it stands, before or after its moves."""
    plans = Plan.objects.filter(day=day)
    if not plans.exists():
        return None
    return fitting(plans, workday.read(day)).first()


def fitting(plans: QuerySet[Plan], work: Workday) -> QuerySet[Plan]:
    """Return the plans among these that fit a day."""
    print_ = work.fingerprint()
    done = Q(leads_to=print_, status__in=CARRIED_OUT)
    return plans.filter(Q(fingerprint=print_) | done)


def left_out(plan: Plan) -> list[Unassigned]:
    """Return the visits a plan leaves out, soonest first, with what stops the nearest nurses."""
    reasons = why(plan)
    visits = Appointment.objects.filter(pk__in=reasons).select_related("therapy")
    return [Unassigned(visit, reasons[visit.pk]) for visit in visits.order_by("starts_at", "pk")]


def why(plan: Plan) -> dict[UUID, tuple[Objection, ...]]:
    """Return what stops the nearest nurses from each visit the plan leaves out."""
    told = {UUID(row["appointment"]): row["reasons"] for row in plan.unassigned}
    ids = {reason["nurse"] for reasons in told.values() for reason in reasons}
    nurses = {nurse.pk: nurse for nurse in Nurse.objects.filter(pk__in=ids).select_related("user")}
    return {
        visit: tuple(Objection(nurses[reason["nurse"]], reason["rule"]) for reason in reasons)
        for visit, reasons in told.items()
    }


# -- plan ----------------------------------------------------------------------------------------


def plan(
    *,
    day: date,
    seconds: float | None = None,
    seed: int = 1,
    by: User | None = None,
    purpose: Plan.Purpose = Plan.Purpose.ASKED,
    is_minimal: bool | None = None,
) -> Plan:
    """Work out who should go where on a day; nothing is changed by it.

    Parameters
    ----------
    seconds
        How long to search at most; the clinic's setting, if not given.
    seed
        The same day, seed and enough time give the same plan.
    is_minimal
        Whether only visits that lost their nurse may move; if not given, once routes are frozen.
    """
    seconds = float(settings.DISPATCH_SECONDS if seconds is None else seconds)
    frozen = copies.is_frozen(day) if is_minimal is None else is_minimal
    work = workday.read(day)
    answer = solving.ask(work=work, at=now(), seconds=seconds, seed=seed, is_minimal=frozen)
    return Plan.objects.create(
        day=day,
        purpose=purpose,
        is_minimal=frozen,
        made_by=by,
        seconds=seconds,
        took_seconds=answer.seconds,
        seed=seed,
        fingerprint=work.fingerprint(),
        leads_to=work.fingerprint(answer.holders),
        moves=[
            {
                "appointment": str(move.appointment_id),
                "from": work.holders[move.appointment_id],
                "to": move.nurse_id,
            }
            for move in answer.moves
        ],
        unassigned=answer.unassigned,
        metres_before=answer.metres_before,
        metres_after=answer.metres_after,
        lower_bound_metres=answer.lower_bound_metres,
        gap_percent=answer.gap_percent,
        proven=answer.proven,
    )
