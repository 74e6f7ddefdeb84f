"""The table of notices: who is told of what, how, when at best and until when it is useful.

A later kind is one more row. The figures are this clinic's policy (``docs/domain.md``,
"Messages").
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from booking.clock import at_local, local_day
from booking.planned import Channel, Kind, NoticeClass, PlanRules, Recipient, Visit


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

    def driving_starts(self) -> datetime | None:
        """Owed wherever a dose was given, and wherever one may yet be."""
        visit = self.visit
        may_be_dosed = not (visit.cancelled or visit.over)
        if visit.is_consultation or not (visit.dose_given or may_be_dosed):
            return None
        return visit.discharged_at or visit.ends_at

    def overdue(self) -> datetime:
        return self.visit.ends_at + self.rules.no_discharge_after


Moment = Callable[[Case], datetime | None]


def _before(hours: int) -> Moment:
    """So many elapsed hours before the start."""
    return lambda case: case.visit.starts_at - timedelta(hours=hours)


def _ahead(moment: Moment) -> Moment:
    """Only for an infusion that is still ahead."""
    return lambda case: (
        moment(case) if case.visit.is_ahead and not case.visit.is_consultation else None
    )


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table; an ideal time of None means the message is not wanted.

    Attributes
    ----------
    unbound
        Channels that quiet hours do not bind.
    early_on_the_day
        Quiet hours end earlier for it on the day of the visit.
    folds_into
        The kind that says it where it would otherwise have to move to the evening before.
    tells_of_discharge
        Whether a revision of the visit's facts makes it a new message.
    """

    kind: Kind
    notice_class: NoticeClass
    recipient: Recipient
    channels: tuple[Channel, ...]
    ideal: Moment
    useless_from: Moment
    unbound: tuple[Channel, ...] = ()
    early_on_the_day: bool = False
    folds_into: Kind | None = None
    tells_of_discharge: bool = False


_PATIENT, _ESCORT, _STAFF = Recipient.patient, Recipient.escort, Recipient.staff
_EMAIL, _SMS = (Channel.email,), (Channel.sms,)
_BOTH = (Channel.email, Channel.sms)
_P, _F, _S, _O = NoticeClass.P, NoticeClass.F, NoticeClass.S, NoticeClass.O

TABLE = (
    Row(Kind.booked, _F, _PATIENT, _BOTH, Case.booked, Case.start, unbound=_EMAIL),
    Row(Kind.prepare, _P, _PATIENT, _EMAIL, _ahead(Case.prepare), _before(24)),
    Row(Kind.confirm_escort, _P, _PATIENT, _BOTH, _ahead(_before(24)), _before(12)),
    Row(Kind.evening_before, _P, _PATIENT, _BOTH, _ahead(Case.evening_before), Case.food_stop),
    Row(
        Kind.today, _P, _PATIENT, _SMS, Case.today, Case.start,
        early_on_the_day=True, folds_into=Kind.evening_before,
    ),
    Row(
        Kind.on_the_way, _S, _PATIENT, _SMS, _ahead(Case.departure), Case.arrival,
        early_on_the_day=True,
    ),
    Row(
        Kind.driving_warning, _S, _PATIENT, _BOTH, Case.driving_starts, Case.driving_ends,
        tells_of_discharge=True,
    ),
    Row(
        Kind.driving_warning_escort, _S, _ESCORT, _SMS, Case.driving_starts, Case.driving_ends,
        tells_of_discharge=True,
    ),
    Row(Kind.changed, _S, _PATIENT, _BOTH, Case.changed_near, Case.change_matters),
    Row(
        Kind.changed, _F, _PATIENT, _BOTH, Case.changed_far, Case.change_matters,
        unbound=_EMAIL,
    ),
    Row(Kind.no_discharge, _O, _STAFF, _EMAIL, _ahead(Case.overdue), Case.never),
)  # fmt: skip
