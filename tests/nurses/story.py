"""One visit told step by step over HTTP: Cleo with Ada, ready to be left incomplete anywhere."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from rest_framework.test import APIClient

from booking.models import Appointment
from scheduling.models import Nurse

START = datetime(2026, 11, 24, 16, 30, tzinfo=UTC)
NOW = START + timedelta(hours=6)


def after(minutes: float) -> datetime:
    """An instant, so many minutes after the promised start."""
    return START + timedelta(minutes=minutes)


@dataclass
class Visit:
    """A visit and the nurse's device."""

    appointment: Appointment
    nurse: Nurse
    client: APIClient
    ids: Iterable[int] = field(default_factory=itertools.count)

    def post(self, what: str, **body: Any) -> Any:
        body.setdefault("client_id", f"id-{next(iter(self.ids))}")
        if isinstance(body.get("at"), datetime):
            body["at"] = body["at"].isoformat()
        return self.client.post(f"/api/v1/visits/{self.appointment.pk}/{what}/", body)

    def event(self, name: str, minutes: float, **more: Any) -> Any:
        return self.post("events", event=name, at=after(minutes), **more)

    def check(self, kind: str, minutes: float, value: Any, **more: Any) -> Any:
        return self.post("checks", kind=kind, at=after(minutes), value=value, **more)

    def vitals(self, minutes: float, **more: Any) -> Any:
        body = {"systolic": 124, "diastolic": 80, "heart_rate": 70, "spo2": 98, **more}
        return self.post("observations", at=after(minutes), **body)

    def dose(self, minutes: float = 35, **more: Any) -> Any:
        body = {
            "lot": "A1",
            "drawn_mg": 50,
            "given_mg": 40,
            "wasted_mg": 10,
            "returned_mg": 0,
            **more,
        }
        return self.post("doses", at=after(minutes), **body)

    def record(self) -> dict[str, Any]:
        answer: dict[str, Any] = self.client.get(f"/api/v1/visits/{self.appointment.pk}/").json()
        return answer

    def now_stands(self) -> Appointment:
        self.appointment.refresh_from_db()
        return self.appointment

    # -- the story, each part with what it needs -------------------------------------------------

    def arrives(self) -> None:
        assert self.event("depart", -30).status_code == 201
        assert self.event("arrive", 0).status_code == 201

    def preparations(self) -> dict[str, Callable[[], Any]]:
        """Everything the start asks for, by the refusal that names it."""
        return {
            "identity_unchecked": lambda: self.check("identity", 2, True),
            "escort_absent": lambda: self.check("escort_present", 3, True),
            "fasted_too_short": lambda: self.check("last_food", 4, after(-7 * 60).isoformat()),
            "drank_too_recently": lambda: self.check("last_drink", 5, after(-3 * 60).isoformat()),
            "weight_missing": lambda: self.check("weight", 6, 80),
            "vitals_missing": lambda: self.vitals(10),
        }

    def starts(self) -> None:
        self.arrives()
        for prepare in self.preparations().values():
            assert prepare().status_code == 201
        assert self.event("start_infusion", 30).status_code == 201

    def farewells(self) -> dict[str, Callable[[], Any]]:
        """Everything the discharge asks for, by the refusal that names it."""
        return {
            "scores_too_low": lambda: [
                self.vitals(minutes, discharge_score=9) for minutes in (150, 180)
            ],
            "escort_absent": lambda: self.check("escort_present", 185, True),
            "warning_unacknowledged": lambda: self.check("warning_acknowledged", 186, True),
            "doses_unbalanced": self.dose,
        }

    def ends(self) -> None:
        self.starts()
        assert self.event("end_infusion", 70).status_code == 201

    def is_discharged(self) -> None:
        self.ends()
        for farewell in self.farewells().values():
            farewell()
        assert self.event("discharge", 190).status_code == 201


def codes(answer: Any) -> list[str]:
    """The codes of a refusal, in order."""
    return [error["code"] for error in answer.json()["errors"]]
