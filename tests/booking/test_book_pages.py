"""Booking by browser: a talk in two screens, a session in four, a course as one step."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time
from functools import partial
from html import unescape
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
import time_machine
from allauth.account.models import EmailAddress
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from booking import appointments
from booking.models import Appointment, Course
from config.core.models import Role
from patients.models import Intake, Patient
from scheduling.models import Nurse, Shift
from tests.factories import (
    CHICAGO,
    make_appointment,
    make_document,
    make_nurse,
    make_order,
    make_patient,
    make_user,
    therapy,
    use_up,
)
from tests.racing import race

pytestmark = pytest.mark.django_db
ZONE = ZoneInfo(CHICAGO)
# A Monday noon in Chicago, far from any change of clocks.
MONDAY = datetime(2027, 2, 1, 18, tzinfo=UTC)
AT = "2027-02-04T16:30Z"
CHECK = f"/book/mood-40/check/?at={AT}"
TALK = "2027-02-02T16:30Z"


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2027, 2, day, hour, minute, tzinfo=ZONE)


@pytest.fixture(autouse=True)
def _monday() -> Any:
    with time_machine.travel(MONDAY, tick=False):
        yield


@pytest.fixture
def cleo() -> Nurse:
    return make_nurse()


@pytest.fixture
def ada(cleo: Nurse) -> Patient:
    return make_patient()


@pytest.fixture
def client(ada: Patient) -> Client:
    return client_of(ada)


def client_of(patient: Patient) -> Client:
    client = Client()
    client.force_login(patient.user)
    return client


def page(client: Client, address: str, *, status: int = 200) -> str:
    answer = client.get(address)
    assert answer.status_code == status
    return text(answer)


def text(answer: Any) -> str:
    return unescape(" ".join(answer.content.decode().split()))


def sent(shown: str) -> dict[str, Any]:
    """What the form on a page would send."""
    fields = re.findall(r'<input type="hidden" name="(once|at)" value="([^"]*)"', shown)
    return {
        "once": next(value for name, value in fields if name == "once"),
        "at": [value for name, value in fields if name == "at"],
    }


def book(client: Client, address: str) -> HttpResponse:
    return client.post(address, sent(page(client, address)))  # type: ignore[return-value]


def links(shown: str) -> list[str]:
    return re.findall(r'href="([^"]*)"', shown)


def take(cleo: Nurse, *, starts_at: datetime, slug: str = "mood-40") -> Appointment:
    """Ben books the hour that Ada looks at."""
    return make_appointment(
        patient=make_patient(name="Ben Okafor"), nurse=cleo, starts_at=starts_at, slug=slug
    )


# -- a session in four screens --------------------------------------------------------------------


def test_it_books_a_session_in_four_screens(client: Client, ada: Patient) -> None:
    first = page(client, "/book/")
    assert "Step 1 of 4" in first
    assert "/book/mood-40/" in links(first)

    second = page(client, "/book/mood-40/")
    assert "Step 2 of 4" in second
    assert "your home in Oak Park, Central Time" in second
    day = next(link for link in links(second) if link == "?day=2027-02-04")
    time = next(link for link in links(page(client, f"/book/mood-40/{day}")) if AT in link)
    chosen = page(client, f"/book/mood-40/{time.partition('#')[0]}")
    assert "What 10:30 AM on Thursday means" in chosen
    assert CHECK in links(chosen)

    third = page(client, CHECK)
    assert "Step 3 of 4" in third
    for said in ("1201 Lake St", "Sam Ortiz", "$495.00", "10:30 AM to 1:40 PM", "No alcohol"):
        assert said in third
    answer = client.post(CHECK, sent(third))
    visit = Appointment.objects.get()
    assert visit.starts_at == at(4, 10, 30)
    assert answer["Location"] == reverse("visit-booked", args=[visit.pk])

    fourth = page(client, answer["Location"])
    assert "Step 4 of 4" in fourth
    assert "Booked: Thursday 4 February, 10:30 AM" in fourth


def test_it_lists_what_can_be_booked_with_its_length_and_price(client: Client) -> None:
    shown = page(client, "/book/")
    for said in ("3 hours 10 minutes", "$495.00", "6 hours 30 minutes", "$950.00", "Free"):
        assert said in shown
    assert "Your order holds 6 visits" in shown
    assert "Needs a prescriber's order first" in shown


def test_it_lists_the_open_steps_with_their_pages() -> None:
    make_nurse()
    make_document()
    shown = page(client_of(make_patient(name="Ben Okafor", ready=False)), "/book/")
    assert "steps left before you can book" in shown
    for name in ("intake", "consent-list", "account-escort", "account-home"):
        assert reverse(name) in links(shown)


def test_it_shows_times_before_the_gates_are_open(ada: Patient, client: Client) -> None:
    ada.escort_name = ""
    ada.save()
    shown = page(client, f"/book/mood-40/?at={AT}")
    assert "1 step left before you can book" in shown
    assert reverse("account-escort") in links(shown)
    assert CHECK in links(shown)


def test_it_names_each_closed_gate_with_its_page_before_booking(
    ada: Patient, client: Client
) -> None:
    ada.escort_name = ""
    ada.save()
    make_document(version=2)
    shown = page(client, CHECK)
    assert "2 steps before you can book this" in shown
    assert {reverse("account-escort"), reverse("consent-list")} <= set(links(shown))
    assert '<button class="button" type="submit">Book' not in shown
    assert "10:30 AM to 1:40 PM" in shown


GO_ON = "Go on with Thursday 4 February, 10:30 AM"


def test_whoever_takes_a_step_that_came_first_is_led_back_to_the_time_they_chose(
    ada: Patient, client: Client
) -> None:
    ada.escort_name = ""
    ada.save()
    assert "Go on with" not in page(client, reverse("account"))
    page(client, CHECK)
    escort = {"escort_name": "Sam Ortiz", "escort_phone": "+13125550124"}
    shown = text(client.post(reverse("account-escort"), escort, follow=True))
    assert GO_ON in shown
    assert CHECK in links(shown)
    for there in ("account-home", "consent-list", "book", "visits"):
        assert GO_ON in page(client, reverse(there)), there
    book(client, CHECK)
    assert "Go on with" not in page(client, reverse("account"))


def test_the_way_back_is_shown_once_everything_is_signed_or_cleared(
    ada: Patient, client: Client
) -> None:
    document = make_document(version=2)
    page(client, CHECK)
    assert GO_ON not in page(client, reverse("consent-list"))
    signed = {"typed_name": "Ada Byrne", "sha256": document.sha256, "has_read": "on"}
    where = reverse("consent-page", args=[document.slug])
    assert GO_ON in text(client.post(where, signed, follow=True))
    intake = Intake.objects.get(patient=ada)
    assert GO_ON in page(client, reverse("intake-outcome", args=[intake.pk]))


def test_the_way_back_names_a_time_in_the_readers_language_and_not_once_it_is_past(
    ada: Patient, client: Client
) -> None:
    ada.escort_name = ""
    ada.save()
    page(client, CHECK)
    client.post(reverse("language"), {"language": "es"})
    assert "Seguir con la hora que eligió" in page(client, reverse("account"))
    with time_machine.travel(datetime(2027, 2, 4, 16, 30, tzinfo=UTC), tick=False):
        client.force_login(ada.user)
        assert "Seguir con" not in page(client, reverse("account"))


def test_of_a_course_it_says_how_many_visits(ada: Patient, client: Client) -> None:
    ada.escort_name = ""
    ada.save()
    page(client, f"{CHECK}&at=2027-02-06T16:30Z")
    shown = page(client, reverse("account"))
    assert "Go on with 2 visits, the first on Thursday 4 February, 10:30 AM" in shown


def test_a_gate_that_closed_meanwhile_is_named_and_nothing_is_booked(
    ada: Patient, client: Client
) -> None:
    form = sent(page(client, CHECK))
    use_up(ada.orders.get())
    answer = client.post(CHECK, form)
    assert answer.status_code == 409
    assert "A prescriber's order" in text(answer)
    assert reverse("book-time", args=["consultation"]) in links(text(answer))
    assert not Appointment.objects.exists()


def test_a_patient_without_an_address_is_asked_for_it_and_can_talk_at_once() -> None:
    make_nurse()
    ben = make_patient(name="Ben Okafor", ready=False)
    for address in ("/book/mood-40/", CHECK, "/book/mood-40/course/"):
        shown = page(client_of(ben), address)
        assert reverse("account-home") in links(shown)


# -- losing a race ---------------------------------------------------------------------------------


def test_losing_a_race_offers_the_nearest_times_in_place(
    client: Client, ada: Patient, cleo: Nurse
) -> None:
    form = sent(page(client, CHECK))
    take(cleo, starts_at=at(4, 10, 30))
    answer = client.post(CHECK, form)
    assert answer.status_code == 409
    shown = text(answer)
    assert "Thursday 4 February, 10:30 AM." in shown
    assert "Nothing was booked" in shown
    others = [link for link in links(shown) if "&at=" in link or "&amp;at=" in link]
    assert len(others) >= 4
    # Each leads to the check of that time, which can be booked.
    booked = book(client, "/book/mood-40/check/" + others[-1].partition("#")[0])
    assert booked.status_code == 302
    assert Appointment.objects.filter(patient=ada).count() == 1


def test_of_two_who_book_the_same_hour_one_is_told_others(
    transactional_db: None,
) -> None:
    make_nurse()
    clients = [client_of(make_patient(name=name)) for name in ("Ada Byrne", "Ben Okafor")]
    forms = [sent(page(client, CHECK)) for client in clients]
    answers = race([partial(c.post, CHECK, f) for c, f in zip(clients, forms, strict=True)])
    assert sorted(answer.status_code for answer in answers) == [302, 409]
    assert Appointment.objects.count() == 1


def test_a_time_that_is_gone_is_said_in_the_picker(client: Client, cleo: Nurse) -> None:
    take(cleo, starts_at=at(4, 10, 30))
    shown = page(client, f"/book/mood-40/?at={AT}")
    assert "Thursday 4 February, 10:30 AM is not free any more" in shown


def test_a_full_day_leads_to_the_next_ones_and_to_the_waiting_list(
    client: Client, cleo: Nurse
) -> None:
    for hour in (8, 12, 16):
        take(cleo, starts_at=at(4, hour))
    shown = page(client, "/book/mood-40/?day=2027-02-04")
    assert "Every time on this day is taken." in shown
    assert "?day=2027-02-05" in links(shown)
    assert f"{reverse('wait', args=['mood-40'])}?day=2027-02-04" in links(shown)


def test_where_nothing_is_free_the_waiting_list_is_offered() -> None:
    shown = page(client_of(make_patient()), "/book/mood-40/")
    assert "No time is free until" in shown
    assert reverse("wait", args=["mood-40"]) in links(shown)


# -- nothing lost, nothing doubled -----------------------------------------------------------------


def test_a_double_click_books_once(client: Client) -> None:
    form = sent(page(client, CHECK))
    first, second = (client.post(CHECK, form) for _ in range(2))
    assert first["Location"] == second["Location"]
    assert Appointment.objects.count() == 1


def test_two_clicks_at_the_same_moment_book_once(transactional_db: None) -> None:
    make_nurse()
    ada = make_patient()
    clients = [client_of(ada), client_of(ada)]
    form = sent(page(clients[0], CHECK))
    answers = race([partial(c.post, CHECK, form) for c in clients])
    assert len({answer["Location"] for answer in answers}) == 1
    assert Appointment.objects.count() == 1


def test_a_second_tab_shows_what_the_first_booked(client: Client) -> None:
    tabs = [sent(page(client, CHECK)) for _ in range(2)]
    first, second = (client.post(CHECK, form) for form in tabs)
    assert first["Location"] == second["Location"]
    assert Appointment.objects.count() == 1


def test_going_back_to_the_check_shows_what_is_booked(client: Client) -> None:
    there = book(client, CHECK)["Location"]
    assert client.get(CHECK)["Location"] == there


def test_the_form_of_a_cancelled_visit_does_not_book_it_again(client: Client) -> None:
    form = sent(page(client, CHECK))
    there = client.post(CHECK, form)["Location"]
    appointments.cancel(appointment=Appointment.objects.get())
    assert client.post(CHECK, form)["Location"] == there
    assert "This visit is not booked any more" in page(client, there)
    assert Appointment.objects.count() == 1


def test_signing_in_comes_back_to_the_choice(client: Client) -> None:
    client.logout()
    answer = client.get(CHECK)
    assert answer.status_code == 302
    assert f"next=/book/mood-40/check/%3Fat%3D{AT.replace(':', '%3A')}" in answer["Location"]


def test_a_form_sent_after_the_session_ended_keeps_its_choice(client: Client) -> None:
    form = sent(page(client, CHECK))
    client.logout()
    shown = text(client.post(CHECK, form))
    assert f'name="at" value="{AT}"' in shown
    assert not Appointment.objects.exists()


def test_another_patients_visit_is_nobody_elses_to_see(client: Client, cleo: Nurse) -> None:
    visit = take(cleo, starts_at=at(5, 10))
    assert client.get(reverse("visit-booked", args=[visit.pk])).status_code == 404
    assert client.get(reverse("visit-booked", args=[uuid4()])).status_code == 404


def test_the_clinics_own_people_book_elsewhere() -> None:
    staff = Client()
    staff.force_login(make_user(role=Role.DISPATCHER, name="Dan Whitlock"))
    assert staff.get("/book/").status_code == 403


@pytest.mark.parametrize(
    "address",
    [
        "/book/mood-40/check/",
        "/book/mood-40/check/?at=nonsense",
        "/book/mood-40/check/?at=9999-12-31T23:59Z",
    ],
)
def test_a_check_of_nothing_goes_back_to_the_times(client: Client, address: str) -> None:
    assert client.get(address)["Location"] == "/book/mood-40/"


@pytest.mark.parametrize(
    ("start", "said"),
    [
        ("2027-02-01T20:00Z", "This is too soon"),
        ("2027-01-01T16:00Z", "This is too soon"),
        ("2028-02-01T16:00Z", "This is too far ahead"),
        ("2027-02-05T04:00Z", "Visits lie between 8:00 AM and 8:00 PM"),
        ("2027-02-04T16:31Z", "not free any more"),
    ],
)
def test_a_start_that_cannot_be_is_said_why(client: Client, start: str, said: str) -> None:
    address = f"/book/mood-40/check/?at={start}"
    assert said in page(client, address)
    answer = client.post(address, {"at": start, "once": uuid4()})
    assert answer.status_code == 409
    assert said in text(answer)
    assert not Appointment.objects.exists()


def test_booking_again_goes_to_maintenance_or_to_the_one_thing_that_is_left(
    client: Client, ada: Patient
) -> None:
    assert client.get("/book/again/")["Location"] == "/book/mood-40/"
    make_order(patient=ada, slug="pain-240")
    assert client.get("/book/again/")["Location"] == "/book/"
    make_order(patient=ada, slug="maintenance-40")
    assert client.get("/book/again/")["Location"] == "/book/maintenance-40/"


def test_it_knows_no_therapy_but_its_own(client: Client) -> None:
    gone = therapy("pain-240")
    gone.is_active = False
    gone.save()
    for slug in ("nonsense", "pain-240"):
        for address in (f"/book/{slug}/", f"/book/{slug}/check/?at={AT}", f"/book/{slug}/course/"):
            assert client.get(address).status_code == 404


def test_a_thousand_starts_are_not_looked_for(client: Client) -> None:
    many = "&".join(
        f"at=2027-02-{day:02}T{hour}:00Z" for day in range(1, 29) for hour in range(14, 24)
    )
    assert client.get(f"/book/mood-40/check/?{many}").status_code == 200


# -- a talk in two screens -------------------------------------------------------------------------


@pytest.fixture
def ben() -> Patient:
    make_nurse(name="Kofi Mensah", kind="desk")
    return make_patient(name="Ben Okafor", ready=False)


def test_it_books_a_talk_in_two_screens(ben: Patient) -> None:
    client = client_of(ben)
    first = page(client, f"/book/consultation/?at={TALK}")
    assert "Step 1 of 2" in first
    assert "Book Tuesday, 10:30 AM" in first
    answer = client.post(f"/book/consultation/check/?at={TALK}", sent(first))
    visit = Appointment.objects.get()
    assert answer["Location"] == reverse("visit-booked", args=[visit.pk])
    assert "Step 2 of 2" in page(client, answer["Location"])


def test_a_talk_asks_for_a_missing_phone_in_place(ben: Patient) -> None:
    ben.phone = ""
    ben.save()
    client, address = client_of(ben), f"/book/consultation/check/?at={TALK}"
    form = sent(page(client, f"/book/consultation/?at={TALK}"))
    refused = client.post(address, form | {"phone": "call me"})
    assert refused.status_code == 400
    assert "This is not a phone number we can call" in text(refused)
    assert 'value="call me"' in text(refused)
    assert client.post(address, form | {"phone": "(312) 555-0144"}).status_code == 302
    ben.refresh_from_db()
    assert ben.phone == "+13125550144"
    assert Appointment.objects.count() == 1


def test_a_phone_number_is_kept_though_the_time_is_lost(ben: Patient) -> None:
    ben.phone = ""
    ben.save()
    client, nurse = client_of(ben), Nurse.objects.get()
    form = sent(page(client, f"/book/consultation/?at={TALK}"))
    make_appointment(
        patient=make_patient(), nurse=nurse, starts_at=at(2, 10, 30), slug="consultation"
    )
    answer = client.post(f"/book/consultation/check/?at={TALK}", form | {"phone": "312 555 0144"})
    assert answer.status_code == 409
    assert "is not free any more" in text(answer)
    ben.refresh_from_db()
    assert ben.phone == "+13125550144"


def test_a_talk_waits_for_a_confirmed_address(ben: Patient) -> None:
    EmailAddress.objects.filter(user=ben.user).update(verified=False)
    client, address = client_of(ben), f"/book/consultation/check/?at={TALK}"
    shown = page(client, f"/book/consultation/?at={TALK}")
    assert reverse("account_email") in links(shown)
    answer = client.post(address, sent(shown))
    assert answer.status_code == 409
    assert "confirm your e-mail address" in text(answer)
    assert not Appointment.objects.exists()


def test_the_check_of_a_talk_is_its_time(ben: Patient) -> None:
    answer = client_of(ben).get(f"/book/consultation/check/?at={TALK}")
    assert answer["Location"].startswith(f"/book/consultation/?at={TALK}")


# -- a course as one step --------------------------------------------------------------------------


@pytest.fixture
def eve(cleo: Nurse) -> Patient:
    eve = make_patient(name="Eve Larsen", slug="consultation")
    make_order(patient=eve, slug="pain-240", sessions=5)
    return eve


def course_check(client: Client, query: str = "") -> str:
    shown = page(client, f"/book/pain-240/course/{query}")
    return next(link for link in links(shown) if link.startswith("/book/pain-240/check/"))


def test_it_books_a_course_as_one_step(eve: Patient) -> None:
    client = client_of(eve)
    shown = page(client, "/book/pain-240/course/")
    assert "5 visits on days in a row, each at" in shown
    assert shown.count("No food from") == 5
    assert "You cannot drive between these visits" in shown
    answer = book(client, course_check(client))
    course = Course.objects.get()
    assert course.appointments.count() == 5
    done = page(client, answer["Location"])
    assert "Your 5 visits are booked" in done


def test_a_course_begins_in_the_week_and_at_the_hour_asked_for(eve: Patient) -> None:
    check = course_check(client_of(eve), "?start=2027-02-15&hour=09:00")
    starts = re.findall(r"at=([^&]*)", check)
    assert starts[0] >= "2027-02-15T15:00Z"
    assert all(start.endswith("T15:00Z") for start in starts)


def test_a_course_says_where_an_hour_cannot_be_kept(eve: Patient, cleo: Nurse) -> None:
    kept = page(client_of(eve), "/book/pain-240/course/?hour=09:00")
    assert "as near as can be" not in kept
    Shift.objects.filter(nurse=cleo).update(starts=time(9, 30))
    moved = page(client_of(eve), "/book/pain-240/course/?hour=09:00")
    assert "Not every visit fits at 9:00 AM. This is as near as can be." in moved


def test_its_times_end_in_one_stop_and_name_months_as_spanish_does(eve: Patient) -> None:
    eve.language = "es"
    eve.save()
    for address in ("/book/pain-240/course/?hour=09:00", "/book/pain-240/"):
        shown = page(client_of(eve), address)
        assert "p.m." in shown
        assert "m.." not in shown
        assert not re.search(r"\d (?:Ene|Feb|Mar), \d", shown)


@pytest.mark.parametrize(
    "query", ["?start=nonsense", "?hour=25:00", "?start=9999-12-31&hour=%00", "?start=2020-01-01"]
)
def test_a_course_leaves_out_what_it_does_not_understand(eve: Patient, query: str) -> None:
    assert "These days fit" in page(client_of(eve), f"/book/pain-240/course/{query}")


@pytest.mark.parametrize("place", [0, 2, 4])
def test_a_lost_day_of_a_course_is_named_and_the_rest_kept(
    eve: Patient, cleo: Nurse, place: int
) -> None:
    client = client_of(eve)
    check = course_check(client)
    form = sent(page(client, check))
    lost = form["at"][place]
    # Half an hour, and then she is free again.
    take(cleo, starts_at=datetime.fromisoformat(lost), slug="consultation")
    answer = client.post(check, form)
    assert answer.status_code == 409
    assert not Course.objects.exists()
    shown = text(answer)
    assert "This time is not free any more" in shown
    new = sent(shown)
    assert len(new["at"]) == len(form["at"])
    assert len(set(new["at"]) & set(form["at"])) == len(form["at"]) - 1
    assert lost not in new["at"]
    assert "new time" in shown
    action = re.search(r'<form class="card" method="post" action="([^"]*)"', shown)
    assert action is not None
    assert client.post("/book/pain-240/check/" + action[1], new).status_code == 302
    assert Course.objects.get().appointments.count() == len(form["at"])


def test_a_course_sent_twice_is_booked_once(eve: Patient) -> None:
    client = client_of(eve)
    check = course_check(client)
    forms = [sent(page(client, check)) for _ in range(2)]
    answers = [client.post(check, form) for form in (*forms, forms[0])]
    assert len({answer["Location"] for answer in answers}) == 1
    assert Course.objects.count() == 1


def test_a_course_without_an_order_leads_to_the_talk(client: Client) -> None:
    shown = page(client, "/book/pain-240/course/")
    assert reverse("book-time", args=["consultation"]) in links(shown)


def test_a_course_that_fits_nowhere_leads_to_the_waiting_list() -> None:
    shown = page(client_of(make_patient(slug="pain-240")), "/book/pain-240/course/")
    assert "No course on days in a row fits" in shown
    assert reverse("wait", args=["pain-240"]) in links(shown)


def test_a_talk_is_no_course(client: Client) -> None:
    assert client.get("/book/consultation/course/")["Location"] == "/book/consultation/"


# -- what a page costs -----------------------------------------------------------------------------


def test_its_pages_ask_the_database_a_few_times_however_many_nurses(eve: Patient) -> None:
    for number in range(12):
        make_nurse(name=f"Cleo {number}")
    client = client_of(eve)
    check = course_check(client)
    gone = check.replace("T1", "T0", 1)
    for address in (
        "/book/",
        "/book/pain-240/",
        f"/book/pain-240/?at={AT}",
        check,
        gone,
        "/book/pain-240/course/",
    ):
        with CaptureQueriesContext(connection) as queries:
            assert client.get(address).status_code == 200
        assert len(queries) <= 15, (address, "\n".join(one["sql"][:200] for one in queries))


def test_its_pages_are_kept_out_of_every_cache(client: Client) -> None:
    for address in ("/book/", "/book/mood-40/", CHECK):
        assert "no-store" in client.get(address)["Cache-Control"]
