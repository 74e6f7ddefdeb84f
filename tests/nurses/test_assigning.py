"""A dispatcher sends another nurse."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from rest_framework.test import APIClient

from booking import appointments
from booking.assignments import Move, assign_all
from booking.availability import NotOffered, SlotTaken
from booking.models import Appointment, Notice
from booking.notices import ledger, messages
from config.core.errors import WrongState
from config.core.models import Role
from scheduling.models import Leave, Nurse
from tests.factories import OAK_PARK, make_nurse, make_patient, make_user, therapy
from tests.nurses.story import START
from tests.nurses.test_route import EVANSTON, book

BEFORE = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def clock(db: None) -> Any:
    with time_machine.travel(BEFORE, tick=False) as still:
        yield still


@pytest.fixture
def dan() -> APIClient:
    client = APIClient()
    client.force_login(make_user(role=Role.DISPATCHER, name="Dan Reyes"))
    return client


def assign(client: APIClient, visit: Any, nurse: Any, **headers: str) -> Any:
    return client.post(f"/api/v1/appointments/{visit}/assign/", {"nurse": nurse}, headers=headers)


def holder(visit: Appointment) -> int | None:
    return Appointment.objects.get(pk=visit.pk).nurse_id


def test_it_sends_the_nurse_and_says_who_goes(dan: APIClient) -> None:
    cleo, ben = make_nurse(), make_nurse(name="Ben Wu")
    visit = book(cleo)
    answer = assign(dan, visit.pk, ben.pk)
    assert answer.status_code == 200
    assert answer.json()["nurse"] == {"id": ben.pk, "first_name": "Ben"}
    assert holder(visit) == ben.pk
    assert assign(dan, visit.pk, ben.pk).status_code == 200


def test_it_gives_a_stranded_visit_a_nurse(dan: APIClient) -> None:
    visit, cleo = book(None), make_nurse()
    assert assign(dan, visit.pk, cleo.pk).status_code == 200
    assert holder(visit) == cleo.pk


def test_a_consultation_goes_to_another_desk_and_to_no_car(dan: APIClient) -> None:
    desk, other = (make_nurse(name=name, kind="desk") for name in ("Ina Bell", "Ola Reed"))
    ada = make_patient(slug="consultation")
    talk = appointments.book(
        patient=ada, therapy=therapy("consultation"), starts_at=START, by=ada.user, nurse=desk
    )
    assert assign(dan, talk.pk, make_nurse().pk).json()["errors"][0]["code"] == "not_offered"
    assert assign(dan, talk.pk, other.pk).status_code == 200
    assert holder(talk) == other.pk


def busy(nurse: Nurse) -> None:
    book(nurse, 1)


def away(nurse: Nurse) -> None:
    Leave.objects.create(nurse=nurse, starts_at=START, ends_at=START + timedelta(hours=1))


def unlicensed(nurse: Nurse) -> None:
    nurse.licences.all().delete()


def inactive(nurse: Nurse) -> None:
    Nurse.objects.filter(pk=nurse.pk).update(is_active=False)


@pytest.mark.parametrize(
    ("stop", "code", "words"),
    [
        (busy, "slot_taken", "something else"),
        (away, "not_offered", "does not work"),
        (unlicensed, "not_offered", "no licence"),
        (inactive, "not_offered", ""),
    ],
)
def test_it_names_the_rule_that_refuses(dan: APIClient, stop: Any, code: str, words: str) -> None:
    cleo, ben = make_nurse(), make_nurse(name="Ben Wu")
    visit = book(cleo)
    stop(ben)
    answer = assign(dan, visit.pk, ben.pk)
    assert answer.status_code == 409
    (error,) = answer.json()["errors"]
    assert error["code"] == code
    assert words in error["detail"]
    assert holder(visit) == cleo.pk


@pytest.mark.parametrize("status", ["en_route", "infusing", "discharged", "cancelled", "no_show"])
def test_it_changes_no_nurse_of_a_visit_that_is_not_to_come(dan: APIClient, status: str) -> None:
    cleo, ben = make_nurse(), make_nurse(name="Ben Wu")
    visit = book(cleo, status=status)
    answer = assign(dan, visit.pk, ben.pk)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (409, "wrong_state")
    assert holder(visit) == cleo.pk


@pytest.mark.parametrize(
    "nurse", [None, "", "x", -1, 0, 10**30, 1.5, True, [], {}, "\x00", "1e400"]
)
def test_it_refuses_what_is_no_nurse(dan: APIClient, nurse: Any) -> None:
    answer = assign(dan, book(make_nurse()).pk, nurse)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["attr"] == "nurse"


def test_it_knows_no_other_visits(dan: APIClient) -> None:
    cleo = make_nurse()
    assert assign(dan, uuid4(), cleo.pk).status_code == 404
    assert assign(dan, "x", cleo.pk).status_code == 404


@pytest.mark.parametrize("role", [Role.PATIENT, Role.NURSE, Role.CLINICIAN])
def test_it_is_for_dispatchers(role: Role) -> None:
    visit, cleo = book(make_nurse()), make_nurse(name="Ben Wu")
    client = APIClient()
    assert assign(client, visit.pk, cleo.pk).status_code == 401
    client.force_login(make_user(role=role))
    assert assign(client, visit.pk, cleo.pk).status_code == 403


def test_it_gives_the_first_answer_to_the_same_key_again(dan: APIClient) -> None:
    cleo, ben = make_nurse(), make_nurse(name="Ben Wu")
    visit = book(cleo)
    first = assign(dan, visit.pk, ben.pk, **{"Idempotency-Key": "a"})
    Appointment.objects.filter(pk=visit.pk).update(nurse=cleo)
    again = assign(dan, visit.pk, ben.pk, **{"Idempotency-Key": "a"})
    assert again.json() == first.json()
    assert holder(visit) == cleo.pk


def test_a_change_of_nurse_says_nothing_before_today_which_names_who_comes() -> None:
    cleo = make_nurse()
    ada = make_patient()
    visit = appointments.book(
        patient=ada, therapy=therapy(), starts_at=START, by=ada.user, nurse=cleo
    )
    ben = make_nurse(name="Ben Wu")
    planned = sorted(Notice.objects.values_list("pk", "kind", "status", "version", "send_from"))
    appointments.assign(appointment=visit, nurse=ben)
    ledger.plan_for(appointment=Appointment.objects.get(pk=visit.pk))
    after = sorted(Notice.objects.values_list("pk", "kind", "status", "version", "send_from"))
    assert after == planned
    today = Notice.objects.get(kind="today")
    assert "Your nurse is Ben." in messages.render(today).text


# -- many at once --------------------------------------------------------------------------------


def test_two_nurses_exchange_visits_that_overlap() -> None:
    cleo, ben = make_nurse(), make_nurse(name="Ben Wu")
    hers, his = book(cleo), book(ben, 0.5, place=EVANSTON)
    assign_all([Move(hers.pk, ben.pk), Move(his.pk, cleo.pk)])
    assert (holder(hers), holder(his)) == (ben.pk, cleo.pk)


def test_three_nurses_hand_on_in_a_ring() -> None:
    nurses = [make_nurse(name=f"Nurse {n}") for n in range(3)]
    visits = [book(nurse, 0.25 * n) for n, nurse in enumerate(nurses)]
    ring = [*nurses[1:], nurses[0]]
    assign_all([Move(visit.pk, nurse.pk) for visit, nurse in zip(visits, ring, strict=True)])
    assert [holder(visit) for visit in visits] == [nurse.pk for nurse in ring]


def test_one_refused_move_undoes_all_and_is_named() -> None:
    cleo, ben = make_nurse(), make_nurse(name="Ben Wu")
    hers, his, third = book(cleo), book(ben), book(cleo, 5)
    away(ben)
    with pytest.raises(NotOffered) as refused:
        assign_all([Move(third.pk, ben.pk), Move(hers.pk, ben.pk), Move(his.pk, cleo.pk)])
    assert [reason.attr for reason in refused.value.reasons] == [str(hers.pk)]
    assert [holder(visit) for visit in (hers, his, third)] == [cleo.pk, ben.pk, cleo.pk]


def test_a_move_is_asked_of_the_day_as_it_will_be_and_no_other() -> None:
    cleo, ben = make_nurse(), make_nurse(name="Ben Wu")
    hers, his = book(cleo), book(ben)
    with pytest.raises(SlotTaken):
        assign_all([Move(hers.pk, ben.pk)])
    assign_all([Move(hers.pk, ben.pk), Move(his.pk, None)])
    assert (holder(hers), holder(his)) == (ben.pk, None)


def test_none_moves_where_one_is_under_way() -> None:
    cleo, ben = make_nurse(), make_nurse(name="Ben Wu")
    hers, begun = book(cleo), book(ben, status="en_route", place=OAK_PARK)
    with pytest.raises(WrongState):
        assign_all([Move(hers.pk, ben.pk), Move(begun.pk, cleo.pk)])
    assert (holder(hers), holder(begun)) == (cleo.pk, ben.pk)


def test_no_moves_change_nothing() -> None:
    visit = book(make_nurse())
    assign_all([])
    assert holder(visit) == visit.nurse_id
