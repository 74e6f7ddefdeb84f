"""After an outage: the newest per visit, as a digest of what it stands for."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
import time_machine

from booking.delivery import folding
from booking.models import Notice, NoticeStatus, StaffTask
from booking.notices import ledger
from tests.booking.notice_help import BOOKED_AT, STARTS_AT, booked, row, rows

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


def _after_outage(until: timedelta) -> None:
    with time_machine.travel(BOOKED_AT, tick=False) as clock:
        booked()
        clock.shift(timedelta(minutes=3))
        ledger.send_due()
        clock.move_to(STARTS_AT - until)
        ledger.send_due()


def test_thirty_six_hours_late_the_newest_preparation_speaks_for_the_older(outbox: Path) -> None:
    # Nothing went from T-60 h to T-24 h: preparation is 48 h late, the escort's message is due.
    _after_outage(timedelta(hours=24, seconds=-1))
    prepare = row(kind="prepare", channel="email")
    assert (prepare.status, prepare.problem) in {
        (NoticeStatus.EXPIRED, folding.FOLDED),
        (NoticeStatus.EXPIRED, ""),
    }
    escort = row(kind="confirm_escort", channel="email")
    assert escort.status == NoticeStatus.SENT


def test_the_digest_is_named_and_nobody_is_asked_to_call_for_what_it_says(outbox: Path) -> None:
    _after_outage(timedelta(hours=14))
    older, newer = (
        row(kind="confirm_escort", channel="email"),
        row(kind="evening_before", channel="email"),
    )
    assert (older.status, older.problem) == (NoticeStatus.EXPIRED, folding.FOLDED)
    assert newer.status == NoticeStatus.SENT
    assert folding.DIGEST in newer.why
    assert not StaffTask.objects.filter(key__contains="confirm_escort").exists()


def test_in_time_each_message_goes_for_itself(outbox: Path) -> None:
    with time_machine.travel(BOOKED_AT, tick=False) as clock:
        booked()
        moments = sorted({n.send_from for n in Notice.objects.filter(recipient="patient")})
        for moment in moments:
            if moment <= STARTS_AT - 10 * HOUR:
                clock.move_to(moment)
                ledger.send_due()
    for kind in ("prepare", "confirm_escort", "evening_before"):
        assert {n.status for n in rows(kind=kind)} == {NoticeStatus.SENT}
        assert not any(folding.DIGEST in n.why for n in rows(kind=kind))
