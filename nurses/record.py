"""The visit record as it stands: everything the nurse wrote down, read once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Self
from zoneinfo import ZoneInfo

from booking.clock import local_day
from booking.models import Appointment, Status
from nurses.models import AdverseEvent, Check, Dose, Event, Observation


@dataclass(frozen=True, slots=True)
class Record:
    """One visit and its rows, each kind in the order it happened."""

    appointment: Appointment
    events: list[Event]
    checks: list[Check]
    observations: list[Observation]
    doses: list[Dose]
    adverse_events: list[AdverseEvent]

    @classmethod
    def of(cls, appointment: Appointment) -> Self:
        """Read the record of a visit."""
        return cls(
            appointment=appointment,
            events=list(appointment.events.all()),
            checks=list(appointment.checks.all()),
            observations=list(appointment.observations.all()),
            doses=list(appointment.doses.select_related("witness")),
            adverse_events=list(appointment.adverse_events.all()),
        )

    @property
    def status(self) -> Status:
        """Where the visit stands."""
        return Status(self.appointment.status)

    @property
    def is_dosed(self) -> bool:
        """Whether any of the medicine was given."""
        return self.appointment.dosed_at is not None or self.given_mg > 0

    @property
    def given_mg(self) -> Decimal:
        """How much was given in all."""
        return sum((dose.given_mg for dose in self.doses), Decimal(0))

    @property
    def last_event_at(self) -> datetime | None:
        """When the latest event happened."""
        return max((event.at for event in self.events), default=None)

    @property
    def arrived_at(self) -> datetime | None:
        """When the nurse came, or the consultation began."""
        return self._first_at(Event.Name.ARRIVE, Event.Name.START)

    @property
    def infusion_started_at(self) -> datetime | None:
        """When the infusion began."""
        return self._first_at(Event.Name.START_INFUSION)

    @property
    def infusion_ended_at(self) -> datetime | None:
        """When the infusion ended, as planned or broken off."""
        if self.infusion_started_at is None:
            return self._last_at(Event.Name.END_INFUSION)
        return self._last_at(Event.Name.END_INFUSION, Event.Name.ABORT)

    @property
    def closed_at(self) -> datetime | None:
        """When the visit ended, however it ended."""
        return self._last_at(
            Event.Name.DISCHARGE,
            Event.Name.TRANSFER,
            Event.Name.COMPLETE,
            Event.Name.NO_SHOW,
            *([] if self.is_dosed else [Event.Name.ABORT]),
        )

    @property
    def local_date(self) -> date:
        """The day of the visit where it takes place."""
        return local_day(self.appointment.starts_at, ZoneInfo(self.appointment.time_zone))

    @property
    def place(self) -> str:
        """Where the visit takes place, in one line."""
        visit = self.appointment
        if visit.is_consultation:
            return "By video or phone"
        return one_line(visit)

    @property
    def witness_pending(self) -> list[int]:
        """The doses whose waste nobody is named to have seen."""
        return [dose.pk for dose in self.doses if dose.is_witness_pending]

    def newest(
        self, kind: Check.Kind, *, until: datetime, since: datetime | None = None
    ) -> Check | None:
        """Give the newest check of a kind in a stretch of time: it is the one that counts."""
        return _newest(c for c in _within(self.checks, since, until) if c.kind == kind)

    def decision(self, about: str, *, until: datetime) -> Check | None:
        """Give the prescriber's newest decision about food or weight."""
        return _newest(
            check
            for check in _within(self.checks, None, until)
            if check.kind == Check.Kind.PRESCRIBER_DECISION and check.value["about"] == about
        )

    def vitals(self, *, until: datetime, since: datetime | None = None) -> list[Observation]:
        """Give the observations of a stretch of time, oldest first."""
        return sorted(_within(self.observations, since, until), key=_age)

    def _first_at(self, *names: Event.Name) -> datetime | None:
        return min((event.at for event in self.events if event.event in names), default=None)

    def _last_at(self, *names: Event.Name) -> datetime | None:
        return max((event.at for event in self.events if event.event in names), default=None)


def one_line(visit: Appointment) -> str:
    """Return the address in one line."""
    street = ", ".join(part for part in (visit.line1, visit.line2) if part)
    return f"{street}, {visit.city}, {visit.state} {visit.postal_code}"


def _within(rows: Iterable[Any], since: datetime | None, until: datetime) -> Iterable[Any]:
    return (row for row in rows if row.at <= until and (since is None or row.at >= since))


def _newest(checks: Iterable[Check]) -> Check | None:
    return max(checks, key=_age, default=None)


def _age(row: Check | Observation) -> tuple[datetime, int]:
    # Of two taken at the same instant the one written down last counts.
    return row.at, row.pk or 0
