"""Check-ins: what is asked, what follows from it at once, and how it is shown over time."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from hypothesis import given, strategies as st

from booking import sweeps
from booking.models import Notice, StaffTask, Status
from config.core.clock import now
from config.core.errors import Malformed
from config.core.models import Role
from patients import check_ins, plots
from patients.instruments import GAD7_IDS, PHQ9_IDS
from patients.models import Patient
from tests import factories
from tests.patients.pdf_text import words_of

pytestmark = pytest.mark.django_db
MOOD = {**dict.fromkeys(PHQ9_IDS, 1), "phq9_9": 0}
DARK = {**MOOD, "phq9_9": 1}
WORRY = dict.fromkeys(GAD7_IDS, 2)


@pytest.fixture
def ada(client: Client) -> Patient:
    patient = factories.make_patient()
    client.force_login(patient.user)
    return patient


def sent(answers: dict[str, int], **more: Any) -> dict[str, str]:
    return {name: str(value) for name, value in {"once": uuid4(), **answers, **more}.items()}


def words(response: Any) -> str:
    return " ".join(response.content.decode().split())


def visited(patient: Patient, *, days_ago: int) -> Any:
    at = now() - timedelta(days=days_ago)
    return factories.make_appointment(
        patient=patient,
        nurse=factories.make_nurse(),
        starts_at=at,
        status=Status.DISCHARGED,
        dosed_at=at + timedelta(minutes=30),
        discharged_at=at + timedelta(minutes=190),
    )


# -- asking --------------------------------------------------------------------------------------


def test_it_writes_down_what_was_answered_and_scores_it(client: Client, ada: Patient) -> None:
    response = client.post(reverse("check-in"), sent({**MOOD, **WORRY}, pain=7))
    assert (response.status_code, response["Location"]) == (302, reverse("check-ins"))
    row = ada.check_ins.get()
    assert (row.phq9, row.gad7, row.pain, row.self_harm) == (8, 14, 7, 0)
    shown = words(client.get(reverse("check-ins")))
    assert "Your last mood score was 8 of 27: mild." in shown
    assert "Please talk to someone now" not in shown


def test_it_is_one_check_in_however_often_the_form_is_sent(client: Client, ada: Patient) -> None:
    form = sent(MOOD)
    for _ in range(2):
        client.post(reverse("check-in"), form)
    assert ada.check_ins.count() == 1


def test_it_asks_for_all_nine_answers_and_keeps_those_that_are_there(
    client: Client, ada: Patient
) -> None:
    response = client.post(reverse("check-in"), sent({"phq9_1": 3, "phq9_2": 9}))
    assert response.status_code == 400
    assert set(response.context["form"].errors) == set(PHQ9_IDS[1:])
    assert words(response).count('<a href="tel:911"><strong>911</strong></a>') == 1
    assert 'id="id_phq9_1_3" required checked' in words(response).replace("  ", " ")
    assert not ada.check_ins.exists()


def test_it_asks_for_all_of_the_worry_or_none(client: Client, ada: Patient) -> None:
    response = client.post(reverse("check-in"), sent({**MOOD, "gad7_1": 2}))
    assert set(response.context["form"].errors) == set(GAD7_IDS[1:])
    assert client.post(reverse("check-in"), sent(MOOD)).status_code == 302


@pytest.mark.parametrize("wrong", [{"pain": 11}, {"phq9_3": 4}, {"gad7_2": 1}, {"phq9_9": -1}])
def test_its_rule_refuses_what_no_form_sends(ada: Patient, wrong: dict[str, int]) -> None:
    with pytest.raises(Malformed):
        check_ins.submit(patient=ada, client_id=uuid4(), answers={**MOOD, **wrong})


# -- when somebody thinks of death ---------------------------------------------------------------


def test_it_shows_help_at_once_and_calls_staff_once(client: Client, ada: Patient) -> None:
    client.post(reverse("check-in"), sent(DARK))
    shown = words(client.get(reverse("check-ins")))
    assert "Please talk to someone now" in shown
    assert 'href="tel:988"' in shown
    assert re.search(r"will call you at <[^>]*>\+1 \d{3} \d{3} \d{4}<", shown)
    assert [sweeps.page_check_ins(), sweeps.page_check_ins()] == [1, 0]
    subject = f"check-in/{ada.check_ins.get().pk}"
    assert set(Notice.objects.values_list("kind", "subject_of")) == {("crisis", subject)}
    assert StaffTask.objects.get(key=subject).patient == ada


def test_it_calls_about_each_check_in_and_about_none_without_such_thoughts(ada: Patient) -> None:
    for answers in (MOOD, DARK, DARK):
        check_ins.submit(patient=ada, client_id=uuid4(), answers=answers)
    assert sweeps.page_check_ins() == 2
    assert check_ins.is_in_danger(patient=ada)
    check_ins.submit(patient=ada, client_id=uuid4(), answers=MOOD)
    assert not check_ins.is_in_danger(patient=ada)


def test_it_says_when_we_have_no_number_to_call(client: Client, ada: Patient) -> None:
    Patient.objects.filter(pk=ada.pk).update(phone="")
    client.post(reverse("check-in"), sent(DARK))
    assert "no phone number to call you at" in words(client.get(reverse("check-ins")))


# -- how it was ----------------------------------------------------------------------------------


def test_it_says_what_will_be_here_before_the_first_one(client: Client, ada: Patient) -> None:
    shown = words(client.get(reverse("check-ins")))
    assert "No check-in yet" in shown
    assert "<svg class" not in shown


def test_it_draws_and_lists_the_patients_own_with_their_visits(
    client: Client, ada: Patient, django_assert_max_num_queries: Any
) -> None:
    visited(ada, days_ago=5)
    ben = factories.make_patient(name="Ben Osei")
    check_ins.submit(patient=ben, client_id=uuid4(), answers=dict.fromkeys(PHQ9_IDS, 3))
    for days, answers in ((9, {**MOOD, "phq9_1": 3}), (1, MOOD)):
        at = now() - timedelta(days=days)
        check_ins.submit(patient=ada, client_id=uuid4(), answers=answers, at=at)
    with django_assert_max_num_queries(15):
        response = client.get(reverse("check-ins"))
    assert [row["phq9"] for row in response.context["rows"]] == [8, 10]
    assert len(response.context["plots"]["wide"].visits) == 1
    shown = words(response)
    assert "are your visits" in shown
    assert "style=" not in shown
    assert "A drawing of 2 mood scores over time; the last one is 8, mild." in shown


def test_it_is_read_by_clinicians_and_by_no_dispatcher(client: Client, ada: Patient) -> None:
    row = check_ins.submit(patient=ada, client_id=uuid4(), answers={**DARK, "pain": 4})
    about = reverse("admin:patients_patient_change", args=[ada.pk])
    client.force_login(factories.make_user(role=Role.CLINICIAN, name="Erin Cole"))
    address = reverse("admin:patients_checkin_change", args=[row.pk])
    assert "Nearly every day" not in words(client.get(address))
    assert "Several days" in words(client.get(address))
    assert client.get(reverse("admin:patients_checkin_changelist")).status_code == 200
    assert address in words(client.get(about))
    client.force_login(factories.make_user(role=Role.DISPATCHER, name="Dan Whitlock"))
    assert client.get(address).status_code == 403
    assert address not in words(client.get(about))


# -- documents -----------------------------------------------------------------------------------


def test_it_keeps_a_page_of_each_visit_for_its_patient_alone(client: Client, ada: Patient) -> None:
    visit = visited(ada, days_ago=2)
    listed = words(client.get(reverse("documents")))
    address = reverse("visit-paper", args=[visit.pk])
    assert address in listed
    said = words_of(client.get(address).content)
    for part in ("Ada Byrne", "Cleo", "Do not drive before", "988", "stay through the night"):
        assert part in said
    assert "Marsh" not in said
    assert "etamin" not in said
    client.force_login(factories.make_patient(name="Ben Osei").user)
    assert client.get(address).status_code == 404
    assert address not in words(client.get(reverse("documents")))


def test_it_has_no_page_of_a_visit_in_which_nothing_was_given(client: Client, ada: Patient) -> None:
    at = now() - timedelta(days=2)
    visit = factories.make_appointment(patient=ada, nurse=None, starts_at=at, status=Status.NO_SHOW)
    assert client.get(reverse("visit-paper", args=[visit.pk])).status_code == 404
    assert "After each visit you find a page here" in words(client.get(reverse("documents")))


# -- the drawing ---------------------------------------------------------------------------------

MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
SCORES = st.lists(st.tuples(MOMENTS, st.integers(0, 27)), min_size=1, max_size=8)
SHEETS = st.sampled_from([plots.NARROW, plots.WIDE])


@given(SCORES, st.lists(MOMENTS, max_size=5), SHEETS)
def test_it_places_everything_on_the_sheet_in_the_order_of_time_and_score(
    scores: list[tuple[datetime, int]], visits: list[datetime], sheet: plots.Sheet
) -> None:
    plot = plots.phq9(scores, visits=visits, sheet=sheet)
    assert [dot.total for dot in plot.dots] == [total for _, total in sorted(scores)]
    assert [dot.x for dot in plot.dots] == sorted(dot.x for dot in plot.dots)
    for dot in plot.dots:
        band = plot.bands[sum(dot.total >= lowest for lowest in (5, 10, 15, 20))]
        assert band.y - 0.2 <= dot.y <= band.y + band.height + 0.2
    for x in (*plot.visits, *(dot.x for dot in plot.dots), *(tick.x for tick in plot.ticks)):
        assert sheet.left <= x <= sheet.end
    assert 1 <= len(plot.ticks) <= sheet.ticks


def test_its_bands_are_those_of_the_instrument_and_fill_the_sheet() -> None:
    plot = plots.phq9([(datetime(2027, 3, 3, tzinfo=UTC), 27)])
    assert [band.lowest for band in plot.bands] == [0, 5, 10, 15, 20]
    assert plot.dots[0].y == plot.sheet.top == plot.bands[-1].y
    whole = plot.sheet.floor - plot.sheet.top
    assert sum(band.height for band in plot.bands) == pytest.approx(whole)


@pytest.mark.parametrize("scores", [[], [(datetime(2027, 3, 3, tzinfo=UTC), 28)]])
def test_it_refuses_what_is_off_the_scale(scores: list[tuple[datetime, int]]) -> None:
    with pytest.raises(ValueError, match="between 0 and 27"):
        plots.phq9(scores)
