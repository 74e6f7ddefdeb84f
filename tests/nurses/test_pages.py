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
from patients import homes
from tests.factories import make_nurse, make_user
from tests.nurses.story import Visit, after


@pytest.fixture
def phone(visit: Visit) -> Client:
    client = Client()
    client.force_login(visit.nurse.user)
    return client


def page(phone: Client, visit: Visit) -> str:
    answer = phone.get(reverse("nurse-visit", args=[visit.appointment.pk]))
    assert answer.status_code == 200
    return answer.content.decode()


def write(phone: Client, visit: Visit, what: str, **body: Any) -> Any:
    body.setdefault("client_id", f"page-{next(iter(visit.ids))}")
    return phone.post(reverse("write", args=[visit.appointment.pk, what]), body)


def test_it_shows_the_day_with_the_drive_between(phone: Client, visit: Visit) -> None:
    with time_machine.travel(after(-60), tick=False):
        phone.force_login(visit.nurse.user)
        shown = phone.get(reverse("route") + "?date=2026-11-24").content.decode()
    assert "Tuesday 24 November" in shown
    assert "26 min drive from home" in shown
    assert re.search(r"leave by <time[^>]*>10:04 AM", shown)
    assert 'href="tel:+13125550123"' in shown
    assert 'href="geo:41.885,-87.7845' in shown
    assert "drive home" in shown
    assert "not recorded yet" not in shown


def test_the_day_says_how_to_get_into_each_home_until_its_visit_is_over(
    phone: Client, visit: Visit
) -> None:
    homes.write(patient=visit.appointment.patient, notes={"parking": "Behind <the> bakery"})
    shown = phone.get(reverse("route")).content.decode()
    assert "<dt>Parking</dt><dd>Behind &lt;the&gt; bakery</dd>" in shown
    assert "<dt>Pets</dt>" not in shown
    visit.event("abort", 30)
    assert "bakery" not in phone.get(reverse("route")).content.decode()


def test_it_marks_a_stop_nobody_wrote_anything_about(phone: Client, visit: Visit) -> None:
    shown = phone.get(reverse("route") + "?date=2026-11-24").content.decode()
    assert '<span class="tag amber">not recorded yet</span>' in shown
    assert "26 min drive from home" in shown
    assert "leave by" not in shown
    visit.event("depart", -30)
    assert "not recorded yet" not in phone.get(reverse("route")).content.decode()


def test_it_says_of_a_day_to_come_whether_it_is_final(phone: Client, visit: Visit) -> None:
    assert "not final yet" in phone.get(reverse("route")).content.decode()
    with time_machine.travel(after(24 * 60), tick=False):
        phone.force_login(visit.nurse.user)
        over = phone.get(reverse("route") + "?date=2026-11-24").content.decode()
    assert "1 visit" in over
    assert "final" not in over


def test_it_says_telephone_numbers_in_groups(phone: Client, visit: Visit) -> None:
    called = '<a class="reach" href="tel:+13125550123">+1 312 555 0123</a>'
    assert called in phone.get(reverse("route")).content.decode()
    assert called in page(phone, visit)


def test_it_names_a_time_that_is_none_without_the_formats_of_programs(
    phone: Client, visit: Visit
) -> None:
    answer = write(phone, visit, "checks", kind="last_drink", value_when="noonish")
    assert answer.status_code == 400
    assert "<li>Last drank: Datetime has wrong format.</li>" in answer.content.decode()
    assert not Check.objects.exists()


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
    assert "At 11:00 AM, not yet" in shown
    assert "Now, at 4:30 PM, this is open" in shown
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
    assert "against the rules: the identity unchecked" in page(phone, visit)


def test_it_keeps_what_was_typed_when_something_is_wrong(phone: Client, visit: Visit) -> None:
    answer = write(
        phone, visit, "observations", systolic="999", diastolic="80", heart_rate="71", spo2="98"
    )
    shown = answer.content.decode()
    assert answer.status_code == 400
    assert "Systolic: Ensure this value is less than or equal to 300." in shown
    assert 'name="heart_rate" inputmode="numeric" value="71"' in shown


@pytest.mark.parametrize("kind", Check.Kind.values)
def test_it_takes_every_check_at_the_time_it_was_made(
    phone: Client, visit: Visit, kind: str
) -> None:
    shown = page(phone, visit)
    form = next(f for f in shown.split("<form")[1:] if f'name="kind" value="{kind}"' in f)
    assert f'id="{kind}-when" type="datetime-local" name="when"' in form.split("</form>")[0]


