"""A visit nobody closed: told late, the warning allows for an end as late as now."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
import time_machine

from booking.models import Appointment
from booking.notices import ledger
from tests.booking.notice_help import STARTS_AT, booked, texts

pytestmark = pytest.mark.django_db
ENDS_AT = STARTS_AT + timedelta(minutes=190)  # 12:40 PM in Chicago


def warned(outbox: Path, *, minutes_late: int) -> str:
    """Send what is due so late, and give the warning."""
    with time_machine.travel(ENDS_AT + timedelta(minutes=minutes_late), tick=False):
        ledger.send_due()
    return next(text for text in texts(outbox) if "no driving" in text)


@pytest.mark.parametrize("is_dosed", [False, True])
@pytest.mark.parametrize(
    ("minutes_late", "said"),
    [(0, "12:40 PM"), (14, "12:40 PM"), (15, "1:00 PM"), (5 * 60, "5:45 PM")],
)
def test_it_allows_for_an_end_that_nobody_knows(
    outbox: Path, minutes_late: int, said: str, is_dosed: bool
) -> None:
    visit = booked()
    planned = visit.drive_after
    assert planned is not None
    if is_dosed:
        Appointment.objects.update(dosed_at=STARTS_AT + timedelta(minutes=31))
    assert f"Wed 25 Nov, {said} CST" in warned(outbox, minutes_late=minutes_late)
    visit.refresh_from_db()
    assert visit.drive_after is not None
    # After a dose what was said holds; before one, the true end may still be the earlier.
    assert (visit.drive_after > planned) == (is_dosed and minutes_late >= 15)
    assert visit.revision == 0
