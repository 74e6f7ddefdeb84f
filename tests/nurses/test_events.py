"""The order of events, replays, and who may send them."""

from __future__ import annotations

import json
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
import time_machine
from rest_framework.test import APIClient

from booking.models import Appointment, Status
from config.core.models import Role
from nurses.models import Event
from tests.factories import make_appointment, make_nurse, make_patient, make_user
from tests.nurses.conftest import tell_a_visit
from tests.nurses.story import NOW, START, Visit, after, codes
from tests.racing import race


@pytest.mark.parametrize(
    ("events", "status"),
    [
        (["depart"], Status.EN_ROUTE),
        (["arrive"], Status.ON_SITE),
        (["depart", "arrive"], Status.ON_SITE),
        (["no_show"], Status.NO_SHOW),
        (["depart", "no_show"], Status.NO_SHOW),
        (["arrive", "no_show"], Status.NO_SHOW),
        (["abort"], Status.ABORTED),
        (["depart", "abort"], Status.ABORTED),
        (["arrive", "abort"], Status.ABORTED),
        (["arrive", "transfer"], Status.TRANSFERRED),
    ],
)
def test_it_moves_the_visit(visit: Visit, events: list[str], status: Status) -> None:
    for minutes, name in enumerate(events):
        answer = visit.event(name, minutes)
        assert answer.status_code == 201
    assert answer.json()["status"] == status
    assert visit.now_stands().status == status


@pytest.mark.parametrize(
    "events",
    [
        ["start_infusion"],
        ["discharge"],
        ["end_infusion"],
        ["transfer"],
        ["start"],
        ["complete"],
        ["depart", "depart"],
        ["arrive", "depart"],
        ["arrive", "end_infusion"],
        ["arrive", "discharge"],
        ["no_show", "arrive"],
        ["abort", "depart"],
    ],
)
def test_it_refuses_what_is_out_of_order(visit: Visit, events: list[str]) -> None:
    for minutes, name in enumerate(events):
        answer = visit.event(name, minutes)
    assert (answer.status_code, codes(answer)) == (409, ["wrong_state"])
    assert Event.objects.count() == len(events) - 1


def test_it_refuses_an_event_before_the_one_before(visit: Visit) -> None:
    visit.event("depart", 0)
    assert codes(visit.event("arrive", -1)) == ["wrong_state"]
    assert visit.event("arrive", 0).status_code == 201


def test_it_gives_the_session_back_where_nothing_was_given(visit: Visit) -> None:
    visit.event("no_show", 20)
    assert visit.appointment.order
    visit.appointment.order.refresh_from_db()
    assert visit.appointment.order.sessions_reserved == 0


def test_it_aborts_an_infusion_in_which_nothing_was_given(visit: Visit) -> None:
    visit.starts()
    assert visit.event("abort", 31).json()["status"] == Status.ABORTED


def test_it_observes_after_breaking_off_once_a_dose_is_in(visit: Visit) -> None:
    visit.starts()
    visit.dose(given_mg=10, wasted_mg=40)
    assert visit.event("abort", 45).json()["status"] == Status.OBSERVING
    assert codes(visit.event("abort", 46)) == ["wrong_state"]
    for step in visit.farewells().values():
        step()
    assert codes(visit.event("discharge", 164)) == [
        "observation_too_short",
        "scores_too_low",
        "escort_absent",
        "warning_unacknowledged",
    ]
    assert visit.event("discharge", 190).status_code == 201


@pytest.mark.parametrize("before", ["starts", "ends"])
def test_it_hands_over_to_emergency_care(visit: Visit, before: str) -> None:
    getattr(visit, before)()
    visit.dose()
    assert visit.event("transfer", 80).json()["status"] == Status.TRANSFERRED
    kinds = {row.kind for row in visit.appointment.notices.exclude(status="superseded")}
    assert {"driving_warning", "driving_warning_escort"} <= kinds


def test_it_answers_a_replay_alike_and_changes_nothing(visit: Visit) -> None:
    first = visit.event("depart", -10, client_id="once")
    visit.event("arrive", 0)
    again = visit.event("depart", -10, client_id="once")
    other = visit.event("no_show", 90, client_id="once")
    assert (first.status_code, again.status_code, other.status_code) == (201, 200, 200)
    assert first.json() == again.json() == other.json()
    assert Event.objects.count() == 2
    assert visit.now_stands().status == Status.ON_SITE


