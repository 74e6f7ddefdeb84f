"""What every step of the walk stands on: asking over HTTP, saying, and failing clearly."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx

PASSWORD = "stillwater-demo"  # noqa: S105 -- of the demo's made-up people
LONGEST_SHOWN = 600


class Failed(Exception):
    """A step did not hold; the message says what was expected and what came back."""


@dataclass
class Walk:
    """What the steps share."""

    client: httpx.Client
    outbox: Path
    run: str = field(default_factory=lambda: uuid4().hex[:10])
    last: str = ""
    # The patient of this run, and what the steps learn on the way.
    patient: str = ""
    intake: int = 0
    slots: list[dict[str, Any]] = field(default_factory=list)
    visit: dict[str, Any] = field(default_factory=dict)
    course: list[dict[str, Any]] = field(default_factory=list)
    asked: tuple[datetime, datetime] | None = None
    replayed: dict[str, Any] = field(default_factory=dict)
    nurse: str = ""
    told: int = 0
    discharge_sent: datetime | None = None
    discharged_at: datetime | None = None

    @property
    def email(self) -> str:
        """The address of this run's own patient."""
        return f"walk-{self.run}@example.com"

    def ask(
        self,
        method: str,
        path: str,
        *,
        token: str = "",
        body: object = None,
        expect: int = 200,
        key: str = "",
    ) -> Any:
        """Ask and return the JSON of the answer; fail unless its status is the expected one."""
        headers = {"X-Session-Token": token} if token else {}
        headers |= {"Idempotency-Key": key} if key else {}
        answer = self.client.request(method, path, json=body, headers=headers)
        self.last = f"{method} {path} gave {answer.status_code}: {answer.text[:LONGEST_SHOWN]}"
        if answer.status_code != expect:
            raise Failed(f"expected {expect}, but {self.last}")
        if "json" not in answer.headers.get("Content-Type", ""):
            return answer.text
        return answer.json()

    def get(self, path: str, *, token: str = "") -> Any:
        """Read what must be there."""
        return self.ask("GET", path, token=token)

    def refused(
        self, path: str, *, token: str, body: object, codes: list[str], status: int = 409
    ) -> str:
        """Post what must be refused, for exactly these reasons in this order; return them said."""
        errors = self.ask("POST", path, token=token, body=body, expect=status)["errors"]
        same([error["code"] for error in errors], codes, "the reasons of the refusal")
        return f"{status}: {', '.join(codes)}"

    def sign_in(self, email: str) -> str:
        """Return the session token of one of the demo's people."""
        answer = self.ask(
            "POST",
            "/_allauth/app/v1/auth/login",
            body={"email": email, "password": PASSWORD},
        )
        return str(answer["meta"]["session_token"])


def say(*lines: str) -> None:
    """Print lines below the title of the step."""
    for line in lines:
        print(f"     {line}".rstrip(), flush=True)


def say_text(text: str) -> None:
    """Print a message as it was read."""
    say(*(f"| {line}" for line in text.rstrip().splitlines()))


def same(actual: object, expected: object, what: str) -> None:
    """Fail unless the two are equal."""
    if actual != expected:
        raise Failed(f"{what}: expected {expected!r}, got {actual!r}")


def holds(condition: object, what: str) -> None:
    """Fail with the sentence unless the condition holds."""
    if not condition:
        raise Failed(what)


def instant(text: object) -> datetime:
    """Read an ISO 8601 instant; one without an offset is a failure."""
    try:
        read = datetime.fromisoformat(str(text).replace("Z", "+00:00"))
    except ValueError:
        raise Failed(f"{text!r} is no ISO 8601 instant") from None
    holds(read.tzinfo is not None, f"{text!r} has no offset")
    return read


def listed(pairs: Mapping[str, object]) -> str:
    """Return names and values in one line."""
    return ", ".join(f"{name} {value}" for name, value in pairs.items())
