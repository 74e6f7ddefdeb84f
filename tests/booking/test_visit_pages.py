"""My visits as a patient sees them, from booked to done."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from booking.models import Appointment, Course, Notice, NoticeStatus, Status, VisitAnswer
from booking.notices.planned import Kind
from config.core.clock import now
from patients.models import CheckIn, HomeNotes, Intake
from tests.factories import (
    make_appointment,
    make_intake,
    make_nurse,
    make_order,
    make_patient,
    make_user,
    therapies,
    therapy,
)

pytestmark = pytest.mark.django_db

MONDAY_EVENING = datetime(2026, 11, 24, 3, tzinfo=UTC)
TUESDAY_10_30 = datetime(2026, 11, 24, 16, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _catalogue() -> None:
    therapies()


def page(client: Client, address: str = "/visits/") -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return str(answer.content.decode())


def next_visit(**changes: Any) -> Appointment:
    with time_machine.travel(MONDAY_EVENING, tick=False):
        fields = {"nurse": make_nurse(), "starts_at": TUESDAY_10_30, **changes}
        return make_appointment(patient=make_patient(), **fields)


def talk(**changes: Any) -> Appointment:
    with time_machine.travel(MONDAY_EVENING, tick=False):
        fields = {"nurse": None, "starts_at": TUESDAY_10_30, "order": None, **changes}
        return make_appointment(patient=make_patient(), slug="consultation", **fields)


def seen(client: Client, visit: Appointment, *, at: datetime, address: str = "") -> str:
    """A page of the visit, its own if not said, at an instant."""
    with time_machine.travel(at, tick=False):
        client.force_login(visit.patient.user)
        return page(client, address or reverse("visit", args=[visit.pk]))


# -- all visits -----------------------------------------------------------------------------------


def test_the_start_page_takes_a_patient_to_their_visits(client: Client) -> None:
    client.force_login(make_patient().user)
    assert client.get("/").headers["Location"] == reverse("visits")


def test_it_asks_a_stranger_to_sign_in_and_comes_back(client: Client) -> None:
    address = reverse("visit", args=[uuid4()])
    assert client.get(address).headers["Location"].endswith(f"?next={address}")


def test_it_tells_a_new_patient_what_is_left_and_leads_to_the_free_talk(client: Client) -> None:
    client.force_login(make_patient(ready=False).user)
    shown = page(client)
    assert "4 steps left before you can book" in shown
    assert "No visit is booked" in shown
    assert f'class="button" href="{reverse("book-time", args=["consultation"])}"' in shown


def test_it_tells_a_ready_patient_so_and_leads_to_booking(client: Client) -> None:
    client.force_login(make_patient().user)
    shown = page(client)
    assert "You are ready to book" in shown
    assert f'class="button" href="{reverse("book")}"' in shown


def test_it_makes_the_patient_of_an_account_that_has_none_yet(client: Client) -> None:
    user = make_user()
    user.name = ""
    user.save()
    client.force_login(user)
    assert "Hello</h1>" in page(client)
    assert user.patient


@pytest.mark.parametrize(
    ("at", "headline"),
    [
        (MONDAY_EVENING, "Eat as usual"),
        (TUESDAY_10_30 - 7 * HOUR, "Light food only"),
        (TUESDAY_10_30 - 5 * HOUR, "Nothing to eat now"),
        (TUESDAY_10_30 - timedelta(minutes=5), "Nothing to eat or drink now"),
        (TUESDAY_10_30 + timedelta(minutes=5), "Your nurse is due"),
    ],
)
def test_it_opens_with_what_is_true_now(client: Client, at: datetime, headline: str) -> None:
    shown = seen(client, next_visit(), at=at, address="/visits/")
    assert f'<h2 id="now">{headline}</h2>' in shown
    assert shown.index(headline) < shown.index("Tue 24 Nov, 10:30 AM CST")
    assert "No driving or machinery before Wed 25 Nov, 1:40 PM CST." in shown


def test_it_warns_about_driving_first_after_a_dose(client: Client) -> None:
    visit = next_visit(status="discharged", dosed_at=TUESDAY_10_30, discharged_at=TUESDAY_10_30)
    shown = seen(client, visit, at=TUESDAY_10_30 + 4 * HOUR, address="/visits/")
    assert "Do not drive" in shown
    assert "Now, until Wed 25 Nov, 1:40 PM CST" in shown


def test_it_warns_about_driving_where_nobody_has_recorded_the_visit(client: Client) -> None:
    shown = seen(client, next_visit(), at=TUESDAY_10_30 + 4 * HOUR, address="/visits/")
    assert '<h2 id="now">Do not drive</h2>' in shown


def test_it_says_both_where_the_next_visit_follows_before_driving_is_allowed(
    client: Client,
) -> None:
    first = next_visit(status="discharged", dosed_at=TUESDAY_10_30, discharged_at=TUESDAY_10_30)
    with time_machine.travel(MONDAY_EVENING, tick=False):
        starts_at = TUESDAY_10_30 + 22 * HOUR
        make_appointment(patient=first.patient, nurse=None, starts_at=starts_at)
    shown = seen(client, first, at=starts_at - 5 * HOUR, address="/visits/")
    assert '<h2 id="now">Nothing to eat now</h2>' in shown
    assert "No driving or machinery before Wed 25 Nov, 1:40 PM CST.</p>" in shown


def test_it_says_when_a_talk_is_on_its_day_and_asks_for_nothing_before(client: Client) -> None:
    visit = talk()
    assert 'id="now"' not in seen(client, visit, at=MONDAY_EVENING, address="/visits/")
    shown = seen(client, visit, at=TUESDAY_10_30 - 2 * HOUR, address="/visits/")
    assert '<h2 id="now">Your talk is today at 10:30 AM</h2>' in shown
    assert "last heavy meal" not in shown


def test_it_says_what_blocks_the_next_visit_and_leads_there(client: Client) -> None:
    visit = next_visit(blocked=["not_cleared"])
    with time_machine.travel(MONDAY_EVENING, tick=False):
        make_intake(patient=visit.patient, status="awaiting_review")
    shown = seen(client, visit, at=MONDAY_EVENING, address="/visits/")
    assert "Still open before this visit:</strong> Questions about your health." in shown
    assert "1 step left before your visit" in shown
    said = seen(client, visit, at=MONDAY_EVENING)
    assert "The time stays yours. This is still open:" in said
    assert "We have your answers. A clinician is reading them." in said


def test_it_does_not_press_who_has_a_visit_to_book(client: Client) -> None:
    shown = seen(client, next_visit(), at=MONDAY_EVENING, address="/visits/")
    assert "Everything is in place" in shown
    assert "ready to book" not in shown


def test_for_a_week_after_a_visit_it_asks_how_one_is_until_one_has_told(client: Client) -> None:
    visit = next_visit(status="discharged", dosed_at=TUESDAY_10_30, discharged_at=TUESDAY_10_30)
    asked = f'href="{reverse("check-in")}"'
    assert asked in seen(client, visit, at=TUESDAY_10_30 + DAY, address="/visits/")
    assert asked not in seen(client, visit, at=TUESDAY_10_30 + 9 * DAY, address="/visits/")
    CheckIn.objects.create(
        patient=visit.patient,
        client_id=uuid4(),
        answers={f"phq9_{number}": 1 for number in range(1, 10)},
        phq9=9,
        self_harm=1,
        at=TUESDAY_10_30 + DAY,
    )
    shown = seen(client, visit, at=TUESDAY_10_30 + DAY + HOUR, address="/visits/")
    assert asked not in shown
    assert 'class="crisis"' in shown


def course_of(visit: Appointment, *, days: tuple[int, ...]) -> Course:
    course = Course.objects.create(patient=visit.patient, therapy=visit.therapy)
    for day in days:
        starts_at = TUESDAY_10_30 + day * DAY
        make_appointment(patient=visit.patient, nurse=None, starts_at=starts_at, course=course)
    return course


def test_it_shows_a_course_as_a_group_and_which_visit_comes_next(client: Client) -> None:
    alone = next_visit(starts_at=TUESDAY_10_30 + 20 * DAY)
    course_of(alone, days=(0, 2, 4))
    shown = seen(client, alone, at=MONDAY_EVENING, address="/visits/")
    assert "Your next visit, 1 of 3 in your course" in shown
    group, _, after = shown.partition("2 more visits in your course")[2].partition("</ol>")
    assert "Thu 26 Nov, 10:30 AM CST" in group
    assert "Sat 28 Nov, 10:30 AM CST" in group
    assert "Mon 14 Dec, 10:30 AM CST" in after


@pytest.mark.parametrize(
    ("status", "tag"),
    [
        ("discharged", "done"),
        ("cancelled", "cancelled"),
        ("no_show", "did not take place"),
        ("aborted", "stopped early"),
        ("transferred", "moved to emergency care"),
    ],
)
def test_it_keeps_past_visits_with_what_became_of_them(
    client: Client, status: str, tag: str
) -> None:
    visit = next_visit(status=status)
    shown = seen(client, visit, at=TUESDAY_10_30 + 9 * DAY, address="/visits/")
    assert ">Past visits</h2>" in shown
    assert f">{tag}</span>" in shown
    assert reverse("visit", args=[visit.pk]) in shown


def test_thirty_visits_take_no_more_questions_than_one(
    client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    visit = next_visit(starts_at=TUESDAY_10_30 + DAY)
    make_order(patient=visit.patient, slug="pain-240", sessions=40)
    for weeks in range(1, 30):
        make_appointment(
            patient=visit.patient,
            nurse=visit.nurse,
            starts_at=TUESDAY_10_30 - weeks * 7 * DAY,
            slug="pain-240",
            status=Status.CANCELLED if weeks % 3 else Status.DISCHARGED,
        )
    with time_machine.travel(MONDAY_EVENING, tick=False):
        client.force_login(visit.patient.user)
        with django_assert_max_num_queries(15):
            assert page(client).count(":30 AM C") >= 30
        with django_assert_max_num_queries(15):
            page(client, reverse("visit", args=[visit.pk]))


def test_it_shows_hostile_names_as_text(client: Client) -> None:
    visit = next_visit()
    patient, nurse = visit.patient, visit.nurse
    assert nurse
    patient.user.name = nurse.user.name = "<script>alert(1)</script>\u202eadA"
    patient.escort_name = "<b>Sam</b> \u202e 🫧"
    for row in (patient.user, nurse.user, patient):
        row.save()
    for address in ("/visits/", reverse("visit", args=[visit.pk])):
        shown = seen(client, visit, at=MONDAY_EVENING, address=address)
        assert "<script>alert" not in shown
        assert "<b>Sam" not in shown
        assert "\u202e" not in shown


# -- danger ---------------------------------------------------------------------------------------


def home_after(client: Client, *, outcome: str, codes: list[str], status: str, phone: str) -> str:
    """Ada's visits once her newest intake found these things and stands there, without the footer.

    The footer names 988 to everybody.
    """
    ada = make_patient()
    ada.phone = phone
    ada.save()
    Intake.objects.create(
        patient=ada,
        version="1",
        answers={},
        outcome=outcome,
        findings=[{"code": code} for code in codes],
        status=status,
        valid_until=now() + timedelta(days=90),
    )
    client.force_login(ada.user)
    return page(client).partition('<footer class="site-footer">')[0]


@pytest.mark.parametrize(
    ("phone", "words"),
    [("+13125550123", "will call you at"), ("", "We have no phone number to call you at")],
)
def test_it_opens_with_whom_to_call_after_answers_that_tell_of_a_crisis(
    client: Client, phone: str, words: str
) -> None:
    crisis: dict[str, Any] = {"outcome": "crisis", "codes": ["acute_suicidality"]}
    shown = home_after(client, status="awaiting_review", phone=phone, **crisis)
    panel, _, rest = shown.partition("You can also call us:" if phone else "so please call us:")
    for said in ('href="tel:988"', 'href="tel:911"', "Our staff have been told", words):
        assert said in panel
    assert "<h2" in rest
    assert panel.count("<h2") == 1


def test_it_keeps_988_in_sight_once_the_crisis_was_decided(client: Client) -> None:
    crisis: dict[str, Any] = {"outcome": "crisis", "codes": ["acute_suicidality"]}
    shown = home_after(client, status="declined", phone="+13125550123", **crisis)
    assert "Our staff have been told" not in shown
    assert 'href="tel:988"' in shown


@pytest.mark.parametrize("code", ["suicidal_thoughts", "phq9_item_9"])
def test_it_names_988_to_who_told_us_of_thoughts_of_suicide(client: Client, code: str) -> None:
    thoughts: dict[str, Any] = {"outcome": "review", "codes": [code], "phone": "+13125550123"}
    shown = home_after(client, status="awaiting_review", **thoughts)
    assert 'href="tel:988"' in shown
    assert "Our staff have been told" not in shown


def test_it_alarms_nobody_whose_answers_tell_of_no_danger(client: Client) -> None:
    review: dict[str, Any] = {"outcome": "review", "codes": ["seizures"], "phone": "+13125550123"}
    assert "988" not in home_after(client, status="awaiting_review", **review)


# -- one visit ------------------------------------------------------------------------------------


def test_anothers_visit_is_not_found(client: Client) -> None:
    visit = next_visit()
    client.force_login(make_patient(name="Ben Osei").user)
    for name in ("visit", "visit-now", "visit-move", "visit-cancel", "visit-calendar"):
        assert client.get(reverse(name, args=[visit.pk])).status_code == 404
    for name in ("visit-move", "visit-cancel"):
        answer = client.post(reverse(name, args=[visit.pk]), {"version": 1})
        assert answer.status_code == 404
    visit.refresh_from_db()
    assert visit.status == Status.BOOKED


def test_a_page_of_ones_visits_is_kept_in_no_cache(client: Client) -> None:
    visit = next_visit()
    client.force_login(visit.patient.user)
    for address in ("/visits/", reverse("visit", args=[visit.pk])):
        assert "no-store" in client.get(address).headers["Cache-Control"]


def test_it_says_who_comes_where_and_who_stays(client: Client) -> None:
    visit = next_visit()
    HomeNotes.objects.create(
        patient=visit.patient,
        line1=visit.line1,
        postal_code=visit.postal_code,
        parking="On the street",
    )
    shown = seen(client, visit, at=MONDAY_EVENING)
    for said in (
        "<strong>Cleo</strong>",
        "Arrives tomorrow, 10:30 AM.",
        "1201 Lake St",
        "Parking: On the street",
        "<strong>Sam Ortiz</strong>",
        "not confirmed yet",
    ):
        assert said in shown
    assert "Marsh" not in shown


def test_it_says_that_the_visit_goes_to_the_address_it_was_promised_at(client: Client) -> None:
    visit = next_visit()
    visit.patient.address.line1 = "9 Other Rd"
    visit.patient.address.save()
    shown = seen(client, visit, at=MONDAY_EVENING)
    assert "1201 Lake St" in shown
    assert "not your address now" in shown


def test_it_keeps_the_time_of_a_visit_that_has_no_nurse_yet(client: Client) -> None:
    shown = seen(client, next_visit(nurse=None), at=MONDAY_EVENING)
    assert "We are finding your nurse. The time stays yours." in shown


@pytest.mark.parametrize(("answer", "tag"), [("yes", "ready"), ("no", "not sure yet")])
def test_it_shows_what_was_answered_of_the_adult(client: Client, answer: str, tag: str) -> None:
    visit = next_visit()
    asked = notice(visit, kind=Kind.confirm_escort)
    VisitAnswer.objects.create(
        appointment=visit,
        notice=asked,
        purpose="escort",
        version=1,
        revision=0,
        client_id=uuid4(),
        facts={"answer": answer},
    )
    assert f">{tag}</span>" in seen(client, visit, at=MONDAY_EVENING)


@pytest.mark.parametrize(
    ("at", "current", "coming"),
    [
        (TUESDAY_10_30 - 30 * HOUR, "Clear the day", "No alcohol from now"),
        (TUESDAY_10_30 - 5 * HOUR, "Nothing to eat from now", "Nothing to eat or drink from now"),
    ],
)
def test_it_says_what_to_do_now_and_what_comes_next(
    client: Client, at: datetime, current: str, coming: str
) -> None:
    todo = seen(client, next_visit(), at=at).partition('id="todo"')[2].partition("</ol>")[0]
    assert [part.partition("</h3>")[0] for part in todo.split("<h3>")[1:]] == [current, coming]


def test_a_talk_is_joined_by_its_link_or_we_call(client: Client, settings: Any) -> None:
    visit = talk()
    assert "We call you at +1 312 555 0123" in seen(client, visit, at=MONDAY_EVENING)
    settings.CONSULTATION_URL = "https://meet.example.com/{visit}"
    shown = seen(client, visit, at=MONDAY_EVENING)
    assert f'href="https://meet.example.com/{visit.pk.hex}"' in shown
    assert "Your nurse" not in shown


UNDER_WAY = {"departed_at": TUESDAY_10_30 - HOUR}
ENDINGS = [
    ("en_route", UNDER_WAY, 0, "Your nurse is on the way"),
    ("on_site", UNDER_WAY, 1, "Your nurse is with you"),
    ("infusing", UNDER_WAY, 1, "Your nurse is with you"),
    ("observing", UNDER_WAY | {"dosed_at": TUESDAY_10_30}, 2, "Your nurse is with you"),
    ("discharged", {"dosed_at": TUESDAY_10_30}, 4, "This visit is done"),
    ("cancelled", {}, 4, "This visit is cancelled"),
    ("no_show", {}, 4, "We missed each other"),
    ("aborted", {}, 4, "This visit was stopped before it began"),
    ("aborted", {"dosed_at": TUESDAY_10_30}, 4, "This visit was ended early"),
    ("transferred", {"dosed_at": TUESDAY_10_30}, 4, "You were taken to emergency care"),
    ("booked", {}, 40, "We have not closed this visit yet"),
]


@pytest.mark.parametrize(("status", "facts", "hours", "words"), ENDINGS)
def test_it_has_kind_words_for_every_state(
    client: Client, status: str, facts: dict[str, Any], hours: int, words: str
) -> None:
    visit = next_visit(status=status, **facts)
    shown = seen(client, visit, at=TUESDAY_10_30 + hours * HOUR)
    assert words in shown
    is_warned = bool(facts.get("dosed_at")) and hours == 4
    assert ("Now, until Wed 25 Nov" in shown) == is_warned
    assert ("visit-cancel" in shown or ">Cancel it<" in shown) is False


def test_it_says_when_the_nurse_set_off_and_is_expected(client: Client) -> None:
    visit = next_visit(status="en_route", departed_at=TUESDAY_10_30 - HOUR)
    shown = seen(client, visit, at=TUESDAY_10_30 - HOUR / 2)
    assert "Set off at 9:30 AM; expected today, 10:30 AM." in shown


def test_after_a_visit_it_asks_how_one_is_and_leads_to_the_papers(client: Client) -> None:
    visit = next_visit(status="discharged", dosed_at=TUESDAY_10_30, discharged_at=TUESDAY_10_30)
    shown = seen(client, visit, at=TUESDAY_10_30 + 30 * HOUR)
    assert "How are you?" in shown
    for name in ("check-in", "check-ins", "documents", "payments"):
        assert f'href="{reverse(name)}"' in shown
    assert f'href="{reverse("visit-paper", args=[visit.pk])}"' in shown
    assert "No driving, machinery" not in shown


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("completed", "We have talked"),
        ("no_show", "We could not reach you."),
        ("cancelled", "talk"),
    ],
)
def test_it_has_words_for_a_talk_that_is_over(client: Client, status: str, words: str) -> None:
    assert words in seen(client, talk(status=status), at=TUESDAY_10_30 + HOUR)


@pytest.mark.parametrize(("days", "is_asked"), [(50, False), (86, True)])
def test_it_asks_for_answers_that_will_be_too_old_by_the_visit(
    client: Client, days: int, is_asked: bool
) -> None:
    visit = next_visit(starts_at=TUESDAY_10_30 + days * DAY)
    shown = seen(client, visit, at=MONDAY_EVENING)
    assert ("will be too old by then" in shown) is is_asked
    assert (reverse("intake-again") in shown) is is_asked


def test_the_page_of_a_later_visit_leads_to_the_one_that_comes_first(client: Client) -> None:
    first = next_visit()
    with time_machine.travel(MONDAY_EVENING, tick=False):
        later = make_appointment(
            patient=first.patient, nurse=None, starts_at=TUESDAY_10_30 + 4 * DAY
        )
    shown = seen(client, later, at=TUESDAY_10_30 - 5 * HOUR)
    assert "Nothing to eat now" not in shown
    assert "Another of your visits comes first:" in shown
    assert f'href="{reverse("visit", args=[first.pk])}"' in shown
    assert "Another of your visits" not in seen(client, first, at=MONDAY_EVENING)


# -- the messages ---------------------------------------------------------------------------------


def notice(visit: Appointment, **changes: Any) -> Notice:
    fields: dict[str, Any] = {
        "appointment": visit,
        "kind": Kind.booked,
        "recipient": "patient",
        "channel": "email",
        "notice_class": "F",
        "ideal_at": MONDAY_EVENING,
        "send_from": MONDAY_EVENING,
        **changes,
    }
    return Notice.objects.create(**fields)


def test_it_says_in_words_what_was_sent_and_what_is_coming(client: Client) -> None:
    visit = next_visit()
    sent = {"status": NoticeStatus.SENT, "sent_at": MONDAY_EVENING - 2 * HOUR}
    notice(visit, **sent)
    notice(visit, channel="sms", **sent)
    notice(visit, kind=Kind.evening_before, status=NoticeStatus.FAILED)
    coming = {"send_from": TUESDAY_10_30 - 7 * HOUR, "channel": "sms"}
    notice(visit, kind=Kind.fasting, **coming)
    notice(visit, kind=Kind.driving_warning_escort, recipient="escort", **coming)
    notice(visit, kind=Kind.today, status=NoticeStatus.SUPERSEDED, **coming)
    notice(visit, kind=Kind.no_discharge, recipient="staff", notice_class="O")
    shown = seen(client, visit, at=MONDAY_EVENING).partition('id="messages"')[2]
    for said in (
        "Text and e-mail, today, 7:00 PM</span><span>your visit is booked",
        "Text, tomorrow, 3:30 AM</span><span>fasting starts",
        "Text to Sam, tomorrow, 3:30 AM</span><span>until when you do not drive",
        "did not get through",
        "2 messages so far",
    ):
        assert said in shown
    for internal in ("no_discharge", "superseded", "your visit is today", "staff"):
        assert internal not in shown


# -- now, again and again -------------------------------------------------------------------------


def test_an_open_page_asks_again_each_minute_and_is_told_only_what_is_new(client: Client) -> None:
    visit = next_visit()
    shown = seen(client, visit, at=MONDAY_EVENING)
    asked = re.search(r'hx-get="([^"]+)" hx-trigger="every 60s"', shown)
    assert asked
    with time_machine.travel(MONDAY_EVENING + HOUR, tick=False):
        assert client.get(asked[1]).status_code == 204
    with time_machine.travel(TUESDAY_10_30 - HOUR, tick=False):
        client.force_login(visit.patient.user)
        for address in (asked[1], reverse("visits-now")):
            answer = client.get(address)
            assert "Nothing to eat or drink now" in answer.content.decode()
            assert "<html" not in answer.content.decode()
        again = re.search(r'hx-get="([^"]+)"', answer.content.decode())
        assert again
        assert client.get(again[1]).status_code == 204


def test_it_asks_no_more_once_there_is_nothing_to_say(client: Client) -> None:
    visit = next_visit(status=Status.CANCELLED)
    client.force_login(visit.patient.user)
    assert client.get(reverse("visit-now", args=[visit.pk])).status_code == 286
    assert client.get(reverse("visits-now")).status_code == 286


def test_a_visit_is_given_as_a_calendar_file(client: Client) -> None:
    visit = next_visit()
    client.force_login(visit.patient.user)
    answer = client.get(reverse("visit-calendar", args=[visit.pk]))
    assert answer.headers["Content-Type"].startswith("text/calendar")
    assert answer.content.startswith(b"BEGIN:VCALENDAR")
    assert therapy().name.encode() not in answer.content
