"""The desk's pages about messages: a visit's timeline, and what did not get through."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import time_machine
from django.core import mail
from django.test import Client
from django.urls import reverse

from booking.delivery import paging, resending
from booking.links import answers, tokens
from booking.links.tokens import Purpose
from booking.models import Appointment, Notice, NoticeStatus, Status
from booking.notices import ledger, timeline
from config.core.errors import Malformed, WrongState
from config.core.models import Role, User
from tests import factories
from tests.booking.link_help import old_token
from tests.booking.notice_help import BOOKED_AT, STARTS_AT, booked, cancelled, moved, row, rows
from tests.racing import race

pytestmark = pytest.mark.django_db
SENT_AT = BOOKED_AT + timedelta(minutes=4)
HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def dan() -> User:
    return factories.make_user(role=Role.DISPATCHER, name="Dan Fox")


@pytest.fixture
def desk(client: Client, dan: User) -> Client:
    client.force_login(dan)
    return client


@pytest.fixture
def told() -> Iterator[Appointment]:
    """Ada's visit, of which she has been told."""
    with time_machine.travel(BOOKED_AT, tick=False) as clock:
        visit = booked()
        clock.move_to(SENT_AT)
        ledger.send_due()
        mail.outbox.clear()
        yield visit


def first_word(**changes: Any) -> Notice:
    return row(kind="booked", channel="email", occurrence=0, **changes)


def again(
    notice: Notice, by: User, *, reason: str = "She lost it", form: UUID | None = None
) -> Any:
    return resending.resend(notice=notice, reason=reason, by=by, form=form or uuid4())


def shown(desk: Client, name: str, *args: Any) -> str:
    answer = desk.get(reverse(name, args=args))
    assert answer.status_code == 200
    return answer.content.decode()


ADDRESSES = [
    ("get", "visit-messages"),
    ("get", "staff-message"),
    ("get", "undelivered-messages"),
    ("post", "resend-message"),
    ("post", "handle-message"),
]


@pytest.mark.parametrize(("method", "name"), ADDRESSES)
def test_only_staff_come_in(client: Client, told: Appointment, method: str, name: str) -> None:
    keys = {"visit-messages": [told.pk], "undelivered-messages": []}
    address = reverse(name, args=keys.get(name, [first_word().pk]))
    call = getattr(client, method)
    assert "/accounts/login/" in call(address).headers["Location"]
    for role in (Role.PATIENT, Role.NURSE):
        client.force_login(factories.make_user(role=role))
        assert call(address).status_code == 403
    for role in (Role.DISPATCHER, Role.CLINICIAN, Role.ADMINISTRATOR):
        client.force_login(factories.make_user(role=role))
        assert call(address).status_code in (200, 302)


def test_a_visits_timeline_has_what_was_said_what_is_planned_and_why(
    desk: Client, told: Appointment
) -> None:
    found = timeline.of(told)
    assert "Booked, to patient by e-mail" in [one.title for one in found.past]
    ahead = [one.title for one in found.ahead]
    evening = ahead.index("Evening before, to patient by e-mail")
    assert evening < ahead.index("The visit starts") < ahead.index("Driving allowed again")
    assert [one.at for one in found.ahead] == sorted(one.at for one in found.ahead)
    said = shown(desk, "visit-messages", told.pk)
    assert "Your visit is booked" in said or first_word().title in said
    assert "Of use until Tue 24 Nov, 3:30 AM CST" in said


def test_what_was_replaced_is_folded_away(desk: Client, told: Appointment) -> None:
    moved(told, by=timedelta(days=2), at=SENT_AT)
    found = timeline.of(told)
    assert {one.notice.version for one in found.replaced if one.notice} == {1}
    said = shown(desk, "visit-messages", told.pk)
    folded = said.index("replaced, never sent")
    assert f"{len(found.replaced)} replaced" in said
    assert not [m for m in re.finditer("replaced by a newer plan", said) if m.start() < folded]


def test_what_failed_says_why_and_what_was_told_by_link_stands_beside_it(
    desk: Client, told: Appointment
) -> None:
    waiting = row(kind="confirm_escort", channel="sms")
    link = tokens.read(tokens.token(Purpose.escort, waiting))
    answers.record(link=link, client_id=uuid4(), facts={"answer": "yes"})
    Notice.objects.filter(pk=waiting.pk).update(status="claimed", lease_until=SENT_AT)
    Notice.objects.filter(pk=waiting.pk).update(status="failed", problem="550 no such user")
    said = shown(desk, "visit-messages", told.pk)
    assert "550 no such user" in said
    assert "An adult stays with them" in said


