"""The nurse's phone: the same rules as the API, in plain words, without JavaScript."""

from __future__ import annotations

import re
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from booking.models import Status
from config.core.models import Role
from nurses.models import AdverseEvent, Check, Dose, Event, Observation
from tests.factories import make_nurse, make_user
from tests.nurses.story import Visit, after


@pytest.fixture
def phone(visit: Visit) -> Client:
    client = Client()
    client.force_login(visit.nurse.user)
    return client


def page(phone: Client, visit: Visit) -> str:
    answer = phone.get(reverse("visit", args=[visit.appointment.pk]))
    assert answer.status_code == 200
    return answer.content.decode()


def write(phone: Client, visit: Visit, what: str, **body: Any) -> Any:
    body.setdefault("client_id", f"page-{next(iter(visit.ids))}")
    return phone.post(reverse("write", args=[visit.appointment.pk, what]), body)


def test_it_shows_the_day_with_the_drive_between(phone: Client, visit: Visit) -> None:
    shown = phone.get(reverse("route") + "?date=2026-11-24").content.decode()
    assert "Tuesday 24 November" in shown
    assert "26 min drive from home" in shown
    assert re.search(r"leave by <time[^>]*>10:04 AM", shown)
    assert 'href="tel:+13125550123"' in shown
    assert 'href="geo:41.885,-87.7845' in shown
    assert "drive home" in shown


def test_it_leads_from_the_day_to_the_next_visit(phone: Client, visit: Visit) -> None:
    shown = phone.get(reverse("route")).content.decode()
    assert "Open Ada, 10:30 AM" in shown


def test_it_says_what_will_be_here_on_an_empty_day(phone: Client) -> None:
    assert (
        "No visits on this day" in phone.get(reverse("route") + "?date=2026-12-24").content.decode()
    )
    assert phone.get(reverse("route") + "?date=soon").status_code == 404


def test_it_says_the_next_step_and_what_stands_in_the_way(phone: Client, visit: Visit) -> None:
    assert "Set off" in page(phone, visit)
    visit.arrives()
    shown = page(phone, visit)
    assert "Start the infusion · 6 still open" in shown
    assert "Weigh the patient." in shown
    for prepare in visit.preparations().values():
        prepare()
    visit.vitals(350)
    assert "still open" not in page(phone, visit)


def test_it_writes_everything_down_from_forms(phone: Client, visit: Visit) -> None:
    write(phone, visit, "events", event="depart", when="2026-11-24T10:00")
    write(phone, visit, "events", event="arrive", when="2026-11-24T10:30")
    for kind in ("identity", "escort_present"):
        write(phone, visit, "checks", kind=kind, value="true", when="2026-11-24T10:32")
    for kind, eaten in (("last_food", "2026-11-24T03:00"), ("last_drink", "2026-11-24T07:00")):
        write(phone, visit, "checks", kind=kind, value_when=eaten, when="2026-11-24T10:33")
    write(phone, visit, "checks", kind="weight", value="80.5", when="2026-11-24T10:34")
    vitals = {"systolic": "124", "diastolic": "80", "heart_rate": "70", "spo2": "98"}
    write(phone, visit, "observations", **vitals, respiratory_rate="", when="2026-11-24T10:35")
    answer = write(phone, visit, "events", event="start_infusion", when="2026-11-24T11:00")
    assert answer.status_code == 302
    amounts = {"drawn_mg": "50", "given_mg": "40", "wasted_mg": "10", "returned_mg": "0"}
    write(phone, visit, "doses", lot="A1", **amounts, witness="", when="2026-11-24T11:05")
    write(phone, visit, "adverse-events", severity="mild", description="Nausea")
    assert visit.now_stands().status == Status.INFUSING
    assert Check.objects.get(kind="last_food").value == "2026-11-24T09:00:00+00:00"
    assert Event.objects.get(event="arrive").at == after(0)
    assert (Dose.objects.count(), Observation.objects.count()) == (1, 1)
    shown = page(phone, visit)
    assert "drawn 50, given 40, wasted 10, returned 0 mg" in shown
    assert "Mild: Nausea" in shown
    assert AdverseEvent.objects.count() == 1


def test_it_keeps_a_decision_of_the_prescriber(phone: Client, visit: Visit) -> None:
    said = {"about": "food", "decision": "go", "prescriber": "Erin Cole", "reason": "a toast"}
    write(phone, visit, "checks", kind="prescriber_decision", **said)
    assert Check.objects.get().value == said
    assert "go (food), Erin Cole: a toast" in page(phone, visit)