@pytest.mark.django_db(transaction=True)
def test_it_writes_down_once_what_eight_devices_say_at_once() -> None:
    with time_machine.travel(NOW, tick=False):
        visit = tell_a_visit()
        clients = [APIClient() for _ in range(8)]
        for client in clients:
            client.force_login(visit.nurse.user)

        def arrive(client: APIClient) -> tuple[int, dict[str, Any]]:
            mine = Visit(visit.appointment, visit.nurse, client)
            answer = mine.event("arrive", 0, client_id="once")
            return answer.status_code, answer.json()

        answers = race([partial(arrive, client) for client in clients])
    assert sorted(code for code, _ in answers) == [200] * 7 + [201]
    assert all(body == answers[0][1] for _, body in answers)
    assert Event.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_it_lets_one_of_eight_different_events_win() -> None:
    """The control: without the same id, eight arrivals are one arrival and seven refusals."""
    with time_machine.travel(NOW, tick=False):
        visit = tell_a_visit()
        clients = [APIClient() for _ in range(8)]
        for client in clients:
            client.force_login(visit.nurse.user)

        def arrive(number: int) -> int:
            mine = Visit(visit.appointment, visit.nurse, clients[number])
            code: int = mine.event("arrive", 0, client_id=f"device-{number}").status_code
            return code

        answers = race([partial(arrive, number) for number in range(8)])
    assert sorted(answers) == [201] + [409] * 7


def test_it_refuses_the_future_beyond_a_wrong_clock(visit: Visit) -> None:
    ahead = (NOW - START).total_seconds() / 60
    answer = visit.event("arrive", ahead + 5.1)
    assert (answer.status_code, codes(answer)) == (400, ["in_the_future"])
    assert answer.json()["errors"][0]["attr"] == "at"
    assert visit.event("arrive", ahead + 4.9).status_code == 201


def test_it_takes_what_arrives_a_year_late(visit: Visit, late: time_machine.Traveller) -> None:
    late.shift(timedelta(days=365))
    visit.client.force_login(visit.nurse.user)
    assert visit.event("arrive", 0).status_code == 201


def test_it_keeps_the_impossible_with_its_deviation_and_moves_nothing(visit: Visit) -> None:
    visit.event("no_show", 10)
    answer = visit.event("depart", 5, happened=True)
    assert answer.status_code == 201
    assert answer.json()["deviations"] == ["wrong_state"]
    assert answer.json()["status"] == Status.NO_SHOW
    assert visit.now_stands().status == Status.NO_SHOW


def test_it_passes_the_steps_nobody_recorded(visit: Visit) -> None:
    answer = visit.event("end_infusion", 70, happened=True)
    assert answer.json()["deviations"] == ["wrong_state"]
    assert visit.now_stands().status == Status.OBSERVING


def test_it_measures_how_far_the_device_was_and_never_blocks(visit: Visit) -> None:
    near = visit.event("depart", -5, latitude=41.8850, longitude=-87.7845).json()
    far = visit.event("arrive", 0, latitude=41.8860, longitude=-87.7845).json()
    assert (near["metres_away"], near["far_away"]) == (0, False)
    assert 105 < far["metres_away"] < 115
    assert far["far_away"] is True
    assert visit.record()["events"][1]["far_away"] is True


def test_it_holds_a_consultation_from_the_desk(db: None, late: time_machine.Traveller) -> None:
    nurse = make_nurse(kind="desk")
    talk = make_appointment(
        patient=make_patient(slug="consultation"),
        nurse=nurse,
        starts_at=START,
        slug="consultation",
    )
    client = APIClient()
    client.force_login(nurse.user)
    visit = Visit(talk, nurse, client)
    assert codes(visit.event("depart", 0)) == ["wrong_state"]
    assert codes(visit.event("complete", 0)) == ["wrong_state"]
    assert visit.record()["next"]["event"] == "start"
    assert visit.event("start", 0).json()["status"] == Status.ON_SITE
    assert codes(visit.dose()) == ["wrong_state"]
    assert visit.event("complete", 30).json()["status"] == Status.COMPLETED
    assert visit.now_stands().drive_after is None


@pytest.mark.parametrize(
    ("role", "code"),
    [
        (Role.PATIENT, 403),
        (Role.CLINICIAN, 403),
        (Role.DISPATCHER, 403),
        (Role.ADMINISTRATOR, 403),
        (Role.NURSE, 404),
    ],
)
def test_it_is_for_the_visits_own_nurse_only(visit: Visit, role: Role, code: int) -> None:
    other = APIClient()
    other.force_login(make_user(role=role, name="Ben Wu"))
    theirs = Visit(visit.appointment, visit.nurse, other)
    assert theirs.event("arrive", 0).status_code == code
    assert theirs.vitals(0).status_code == code
    assert theirs.dose(0).status_code == code
    assert theirs.check("identity", 0, True).status_code == code
    address = f"/api/v1/visits/{visit.appointment.pk}/"
    assert other.get(address).status_code == code
    assert APIClient().get(address).status_code == 401
    assert visit.now_stands().status == Status.BOOKED


