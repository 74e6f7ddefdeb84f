"""After a restore nothing goes until staff say what is still due."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.core.management import CommandError, call_command

from booking.delivery import quarantine
from booking.models import Notice, NoticeStatus, Restoration, StaffTask
from booking.notices import ledger
from config.core.clock import now
from tests import factories
from tests.booking.notice_help import BOOKED_AT, STARTS_AT, booked, cancelled, moved, row, rows

pytestmark = pytest.mark.django_db


def _restored(*, backup_at: datetime) -> str:
    said = StringIO()
    call_command("restored", f"--backup-at={backup_at.isoformat()}", stdout=said)
    return said.getvalue()


@pytest.fixture
def restored() -> Iterator[Any]:
    """A backup of an hour ago is back; Ada's booking was told within that hour."""
    with time_machine.travel(BOOKED_AT, tick=False) as clock:
        booked()
        clock.shift(timedelta(hours=1))
        _restored(backup_at=BOOKED_AT)
        mail.outbox.clear()
        yield clock


def test_nothing_is_sent_again_after_a_restore(restored: Any) -> None:
    assert ledger.send_due() == 0
    restored.move_to(STARTS_AT - timedelta(hours=20))
    assert ledger.send_due() == 0
    assert not mail.outbox
    assert Notice.objects.filter(held_at__isnull=False).count() == Restoration.objects.get().held


def test_staff_and_on_call_are_told_how_much_waits() -> None:
    with time_machine.travel(BOOKED_AT, tick=False):
        booked()
        _restored(backup_at=BOOKED_AT)
    waits = f"{Restoration.objects.get().held} messages wait"
    assert waits in StaffTask.objects.get(kind="messages_held").detail
    assert waits in mail.outbox[0].body
    assert mail.outbox[0].to == ["on-call@example.com"]


def test_what_fell_due_since_the_backup_says_that_it_may_have_gone(restored: Any) -> None:
    assert row(kind="booked", channel="email").problem == quarantine.PERHAPS_SENT
    assert row(kind="prepare", channel="email").problem == ""


def test_a_message_that_was_in_hand_may_have_gone_and_waits_too() -> None:
    with time_machine.travel(BOOKED_AT, tick=False) as clock:
        booked()
        clock.shift(timedelta(minutes=3))
        claimed = Notice.objects.filter(kind="booked")
        claimed.update(status=NoticeStatus.CLAIMED, lease_until=now())
        claimed.filter(channel="email").update(status=NoticeStatus.SENDING)
        quarantine.begin(backup_at=now())
        clock.shift(timedelta(hours=1))
        assert ledger.send_due() == 0
    assert {(n.status, n.answers_lost) for n in rows(kind="booked")} == {("pending", 1)}


def test_staff_release_what_is_still_due_and_drop_what_is_not(restored: Any) -> None:
    dan = factories.make_user(role="dispatcher", email="dan@example.com")
    told, due = row(kind="booked", channel="email"), row(kind="prepare", channel="email")
    assert quarantine.drop(notices=[told.pk], by=dan, reason="Ada has it") == 1
    assert quarantine.release(notices=[due.pk, told.pk], by=dan) == 1
    restored.move_to(due.send_from)
    assert ledger.send_due() == 1
    told.refresh_from_db()
    due.refresh_from_db()
    assert (told.status, due.status) == (NoticeStatus.SUPERSEDED, NoticeStatus.SENT)
    assert "dan@example.com" in told.problem
    assert "released by dan@example.com" in due.why
    rest = [notice.pk for notice in quarantine.held()]
    assert StaffTask.objects.get(kind="messages_held").done_at is None
    quarantine.drop(notices=rest, by=dan, reason="all else")
    assert StaffTask.objects.get(kind="messages_held").done_at is not None


def test_what_nobody_released_expires_and_asks_for_a_call_only_if_it_cannot_have_gone(
    restored: Any,
) -> None:
    restored.move_to(STARTS_AT + timedelta(hours=1))
    ledger.expire()
    assert {n.status for n in rows(kind="prepare")} == {NoticeStatus.EXPIRED}
    keys = {task.key.split("/")[1] for task in StaffTask.objects.filter(kind="message_expired")}
    assert "prepare" in keys
    assert "booked" not in keys


def test_a_visit_that_is_moved_or_cancelled_after_the_restore_is_told_at_once(
    restored: Any,
) -> None:
    visit = row(kind="prepare", channel="email").appointment
    assert visit is not None
    moved(visit, by=timedelta(days=1), at=now())
    restored.shift(timedelta(minutes=5))
    assert ledger.send_due() >= 1
    assert not any(n.status == NoticeStatus.SENT for n in rows(version=1))
    cancelled(visit, at=now())
    assert not Notice.objects.held().filter(version=1).exists()


def test_a_backup_of_the_future_is_refused() -> None:
    with pytest.raises(CommandError, match="older than now"):
        _restored(backup_at=now() + timedelta(hours=1))
