"""Once, in the right order, whatever breaks."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.db import connection, transaction
from django.db.models import F
from pytest_django import Settings

from booking.channels import lines
from booking.delivery import paging, recovery, sending
from booking.models import Appointment, Notice, NoticeStatus, StaffTask
from booking.notices import ledger, messages
from config.core.clock import now
from tests import factories
from tests.booking.notice_help import BOOKED_AT, STARTS_AT, booked, cancelled, moved, row, rows, utc

HOUR = timedelta(hours=1)
DUE = BOOKED_AT + timedelta(minutes=3)


@pytest.fixture
def at_due() -> Any:
    """Ada's visit was booked three minutes ago; `booked` is due."""
    with time_machine.travel(BOOKED_AT, tick=False) as clock:
        booked()
        clock.move_to(DUE)
        yield clock


class Provider:
    """Stands where the provider is: keeps what it is given, and can misbehave."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.before: BaseException | None = None
        self.after: BaseException | None = None

    def send(self, *, message_id: str, **_: Any) -> None:
        if self.before is not None:
            raise self.before
        self.taken.append(message_id)
        if self.after is not None:
            raise self.after


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> Provider:
    standing_in = Provider()
    monkeypatch.setattr(lines.Line, "send", lambda _, **given: standing_in.send(**given))
    return standing_in


def sender(worker: str) -> sending.Sender:
    with lines.line() as line:
        return sending.Sender(line, worker=worker)


@pytest.mark.django_db
def test_after_an_outage_safety_goes_first_then_preparation_then_the_rest(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr(sending, "_hand_over", lambda notice, _: said.append(notice.notice_class))
    with time_machine.travel(BOOKED_AT, tick=False):
        ada = booked()
    # Ben's was booked the evening before Ada's, whose safety and preparation fell due in between.
    with time_machine.travel(STARTS_AT - 20 * HOUR, tick=False):
        ben = factories.make_appointment(
            patient=factories.make_patient(name="Ben Ward"),
            nurse=None,
            starts_at=STARTS_AT + 24 * HOUR,
        )
        ledger.plan_for(appointment=ben)
    Appointment.objects.filter(pk=ada.pk).update(dosed_at=STARTS_AT + HOUR)
    with time_machine.travel(STARTS_AT + 5 * HOUR, tick=False):
        ledger.send_due()
    assert said == sorted(said, key="OSPF".index)
    assert set(said) == set("OSPF")


@pytest.mark.django_db
def test_what_is_past_its_use_is_marked_and_listed_and_never_sent(provider: Provider) -> None:
    with time_machine.travel(BOOKED_AT, tick=False):
        booked()
    with time_machine.travel(STARTS_AT + HOUR, tick=False):
        assert ledger.send_due() == 0
    assert not provider.taken
    assert {n.kind for n in rows(status="expired")} == {
        "booked", "prepare", "confirm_escort", "evening_before"
    }  # fmt: skip
    listed = StaffTask.objects.filter(kind="message_expired")
    assert Counter(task.key.split("/")[1] for task in listed) == {
        "prepare": 1, "confirm_escort": 1, "evening_before": 1
    }  # fmt: skip


@pytest.mark.django_db
def test_nobody_is_asked_to_call_where_the_other_channel_got_through(
    at_due: Any, provider: Provider
) -> None:
    Notice.objects.filter(kind="evening_before", channel="email").update(
        status=NoticeStatus.CLAIMED, lease_until=now()
    )
    Notice.objects.filter(kind="evening_before", channel="email").update(
        status=NoticeStatus.SENDING
    )
    Notice.objects.filter(kind="evening_before", channel="email").update(
        status=NoticeStatus.SENT, sent_at=now()
    )
    at_due.move_to(STARTS_AT)
    ledger.expire()
    assert row(kind="evening_before", channel="sms").status == NoticeStatus.EXPIRED
    assert not StaffTask.objects.filter(key__contains="evening_before").exists()


@pytest.mark.django_db
def test_a_worker_that_dies_with_a_claim_gives_it_back(at_due: Any, provider: Provider) -> None:
    assert len(sending.claim_due(sender("first"), limit=5)) == 2
    assert ledger.send_due() == 0
    at_due.shift(timedelta(seconds=61))
    assert ledger.send_due() == 2
    assert {n.attempts for n in rows(kind="booked")} == {1}


@pytest.mark.django_db
def test_a_worker_whose_lease_lapsed_sends_nothing(at_due: Any, provider: Provider) -> None:
    slow = sender("slow")
    taken = sending.claim_due(slow, limit=5)
    at_due.shift(timedelta(seconds=61))
    assert [sending.deliver(row, slow) for row in taken] == [False, False]
    assert not provider.taken
    assert ledger.send_due() == 2
    assert [sending.deliver(row, slow) for row in taken] == [False, False]
    assert len(provider.taken) == 2


def _owed(*, notice_class: str) -> Notice:
    """Leave only one notice, of a class."""
    kept = row(kind="booked", channel="email")
    Notice.objects.update(status=NoticeStatus.SUPERSEDED)
    kept.pk, kept.notice_class, kept.occurrence = None, notice_class, kept.occurrence + 1
    kept.save(force_insert=True)
    return kept


@pytest.mark.django_db
@pytest.mark.parametrize("crash", ["before", "after"])
@pytest.mark.parametrize(("notice_class", "tries"), [("S", 2), ("P", 2), ("O", 2), ("F", 1)])
def test_a_crash_around_the_providers_answer_repeats_what_matters_once(
    at_due: Any, provider: Provider, crash: str, notice_class: str, tries: int
) -> None:
    kept = _owed(notice_class=notice_class)
    setattr(provider, crash, KeyboardInterrupt())
    for _ in range(4):
        at_due.shift(timedelta(minutes=2))
        try:
            ledger.send_due()
        except KeyboardInterrupt:
            kept.refresh_from_db()
            assert kept.status == NoticeStatus.SENDING
    kept.refresh_from_db()
    assert (kept.status, kept.attempts) == (NoticeStatus.UNKNOWN, tries)
    assert len(provider.taken) == (tries if crash == "after" else 0)
    # Whoever receives it twice can tell: the identifier is the same.
    assert len(set(provider.taken)) <= 1
    assert StaffTask.objects.filter(kind="message_in_doubt").count() == (tries == 2)


@pytest.mark.django_db
def test_a_repeated_message_that_goes_through_is_sent(at_due: Any, provider: Provider) -> None:
    kept = _owed(notice_class="S")
    provider.after = SystemExit()
    with pytest.raises(SystemExit):
        ledger.send_due()
    provider.after = None
    at_due.shift(timedelta(seconds=61))
    ledger.send_due()
    at_due.shift(timedelta(seconds=61))
    ledger.send_due()
    kept.refresh_from_db()
    assert (kept.status, len(provider.taken), len(set(provider.taken))) == ("sent", 2, 1)


@pytest.mark.django_db
def test_a_lost_answer_is_doubted_at_once(at_due: Any, provider: Provider) -> None:
    kept = _owed(notice_class="F")
    provider.after = lines.PerhapsSent("TimeoutError")
    assert ledger.send_due() == 0
    kept.refresh_from_db()
    assert (kept.status, kept.problem) == (NoticeStatus.UNKNOWN, "TimeoutError")


@pytest.mark.django_db
def test_a_provider_that_is_down_is_asked_again_ever_later(at_due: Any, provider: Provider) -> None:
    kept = _owed(notice_class="P")
    provider.before = lines.NotSent("ConnectionRefusedError")
    waits = []
    for _ in range(3):
        assert ledger.send_due() == 0
        kept.refresh_from_db()
        assert kept.status == NoticeStatus.PENDING
        assert kept.next_try_at is not None
        waits.append((kept.next_try_at - now()).total_seconds())
        at_due.move_to(kept.next_try_at - timedelta(seconds=1))
        assert ledger.send_due() == 0
        assert Notice.objects.get(pk=kept.pk).attempts == kept.attempts
        at_due.move_to(kept.next_try_at)
    assert all(15 * 2**n <= wait <= 30 * 2**n for n, wait in enumerate(waits))
    provider.before = None
    assert ledger.send_due() == 1


@pytest.mark.django_db
def test_whom_a_provider_turns_away_for_now_is_tried_for_as_long_as_it_is_of_use(
    at_due: Any, provider: Provider
) -> None:
    kept = _owed(notice_class="P")
    assert kept.not_after is not None
    provider.before = lines.NotSent("SMTPRecipientsRefused 450")
    while now() < kept.not_after:
        ledger.send_due()
        at_due.shift(timedelta(hours=5))
    ledger.send_due()
    kept.refresh_from_db()
    assert kept.attempts > 2 * recovery.MAX_ATTEMPTS
    assert kept.status in (NoticeStatus.FAILED, NoticeStatus.EXPIRED)
    assert "please call" in StaffTask.objects.get().detail


@pytest.mark.django_db
def test_after_eight_tries_that_failed_by_our_own_fault_staff_are_asked_to_call(
    at_due: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = _owed(notice_class="P")

    def render(_: Notice) -> lines.Message:
        raise ValueError

    monkeypatch.setattr(messages, "render", render)
    for _ in range(recovery.MAX_ATTEMPTS):
        ledger.send_due()
        at_due.shift(timedelta(minutes=15))
    kept.refresh_from_db()
    assert (kept.status, kept.attempts) == (NoticeStatus.FAILED, 8)
    assert StaffTask.objects.get().kind == "message_failed"


@pytest.mark.django_db
def test_a_refusal_for_good_is_not_repeated(at_due: Any, provider: Provider) -> None:
    kept = _owed(notice_class="P")
    provider.before = lines.NeverSent("SMTPRecipientsRefused 550")
    ledger.send_due()
    kept.refresh_from_db()
    assert (kept.status, kept.problem) == (NoticeStatus.FAILED, "SMTPRecipientsRefused 550")
    assert "please call" in StaffTask.objects.get().detail


@pytest.mark.django_db
def test_one_poisonous_row_holds_nothing_up_and_says_nothing_of_the_patient(
    at_due: Any,
    outbox: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    true_render = messages.render

    def render(notice: Notice) -> lines.Message:
        if notice.channel == "email":
            raise ValueError("Ada Byrne, 1201 Lake St")
        return true_render(notice)

    monkeypatch.setattr(messages, "render", render)
    assert ledger.send_due() == 1
    assert row(kind="booked", channel="sms").status == NoticeStatus.SENT
    poisoned = row(kind="booked", channel="email")
    assert (poisoned.status, poisoned.problem) == (NoticeStatus.PENDING, "ValueError")
    assert "Ada" not in caplog.text


def _at_once(*works: Callable[[], object]) -> None:
    """Start all at the same moment, each in a thread with its own connection."""
    barrier = threading.Barrier(len(works))

    def run(work: Callable[[], object]) -> None:
        try:
            barrier.wait(timeout=20)
            work()
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[work]) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert not any(thread.is_alive() for thread in threads)


def _many_due(count: int) -> None:
    """Plan one page per subject, all due now."""
    appointment = booked(starts_at=now().replace(minute=0) + timedelta(days=8))
    Notice.objects.update(status=NoticeStatus.SUPERSEDED)
    for number in range(count):
        paging.page(
            kind="adverse_event",
            subject_of=f"adverse-event/{number}",
            detail_facts={},
            appointment=appointment,
        )


@pytest.mark.django_db(transaction=True)
def test_four_workers_send_each_notice_once(provider: Provider, monkeypatch: Any) -> None:
    monkeypatch.setattr(messages, "render", lambda _: lines.Message("s", "t"))
    _many_due(40)
    _at_once(*[ledger.send_due] * 4)
    assert Counter(provider.taken) == Counter(set(provider.taken))
    assert len(provider.taken) == 40
    assert not Notice.objects.ripe(at=now()).exists()


@pytest.mark.django_db(transaction=True)
def test_without_claims_four_workers_would_send_twice(provider: Provider) -> None:
    """The control: read what is due, send it, mark it; as a simple loop would."""
    _many_due(40)
    seen = threading.Barrier(4)

    def naive() -> None:
        due = list(Notice.objects.ripe(at=now()))
        seen.wait(timeout=20)
        for notice in due:
            provider.send(message_id=str(notice.pk))
            Notice.objects.filter(pk=notice.pk).update(sent_at=now())

    _at_once(*[naive] * 4)
    assert len(provider.taken) > len(set(provider.taken))


def _while_one_is_sent(
    monkeypatch: pytest.MonkeyPatch, change: Callable[[Appointment], object]
) -> list[str]:
    """Change the visit while the provider thinks about `booked`; return what ended when."""
    monkeypatch.setattr(messages, "render", lambda _: lines.Message("s", "t"))
    order: list[str] = []
    calling, changing, committed = threading.Event(), threading.Event(), threading.Event()

    def send(**_: object) -> None:
        calling.set()
        assert changing.wait(timeout=20)
        # The other thread is inside its transaction now and cannot finish before this returns.
        assert not committed.wait(timeout=0.3)
        order.append("sent")

    monkeypatch.setattr(lines.Line, "send", lambda _, **given: send(**given))
    appointment = booked(starts_at=now().replace(minute=0) + timedelta(days=8))
    Notice.objects.exclude(kind="booked", channel="email").update(status=NoticeStatus.SUPERSEDED)
    Notice.objects.filter(status=NoticeStatus.PENDING).update(send_from=F("created_at"))

    def changed() -> None:
        assert calling.wait(timeout=20)
        with transaction.atomic():
            changing.set()
            change(appointment)
        order.append("changed")
        committed.set()

    _at_once(ledger.send_due, changed)
    return order


@pytest.mark.django_db(transaction=True)
def test_a_move_waits_for_the_message_that_is_being_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the old version leaves after the change has committed."""
    order = _while_one_is_sent(
        monkeypatch, lambda visit: moved(visit, by=timedelta(days=1), at=now())
    )
    assert order == ["sent", "changed"]
    # It knows what went out: the patient is told of the change, not booked anew.
    assert {n.kind for n in rows(version=2, channel="email")} >= {"changed"}


