"""Closing an area or a day, end to end: nothing is offered there, and everybody booked is told."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core import mail
from rest_framework.test import APIClient

from booking import appointments, closures, sweeps
from booking.clock import say_moment
from booking.locks import locked
from booking.models import Appointment, Notice, StaffTask, Status
from booking.notices import ledger, messages, words
from config.core.clock import now
from patients.models import Patient
from scheduling.models import Closure, Shift
from tests.booking.message_help import FORBIDDEN
from tests.factories import CHICAGO, make_nurse, make_patient, therapy
from tests.racing import PATIENCE, race

pytestmark = pytest.mark.django_db
ZONE = ZoneInfo(CHICAGO)
MONDAY = datetime(2027, 2, 1, 18, tzinfo=UTC)  # noon in Chicago
STORM = date(2027, 2, 5)


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2027, 2, day, hour, minute, tzinfo=ZONE)


@pytest.fixture(autouse=True)
def _monday() -> Any:
    with time_machine.travel(MONDAY, tick=False):
        yield


def client_of(patient: Patient) -> APIClient:
    client = APIClient()
    client.force_authenticate(patient.user)
    return client


def book(patient: Patient, starts_at: datetime, slug: str = "mood-40") -> Appointment:
    return appointments.book(
        patient=patient, therapy=therapy(slug), starts_at=starts_at, by=patient.user
    )


def close(**changes: Any) -> Closure:
    fields = {"name": "a winter storm", "first_day": STORM, "last_day": STORM, **changes}
    return Closure.objects.create(**fields)


def status(visit: Appointment) -> str:
    visit.refresh_from_db()
    return visit.status


def told(visit: Appointment) -> list[Notice]:
    """The messages that are still to go to the patient, or went."""
    rows = Notice.objects.filter(appointment=visit, recipient="patient").order_by("channel")
    return list(rows.exclude(status="superseded"))


def slots(patient: Patient, first: int, last: int) -> list[dict[str, Any]]:
    asked = {"therapy": "mood-40", "from": f"2027-02-{first:02}", "to": f"2027-02-{last:02}"}
    return list(client_of(patient).get("/api/v1/slots/", asked).json()["slots"])


def book_over_http(patient: Patient, starts_at: datetime) -> Any:
    body = {"therapy": "mood-40", "starts_at": starts_at.isoformat()}
    return client_of(patient).post("/api/v1/appointments/", body)


def test_it_empties_a_closed_day_and_tells_everyone_booked_other_times(outbox: Path) -> None:
    for name in ("Cleo Marsh", "Dee Park"):
        make_nurse(name=name)
    ada, ben = make_patient(), make_patient(name="Ben Okafor")
    visits = [book(ada, at(5, 10)), book(ben, at(5, 14))]
    kept = book(make_patient(name="Eve Lund"), at(6, 10))
    close()
    assert slots(ada, 5, 5) == []
    refused = book_over_http(make_patient(name="Nora New"), at(5, 10))
    assert [error["code"] for error in refused.json()["errors"]] == ["not_offered"]
    assert all(other["starts_at"][:10] != "2027-02-05" for other in refused.json()["alternatives"])

    assert [closures.sweep(), closures.sweep()] == [2, 0]
    assert [status(visit) for visit in (*visits, kept)] == ["cancelled", "cancelled", "booked"]
    assert {visit.cancel_reason for visit in visits} == {"Closed: a winter storm"}
    assert [patient.orders.get().sessions_reserved for patient in (ada, ben)] == [0, 0]
    ledger.send_due()
    assert {message.to[0] for message in mail.outbox} == {ada.user.email, ben.user.email}
    assert len(list(outbox.iterdir())) == 2
    for visit, patient in zip(visits, (ada, ben), strict=True):
        told_by_email(visit, patient)


def told_by_email(visit: Appointment, patient: Patient) -> None:
    """The e-mail says why, and three other times at the same hour that can really be booked."""
    notice = Notice.objects.get(appointment=visit, channel="email", status="sent")
    assert "because of a winter storm" in notice.body
    others = [say_moment(datetime.fromisoformat(other), ZONE) for other in notice.facts["others"]]
    assert len(others) == 3
    assert all(f"- {other}\n" in notice.body for other in others)
    offered = {
        say_moment(start, ZONE): start
        for slot in slots(patient, 6, 19)
        if (start := datetime.fromisoformat(slot["starts_at"]))
    }
    starts = [offered[other] for other in others]
    assert {start.hour for start in starts} == {visit.starts_at.astimezone(ZONE).hour}
    for start in starts:
        answer = book_over_http(patient, start)
        assert answer.status_code == 201, answer.json()
        client_of(patient).post(f"/api/v1/appointments/{answer.json()['id']}/cancel/", {})


def test_it_leaves_another_area_alone() -> None:
    make_nurse()
    ben = make_patient(name="Ben Okafor")
    here, elsewhere = book(make_patient(), at(5, 10)), book(ben, at(5, 15))
    Appointment.objects.filter(pk=elsewhere.pk).update(state="IN", postal_code="46320")
    close(states=["IL"])
    assert closures.sweep() == 1
    assert (status(here), status(elsewhere)) == ("cancelled", "booked")
    close(postal_prefixes=["463"])
    assert closures.sweep() == 1
    assert status(elsewhere) == "cancelled"


@pytest.mark.parametrize("includes", [True, False])
def test_it_stops_consultations_only_where_it_says_so(includes: bool) -> None:
    make_nurse(name="Kofi Mensah", kind=Shift.Kind.DESK)
    talk = book(make_patient(), at(5, 10), "consultation")
    close(includes_consultations=includes, states=["WI"])
    assert closures.sweep() == int(includes)
    assert status(talk) == ("cancelled" if includes else "booked")


def test_it_counts_the_days_of_the_address() -> None:
    make_nurse()
    evening = book(make_patient(), at(5, 16, 45))  # ends on the 6th in UTC
    morning = book(make_patient(name="Ben Okafor"), at(6, 8))
    close()
    assert closures.sweep() == 1
    assert (status(evening), status(morning)) == ("cancelled", "booked")


def test_it_does_nothing_once_the_closure_is_taken_back() -> None:
    make_nurse()
    visit = book(make_patient(), at(5, 10))
    storm = close()
    Closure.objects.filter(pk=storm.pk).update(taken_back_at=now())
    assert closures.sweep() == 0
    assert status(visit) == "booked"


@pytest.mark.parametrize("changes", [{"taken_back_at": MONDAY}, {"states": ["WI"]}])
def test_it_looks_again_at_the_closure_once_it_holds_the_visit(
    monkeypatch: Any, changes: dict[str, Any]
) -> None:
    make_nurse()
    visit = book(make_patient(), at(5, 10))
    storm = close()

    def change_then_lock(pk: Any) -> Appointment:
        Closure.objects.filter(pk=storm.pk).update(**changes)
        return locked(pk)

    monkeypatch.setattr("booking.closures.locked", change_then_lock)
    assert closures.sweep() == 0
    assert status(visit) == "booked"


def test_it_leaves_a_visit_under_way_to_its_nurse() -> None:
    make_nurse()
    visit = book(make_patient(), at(2, 12))
    close(first_day=date(2027, 2, 2), last_day=date(2027, 2, 2))
    Appointment.objects.filter(pk=visit.pk).update(status=Status.EN_ROUTE)
    with time_machine.travel(at(2, 11), tick=False):
        assert closures.sweep() == 0
    Appointment.objects.filter(pk=visit.pk).update(status=Status.ON_SITE)
    with time_machine.travel(at(2, 13), tick=False):
        assert closures.sweep() == 0
    assert status(visit) == "on_site"


def test_it_asks_a_person_where_the_closure_cancels_nothing() -> None:
    make_nurse()
    visit = book(make_patient(), at(5, 10))
    close(cancels_visits=False)
    before = told(visit)
    assert [closures.sweep(), closures.sweep()] == [1, 0]
    task = StaffTask.objects.get()
    assert (task.kind, task.appointment, status(visit)) == ("visit_in_closure", visit, "booked")
    assert "a winter storm" in task.detail
    assert told(visit) == before
    StaffTask.objects.update(done_at=now(), done_by=visit.patient.user)
    assert closures.sweep() == 0


def test_it_keeps_the_other_visits_of_a_course() -> None:
    make_nurse()
    ada = make_patient(slug="pain-240")
    starts = [at(day, 9).isoformat() for day in (3, 4, 5, 6)]
    booked = client_of(ada).post("/api/v1/courses/", {"therapy": "pain-240", "starts": starts})
    assert booked.status_code == 201
    close()
    assert closures.sweep() == 1
    visits = client_of(ada).get("/api/v1/appointments/").json()
    assert [visit["status"] for visit in visits] == ["booked", "booked", "cancelled", "booked"]
    assert ada.orders.get().sessions_reserved == 3
    (email, _) = told(Appointment.objects.get(status="cancelled"))
    first = datetime.fromisoformat(email.facts["others"][0])
    assert say_moment(first, ZONE).startswith("Sun 7 Feb")


def test_it_says_at_once_that_a_visit_is_off_even_before_it_was_confirmed() -> None:
    make_nurse()
    visit = book(make_patient(), at(5, 10))
    close(name="<b>a storm</b> http://evil.example")
    closures.sweep()
    email, text = told(visit)
    assert [(n.kind, n.notice_class, n.send_from) for n in (email, text)] == [
        ("changed", "S", MONDAY)
    ] * 2
    spoken = messages.render(text).text
    assert words.fits_sms(spoken)
    assert "is cancelled" in spoken
    written = messages.render(email)
    assert "evil.example" not in written.text + written.html
    assert not any(FORBIDDEN.search(said) for said in (spoken, written.text, written.subject))
    assert written.attachments[0].name == "visit.ics"


@pytest.mark.parametrize(
    ("name", "because"),
    [
        ("ice on I-90, all lanes", "ice on I-90, all lanes"),
        ("a severe winter storm with heavy snow and icy roads", "heavy snow and icy roads."),
        ("because ketamine ran out", "a closure"),
        ("2026-02 (depression clinic moves)", "a closure"),
        ("\u2014 !", "a closure"),
    ],
)
def test_it_says_why_without_saying_what_for(name: str, because: str) -> None:
    make_nurse()
    visit = book(make_patient(), at(5, 10))
    close(name=name)
    closures.sweep()
    email, text = told(visit)
    said = messages.render(email)
    assert because in said.text
    assert "These other times were free" in said.text
    assert "For other times see your e-mail, or sign in." in messages.render(text).text
    for message in (said, messages.render(text)):
        assert not FORBIDDEN.search(f"{message.text} {message.html} {message.subject}")


def test_it_sends_nobody_to_an_e_mail_that_is_not_sent() -> None:
    make_nurse()
    ada = make_patient()
    ada.channels = ["sms"]
    ada.save()
    visit = book(ada, at(5, 10))
    close()
    closures.sweep()
    (text,) = told(visit)
    assert "For other times sign in." in messages.render(text).text


def test_it_settles_visits_in_a_closure_without_an_end() -> None:
    make_nurse()
    visit = book(make_patient(), at(5, 10))
    close(last_day=date(2199, 12, 31))
    assert closures.sweep() == 1
    assert status(visit) == "cancelled"


def test_it_says_it_once_where_the_visit_had_been_confirmed() -> None:
    make_nurse()
    visit = book(make_patient(), at(5, 10))
    with time_machine.travel(MONDAY + timedelta(minutes=5), tick=False):
        ledger.send_due()
        assert {n.kind for n in Notice.objects.filter(status="sent")} == {"booked"}
        close()
        closures.sweep()
        ledger.send_due()
    sent = Notice.objects.filter(appointment=visit, status="sent", channel="email")
    assert list(sent.order_by("pk").values_list("kind", "occurrence")) == [
        ("booked", 0),
        ("changed", 1),
    ]
    assert not Notice.objects.filter(appointment=visit, status="pending").exists()


def test_it_writes_no_text_at_night(outbox: Path) -> None:
    make_nurse()
    visit = book(make_patient(), at(5, 10))
    with time_machine.travel(at(3, 2), tick=False):
        close()
        closures.sweep()
        ledger.send_due()
        assert {n.channel for n in told(visit) if n.status == "sent"} == {"email"}
    with time_machine.travel(at(3, 8), tick=False):
        ledger.send_due()
        assert {n.channel for n in told(visit) if n.status == "sent"} == {"email", "sms"}


def test_it_asks_to_be_called_where_no_other_time_is_free() -> None:
    cleo = make_nurse()
    visit = book(make_patient(), at(5, 10))
    cleo.shifts.update(valid_until=STORM)
    close(first_day=date(2027, 2, 1))
    closures.sweep()
    email, text = told(visit)
    assert email.facts["others"] == []
    assert "We find another time with you" in messages.render(email).text
    assert "Please call" in messages.render(text).text


def test_it_offers_no_time_that_a_closed_gate_would_refuse() -> None:
    make_nurse()
    ada = make_patient()
    visit = book(ada, at(5, 10))
    ada.escort_name = ""
    ada.save()
    close()
    closures.sweep()
    assert told(visit)[0].facts["others"] == []


def test_it_has_a_person_call_who_takes_no_messages() -> None:
    make_nurse()
    ada = make_patient()
    ada.channels = []
    ada.save()
    visit = book(ada, at(5, 10))
    close()
    assert closures.sweep() == 1
    assert StaffTask.objects.get().kind == "closure_untold"
    assert told(visit) == []


def test_it_is_held_up_by_no_poisonous_row(monkeypatch: Any, caplog: Any) -> None:
    make_nurse()
    poison, sound = book(make_patient(), at(5, 8)), book(make_patient(name="Ben Osei"), at(5, 14))
    close()
    cancel = appointments.cancel

    def break_down(*, appointment: Appointment, reason: str) -> Appointment:
        if appointment.pk == poison.pk:
            raise RuntimeError
        return cancel(appointment=appointment, reason=reason)

    monkeypatch.setattr(appointments, "cancel", break_down)
    assert closures.sweep(limit=1) == 1
    assert (status(poison), status(sound)) == ("booked", "cancelled")
    assert "RuntimeError" in caplog.text
    monkeypatch.undo()
    assert sweeps.run() >= 1
    assert status(poison) == "cancelled"


def test_it_settles_so_many_at_a_time() -> None:
    for name in ("Cleo Marsh", "Dee Park", "Mia Lund"):
        make_nurse(name=name)
    for number in range(3):
        book(make_patient(name=f"Ada {number}"), at(5, 10))
    close()
    assert [closures.sweep(limit=2) for _ in range(3)] == [2, 1, 0]


@pytest.mark.django_db(transaction=True)
def test_it_cancels_once_however_many_sweeps_run_at_once() -> None:
    make_nurse()
    ada = make_patient()
    visit = book(ada, at(5, 10))
    close()
    ready = threading.Barrier(4)

    def run() -> int:
        ready.wait(PATIENCE)
        return closures.sweep()

    assert sum(race([run] * 4)) == 1
    assert ada.orders.get().sessions_reserved == 0
    assert len(told(visit)) == 2
