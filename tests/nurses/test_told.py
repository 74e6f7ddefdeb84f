"""What a patient told by a link stands where her nurse looks."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from django.test import Client

from booking.links import answers, tokens
from booking.links.tokens import Purpose
from booking.models import Appointment
from tests.booking.notice_help import STARTS_AT, booked, moved, row

pytestmark = pytest.mark.django_db
BEFORE = STARTS_AT - timedelta(hours=2)


def tell(purpose: Purpose, **facts: str) -> None:
    link = tokens.read(tokens.token(purpose, row(kind="booked", channel="email")))
    answers.record(link=link, client_id=uuid4(), facts=facts)


def her(client: Client, visit: Appointment) -> str:
    assert visit.nurse is not None
    client.force_login(visit.nurse.user)
    return client.get(f"/route/visit/{visit.pk}/").content.decode()


def test_a_nurse_sees_that_somebody_ate_on_her_route_and_at_the_visit(client: Client) -> None:
    with time_machine.travel(BEFORE, tick=False):
        visit = booked()
        assert "Told us by link" not in her(client, visit)
        tell(Purpose.ate, what="solid", at=(BEFORE - timedelta(minutes=50)).isoformat())
        tell(Purpose.escort, answer="yes")
        shown = her(client, visit)
        assert "Ate something, Tue 24 Nov, 6:40 AM CST" in shown
        assert "An adult stays with them" in shown
        assert "says they ate or drank" in client.get("/route/").content.decode()


def test_what_was_told_of_an_older_version_is_not_held_against_the_new_one(
    client: Client,
) -> None:
    with time_machine.travel(BEFORE - timedelta(days=1), tick=False):
        visit = booked()
        tell(Purpose.ate, what="drink", at=BEFORE.isoformat())
        moved(visit, by=timedelta(days=1), at=BEFORE)
        assert "Told us by link" not in her(client, visit)
        assert "says they ate" not in client.get("/route/?date=2026-11-25").content.decode()
