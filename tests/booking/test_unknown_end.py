"""A visit nobody closed: told late, the warning allows for an end as late as now."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
import time_machine

from booking import notices
from tests.booking.notice_help import STARTS_AT, booked, texts

pytestmark = pytest.mark.django_db
ENDS_AT = STARTS_AT + timedelta(minutes=190)  # 12:40 PM in Chicago


@pytest.mark.parametrize(
    ("minutes_late", "said"),
    [(0, "12:40 PM"), (14, "12:40 PM"), (15, "1:00 PM"), (5 * 60, "5:45 PM")],
)
def test_it_allows_for_an_end_that_nobody_knows(outbox: Path, minutes_late: int, said: str) -> None:
    visit = booked()
    with time_machine.travel(ENDS_AT + timedelta(minutes=minutes_late), tick=False):
        notices.send_due()
    warned = [text for text in texts(outbox) if "no driving" in text]
    assert any(f"Wed 25 Nov, {said} CST" in text for text in warned)
    visit.refresh_from_db()
    assert visit.drive_after is not None
    assert visit.drive_after >= ENDS_AT + timedelta(hours=24, minutes=minutes_late // 15 * 15)
    assert visit.revision == 0