@pytest.mark.django_db(transaction=True)
def test_a_cancellation_knows_of_the_message_that_is_being_sent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    order = _while_one_is_sent(monkeypatch, lambda visit: cancelled(visit, at=now()))
    assert order == ["sent", "changed"]
    assert row(subject_of="cancelled", channel="email").status == NoticeStatus.PENDING


@pytest.mark.django_db(transaction=True)
def test_a_claimed_message_of_a_visit_moved_meanwhile_is_not_sent(provider: Provider) -> None:
    appointment = booked(starts_at=now().replace(minute=0) + timedelta(days=8))
    Notice.objects.filter(kind="booked").update(send_from=F("created_at"))
    first = sender("first")
    taken = sending.claim_due(first, limit=5)
    assert taken
    moved(appointment, by=timedelta(days=1), at=now())
    assert not any(sending.deliver(row, first) for row in taken)
    assert not provider.taken
    assert {n.status for n in rows(version=1)} == {NoticeStatus.SUPERSEDED}


@pytest.mark.django_db
def test_the_version_is_looked_at_even_if_the_row_was_not_closed(at_due: Any, outbox: Path) -> None:
    appointment = Appointment.objects.get()
    Appointment.objects.filter(pk=appointment.pk).update(version=2)
    assert ledger.send_due() == 0
    assert {n.problem for n in rows(kind="booked")} == {"the visit was moved"}
    assert not mail.outbox


@pytest.mark.django_db
def test_preparation_late_by_our_fault_goes_by_mail_at_night_and_by_text_in_the_morning(
    provider: Provider,
) -> None:
    with time_machine.travel(BOOKED_AT, tick=False):
        booked(starts_at=utc(11, 24, 23))  # 5 PM in Chicago; the food stop is at 11 AM
    night = utc(11, 24, 5)  # 11 PM
    with time_machine.travel(night, tick=False):
        ledger.send_due()
        assert row(kind="evening_before", channel="email").status == NoticeStatus.SENT
        assert row(kind="evening_before", channel="sms").next_try_at == utc(11, 24, 14)


@pytest.mark.django_db
def test_a_page_with_nobody_to_go_to_is_a_failure_and_not_silence(
    at_due: Any, provider: Provider, settings: Settings
) -> None:
    settings.ON_CALL_EMAILS = []
    paging.page(
        kind="adverse_event",
        subject_of="adverse-event/1",
        detail_facts={},
        appointment=Appointment.objects.get(),
    )
    ledger.send_due()
    assert row(kind="adverse_event", occurrence=0).status == NoticeStatus.FAILED
    assert StaffTask.objects.get().kind == "message_failed"
