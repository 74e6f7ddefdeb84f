"""The booking API, rule by rule, as a patient's program meets it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from rest_framework.test import APIClient

from booking import appointments, gates
from booking.models import Appointment, Notice, StaffTask, Status
from config.core.clock import now
from patients import gate, orders
from patients.models import Patient
from scheduling.models import Leave, Shift
from tests.factories import (
    CHICAGO,
    LOOP,
    make_document,
    make_nurse,
    make_order,
    make_patient,
    make_user,
    therapy,
    use_up,
)

pytestmark = pytest.mark.django_db
ZONE = ZoneInfo(CHICAGO)
# A Monday noon in Chicago, far from any change of clocks.
MONDAY = datetime(2027, 2, 1, 18, tzinfo=UTC)


def at(day: int, hour: int, minute: int = 0, *, month: int = 2) -> datetime:
    return datetime(2027, month, day, hour, minute, tzinfo=ZONE)


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


def client_of(patient: Patient) -> APIClient:
    client = APIClient()
    client.force_authenticate(patient.user)
    return client


def book(client: APIClient, starts_at: object, slug: str = "mood-40", **headers: str) -> Any:
    instant = starts_at.isoformat() if isinstance(starts_at, datetime) else starts_at
    body = {"therapy": slug, "starts_at": instant}
    return client.post("/api/v1/appointments/", body, headers=headers)


def codes(answer: Any) -> list[str]:
    return [error["code"] for error in answer.json()["errors"]]


def test_it_books_a_visit_and_says_what_it_means(client: APIClient, ada: Patient) -> None:
    make_nurse()
    answer = book(client, at(4, 10, 30))
    assert answer.status_code == 201
    body = answer.json()
    assert {name: body[name] for name in body if name != "id"} == {
        "therapy": "mood-40",
        "status": "booked",
        "starts_at": "2027-02-04T10:30:00-06:00",
        "ends_at": "2027-02-04T13:40:00-06:00",
        "heavy_meal_until": "2027-02-04T02:30:00-06:00",
        "fast_from": "2027-02-04T04:30:00-06:00",
        "liquids_until": "2027-02-04T08:30:00-06:00",
        "drive_after": "2027-02-05T13:40:00-06:00",
        "time_zone": CHICAGO,
        "nurse": {"first_name": "Cleo"},
        "course": None,
        "blocked": [],
        "version": 1,
    }
    assert ada.orders.get().sessions_reserved == 1
    assert client.get("/api/v1/appointments/").json() == [body]
    assert client.get(f"/api/v1/appointments/{body['id']}/").json() == body


def test_it_names_every_closed_gate_then_every_broken_time_rule_in_order() -> None:
    ben = make_patient(name="Ben Okafor", ready=False)
    make_document()
    therapy()
    answer = book(client_of(ben), MONDAY + timedelta(hours=1))
    assert answer.status_code == 409
    assert codes(answer) == [
        "not_cleared",
        "order_missing",
        "consent_missing",
        "escort_missing",
        "outside_service_area",
        "notice_too_short",
    ]


@pytest.mark.parametrize(
    ("starts_at", "expected"),
    [
        (at(2, 11, 45), ["notice_too_short"]),
        (at(3, 3, month=4), ["beyond_horizon", "too_late_at_night"]),
        (at(3, 7, 45), ["too_late_at_night"]),
        (at(3, 17), ["too_late_at_night"]),
        (at(3, 10, 10), ["not_offered"]),
        (datetime(2027, 2, 3, 16, 0, 1, tzinfo=UTC), ["not_offered"]),
    ],
)
def test_it_refuses_a_start_by_name(
    client: APIClient, starts_at: datetime, expected: list[str]
) -> None:
    make_nurse()
    assert codes(book(client, starts_at)) == expected


def test_it_accepts_the_first_and_the_last_start_of_the_rules(client: APIClient) -> None:
    make_nurse()
    assert book(client, at(2, 12)).status_code == 201
    assert book(client, at(4, 16, 45)).status_code == 201


def test_it_keeps_the_order_s_interval_on_both_sides(client: APIClient) -> None:
    make_nurse()
    assert book(client, at(10, 10)).status_code == 201
    assert codes(book(client, at(12, 9, 45))) == ["interval_too_short"]
    assert codes(book(client, at(8, 10, 15))) == ["interval_too_short"]
    assert codes(book(client, at(10, 11))) == ["interval_too_short", "patient_busy"]
    assert book(client, at(12, 10)).status_code == 201


def test_it_lets_the_larger_interval_of_two_orders_win(client: APIClient, ada: Patient) -> None:
    make_nurse()
    make_order(patient=ada, slug="maintenance-40")
    assert book(client, at(4, 10)).status_code == 201
    assert codes(book(client, at(20, 10), "maintenance-40")) == ["interval_too_short"]
    assert book(client, at(4, 10, month=3), "maintenance-40").status_code == 201


def test_it_refuses_once_the_order_s_sessions_are_reserved(client: APIClient, ada: Patient) -> None:
    make_nurse()
    use_up(ada.orders.get())
    assert codes(book(client, at(4, 10))) == ["order_exhausted"]


def test_it_offers_other_times_where_the_nurse_is_taken(client: APIClient) -> None:
    make_nurse()
    ben = client_of(make_patient(name="Ben Okafor"))
    assert book(ben, at(4, 10)).status_code == 201
    answer = book(client, at(4, 10))
    assert (answer.status_code, codes(answer)) == (409, ["slot_taken"])
    others = answer.json()["alternatives"]
    assert 0 < len(others) <= 5
    assert book(client, others[0]["starts_at"]).status_code == 201


def test_it_refuses_visits_a_nurse_cannot_drive_between(client: APIClient, ada: Patient) -> None:
    make_nurse(home=LOOP)
    far = make_patient(name="Ben Okafor", place=(42.2, -87.9))
    assert book(client_of(far), at(4, 9)).status_code == 201  # until 12:10, 71 minutes away
    assert codes(book(client, at(4, 12, 15))) == ["slot_taken"]
    assert codes(book(client, at(4, 13, 15))) == ["slot_taken"]
    assert book(client, at(4, 13, 30)).status_code == 201


def test_it_offers_nothing_to_a_nurse_who_may_not_be_sent(client: APIClient) -> None:
    nurse = make_nurse()

    def offered() -> bool:
        return bool(slots(client, 4, 4))

    assert offered()
    nurse.licences.update(valid_until=date(2027, 2, 3))
    assert not offered()
    nurse.licences.update(valid_until=date(2027, 2, 4), state="WI")
    assert not offered()
    nurse.licences.update(state="IL")
    nurse.qualifications.update(valid_until=date(2027, 2, 3))
    assert not offered()
    nurse.qualifications.update(valid_until=date(2027, 2, 4))
    assert offered()
    Leave.objects.create(nurse=nurse, starts_at=at(4, 0), ends_at=at(5, 0))
    assert not offered()
    assert codes(book(client, at(4, 10))) == ["not_offered"]


def slots(client: APIClient, first: int, last: int, slug: str = "mood-40") -> list[dict[str, Any]]:
    asked = {"therapy": slug, "from": f"2027-02-{first:02}", "to": f"2027-02-{last:02}"}
    answer = client.get("/api/v1/slots/", asked)
    assert answer.status_code == 200, answer.json()
    return list(answer.json()["slots"])


def test_it_offers_quarter_hours_inside_service_hours_only(client: APIClient) -> None:
    make_nurse()
    starts = [datetime.fromisoformat(slot["starts_at"]) for slot in slots(client, 1, 28)]
    assert min(starts) == at(2, 12)
    for start in starts:
        assert start.minute % 15 == 0
        assert start.astimezone(ZONE).hour >= 8
    assert {start.astimezone(ZONE).strftime("%H:%M") for start in starts} >= {"08:00", "16:45"}
    ends = [
        datetime.fromisoformat(slot["ends_at"]).astimezone(ZONE) for slot in slots(client, 1, 28)
    ]
    assert max(end.strftime("%H:%M") for end in ends) == "19:55"


def test_it_can_book_every_slot_it_offers_and_offers_every_one_it_can_book(
    ada: Patient, client: APIClient
) -> None:
    make_nurse()
    ben = client_of(make_patient(name="Ben Okafor", place=(42.0, -87.7)))
    assert book(ben, at(4, 12)).status_code == 201
    offered = {slot["starts_at"] for slot in slots(client, 4, 4)}
    assert 0 < len(offered) < 36
    for quarter in range(24 * 4):
        start = at(4, 0) + timedelta(minutes=15 * quarter)
        answer = book(client, start)
        assert (answer.status_code == 201) == (start.isoformat() in offered), start
        if answer.status_code == 201:
            client.post(f"/api/v1/appointments/{answer.json()['id']}/cancel/", {})


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"therapy": "nope", "from": "2027-02-02", "to": "2027-02-03"},
        {"therapy": "mood-40", "from": "2027-02-03", "to": "2027-02-02"},
        {"therapy": "mood-40", "from": "2027-02-01", "to": "2027-04-04"},
        {"therapy": "mood-40", "from": "9999-12-30", "to": "9999-12-31"},
        {"therapy": "mood-40", "from": "0001-01-01", "to": "0001-01-02"},
        {"therapy": "mood-40\x00", "from": "yesterday", "to": "٣"},
    ],
)
def test_it_answers_a_malformed_search_with_400(client: APIClient, query: dict[str, str]) -> None:
    therapy()
    assert client.get("/api/v1/slots/", query).status_code == 400


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        "hello",
        {"therapy": {"a": 1}, "starts_at": []},
        {"therapy": "mood-40", "starts_at": "2027-02-04T10:00:00"},
        {"therapy": "mood-40", "starts_at": "9999-12-31T23:59:59-23:59"},
        {"therapy": "mood-40", "starts_at": "0001-01-01T00:00:00+14:00"},
        {"therapy": "mood-40\x00", "starts_at": "\x00"},
        {"therapy": "\u202e🤕" * 5000, "starts_at": "<script>" * 1000},
    ],
)
def test_it_answers_a_malformed_booking_with_400(client: APIClient, body: Any) -> None:
    therapy()
    assert client.post("/api/v1/appointments/", body, format="json").status_code == 400


def test_it_asks_no_gate_but_the_address_for_slots() -> None:
    make_nurse()
    nora = make_patient(name="Nora New", ready=False)
    asked = {"therapy": "mood-40", "from": "2027-02-04", "to": "2027-02-04"}
    answer = client_of(nora).get("/api/v1/slots/", asked)
    assert (answer.status_code, codes(answer)) == (409, ["outside_service_area"])


def test_it_holds_a_consultation_from_a_desk_without_an_address() -> None:
    make_nurse(name="Kofi Mensah", kind=Shift.Kind.DESK)
    nora = make_patient(name="Nora New", ready=False)
    nora_client = client_of(nora)
    assert slots(nora_client, 3, 3, "consultation")
    answer = book(nora_client, at(3, 10), "consultation")
    assert answer.status_code == 201
    assert answer.json()["fast_from"] is answer.json()["drive_after"] is None
    nora.phone = ""
    nora.save()
    assert codes(book(nora_client, at(3, 12), "consultation")) == ["contact_missing"]


def test_it_moves_a_visit_and_keeps_its_identity(client: APIClient, ada: Patient) -> None:
    make_nurse()
    booked = book(client, at(4, 10)).json()
    path = f"/api/v1/appointments/{booked['id']}/reschedule/"
    moved = client.post(path, {"starts_at": at(5, 9).isoformat()})
    assert moved.status_code == 200
    assert (moved.json()["id"], moved.json()["version"]) == (booked["id"], 2)
    assert moved.json()["fast_from"] == "2027-02-05T03:00:00-06:00"
    assert ada.orders.get().sessions_reserved == 1
    ben = client_of(make_patient(name="Ben Okafor"))
    assert book(ben, at(4, 10)).status_code == 201


def test_it_moves_a_blocked_visit_once_every_gate_is_open_and_says_so(
    client: APIClient, ada: Patient
) -> None:
    make_nurse()
    visit = Appointment.objects.get(pk=book(client, at(3, 10)).json()["id"])
    Appointment.objects.filter(pk=visit.pk).update(blocked=["escort_missing"])
    moved = client.post(
        f"/api/v1/appointments/{visit.pk}/reschedule/", {"starts_at": at(4, 10).isoformat()}
    )
    assert moved.status_code == 200
    assert moved.json()["blocked"] == []


def test_it_can_move_a_visit_by_a_quarter_hour_over_itself(client: APIClient) -> None:
    make_nurse()
    booked = book(client, at(4, 10)).json()
    path = f"/api/v1/appointments/{booked['id']}/reschedule/"
    assert client.post(path, {"starts_at": at(4, 10, 15).isoformat()}).status_code == 200


def test_it_keeps_the_old_time_when_the_new_one_is_taken(client: APIClient) -> None:
    make_nurse()
    ben = client_of(make_patient(name="Ben Okafor"))
    assert book(ben, at(5, 10)).status_code == 201
    booked = book(client, at(4, 10)).json()
    path = f"/api/v1/appointments/{booked['id']}/reschedule/"
    answer = client.post(path, {"starts_at": at(5, 10).isoformat()})
    assert (answer.status_code, codes(answer)) == (409, ["slot_taken"])
    assert answer.json()["alternatives"]
    assert client.get(f"/api/v1/appointments/{booked['id']}/").json() == booked


def test_it_refuses_to_move_a_visit_less_than_a_day_away(client: APIClient) -> None:
    make_nurse()
    booked = book(client, at(4, 10)).json()
    path = f"/api/v1/appointments/{booked['id']}/reschedule/"
    with time_machine.travel(at(3, 10, 1), tick=False):
        answer = client.post(path, {"starts_at": at(8, 10).isoformat()})
    assert (answer.status_code, codes(answer)) == (409, ["too_late_to_change"])


def test_it_cancels_once_and_says_so_twice(client: APIClient, ada: Patient) -> None:
    make_nurse()
    booked = book(client, at(4, 10)).json()
    path = f"/api/v1/appointments/{booked['id']}/cancel/"
    first, second = client.post(path, {"reason": "🤒"}), client.post(path, {})
    assert first.status_code == second.status_code == 200
    assert first.json() == second.json()
    assert first.json()["status"] == "cancelled"
    assert ada.orders.get().sessions_reserved == 0
    reschedule = f"/api/v1/appointments/{booked['id']}/reschedule/"
    answer = client.post(reschedule, {"starts_at": at(8, 10).isoformat()})
    assert codes(answer) == ["wrong_state"]


def test_it_no_longer_cancels_once_the_nurse_has_set_off(client: APIClient) -> None:
    make_nurse()
    booked = book(client, at(4, 10)).json()
    Appointment.objects.update(status=Status.EN_ROUTE)
    answer = client.post(f"/api/v1/appointments/{booked['id']}/cancel/", {})
    assert codes(answer) == ["too_late_to_change"]


def test_it_hides_one_patient_s_visits_from_another(client: APIClient) -> None:
    make_nurse()
    booked = book(client, at(4, 10)).json()
    ben = client_of(make_patient(name="Ben Okafor"))
    path = f"/api/v1/appointments/{booked['id']}/"
    for answer in (
        ben.get(path),
        ben.get(f"{path}notices/"),
        ben.get(f"{path}calendar.ics"),
        ben.post(f"{path}cancel/", {}),
        ben.post(f"{path}reschedule/", {"starts_at": at(5, 10).isoformat()}),
    ):
        assert answer.status_code == 404
    assert ben.get("/api/v1/appointments/").json() == []
    assert APIClient().get(path).status_code == 401
    nurse = APIClient()
    nurse.force_authenticate(make_user(role="nurse", name="Cleo Marsh"))
    assert nurse.get(path).status_code == 403


def test_it_gives_the_same_answer_to_the_same_key_and_body(client: APIClient) -> None:
    make_nurse()
    first = book(client, at(4, 10), **{"Idempotency-Key": "k"})
    again = book(client, at(4, 10), **{"Idempotency-Key": "k"})
    assert (again.status_code, again.content) == (201, first.content)
    other = book(client, at(6, 10), **{"Idempotency-Key": "k"})
    assert (other.status_code, codes(other)) == (409, ["idempotency_conflict"])
    assert Appointment.objects.count() == 1


def test_it_keeps_a_refusal_for_its_key_but_not_a_malformed_answer(client: APIClient) -> None:
    make_nurse()
    refused = book(client, at(3, 7), **{"Idempotency-Key": "r"})
    with time_machine.travel(MONDAY + timedelta(hours=2), tick=False):
        again = book(client, at(3, 7), **{"Idempotency-Key": "r"})
    assert (refused.status_code, again.content) == (409, refused.content)
    assert book(client, "never", **{"Idempotency-Key": "m"}).status_code == 400
    assert book(client, at(4, 10), **{"Idempotency-Key": "m"}).status_code == 201
    assert book(client, at(6, 10), **{"Idempotency-Key": "x" * 256}).status_code == 400


def test_it_lists_the_closed_gate_of_a_promised_visit_and_clears_it_when_it_opens(
    client: APIClient, ada: Patient
) -> None:
    make_nurse()
    booked = book(client, at(4, 10)).json()
    path = f"/api/v1/appointments/{booked['id']}/"
    ada.refresh_from_db()
    ada.escort_name = ""
    ada.changed_at = now() + timedelta(seconds=1)
    ada.save()
    assert gates.recheck() == 1
    assert client.get(path).json()["blocked"] == ["escort_missing"]
    assert client.get(path).json()["status"] == "booked"
    assert StaffTask.objects.get().kind == "visit_blocked"
    assert Notice.objects.filter(kind="changed").exists()
    ada.escort_name = "Sam Ortiz"
    ada.changed_at = now() + timedelta(seconds=2)
    ada.save()
    gates.recheck()
    assert client.get(path).json()["blocked"] == []


def test_it_blocks_a_visit_whose_order_is_withdrawn(client: APIClient, ada: Patient) -> None:
    make_nurse()
    book(client, at(4, 10))
    order = ada.orders.get()
    with time_machine.travel(MONDAY + timedelta(minutes=5), tick=False):
        orders.withdraw(order=order, reason="Side effects", by=order.prescriber)
    with time_machine.travel(MONDAY + timedelta(minutes=6), tick=False):
        gates.recheck()
    assert Appointment.objects.get().blocked == ["order_missing"]


def test_it_assigns_another_nurse_only_if_she_may_go_and_is_free(client: APIClient) -> None:
    cleo = make_nurse()
    book(client, at(4, 10))
    visit = Appointment.objects.get()
    assert visit.nurse == cleo
    dee = make_nurse(name="Dee Park")
    appointments.assign(appointment=visit, nurse=dee)
    visit.refresh_from_db()
    assert (visit.nurse, visit.version) == (dee, 1)
    dee.licences.update(state="WI")
    cleo.licences.update(state="WI")
    with pytest.raises(Exception, match="not_offered"):
        appointments.assign(appointment=visit, nurse=cleo)


def test_it_gives_alternatives_as_slots_are_given(client: APIClient) -> None:
    make_nurse()
    ben = client_of(make_patient(name="Ben Okafor"))
    assert book(ben, at(4, 10)).status_code == 201
    others = book(client, at(4, 10)).json()["alternatives"]
    assert others == [slot for slot in slots(client, 4, 18) if slot in others]
    assert len(others) == 5


def test_it_rests_a_visit_on_the_order_that_replaced_its_own(
    client: APIClient, ada: Patient
) -> None:
    make_nurse()
    book(client, at(4, 10))
    old = ada.orders.get()
    with time_machine.travel(MONDAY + timedelta(minutes=5), tick=False):
        orders.withdraw(order=old, reason="Another dose", by=old.prescriber)
        new = make_order(patient=ada)
    with time_machine.travel(MONDAY + timedelta(minutes=6), tick=False):
        gates.recheck()
    visit = Appointment.objects.get()
    assert (visit.order, visit.blocked) == (new, [])
    old.refresh_from_db()
    new.refresh_from_db()
    assert (old.sessions_reserved, new.sessions_reserved) == (0, 1)


def test_it_asks_a_person_when_the_address_of_a_promised_visit_changes(
    client: APIClient, ada: Patient
) -> None:
    make_nurse()
    book(client, at(4, 10))
    with time_machine.travel(MONDAY + timedelta(minutes=5), tick=False):
        client.patch("/api/v1/me/", {"address": {"line1": "88 Harlem Ave"}}, format="json")
    with time_machine.travel(MONDAY + timedelta(minutes=6), tick=False):
        gates.recheck()
        StaffTask.objects.update(done_at=now(), done_by=ada.user)
    with time_machine.travel(MONDAY + timedelta(minutes=9), tick=False):
        gates.recheck()
    assert [task.kind for task in StaffTask.objects.all()] == ["address_changed"]
    assert Appointment.objects.get().line1 == "1201 Lake St"


def test_it_plans_texts_for_a_patient_who_changes_to_texts_and_keeps_what_may_return(
    client: APIClient, ada: Patient
) -> None:
    make_nurse()
    client.patch("/api/v1/me/", {"channels": ["email"]}, format="json")
    book(client, at(8, 10))

    def planned() -> set[str]:
        rows = Notice.objects.filter(kind="evening_before", status="pending")
        return set(rows.values_list("channel", flat=True))

    assert planned() == {"email"}
    for minutes, channels in ((5, ["sms"]), (10, ["email"])):
        with time_machine.travel(MONDAY + timedelta(minutes=minutes), tick=False):
            client.patch("/api/v1/me/", {"channels": channels}, format="json")
        with time_machine.travel(MONDAY + timedelta(minutes=minutes + 1), tick=False):
            gates.recheck()
        assert planned() == {"email", "sms"}


def test_it_keeps_asking_the_other_gates_when_one_breaks(
    client: APIClient, ada: Patient, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_nurse()
    ben = make_patient(name="Ben Okafor")
    book(client, at(4, 10))
    book(client_of(ben), at(5, 10))
    ask = gate.ask

    def break_for_ada(**asked: Any) -> Any:
        if asked["patient"] == ada:
            raise RuntimeError
        return ask(**asked)

    monkeypatch.setattr(gate, "ask", break_for_ada)
    Patient.objects.update(escort_name="", changed_at=now() + timedelta(seconds=1))
    gates.recheck()
    assert Appointment.objects.get(patient=ben).blocked == ["escort_missing"]
    assert Appointment.objects.get(patient=ada).blocked == []