def test_it_keeps_the_other_time_in_the_form_it_was_typed_into(phone: Client, visit: Visit) -> None:
    answer = write(phone, visit, "checks", kind="weight", value="8", when="2026-11-24T10:34")
    shown = answer.content.decode()
    assert shown.count('value="2026-11-24T10:34"') == 1
    assert re.search(r'id="weight-when"[^>]*value="2026-11-24T10:34"', shown)
    assert 'name="value" value="8"' in shown


def test_it_says_that_a_time_gone_by_is_refused_and_the_present_is_not(
    phone: Client, visit: Visit
) -> None:
    visit.arrives()
    for prepare in visit.preparations().values():
        prepare()
    visit.vitals(350)
    answer = write(phone, visit, "events", event="start_infusion", when="2026-11-24T10:31")
    shown = answer.content.decode()
    assert "At 10:31 AM, not yet" in shown
    assert "At 10:31 AM it could not be; now, at 4:30 PM, nothing stands in the way." in shown
    assert "Nothing stands in the way." not in shown


@pytest.mark.parametrize(
    ("what", "body", "said"),
    [
        ("checks", {"kind": "identity", "value": "true"}, "#checks Identity: yes, 10:40 AM."),
        ("checks", {"kind": "weight", "value": "80"}, "#intake Weight: 80 kg, 10:40 AM."),
        (
            "observations",
            {"systolic": "124", "diastolic": "80", "heart_rate": "70", "spo2": "98"},
            "#vitals 124/80, pulse 70, SpO₂ 98 %, 10:40 AM.",
        ),
        ("adverse-events", {"severity": "mild", "description": "Fall"}, "#trouble Mild: Fall"),
        ("events", {"event": "depart"}, "#now Nurse set off, 10:40 AM."),
    ],
)
def test_it_confirms_where_it_was_entered(
    phone: Client, visit: Visit, what: str, body: dict[str, str], said: str
) -> None:
    place, _, line = said.removeprefix("#").partition(" ")
    answer = write(phone, visit, what, **body, when="2026-11-24T10:40")
    assert answer["Location"].endswith(f"#{place}")
    shown = phone.get(answer["Location"]).content.decode()
    assert shown.count('role="status"') == 1
    part = shown.split(f'id="{place}"')[1]
    assert f"Written down: {line}" in part.split("</section>")[0]
    assert "Written down:" not in page(phone, visit)


def test_it_says_loudly_that_more_was_given_and_waste_has_no_witness(
    phone: Client, visit: Visit
) -> None:
    visit.starts()
    amounts = {"drawn_mg": "110", "given_mg": "100", "wasted_mg": "10", "returned_mg": "0"}
    answer = write(phone, visit, "doses", lot="A1", **amounts, when="2026-11-24T11:05")
    shown = phone.get(answer["Location"]).content.decode()
    assert answer["Location"].endswith("#medicine")
    assert "More was given than the order says: 100 mg of 40 mg." in shown
    assert '100 mg <span class="tag red">more than the order says' in shown
    assert '<span class="tag amber">Waste of 10 mg has no witness yet' in shown


def test_it_says_nothing_of_the_order_while_it_is_kept_to(phone: Client, visit: Visit) -> None:
    visit.starts()
    visit.dose(wasted_mg=0, returned_mg=10)
    shown = page(phone, visit)
    assert "more than the order" not in shown
    assert "More was given" not in shown
    assert "no witness yet" not in shown


@pytest.mark.parametrize("what", ["events", "checks", "observations", "doses", "adverse-events"])
def test_it_leads_back_from_the_address_of_a_form(phone: Client, visit: Visit, what: str) -> None:
    answer = phone.get(reverse("write", args=[visit.appointment.pk, what]))
    assert answer.status_code == 302
    assert answer["Location"] == reverse("nurse-visit", args=[visit.appointment.pk])


def test_it_names_a_field_as_the_page_does(phone: Client, visit: Visit) -> None:
    answer = write(
        phone, visit, "observations", systolic="120", diastolic="80", heart_rate="x", spo2="101"
    )
    shown = answer.content.decode()
    assert "Pulse: A valid integer is required." in shown
    assert "SpO₂: Ensure" in shown
    shown = write(phone, visit, "checks", kind="weight", value="8").content.decode()
    assert "Weight: Ensure this value is greater" in shown
    shown = write(phone, visit, "checks", kind="last_food", value_when="x").content.decode()
    assert "Last ate: " in shown


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
    address = reverse("nurse-visit", args=[visit.appointment.pk])
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
    answer = phone.get(reverse("nurse-visit", args=[visit.appointment.pk]))
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
