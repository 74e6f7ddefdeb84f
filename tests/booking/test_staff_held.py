"""After a restored backup staff decide which messages still go."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.test import Client
from django.urls import reverse

from booking.delivery import quarantine
from booking.models import Notice, NoticeStatus
from booking.notices import ledger
from config.core.models import Role
from tests import factories
from tests.booking.notice_help import BOOKED_AT, booked, row

pytestmark = pytest.mark.django_db
RESTORED_AT = BOOKED_AT + timedelta(minutes=30)


@pytest.fixture
def desk(client: Client) -> Client:
    client.force_login(factories.make_user(role=Role.DISPATCHER, name="Dan Fox"))
    return client


@pytest.fixture
def restored() -> Iterator[Any]:
    """Ada's visit was booked; then a backup of that moment was restored."""
    with time_machine.travel(BOOKED_AT, tick=False) as clock:
        booked()
        clock.move_to(RESTORED_AT)
        quarantine.begin(backup_at=BOOKED_AT)
        yield clock


def decide(desk: Client, **said: Any) -> str:
    return desk.post(reverse("decide-held"), said, follow=True).content.decode()


def test_what_waits_is_shown_and_nothing_goes_by_itself(desk: Client, restored: Any) -> None:
    shown = desk.get(reverse("held-messages")).content.decode()
    assert f"{Notice.objects.held().count()} messages wait for you" in shown
    assert shown.count("may have been sent") == 2  # `booked`, by both channels
    ledger.send_due()
    assert not mail.outbox


def test_what_cannot_have_been_sent_is_released_at_once(desk: Client, restored: Any) -> None:
    assert "released" in decide(desk, action="release_safe")
    left = Notice.objects.held()
    assert {one.kind for one in left} == {"booked"}


def test_what_is_chosen_is_released_and_goes(desk: Client, restored: Any) -> None:
    chosen = row(kind="booked", channel="email")
    assert "1 released" in decide(desk, action="release", notices=[chosen.pk])
    ledger.send_due()
    chosen.refresh_from_db()
    assert chosen.status == NoticeStatus.SENT
    assert "1 released" not in decide(desk, action="release", notices=[chosen.pk])


def test_what_is_dropped_needs_a_reason_and_never_goes(desk: Client, restored: Any) -> None:
    chosen = row(kind="booked", channel="email")
    assert "why they are dropped" in decide(desk, action="drop", notices=[chosen.pk], reason=" ")
    assert "1 dropped" in decide(desk, action="drop", notices=[chosen.pk], reason="Ada has it")
    ledger.send_due()
    chosen.refresh_from_db()
    assert chosen.status == NoticeStatus.SUPERSEDED
    assert "Ada has it" in chosen.problem


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"action": "release"},
        {"action": "nonsense", "notices": ["1"]},
        {"action": "release", "notices": ["x", "９", "-1", "1; DROP", "9" * 30]},
    ],
)
def test_nonsense_decides_nothing(desk: Client, restored: Any, said: dict[str, Any]) -> None:
    before = Notice.objects.held().count()
    decide(desk, **said)
    assert Notice.objects.held().count() == before


def test_only_staff_decide(client: Client, restored: Any) -> None:
    client.force_login(factories.make_user(role=Role.NURSE))
    assert client.get(reverse("held-messages")).status_code == 403
    assert client.post(reverse("decide-held"), {"action": "release_safe"}).status_code == 403


def test_where_nothing_is_held_the_page_says_so(desk: Client) -> None:
    assert "Nothing is held." in desk.get(reverse("held-messages")).content.decode()
