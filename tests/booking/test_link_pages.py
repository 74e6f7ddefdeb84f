"""The pages behind links: looking changes nothing, a confirmed answer counts once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.core.cache import cache
from django.core.cache.backends.redis import RedisCache
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from booking import appointments, other_times
from booking.delivery import paging
from booking.links import tokens
from booking.links.tokens import Purpose
from booking.models import Appointment, Notice, StaffTask, Status, VisitAnswer
from booking.notices.words import TELLING
from config.core import throttle
from tests.booking.link_help import address, answered, hidden, opened
from tests.booking.notice_help import BOOKED_AT, STARTS_AT, booked, moved, row, utc
from tests.factories import make_appointment, make_patient
from tests.racing import race

pytestmark = pytest.mark.django_db

EVE = utc(11, 23, 18)
MORNING = utc(11, 24, 13)
AFTER = utc(11, 25, 16)


@pytest.fixture(autouse=True)
def _uncounted() -> Iterator[None]:
    """Nobody has tried a wrong link yet; right ones are counted each for itself."""
    cache.delete("throttle/guess/127.0.0.1")
    yield
    cache.delete("throttle/guess/127.0.0.1")


def a_notice(**changes: Any) -> Notice:
    with time_machine.travel(BOOKED_AT, tick=False):
        booked(**changes)
    return row(kind="confirm_escort", channel="sms")


def link_to(purpose: Purpose) -> str:
    return address(purpose, a_notice())


# What each page asks, when, and what an answer to it is.
ASKED = [
    (Purpose.escort, EVE, {"answer": "yes"}),
    (Purpose.escort, EVE, {"answer": "no"}),
    (Purpose.ate, MORNING, {"what": "solid", "at": "06:40"}),
    (Purpose.visit, EVE, {"answer": "cancel"}),
    (Purpose.visit, EVE, {"answer": "change"}),
    (Purpose.warning, utc(11, 24, 20), {}),
    (Purpose.unwell, AFTER, {}),
    (Purpose.feeling, AFTER, {"answer": "good"}),
    (Purpose.feeling, AFTER, {"answer": "not_so_good"}),
    (Purpose.feeling, AFTER, {"answer": "unwell"}),
]
asked = pytest.mark.parametrize(("purpose", "at", "facts"), ASKED)


def everything() -> dict[str, list[Any]]:
    models: list[type[Model]] = [Appointment, Notice, StaffTask, VisitAnswer]
    return {
        model.__name__: list(model._default_manager.order_by("pk").values()) for model in models
    }


@asked
def test_a_program_that_opens_every_link_changes_nothing(
    client: Client, purpose: Purpose, at: Any, facts: dict[str, str]
) -> None:
    path = link_to(purpose)
    before = everything()
    with (
        time_machine.travel(at, tick=False),
        CaptureQueriesContext(
            connection,
        ) as asked_for,
    ):
        opened(client, path)
        client.head(path)
        client.get(path, facts)
    assert everything() == before
    assert not [one for one in asked_for if not one["sql"].startswith("SELECT")]
    assert not client.session.keys()


@asked
def test_an_answer_is_kept_and_shown_when_the_link_is_opened_again(
    client: Client, purpose: Purpose, at: Any, facts: dict[str, str]
) -> None:
    path = link_to(purpose)
    with time_machine.travel(at, tick=False):
        answered(client, path, **facts)
        answer = VisitAnswer.objects.get()
        assert (answer.purpose, answer.at, answer.version) == (purpose.value, at, 1)
        again = client.get(path).content.decode()
    assert "Noted on" in again or "You told us" in again or "is cancelled" in again


@asked
def test_a_double_click_counts_once(
    client: Client, purpose: Purpose, at: Any, facts: dict[str, str]
) -> None:
    path = link_to(purpose)
    with time_machine.travel(at, tick=False):
        sent = {"client_id": hidden(opened(client, path)), **facts}
        codes = [client.post(path, sent).status_code for _ in range(3)]
    assert codes == [302] * 3
    assert VisitAnswer.objects.count() == 1
    assert StaffTask.objects.count() <= 1
    assert Notice.objects.filter(kind="unwell", occurrence=0).count() <= 1


@asked
def test_two_tabs_count_once(
    client: Client, purpose: Purpose, at: Any, facts: dict[str, str]
) -> None:
    path = link_to(purpose)
    with time_machine.travel(at, tick=False):
        tabs = [hidden(opened(client, path)) for _ in range(2)]
        for tab in tabs:
            assert client.post(path, {"client_id": tab, **facts}).status_code == 302
    assert VisitAnswer.objects.count() == 1


@asked
def test_a_form_from_another_site_does_nothing(
    purpose: Purpose, at: Any, facts: dict[str, str]
) -> None:
    path = link_to(purpose)
    client = Client(enforce_csrf_checks=True)
    with time_machine.travel(at, tick=False):
        shown = opened(client, path)
        sent = {"client_id": hidden(shown), **facts}
        assert client.post(path, sent).status_code == 403
        assert client.post(path, sent, headers={"Origin": "null"}).status_code == 403
        token = re.findall(r'name="csrfmiddlewaretoken" value="([^"]+)"', shown)[0]
        sent["csrfmiddlewaretoken"] = token
        theirs = {"Origin": "https://elsewhere.example"}
        assert client.post(path, sent, headers=theirs).status_code == 403
        assert not VisitAnswer.objects.exists()
        assert client.post(path, sent, headers={"Origin": "null"}).status_code == 302
    assert VisitAnswer.objects.count() == 1


@asked
def test_a_page_tells_nobody_where_it_is_and_nothing_but_a_first_name(
    client: Client, purpose: Purpose, at: Any, facts: dict[str, str]
) -> None:
    path = link_to(purpose)
    with time_machine.travel(at, tick=False):
        before = client.get(path)
        after = answered(client, path, **facts)
    for answer in (before, after):
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert "noindex" in answer.headers["X-Robots-Tag"]
        assert "no-store" in answer.headers["Cache-Control"]
        shown = answer.content.decode()
        assert "<script" not in shown
        shown = re.sub(r"<[^>]*>", " ", shown).replace("chest pain", "")
        for private in ("Byrne", "Lake St", "Oak Park", "Cleo", "Ortiz", "+1312555012", "@"):
            assert private not in shown
        assert not TELLING.search(shown)


@pytest.mark.parametrize(
    ("purpose", "answer"),
    [
        (Purpose.escort, "yes"),
        (Purpose.ate, ""),
        (Purpose.visit, "cancel"),
        (Purpose.warning, ""),
    ],
)
def test_a_link_of_an_older_version_says_that_the_visit_has_changed(
    client: Client, purpose: Purpose, answer: str
) -> None:
    path = link_to(purpose)
    with time_machine.travel(EVE, tick=False):
        shown = opened(client, path)
        moved(Appointment.objects.get(), by=timedelta(days=2), at=EVE)
        changed = client.get(path)
        assert changed.status_code == 409
        said = changed.content.decode()
        assert "Your visit has changed" in said
        assert "Thu 26 Nov, 9:30 AM CST" in said
        sent = {"client_id": hidden(shown), "answer": answer, "what": "solid", "at": "06:00"}
        assert client.post(path, sent).status_code == 302
    assert not VisitAnswer.objects.exists()
    assert Appointment.objects.get().status == Status.BOOKED


@pytest.mark.parametrize(
    ("purpose", "at"),
    [
        (Purpose.escort, STARTS_AT),
        (Purpose.visit, STARTS_AT),
        (Purpose.ate, STARTS_AT + timedelta(hours=4)),
        (Purpose.warning, STARTS_AT + timedelta(hours=40)),
        (Purpose.feeling, STARTS_AT + timedelta(days=4)),
    ],
)
def test_a_link_that_has_ended_says_so_and_does_nothing(
    client: Client, purpose: Purpose, at: Any
) -> None:
    path = link_to(purpose)
    with time_machine.travel(at, tick=False):
        answer = client.get(path)
        assert answer.status_code == 410
        assert "This link has ended" in answer.content.decode()
        facts = {"answer": "unwell", "what": "solid", "at": "06:00"}
        client.post(path, {"client_id": str(uuid4()), **facts})
    assert not VisitAnswer.objects.exists()


def test_whoever_feels_unwell_finds_the_numbers_however_old_the_link_is(client: Client) -> None:
    path = link_to(Purpose.unwell)
    with time_machine.travel(STARTS_AT + timedelta(days=200), tick=False):
        said = client.get(path).content.decode()
    for number in ("tel:911", "tel:988"):
        assert number in said.partition("<footer")[0]
    assert "<form" not in said


def test_a_visit_that_is_cancelled_asks_nothing_more(client: Client) -> None:
    path = link_to(Purpose.escort)
    with time_machine.travel(EVE, tick=False):
        appointments.cancel(appointment=Appointment.objects.get())
        answer = client.get(path)
    assert answer.status_code == 410
    assert "Your visit is cancelled" in answer.content.decode()


# -- what follows from each ----------------------------------------------------------------------


def test_an_adult_who_is_ready_is_noted_and_asks_nothing_of_staff(client: Client) -> None:
    path = link_to(Purpose.escort)
    with time_machine.travel(EVE, tick=False):
        said = answered(client, path, answer="yes").content.decode()
    assert "an adult stays with you" in said
    assert not StaffTask.objects.exists()


def test_an_adult_who_is_missing_has_staff_call(client: Client) -> None:
    path = link_to(Purpose.escort)
    with time_machine.travel(EVE, tick=False):
        said = answered(client, path, answer="no").content.decode()
    assert "We will call you" in said
    assert "not sure that an adult" in StaffTask.objects.get().detail


def test_an_adult_found_after_all_is_noted(client: Client) -> None:
    path = link_to(Purpose.escort)
    with time_machine.travel(EVE, tick=False):
        answered(client, path, answer="no")
        said = answered(client, path, answer="yes").content.decode()
    assert "an adult stays with you" in said
    assert [a.facts["answer"] for a in VisitAnswer.objects.all()] == ["no", "yes"]


def test_food_has_a_person_decide_and_is_never_called_fine(client: Client) -> None:
    path = link_to(Purpose.ate)
    with time_machine.travel(MORNING, tick=False):
        said = answered(client, path, what="solid", at="06:40").content.decode()
    task = StaffTask.objects.get()
    assert "ate something at Tue 24 Nov, 6:40 AM CST" in task.detail
    assert "They decide whether the visit goes ahead" in said
    assert "do not eat or drink anything more" in said
    for calming in ("fine", "no problem", "OK", "don't worry", "go ahead as planned"):
        assert calming not in said


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("06:40", "2026-11-24T12:40:00+00:00"),
        ("6:40 AM", "2026-11-24T12:40:00+00:00"),
        ("07:04", "2026-11-24T13:04:00+00:00"),  # a clock a little ahead of ours
        ("23:30", "2026-11-24T05:30:00+00:00"),  # last night
    ],
)
def test_the_time_of_a_meal_is_the_last_time_the_clock_showed_it(
    client: Client, typed: str, meant: str
) -> None:
    path = link_to(Purpose.ate)
    with time_machine.travel(MORNING, tick=False):
        answered(client, path, what="drink", at=typed)
    assert VisitAnswer.objects.get().facts == {"what": "drink", "at": meant}


def test_something_else_that_was_eaten_is_another_answer(client: Client) -> None:
    path = link_to(Purpose.ate)
    with time_machine.travel(MORNING, tick=False):
        answered(client, path, what="drink", at="06:40")
        answered(client, path, what="solid", at="06:50")
    assert VisitAnswer.objects.count() == StaffTask.objects.count() == 2


@pytest.mark.parametrize(
    "facts",
    [
        {},
        {"what": "solid"},
        {"what": "ketamine", "at": "06:40"},
        {"what": "solid", "at": "25:00"},
        {"what": "solid", "at": "\x00"},
        {"what": "solid", "at": "06:40", "client_id": "1; DROP TABLE"},
        {"what": "<script>alert(1)</script>", "at": "🦄"},
    ],
)
def test_nonsense_is_refused_and_what_to_do_is_shown(client: Client, facts: dict[str, str]) -> None:
    path = link_to(Purpose.ate)
    with time_machine.travel(MORNING, tick=False):
        answer = client.post(path, {"client_id": str(uuid4()), **facts})
    assert answer.status_code == 400
    assert b"<script" not in answer.content
    assert not VisitAnswer.objects.exists()


def test_cancelling_shows_what_it_costs_before_and_that_it_is_done_after(
    client: Client, settings: Settings
) -> None:
    path = link_to(Purpose.visit)
    with time_machine.travel(EVE, tick=False):
        said = opened(client, path)
        assert "Cancelling now costs $247.50, 50 percent of the price." in said
        assert "If you are ill or have eaten, call us" in said
        settings.CANCEL_FEE_PERCENT = 0
        assert "Cancelling costs nothing." in opened(client, path)
        settings.CANCELLATION_POLICY = "On the day itself we charge <40 $>."
        assert "On the day itself we charge &lt;40 $&gt;." in opened(client, path)
        said = answered(client, path, answer="cancel").content.decode()
    visit = Appointment.objects.get()
    assert (visit.status, visit.cancel_reason) == (Status.CANCELLED, "by the link in a message")
    assert "Your visit is cancelled" in said


def test_a_visit_whose_nurse_is_on_the_way_is_not_cancelled(client: Client) -> None:
    path = link_to(Purpose.visit)
    with time_machine.travel(utc(11, 24, 15), tick=False):
        form = hidden(opened(client, path))
        Appointment.objects.update(status=Status.EN_ROUTE, departed_at=utc(11, 24, 15))
        assert client.post(path, {"client_id": form, "answer": "cancel"}).status_code == 302
        answer = client.get(path)
    assert answer.status_code == 409
    assert "under way or over" in answer.content.decode()
    assert Appointment.objects.get().status == Status.EN_ROUTE
    assert not VisitAnswer.objects.exists()


def test_asking_for_another_time_leaves_the_visit_as_it_is(client: Client) -> None:
    path = link_to(Purpose.visit)
    with time_machine.travel(EVE, tick=False):
        said = answered(client, path, answer="change").content.decode()
    assert "We will call you" in said
    assert Appointment.objects.get().status == Status.BOOKED
    assert "asks for another time" in StaffTask.objects.get().detail


def offered(shown: str) -> list[str]:
    return re.findall(r'name="starts_at"[^>]* value="([^"]+)"', shown)


def test_other_times_are_offered_and_one_of_them_moves_the_visit(client: Client) -> None:
    path = link_to(Purpose.visit)
    with time_machine.travel(utc(11, 20, 18), tick=False):
        times = offered(opened(client, path))
        assert len(times) == other_times.OFFERED
        assert [time[:16] for time in times[:2]] == ["2026-11-21T18:00", "2026-11-22T15:30"]
        said = answered(client, path, answer="move", starts_at=times[1]).content.decode()
    visit = Appointment.objects.get()
    assert (visit.starts_at, visit.version) == (utc(11, 22, 15, 30), 2)
    assert "It is now on Sun 22 Nov, 9:30 AM CST" in said
    assert VisitAnswer.objects.get().facts == {"answer": "move", "starts_at": times[1]}


def test_a_time_that_was_taken_meanwhile_is_said_and_the_visit_stays(client: Client) -> None:
    path = link_to(Purpose.visit)
    with time_machine.travel(utc(11, 20, 18), tick=False):
        shown = opened(client, path)
        taken = offered(shown)[1]
        visit = Appointment.objects.get()
        make_appointment(
            patient=make_patient(name="Ben Ward"),
            nurse=visit.nurse,
            starts_at=datetime.fromisoformat(taken),
        )
        sent = {"client_id": hidden(shown), "answer": "move", "starts_at": taken}
        answer = client.post(path, sent)
    assert answer.status_code == 409
    assert "Please choose again, or call us" in answer.content.decode()
    assert Appointment.objects.get(pk=visit.pk).version == 1
    assert not VisitAnswer.objects.exists()


def test_a_day_before_the_visit_no_other_time_is_offered(client: Client) -> None:
    path = link_to(Purpose.visit)
    with time_machine.travel(EVE, tick=False):
        assert not offered(opened(client, path))


@pytest.mark.parametrize("starts_at", ["", "tomorrow", "2026-11-22", "2026-11-22T15:30", "9" * 39])
def test_a_time_that_is_none_moves_nothing(client: Client, starts_at: str) -> None:
    path = link_to(Purpose.visit)
    with time_machine.travel(utc(11, 20, 18), tick=False):
        sent = {"client_id": str(uuid4()), "answer": "move", "starts_at": starts_at}
        assert client.post(path, sent).status_code == 400
    assert Appointment.objects.get().version == 1


def test_a_warning_that_was_read_is_on_record(client: Client) -> None:
    path = link_to(Purpose.warning)
    with time_machine.travel(utc(11, 24, 18, 45), tick=False):
        said = opened(client, path)
        assert "No driving and no machinery" in said
        assert "Until Wed 25 Nov, 12:40 PM CST" in said
        assert "you have read this" in answered(client, path).content.decode()
    assert VisitAnswer.objects.get().purpose == "warning"


def test_feeling_unwell_shows_whom_to_call_at_once_and_calls_on_call_staff(client: Client) -> None:
    path = link_to(Purpose.unwell)
    with time_machine.travel(AFTER, tick=False):
        asked_first = opened(client, path)
        said = answered(client, path).content.decode()
    for shown in (asked_first, said):
        panel = shown.partition("<form")[0]
        assert "tel:911" in panel
        assert "tel:988" in panel
    assert "Whoever is on call was called at once" in said
    answer = VisitAnswer.objects.get()
    rings = Notice.objects.filter(kind="unwell", subject_of=f"answer/{answer.pk}")
    assert [ring.send_from - AFTER for ring in rings.order_by("occurrence")] == list(paging.RINGS)


def test_feeling_unwell_again_after_somebody_took_care_calls_again(client: Client) -> None:
    path = link_to(Purpose.unwell)
    with time_machine.travel(AFTER, tick=False):
        answered(client, path)
        answered(client, path)
        assert VisitAnswer.objects.count() == 1
        paging.acknowledge(notice=row(kind="unwell", occurrence=0), address="dan@example.com")
        answered(client, path)
    assert VisitAnswer.objects.count() == 2
    assert Notice.objects.filter(kind="unwell", occurrence=0).count() == 2


@pytest.mark.parametrize(
    ("feeling", "tasks", "calls"), [("good", 0, 0), ("not_so_good", 1, 0), ("unwell", 0, 1)]
)
def test_how_somebody_is_has_as_many_called_as_it_needs(
    client: Client, feeling: str, tasks: int, calls: int
) -> None:
    path = link_to(Purpose.feeling)
    with time_machine.travel(AFTER, tick=False):
        said = answered(client, path, answer=feeling).content.decode()
    assert StaffTask.objects.count() == tasks
    assert Notice.objects.filter(kind="unwell", occurrence=0).count() == calls
    assert ("988" in said.partition("<footer")[0]) == (feeling != "good")


def test_feeling_worse_later_is_another_answer(client: Client) -> None:
    path = link_to(Purpose.feeling)
    with time_machine.travel(AFTER, tick=False):
        answered(client, path, answer="good")
        answered(client, path, answer="unwell")
    assert Notice.objects.filter(kind="unwell", occurrence=0).count() == 1


def test_whoever_left_no_number_is_asked_to_call(client: Client) -> None:
    notice = a_notice()
    assert notice.appointment is not None
    patient = notice.appointment.patient
    patient.phone = ""
    patient.save()
    with time_machine.travel(AFTER, tick=False):
        said = answered(client, address(Purpose.unwell, notice)).content.decode()
    assert "We have no phone number for you: please call us now." in said


def test_a_page_is_confirmed_without_signing_in_and_names_nobody(client: Client) -> None:
    a_notice()
    with time_machine.travel(AFTER, tick=False):
        paging.page(
            kind="adverse_event",
            subject_of="adverse_event/1",
            detail_facts={},
            appointment=Appointment.objects.get(),
        )
        first = row(kind="adverse_event", occurrence=0)
        path = address(Purpose.page, first)
        assert "Ada" not in opened(client, path)
        first.refresh_from_db()
        assert first.acknowledged_at is None
        said = answered(client, path).content.decode()
    first.refresh_from_db()
    assert (first.acknowledged_by, first.acknowledged_as) == (None, "on-call@example.com")
    assert "on-call@example.com took care of it" in said


def test_a_link_opened_again_and_again_is_told_to_wait(client: Client) -> None:
    path = link_to(Purpose.unwell)
    with time_machine.travel(AFTER, tick=False):
        codes = [client.get(path).status_code for _ in range(61)]
        said = client.get(path).content.decode()
    assert codes == [200] * 60 + [429]
    assert "tel:988" in said.partition("<footer")[0]


def test_guessing_links_is_slowed_down_and_a_true_one_still_opens(client: Client) -> None:
    path = link_to(Purpose.unwell)
    codes = [client.get(f"/go/e{n}{'a' * 11}").status_code for n in range(1, 62)]
    assert codes == [404] * 60 + [429]
    with time_machine.travel(AFTER, tick=False):
        opened(client, path)


def test_without_redis_links_still_work(client: Client, monkeypatch: Any) -> None:
    path = link_to(Purpose.unwell)
    gone = RedisCache("redis://127.0.0.1:1", {})
    monkeypatch.setattr(throttle, "cache", gone)
    with time_machine.travel(AFTER, tick=False):
        answered(client, path)
    assert VisitAnswer.objects.count() == 1


def test_a_page_speaks_the_patients_language(client: Client) -> None:
    notice = a_notice()
    assert notice.appointment is not None
    patient = notice.appointment.patient
    patient.language = "es"
    patient.save()
    with time_machine.travel(AFTER, tick=False):
        shown = opened(client, address(Purpose.feeling, notice))
    assert '<html lang="es">' in shown
    assert "How are you" not in shown


@pytest.mark.django_db(transaction=True)
def test_ten_taps_at_once_are_one_call() -> None:
    path = address(Purpose.unwell, a_notice())
    with time_machine.travel(AFTER, tick=False):
        forms = [hidden(opened(Client(), path)) for _ in range(5)]

        def tap(form: str) -> int:
            return Client().post(path, {"client_id": form}).status_code

        codes = race([lambda form=form: tap(form) for form in forms * 2])  # type: ignore[misc]
    assert codes == [302] * 10
    assert VisitAnswer.objects.count() == 1
    assert Notice.objects.filter(kind="unwell").count() == len(paging.RINGS)


@pytest.mark.django_db(transaction=True)
def test_cancelling_in_two_tabs_at_once_cancels_once() -> None:
    notice = a_notice()
    path = address(Purpose.visit, notice)
    with time_machine.travel(EVE, tick=False):
        forms = [hidden(opened(Client(), path)) for _ in range(4)]

        def cancel(form: str) -> int:
            return Client().post(path, {"client_id": form, "answer": "cancel"}).status_code

        race([lambda form=form: cancel(form) for form in forms])  # type: ignore[misc]
    visit = Appointment.objects.get()
    assert visit.status == Status.CANCELLED
    assert visit.order is not None
    assert visit.order.sessions_reserved == 0
    assert VisitAnswer.objects.count() == 1
    assert tokens.read(tokens.token(Purpose.visit, notice))
