"""The moments that the table of notices names: pure values in, values out.

The figures are this clinic's policy (``docs/domain.md``, "Messages").
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from booking.clock import at_local, local_day
from booking.notices.planned import PlanRules, Visit


@dataclass(frozen=True, slots=True)
class Case:
    """A visit under the rules: the moments that the table names; None where there is none."""

    visit: Visit
    rules: PlanRules

    def start(self) -> datetime:
        return self.visit.starts_at

    def food_stop(self) -> datetime | None:
        return self.visit.fast_from

    def driving_ends(self) -> datetime | None:
        return self.visit.drive_after

    def never(self) -> datetime | None:
        return None

    def booked(self) -> datetime | None:
        visit = self.visit
        if not visit.is_ahead or visit.changed_at:
            return None
        at_once = visit.starts_at - visit.booked_at < self.rules.near
        return visit.booked_at if at_once else visit.booked_at + self.rules.grace

    def _told_change(self) -> datetime | None:
        visit = self.visit
        return None if visit.over or visit.discharged_at else visit.changed_at

    def changed_near(self) -> datetime | None:
        """A change that leaves less than a day is told at once."""
        changed_at = self._told_change()
        near = changed_at is not None and self.visit.starts_at - changed_at < self.rules.near
        return changed_at if near else None

    def changed_far(self) -> datetime | None:
        changed_at = self._told_change()
        if changed_at is None or self.changed_near():
            return None
        return changed_at + self.rules.grace

    def change_matters(self) -> datetime:
        """Until the start; a change made after it (a nurse who fell ill) until the planned end."""
        visit = self.visit
        late = visit.changed_at is not None and visit.changed_at >= visit.starts_at
        return visit.ends_at if late else visit.starts_at

    def prepare(self) -> datetime | None:
        once_per_run = self.visit.first_of_run and not self.visit.preparation_told
        return self.visit.starts_at - timedelta(hours=72) if once_per_run else None

    def evening_before(self) -> datetime | None:
        """Early enough to eat first, also on a night when clocks change by hours."""
        visit = self.visit
        if visit.fast_from is None:
            return None
        eve = local_day(visit.starts_at, visit.zone) - timedelta(days=1)
        evening = at_local(eve, self.rules.evening_before_at, visit.zone)
        return min(evening, visit.fast_from - self.rules.told_before_food_stop)

    def fasting(self) -> datetime | None:
        stop = self.visit.fast_from
        return stop - self.rules.fasting_before if stop else None

    def today(self) -> datetime | None:
        visit = self.visit
        return visit.starts_at - timedelta(hours=3) if visit.is_ahead else None

    def departure(self) -> datetime | None:
        return self.visit.departed_at

    def arrival(self) -> datetime | None:
        if self.visit.departed_at is None:
            return None
        longest = self.visit.departed_at + self.rules.on_the_way_lasts
        return min(self.visit.arrived_at or longest, longest)

    def ends(self) -> datetime:
        return self.visit.discharged_at or self.visit.ends_at

    def _may_be_dosed(self) -> bool:
        """Whether a dose may yet be given, or was given and the visit ended as it should."""
        visit = self.visit
        return not (visit.is_consultation or visit.cancelled or visit.over)

    def driving_starts(self) -> datetime | None:
        """Owed wherever a dose was given, and wherever one may yet be."""
        is_owed = self._may_be_dosed() or self.visit.dose_given
        return self.ends() if is_owed else None

    def driving_may_start(self) -> datetime | None:
        """Not once a later infusion is under way: its own warning holds by then."""
        visit = self.visit
        if visit.drive_after is None or not self._may_be_dosed():
            return None
        day = local_day(visit.drive_after, visit.zone)
        morning = at_local(day, self.rules.driving_ends_not_before, visit.zone)
        return max(visit.drive_after, morning)

    def driving_news_ends(self) -> datetime | None:
        begins = self.driving_may_start()
        if begins is None:
            return None
        lasts = begins + timedelta(hours=12)
        return min(lasts, self.visit.next_infusion or lasts)

    def how_are_you(self) -> datetime | None:
        """The day after, unless the nurse comes that day and asks."""
        visit = self.visit
        if self.driving_starts() is None:
            return None
        day = local_day(visit.starts_at, visit.zone) + timedelta(days=1)
        asked_at = at_local(day, self.rules.how_are_you_at, visit.zone)
        following = visit.next_infusion and local_day(visit.next_infusion, visit.zone)
        return None if following == local_day(asked_at, visit.zone) else asked_at

    def how_are_you_ends(self) -> datetime | None:
        asked_at = self.how_are_you()
        return asked_at + timedelta(hours=24) if asked_at else None

    def ends_run(self) -> bool:
        """Whether it ends as it should, and the next infusion is not of the same run."""
        visit = self.visit
        following = visit.next_infusion
        is_last = following is None or following - visit.starts_at >= self.rules.run
        return self._may_be_dosed() and is_last

    def ends_all(self) -> bool:
        return self.ends_run() and self.visit.next_infusion is None

    def overdue(self) -> datetime:
        return self.visit.ends_at + self.rules.no_discharge_after


Moment = Callable[[Case], datetime | None]


def before(hours: int) -> Moment:
    """So many elapsed hours before the start."""
    return lambda case: case.visit.starts_at - timedelta(hours=hours)


def ahead(moment: Moment) -> Moment:
    """Only for an infusion that is still ahead."""
    return lambda case: (
        moment(case) if case.visit.is_ahead and not case.visit.is_consultation else None
    )


def after(days: int) -> Moment:
    """So many times 24 elapsed hours after the end."""
    return lambda case: case.ends() + timedelta(days=days)


def where(holds: Callable[[Case], bool], moment: Moment) -> Moment:
    """Only where something holds."""
    return lambda case: moment(case) if holds(case) else None


def consent_due(hours: int, *, is_last: bool = False) -> Moment:
    """Before the start, once there is something to sign; the last one also where it came up late.

    What had gone by when the new version appeared is not caught up on: one message is enough.
    """

    def moment(case: Case) -> datetime | None:
        due = case.visit.consent_due
        if due is None:
            return None
        at = case.visit.starts_at - timedelta(hours=hours)
        if due.since < at:
            return at
        return due.since if is_last else None

    return moment


def intake_lapses(days: int) -> Moment:
    """So many times 24 elapsed hours after it came up."""

    def moment(case: Case) -> datetime | None:
        due = case.visit.intake_lapses
        return due.since + timedelta(days=days) if due else None

    return moment
