"""On-call staff are called until somebody takes care of it, and not once more."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from pytest_django import Settings

from booking.channels import lines
from booking.delivery import paging
from booking.models import Appointment, Notice, NoticeStatus, StaffTask, Status
from booking.notices import ledger, messages
from booking.notices.words import fits_sms
from config.core.clock import now
from config.core.models import Role, User
from tests import factories
from tests.booking.notice_help import BOOKED_AT, STARTS_AT, booked, rows, utc
from tests.racing import race

pytestmark = pytest.mark.django_db

AT_NIGHT = utc(11, 20, 8)  # 2 AM in Chicago
MINUTE = timedelta(minutes=1)
PAST_END = utc(11, 24, 19, 10)  # the planned end and half an hour


@pytest.fixture(autouse=True)
def _reachable(settings: Settings) -> None:
    settings.ON_CALL_EMAILS = ["dan@example.com", "erin@example.com"]
    settings.ON_CALL_PHONES = ["+13125550190"]


@pytest.fixture
def dan() -> User:
    return factories.make_user(role=Role.DISPATCHER, name="Dan Fox")


class Bell:
    """What rang where, and when; it can be slow to answer."""

    def __init__(self) -> None:
        self.rang: list[tuple[str, datetime]] = []
        self.is_down = False
        self.begun = threading.Event()
        self.go_on = threading.Event()
        self.go_on.set()

    def send(self, *, to: Any, **_: Any) -> None:
        if self.is_down:
            raise lines.NotSent("refused")
        self.begun.set()
        assert self.go_on.wait(20)
        self.rang += [(address, datetime.now(tz=utc(1, 1, 0).tzinfo)) for address in to]

    def since(self, at: datetime) -> list[tuple[str, int]]:
        """Address and minutes after a moment, in order."""
        return sorted((to, round((when - at) / MINUTE)) for to, when in self.rang)


@pytest.fixture
def bell(monkeypatch: pytest.MonkeyPatch) -> Bell:
    standing_in = Bell()
    monkeypatch.setattr(lines.Line, "send", lambda _, **given: standing_in.send(**given))
    return standing_in


def call(subject: str = "adverse_event/1") -> Notice:
    visit = Appointment.objects.first() or booked()
    Notice.objects.exclude(notice_class="O").filter(status="pending").update(status="superseded")
    paging.page(kind="adverse_event", subject_of=subject, detail_facts={}, appointment=visit)
    return Notice.objects.get(subject_of=subject, occurrence=0, channel="email", seat=0)


def minutes_pass(clock: Any, count: int) -> None:
    """Beat rings now and then for a while."""
    begins = now()
    for minute in (0, 2, 5, 7, 10, 15, 20, 30):
        if minute < count:
            clock.move_to(begins + minute * MINUTE)
            paging.sweep()
            ledger.send_due()
    clock.move_to(begins + count * MINUTE)


@pytest.fixture
def night() -> Iterator[Any]:
    with time_machine.travel(BOOKED_AT, tick=False) as clock:
        booked()
        clock.move_to(AT_NIGHT)
        yield clock


ALL_RINGS = [
    (to, minute)
    for to in ("+13125550190", "dan@example.com", "erin@example.com")
    for minute in (0, 5, 15)
]


def test_it_rings_for_everybody_at_once_and_at_5_and_15_minutes_at_any_hour(
    night: Any, bell: Bell
) -> None:
    call()
    minutes_pass(night, 40)
    assert bell.since(AT_NIGHT) == ALL_RINGS


def test_it_rings_no_more_once_somebody_takes_care(night: Any, bell: Bell, dan: User) -> None:
    page = call()
    minutes_pass(night, 7)
    paging.acknowledge(notice=page, by=dan)
    minutes_pass(night, 30)
    assert bell.since(AT_NIGHT) == [ring for ring in ALL_RINGS if ring[1] < 7]
    assert not Notice.objects.calling().exists()
    assert {one.acknowledged_by for one in rows(kind="adverse_event")} == {dan}


def test_taking_care_of_one_call_leaves_another_ringing(night: Any, bell: Bell, dan: User) -> None:
    paging.acknowledge(notice=call(), by=dan)
    call("adverse_event/2")
    minutes_pass(night, 20)
    assert bell.since(AT_NIGHT) == ALL_RINGS


def test_who_took_care_first_stays_named(night: Any, dan: User) -> None:
    page = call()
    assert paging.acknowledge(notice=page, address="erin@example.com")
    assert not paging.acknowledge(notice=page, by=dan)
    page.refresh_from_db()
    assert (page.acknowledged_as, page.acknowledged_by) == ("erin@example.com", None)


def test_after_an_outage_it_rings_once_and_not_three_times(night: Any, bell: Bell) -> None:
    call()
    bell.is_down = True
    minutes_pass(night, 20)
    bell.is_down = False
    minutes_pass(night, 40)
    assert Counter(to for to, _ in bell.rang) == Counter(settings_of_everybody())
    assert Notice.objects.calling().count() == 1


def settings_of_everybody() -> list[str]:
    return ["+13125550190", "dan@example.com", "erin@example.com"]


def test_a_dead_address_holds_up_nobody(
    night: Any, bell: Bell, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = bell.send

    def send(*, to: Any, **given: Any) -> None:
        if to == ["dan@example.com"]:
            raise lines.NeverSent("550")
        answers(to=to, **given)

    monkeypatch.setattr(lines.Line, "send", lambda _, **given: send(**given))
    call()
    minutes_pass(night, 20)
    assert bell.since(AT_NIGHT) == [ring for ring in ALL_RINGS if ring[0] != "dan@example.com"]


def test_a_call_nobody_answers_becomes_a_task_once(night: Any, bell: Bell, dan: User) -> None:
    page = call()
    minutes_pass(night, 20)
    assert not StaffTask.objects.filter(kind="page_unanswered").exists()
    minutes_pass(night, 5)
    task = StaffTask.objects.get(kind="page_unanswered")
    assert "rang and nobody acknowledged it" in task.detail
    assert list(paging.unanswered()) == [page]
    StaffTask.objects.update(done_at=AT_NIGHT, done_by=dan)
    minutes_pass(night, 5)
    assert StaffTask.objects.filter(kind="page_unanswered").count() == 1
    paging.acknowledge(notice=page, by=dan)
    assert not paging.unanswered().exists()


def test_a_missing_discharge_rings_as_every_call_does(bell: Bell) -> None:
    with time_machine.travel(BOOKED_AT, tick=False) as clock:
        visit = booked()
        clock.move_to(STARTS_AT)
        Appointment.objects.update(status=Status.EN_ROUTE, departed_at=STARTS_AT)
        Notice.objects.exclude(kind="no_discharge").update(status="superseded")
        clock.move_to(PAST_END)
        minutes_pass(clock, 40)
        assert bell.since(PAST_END) == ALL_RINGS
        page = Notice.objects.calling().get()
        assert (page.kind, page.appointment) == ("no_discharge", visit)
        Appointment.objects.update(status=Status.NO_SHOW)
        assert not Notice.objects.calling().exists()


def test_a_discharge_that_is_recorded_late_silences_the_bell(bell: Bell) -> None:
    with time_machine.travel(BOOKED_AT, tick=False) as clock:
        visit = booked()
        Notice.objects.exclude(kind="no_discharge").update(status="superseded")
        clock.move_to(PAST_END)
        minutes_pass(clock, 3)
        visit.refresh_from_db()
        for status in (Status.EN_ROUTE, Status.ON_SITE, Status.INFUSING, Status.OBSERVING):
            Appointment.objects.update(status=status)
        Appointment.objects.update(status=Status.DISCHARGED, discharged_at=PAST_END)
        minutes_pass(clock, 30)
    assert {minute for _, minute in bell.since(PAST_END)} == {0}


def test_a_plan_made_anew_leaves_a_ringing_bell_alone(night: Any, bell: Bell) -> None:
    call()
    ledger.plan_for(appointment=Appointment.objects.get())
    minutes_pass(night, 20)
    assert bell.since(AT_NIGHT) == ALL_RINGS


def test_with_nobody_named_it_fails_loudly_and_stands_on_the_page(
    night: Any, bell: Bell, settings: Settings
) -> None:
    settings.ON_CALL_EMAILS = settings.ON_CALL_PHONES = []
    page = call()
    minutes_pass(night, 2)
    page.refresh_from_db()
    assert page.status == NoticeStatus.FAILED
    assert Notice.objects.calling().get() == page


@pytest.mark.parametrize("index", ["notice_calling", "notice_undelivered"])
def test_what_the_desk_asks_for_on_every_page_has_an_index(index: str) -> None:
    """However many messages were ever sent; the table here is too small to use it unasked."""
    asked = {
        "notice_calling": paging.unanswered(),
        "notice_undelivered": Notice.objects.undelivered().order_by("-send_from"),
    }
    with connection.cursor() as cursor:
        for way in ("seqscan", "bitmapscan", "sort"):
            cursor.execute(f"SET LOCAL enable_{way} = off")
    assert index in asked[index].explain()


@pytest.mark.parametrize("kind", ["adverse_event", "crisis", "no_discharge", "unwell"])
def test_a_page_fits_one_text_with_its_link_and_names_nobody(kind: str, settings: Settings) -> None:
    settings.SITE_URL = "https://" + "a" * 40 + ".example.com"
    visit = booked()
    paging.page(kind=kind, subject_of="x/1", detail_facts={"severity": "severe"}, appointment=visit)
    for notice in Notice.objects.filter(subject_of="x/1"):
        said = messages.render(notice)
        assert "/go/p" in said.text
        assert "Byrne" not in said.text + said.html + said.subject
        if notice.channel == "sms":
            assert fits_sms(said.text)


@pytest.mark.django_db(transaction=True)
def test_no_ring_begins_after_an_acknowledgement(bell: Bell) -> None:
    """Eight workers ring forty times while eight people acknowledge."""
    for _ in range(3):
        page = call(f"adverse_event/{Notice.objects.count()}")
        people = [factories.make_user(role=Role.DISPATCHER, name="Dan Fox") for _ in range(3)]

        def take(person: User, page: Notice = page) -> datetime | None:
            won = paging.acknowledge(notice=page, by=person)
            return datetime.now(tz=utc(1, 1, 0).tzinfo) if won else None

        def ring() -> None:
            ledger.send_due()

        runners: list[Any] = [ring] * 3 + [lambda person=person: take(person) for person in people]
        taken = [at for at in race(runners) if at is not None]
        assert len(taken) == 1
        assert all(when <= taken[0] for _, when in bell.rang)
        bell.rang.clear()
        ledger.send_due()
        assert not bell.rang


@pytest.mark.django_db(transaction=True)
def test_an_acknowledgement_waits_for_a_ring_that_has_begun_and_no_other_follows(
    bell: Bell, settings: Settings
) -> None:
    settings.ON_CALL_EMAILS, settings.ON_CALL_PHONES = ["dan@example.com"], []
    page = call()
    bell.go_on.clear()

    def ring() -> None:
        try:
            ledger.send_due()
        finally:
            connection.close()

    ringing = threading.Thread(target=ring)
    ringing.start()
    assert bell.begun.wait(20)
    threading.Timer(0.3, bell.go_on.set).start()
    paging.acknowledge(notice=page, address="dan@example.com")
    assert len(bell.rang) == 1
    ringing.join(20)
    page.refresh_from_db()
    assert page.status == NoticeStatus.SENT
    left = Notice.objects.filter(kind="adverse_event", occurrence__gt=0)
    assert set(left.values_list("status", flat=True)) == {NoticeStatus.SUPERSEDED}