HOSTILE: list[Any] = [
    "",
    " ",
    "\x00",
    "🫀" * 3000,
    "\u202eevil\u202c",
    "<script>alert(1)</script>",
    "\ud800",
    None,
    True,
    [],
    {},
    {"a": ["b"]},
    -1,
    10**40,
    1e308,
    "NaN",
    "Infinity",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    "2026-11-24T10:00:00",
]
FIELDS = {
    "events": ["event", "at", "client_id", "latitude", "longitude", "happened"],
    "checks": ["kind", "at", "client_id", "value"],
    "observations": ["at", "client_id", "systolic", "spo2", "discharge_score", "note"],
    "doses": ["at", "client_id", "lot", "drawn_mg", "given_mg", "witness"],
    "adverse-events": ["at", "client_id", "severity", "description"],
}
WELL: dict[str, dict[str, Any]] = {
    "events": {"event": "depart", "latitude": 41.9, "longitude": -87.7},
    "checks": {"kind": "weight", "value": 80},
    "observations": {"systolic": 120, "diastolic": 80, "heart_rate": 70, "spo2": 98},
    "doses": {"lot": "A", "drawn_mg": 1, "given_mg": 1, "wasted_mg": 0, "returned_mg": 0},
    "adverse-events": {"severity": "mild", "description": "nausea"},
}


def send(visit: Visit, what: str, body: str) -> Any:
    """Send exactly these characters; JSON may escape what UTF-8 cannot say."""
    address = f"/api/v1/visits/{visit.appointment.pk}/{what}/"
    return visit.client.post(address, body, content_type="application/json")


@pytest.mark.parametrize(("what", "name"), [(w, f) for w, names in FIELDS.items() for f in names])
def test_it_never_breaks_on_what_a_client_can_send(visit: Visit, what: str, name: str) -> None:
    for value in HOSTILE:
        body = {"at": after(0).isoformat(), "client_id": "x", **WELL[what], name: value}
        answer = send(visit, what, json.dumps(body))
        assert answer.status_code in (200, 201, 400, 409), (value, answer.content)


@pytest.mark.parametrize("kind", ["identity", "last_food", "weight", "prescriber_decision"])
def test_it_reads_each_kind_of_check_strictly(visit: Visit, kind: str) -> None:
    for value in HOSTILE:
        body = {"kind": kind, "at": after(0).isoformat(), "value": value}
        answer = send(visit, "checks", json.dumps({**body, "client_id": repr(value)[:40]}))
        assert answer.status_code in (201, 400)
        if answer.status_code == 400:
            assert {error["attr"].split(".")[0] for error in answer.json()["errors"]} == {"value"}


@pytest.mark.parametrize("body", ["[]", '"x"', "null", "{", "[" * 20_000, '{"at": 1e999}'])
def test_it_never_breaks_on_a_body_of_the_wrong_shape(visit: Visit, body: str) -> None:
    for what in FIELDS:
        assert send(visit, what, body).status_code == 400


def test_it_has_nothing_for_a_nurse_who_is_not_on_the_roster(db: None) -> None:
    client = APIClient()
    client.force_login(make_user(role=Role.NURSE, name="Cleo Marsh"))
    assert client.get("/api/v1/route/").status_code == 404
    assert not Appointment.objects.exists()


@pytest.mark.parametrize("paper", ["licences", "qualifications"])
def test_it_starts_no_infusion_without_the_nurse_s_own_papers(visit: Visit, paper: str) -> None:
    visit.arrives()
    for prepare in visit.preparations().values():
        prepare()
    getattr(visit.nurse, paper).update(valid_until=START.date() - timedelta(days=1))
    answer = visit.event("start_infusion", 30)
    assert (answer.status_code, codes(answer)) == (409, ["blocked"])
    assert "nurse_not_licensed" in answer.json()["errors"][0]["detail"]
    getattr(visit.nurse, paper).update(valid_until=START.date())
    assert visit.event("start_infusion", 30).status_code == 201


def test_it_knows_no_infusion_at_a_consultation_even_where_one_is_said_to_have_happened(
    db: None, late: time_machine.Traveller
) -> None:
    nurse = make_nurse(kind="desk")
    talk = make_appointment(
        patient=make_patient(), nurse=nurse, starts_at=START, slug="consultation"
    )
    client = APIClient()
    client.force_login(nurse.user)
    story = Visit(appointment=talk, nurse=nurse, client=client)
    answer = story.event("start_infusion", 5, happened=True)
    assert (answer.status_code, codes(answer)) == (409, ["wrong_state"])
