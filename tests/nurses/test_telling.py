"""A nurse is told of her route by e-mail, once per version, in words that say nothing."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.test import Client

from booking.channels import lines
from booking.models import Notice, StaffTask
from booking.notices import ledger, standing
from config.core.models import Role
from nurses import dispatch
from nurses.models import Route
from scheduling.models import Nurse
from tests.booking.message_help import FORBIDDEN
from tests.factories import make_nurse, make_user
from tests.nurses.test_route import DAY, book

BEFORE = datetime(2026, 11, 20, 12, tzinfo=UTC)
THE_DAY = date(2026, 11, 24)


@pytest.fixture(autouse=True)
def clock(db: None) -> Any:
    with time_machine.travel(BEFORE, tick=False) as still:
        yield still


def published() -> Nurse:
    cleo = make_nurse()
    book(cleo)
    dispatch.publish_as_it_is(THE_DAY)
    return cleo


def sent() -> list[str]:
    return ["\n".join([*one.to, str(one.subject), str(one.body)]) for one in mail.outbox]


def test_she_gets_one_e_mail_with_a_link_and_nothing_about_any_patient() -> None:
    cleo = published()
    assert ledger.send_due() == 1
    ledger.send_due()
    dispatch.publish_as_it_is(THE_DAY)
    ledger.send_due()
    (text,) = sent()
    assert text.startswith(f"{cleo.user.email}\nYour route for Tuesday 24 November is final\n")
    assert f"/route/?date={DAY}" in text
    assert "Hello Cleo," in text
    assert "Ada" not in text
    assert not FORBIDDEN.search(text)


def test_a_change_says_so_and_what_it_replaces_is_not_told() -> None:
    cleo = published()
    book(cleo, 5)
    dispatch.publish_as_it_is(THE_DAY)
    assert ledger.send_due() == 1
    (text,) = sent()
    assert "has changed" in text
    assert Route.objects.filter(nurse=cleo).count() == 2


def test_the_link_opens_her_route_which_says_that_it_is_final(client: Client) -> None:
    cleo = published()
    client.force_login(cleo.user)
    assert "final" in client.get(f"/route/?date={DAY}").content.decode()
    shown = client.get("/route/?date=2026-11-25").content.decode()
    assert "not final yet" not in shown
    book(cleo, 24)
    assert "not final yet" in client.get("/route/?date=2026-11-25").content.decode()


def test_nobody_is_told_of_a_day_that_is_over(clock: Any) -> None:
    cleo = make_nurse()
    book(cleo)
    clock.move_to(datetime(2026, 11, 25, 7, tzinfo=UTC))
    dispatch.publish_as_it_is(THE_DAY)
    assert not Notice.objects.exists()


def test_what_cannot_reach_her_until_the_day_is_over_is_a_task(
    clock: Any, monkeypatch: Any
) -> None:
    published()
    other = make_nurse(name="Ben Wu")
    book(other, 5)
    dispatch.publish_as_it_is(THE_DAY)

    def refuses(*_: Any, **__: Any) -> None:
        raise lines.NotSent

    monkeypatch.setattr(lines.Line, "send", refuses)
    ledger.send_due()
    clock.move_to(datetime(2026, 11, 25, 7, tzinfo=UTC))
    ledger.send_due()
    assert sorted(StaffTask.objects.values_list("kind", flat=True)) == ["message_expired"] * 2
    assert "did not reach the nurse" in StaffTask.objects.all()[0].detail


def test_a_closed_account_is_not_written_to() -> None:
    cleo = published()
    cleo.user.is_active = False
    cleo.user.save()
    assert ledger.send_due() == 0
    assert Notice.objects.get().problem == "the account is closed"


def test_staff_see_what_nurses_were_told(client: Client) -> None:
    published()
    ledger.send_due()
    client.force_login(make_user(role=Role.DISPATCHER, name="Dan Reyes"))
    page = client.get("/staff/messages/?status=any&kind=route")
    assert page.status_code == 200
    assert "Your route for Tuesday 24 November is final" in page.content.decode()
    assert client.get("/admin/booking/notice/").status_code == 200
    for model in ("plan", "route"):
        assert client.get(f"/admin/nurses/{model}/").status_code == 200


def test_addresses_of_a_route_are_the_nurses() -> None:
    cleo = published()
    notice = Notice.objects.get()
    assert standing.addresses(notice) == [cleo.user.email]
    assert notice.not_after == datetime(2026, 11, 25, 6, tzinfo=UTC)
    assert notice.send_from == BEFORE
