"""What is closed is offered to nobody and booked by nobody; lunch and limits hold in both."""

from __future__ import annotations

from datetime import date, time, timedelta
from typing import Any

import pytest
import time_machine
from rest_framework.test import APIClient

from booking import appointments
from booking.availability import SlotTaken
from booking.models import Appointment
from patients.models import Patient
from scheduling.models import Closure, Nurse, ShiftException
from tests.booking.test_booking_api import MONDAY, at, book, client_of, codes, slots
from tests.factories import make_nurse, make_patient

pytestmark = pytest.mark.django_db
STORM = date(2027, 2, 4)


@pytest.fixture(autouse=True)
def _monday() -> Any:
    with time_machine.travel(MONDAY, tick=False):
        yield


@pytest.fixture
def ada() -> Patient:
    return make_patient()


@pytest.fixture
def client(ada: Patient) -> APIClient:
    return client_of(ada)


def close(**changes: Any) -> Closure:
    return Closure.objects.create(
        **{"name": "a winter storm", "first_day": STORM, "last_day": STORM, **changes}
    )


def days(client: APIClient) -> set[str]:
    return {slot["starts_at"][:10] for slot in slots(client, 3, 5)}


@pytest.mark.parametrize("area", [{}, {"states": ["IL"]}, {"postal_prefixes": ["603"]}])
def test_it_empties_a_closed_day_and_refuses_to_book_it(
    client: APIClient, area: dict[str, Any]
) -> None:
    make_nurse()
    assert days(client) == {"2027-02-03", "2027-02-04", "2027-02-05"}

    close(**area)

    assert days(client) == {"2027-02-03", "2027-02-05"}
    refused = book(client, at(4, 10))
    assert (refused.status_code, codes(refused)) == (409, ["not_offered"])
    others = refused.json()["alternatives"]
    assert [one["starts_at"][:10] for one in others] == ["2027-02-05"] * 5
    assert book(client, others[0]["starts_at"]).status_code == 201


def test_it_leaves_the_day_open_elsewhere(client: APIClient) -> None:
    make_nurse()
    close(states=["IN"], postal_prefixes=["60611"])

    assert "2027-02-04" in days(client)
    assert book(client, at(4, 10)).status_code == 201


def test_it_moves_no_visit_into_a_closed_day_but_lets_one_out_of_it(client: APIClient) -> None:
    make_nurse()
    book(client, at(3, 15))
    visit = Appointment.objects.get()
    close(postal_prefixes=["603"])

    with pytest.raises(Exception, match="not_offered"):
        appointments.reschedule(appointment=visit, starts_at=at(4, 10))

    close(first_day=date(2027, 2, 3), last_day=date(2027, 2, 3), cancels_visits=False)
    moved = appointments.reschedule(appointment=visit, starts_at=at(5, 10))
    assert moved.starts_at == at(5, 10)


def test_it_books_exactly_what_it_offers_around_lunch_limits_and_exceptions(
    client: APIClient,
) -> None:
    cleo = make_nurse(starts=time(8), ends=time(19))
    cleo.shifts.update(lunch_minutes=45, lunch_from=time(11, 30), lunch_until=time(13, 30))
    Nurse.objects.filter(pk=cleo.pk).update(max_driving_minutes=80)
    ShiftException.objects.create(nurse=cleo, day=STORM, starts=time(18), ends=time(19))
    ben = client_of(make_patient(name="Ben Okafor", place=(41.90, -87.70)))
    assert book(ben, at(4, 8, 30)).status_code == 201  # until 11:40
    offered = {slot["starts_at"] for slot in slots(client, 4, 4)}

    assert min(offered) > at(4, 12, 15).isoformat()  # she has lunch before it
    assert 0 < len(offered) < 12
    for quarter in range(4 * 24):
        start = at(4, 0) + timedelta(minutes=15 * quarter)
        answer = book(client, start)
        assert (answer.status_code == 201) == (start.isoformat() in offered), start
        if answer.status_code == 201:
            client.post(f"/api/v1/appointments/{answer.json()['id']}/cancel/", {})


def test_it_gives_no_visit_to_a_nurse_whose_day_is_full(client: APIClient) -> None:
    make_nurse()
    assert book(client, at(4, 13)).status_code == 201
    visit = Appointment.objects.get()
    dee = make_nurse(name="Dee Park")
    ben = make_patient(name="Ben Okafor")
    appointments.book(
        patient=ben, therapy=visit.therapy, starts_at=at(4, 9), by=ben.user, nurse=dee
    )
    Nurse.objects.filter(pk=dee.pk).update(max_working_minutes=400)

    with pytest.raises(SlotTaken):
        appointments.assign(appointment=visit, nurse=dee)

    Nurse.objects.filter(pk=dee.pk).update(max_working_minutes=440)
    assert appointments.assign(appointment=visit, nurse=dee).nurse == dee