def test_staff_never_read_a_link_that_acts_for_the_patient(desk: Client, told: Appointment) -> None:
    sent = first_word()
    waiting = row(kind="evening_before", channel="email")
    pages = [
        shown(desk, "visit-messages", told.pk),
        shown(desk, "staff-message", sent.pk),
        shown(desk, "staff-message", waiting.pk),
        desk.get(reverse("staff-messages")).content.decode(),
    ]
    shown_tokens = {token for page in pages for token in re.findall(r"/go/([0-9a-zA-Z-]+)", page)}
    for token in shown_tokens:
        with pytest.raises(tokens.NoSuchLink):
            tokens.read(token)
    real = tokens.url(Purpose.visit, sent)
    for link in (real, real.rpartition("/")[0] + "/" + old_token(Purpose.visit, sent)):
        assert timeline.masked(f"Change it: {link} or call") == (
            f"Change it: {real.partition('/go/')[0]}/go/… or call"
        )


def test_a_message_is_looked_at_before_it_goes(desk: Client, told: Appointment) -> None:
    waiting = row(kind="evening_before", channel="email")
    before = Notice.objects.filter(pk=waiting.pk).values().get()
    said = shown(desk, "staff-message", waiting.pk)
    assert "What it would say now" in said
    assert "3:30 AM" in said
    assert Notice.objects.filter(pk=waiting.pk).values().get() == before
    assert not mail.outbox


def test_hostile_names_are_text_on_every_page(desk: Client, told: Appointment) -> None:
    told.patient.user.name = HOSTILE
    told.patient.user.save()
    for name, key in (("visit-messages", told.pk), ("staff-message", first_word().pk)):
        assert HOSTILE not in shown(desk, name, key)


# -- once more -----------------------------------------------------------------------------------


def test_a_message_is_sent_once_more_for_a_reason(
    desk: Client, dan: User, told: Appointment
) -> None:
    form = re.findall(r'name="form" value="([^"]+)"', shown(desk, "staff-message", first_word().pk))
    sent = {"form": form[0], "reason": "  She   lost it "}
    for _ in range(2):  # a double click
        desk.post(reverse("resend-message", args=[first_word().pk]), sent)
    new = row(kind="booked", channel="email", occurrence=1)
    assert (new.why, new.facts["resent_by"], new.send_from) == ("She lost it", dan.pk, SENT_AT)
    ledger.send_due()
    ledger.send_due()
    new.refresh_from_db()
    assert new.status == NoticeStatus.SENT
    assert len(mail.outbox) == 1
    assert "Sent once more by Dan Fox: She lost it" in shown(desk, "visit-messages", told.pk)


@pytest.mark.parametrize("reason", ["", "   ", "x" * 101, "\x00"])
def test_without_a_reason_nothing_is_sent(desk: Client, told: Appointment, reason: str) -> None:
    answer = desk.post(
        reverse("resend-message", args=[first_word().pk]), {"form": uuid4(), "reason": reason}
    )
    assert answer.status_code == 302
    assert not rows(kind="booked", occurrence=1)


def test_the_rule_itself_wants_a_reason(dan: User, told: Appointment) -> None:
    with pytest.raises(Malformed):
        again(first_word(), dan, reason=" \n")


def test_what_must_not_go_any_more_is_not_sent_once_more(dan: User, told: Appointment) -> None:
    sent = first_word()
    moved(told, by=timedelta(days=2), at=SENT_AT)
    with pytest.raises(WrongState, match="the visit was moved"):
        again(sent, dan)
    with pytest.raises(WrongState, match="not gone yet"):
        again(row(kind="evening_before", channel="email", version=2), dan)


def test_what_is_too_late_is_not_sent_once_more(dan: User, told: Appointment) -> None:
    with time_machine.travel(STARTS_AT, tick=False), pytest.raises(WrongState, match="too late"):
        again(first_word(), dan)


def test_a_cancelled_visit_is_not_confirmed_once_more(dan: User, told: Appointment) -> None:
    cancelled(told, at=SENT_AT)
    with pytest.raises(WrongState, match="cannot go any more"):
        again(first_word(), dan)


def test_a_call_is_not_sent_once_more(dan: User, told: Appointment) -> None:
    paging.page(kind="adverse_event", subject_of="a/1", detail_facts={}, appointment=told)
    page = row(kind="adverse_event", occurrence=0)
    with pytest.raises(WrongState, match="rings by itself"):
        again(page, dan)


def test_it_says_on_the_page_what_stands_in_the_way(desk: Client, told: Appointment) -> None:
    cancelled(told, at=SENT_AT)
    answer = desk.post(
        reverse("resend-message", args=[first_word().pk]),
        {"form": uuid4(), "reason": "She lost it"},
        follow=True,
    )
    assert "It cannot go any more" in answer.content.decode()