def test_it_is_safe_to_press_twice(phone: Client, visit: Visit) -> None:
    ids = re.findall(r'name="client_id" value="([^"]+)"', page(phone, visit))
    assert len(ids) == len(set(ids)) > 5
    for _ in range(2):
        answer = write(phone, visit, "events", event="depart", client_id=ids[-1])
        assert answer.status_code == 302
    assert Event.objects.count() == 1


def test_it_says_why_not_and_lets_what_happened_be_written_down(
    phone: Client, visit: Visit
) -> None:
    visit.arrives()
    answer = write(phone, visit, "events", event="start_infusion", when="2026-11-24T11:00")
    assert answer.status_code == 409
    shown = answer.content.decode()
    assert "Not yet" in shown
    assert "Weigh the patient." in shown
    assert "It has already happened" in shown
    assert 'name="when" value="2026-11-24T11:00"' in shown
    answer = write(
        phone,
        visit,
        "events",
        event="start_infusion",
        when="2026-11-24T11:00",
        happened="true",
    )
    assert answer.status_code == 302
    assert "against the rules: identity unchecked" in page(phone, visit)


def test_it_keeps_what_was_typed_when_something_is_wrong(phone: Client, visit: Visit) -> None:
    answer = write(
        phone, visit, "observations", systolic="999", diastolic="80", heart_rate="71", spo2="98"
    )
    shown = answer.content.decode()
    assert answer.status_code == 400
    assert "Systolic: Ensure this value is less than or equal to 300." in shown
    assert 'name="heart_rate" inputmode="numeric" value="71"' in shown


NAMES = (
    "event",
    "when",
    "kind",
    "value",
    "value_when",
    "about",
    "systolic",
    "lot",
    "drawn_mg",
    "witness",
    "severity",
    "description",
    "client_id",
)


@pytest.mark.parametrize("value", ["", "x", "\x00", "🫀" * 3000, "<script>", "9" * 400])
@pytest.mark.parametrize("what", ["events", "checks", "observations", "doses", "adverse-events"])
def test_it_never_breaks_on_what_a_form_can_send(
    phone: Client, visit: Visit, what: str, value: str
) -> None:
    answer = write(phone, visit, what, **dict.fromkeys(NAMES, value))
    assert answer.status_code == 400
    assert "<script>" not in answer.content.decode()
    answer = write(phone, visit, what, kind="prescriber_decision", when=value)
    assert answer.status_code == 400


def test_it_warns_about_driving_once_the_patient_is_left(phone: Client, visit: Visit) -> None:
    visit.is_discharged()
    assert "No driving or machinery before Wed 25 Nov, 1:40 PM CST." in page(phone, visit)


def test_it_is_for_the_visits_own_nurse(phone: Client, visit: Visit) -> None:
    address = reverse("visit", args=[visit.appointment.pk])
    posted = reverse("write", args=[visit.appointment.pk, "events"])
    assert Client().get(address).status_code == 302
    other = Client()
    other.force_login(make_nurse(name="Dora Lee").user)
    assert other.get(address).status_code == 404
    assert other.post(posted, {"event": "depart", "client_id": "x"}).status_code == 404
    for role in (Role.PATIENT, Role.DISPATCHER):
        stranger = Client()
        stranger.force_login(make_user(role=role, name="Ben Wu"))
        assert stranger.get(reverse("route")).status_code == 403
        assert stranger.get(address).status_code == 403
        assert stranger.post(posted).status_code == 403
    assert not Event.objects.exists()


def test_it_is_never_kept_by_the_browser(phone: Client, visit: Visit) -> None:
    answer = phone.get(reverse("visit", args=[visit.appointment.pk]))
    assert "no-store" in answer["Cache-Control"]


def test_it_is_read_only_for_staff(visit: Visit) -> None:
    visit.is_discharged()
    with time_machine.travel(after(400), tick=False):
        for role, sees in ((Role.CLINICIAN, 200), (Role.ADMINISTRATOR, 200), (Role.PATIENT, 302)):
            client = Client()
            client.force_login(make_user(role=role, name="Erin Cole"))
            for model in ("event", "check", "observation", "dose", "adverseevent"):
                address = reverse(f"admin:nurses_{model}_changelist")
                assert client.get(address).status_code == sees
                if sees == 200:
                    assert client.get(f"{address}add/").status_code == 403