@pytest.mark.django_db(transaction=True)
def test_two_people_send_once_more_twice_and_one_form_once(dan: User) -> None:
    with time_machine.travel(BOOKED_AT, tick=False) as clock:
        booked()
        clock.move_to(SENT_AT)
        ledger.send_due()
        sent, forms = first_word(), [uuid4(), uuid4()]
        race([lambda form=form: again(sent, dan, form=form) for form in forms * 3])  # type: ignore[misc]
    assert [one.occurrence for one in rows(kind="booked", channel="email")] == [0, 1, 2]


# -- undelivered ---------------------------------------------------------------------------------


def fail(notice: Notice, *, status: str = "failed") -> None:
    if status == "failed":
        Notice.objects.filter(pk=notice.pk).update(status="claimed", lease_until=SENT_AT)
    Notice.objects.filter(pk=notice.pk).update(status=status, problem="550 no such user")


def test_what_did_not_get_through_is_listed_until_somebody_sees_to_it(
    desk: Client, dan: User, told: Appointment
) -> None:
    assert "Every message got through" in shown(desk, "undelivered-messages")
    waiting = row(kind="evening_before", channel="email")
    fail(waiting)
    fail(row(kind="prepare"), status="expired")
    said = shown(desk, "undelivered-messages")
    assert said.count("I saw to it") == 2
    assert "550 no such user" in said
    back = reverse("undelivered-messages")
    for _ in range(2):
        answer = desk.post(reverse("handle-message", args=[waiting.pk]), {"back": back})
        assert answer.headers["Location"] == back
    waiting.refresh_from_db()
    assert (waiting.handled_by, waiting.handled_at) == (dan, SENT_AT)
    assert shown(desk, "undelivered-messages").count("I saw to it") == 1


def test_it_says_where_another_channel_got_through(desk: Client, told: Appointment) -> None:
    fail(row(kind="evening_before", channel="email"))
    assert "got through by another channel" not in shown(desk, "undelivered-messages")
    twin = Notice.objects.filter(kind="evening_before", channel="sms")
    twin.update(status="claimed", lease_until=SENT_AT)
    twin.update(status="sending")
    twin.update(status="sent", sent_at=SENT_AT)
    assert "got through by another channel" in shown(desk, "undelivered-messages")


def test_what_got_through_is_not_seen_to(desk: Client, told: Appointment) -> None:
    desk.post(reverse("handle-message", args=[first_word().pk]))
    assert first_word().handled_at is None


@pytest.mark.parametrize("back", ["https://elsewhere.example/", "//elsewhere.example", "\x00", ""])
def test_it_leads_nowhere_else(desk: Client, told: Appointment, back: str) -> None:
    waiting = row(kind="evening_before", channel="email")
    fail(waiting)
    answer = desk.post(reverse("handle-message", args=[waiting.pk]), {"back": back})
    assert answer.headers["Location"] == reverse("undelivered-messages")


@pytest.mark.parametrize("query", ["page=0", "page=-1", "page=nonsense", "page=999999999999999999"])
def test_a_page_that_is_not_there_is_the_nearest_one(desk: Client, query: str) -> None:
    assert desk.get(f"{reverse('undelivered-messages')}?{query}").status_code == 200


# -- calls nobody answered -----------------------------------------------------------------------


def test_a_call_nobody_answered_stands_above_every_page_of_the_desk(
    desk: Client, dan: User
) -> None:
    with time_machine.travel(BOOKED_AT, tick=False) as clock:
        visit = booked()
        paging.page(kind="adverse_event", subject_of="a/1", detail_facts={}, appointment=visit)
        clock.move_to(BOOKED_AT + timedelta(minutes=19))
        assert "rang and nobody answered" not in shown(desk, "admin:index")
        clock.move_to(BOOKED_AT + timedelta(minutes=20))
        for name in ("admin:index", "on-call", "staff-messages"):
            assert "1 call rang and nobody answered" in shown(desk, name)
        desk.post(
            reverse(
                "acknowledge-page",
                args=[row(occurrence=0, notice_class="O", recipient="on_call").pk],
            )
        )
        assert "rang and nobody answered" not in shown(desk, "admin:index")
    assert Appointment.objects.get().status == Status.BOOKED


def test_the_admins_page_of_a_visit_leads_to_its_timeline(desk: Client, told: Appointment) -> None:
    page = shown(desk, "admin:booking_appointment_change", told.pk)
    assert reverse("visit-messages", args=[told.pk]) in page
