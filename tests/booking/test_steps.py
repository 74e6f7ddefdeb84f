"""What is left before a visit: each step, whose turn it is, and the page that does it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import translation

from booking.models import Status
from booking.pages import steps, steps_blocking
from booking.pages.steps import State, Step
from config.core.clock import now
from patients.models import Patient
from tests.factories import (
    make_appointment,
    make_document,
    make_intake,
    make_nurse,
    make_order,
    make_patient,
    therapies,
    therapy,
    use_up,
)

pytestmark = pytest.mark.django_db

MONDAY = datetime(2026, 11, 23, 16, tzinfo=UTC)
WEDNESDAY = datetime(2026, 11, 25, 16, 30, tzinfo=UTC)


def step(patient: Patient, name: str, **more: Any) -> Step:
    found = steps.checklist(patient=patient, **more).steps
    return next(one for one in found if one.name == name)


def test_it_lists_the_steps_in_the_order_of_the_gate_with_whose_turn_it_is() -> None:
    make_document()
    shown = steps.checklist(patient=make_patient(ready=False))
    assert [(one.name, one.state) for one in shown.steps] == [
        ("intake", State.YOURS),
        ("order", State.YOURS),
        ("consents", State.YOURS),
        ("escort", State.YOURS),
        ("address", State.YOURS),
    ]
    assert (shown.left, shown.is_open) == (5, False)
    assert shown.heading == "5 steps left before you can book"
    assert shown.turn is not None
    assert (shown.turn.name, shown.turn.tag, shown.turn.colour) == ("intake", "your turn", "amber")


def test_it_says_that_nothing_is_left() -> None:
    shown = steps.checklist(patient=make_patient())
    assert (shown.left, shown.is_open, shown.turn) == (0, True, None)
    assert shown.heading == "You are ready to book"
    assert {one.tag for one in shown.steps} == {"done"}


@pytest.mark.parametrize("is_ready", [True, False])
def test_each_step_leads_to_a_page_that_opens(client: Client, is_ready: bool) -> None:
    make_document()
    therapies()
    patient = make_patient(ready=is_ready)
    client.force_login(patient.user)
    links = [one.url for one in steps.checklist(patient=patient).steps if one.url]
    assert len(links) == (4 if is_ready else 5)
    assert [client.get(link).status_code for link in links] == [200] * len(links)


def test_the_free_talk_asks_only_where_to_reach_the_patient() -> None:
    talk = therapy("consultation")
    ada = make_patient(ready=False)
    [contact] = steps.checklist(patient=ada, therapy=talk).steps
    assert contact.is_done
    ada.phone = ""
    [contact] = steps.checklist(patient=ada, therapy=talk).steps
    assert (contact.name, contact.state) == ("contact", State.YOURS)
    assert contact.url == reverse("account-about")


def test_an_order_for_another_treatment_does_not_count() -> None:
    ada = make_patient(slug="mood-40")
    assert step(ada, "order", therapy=therapy("mood-40")).is_done
    assert step(ada, "order", therapy=therapy("pain-240")).state is State.YOURS


def sent(patient: Patient, status: str) -> Step:
    found = make_intake(patient=patient, status=status)
    shown = step(patient, "intake")
    assert shown.url == reverse("intake-outcome", args=[found.pk])
    return shown


@pytest.mark.parametrize(
    ("status", "state", "words"),
    [
        ("awaiting_review", State.WITH_US, "A clinician is reading them."),
        ("asked", State.YOURS, "We asked you for more"),
        ("declined", State.YOURS, "we would like to talk"),
    ],
)
def test_it_says_where_the_answers_that_were_sent_stand(
    status: str, state: State, words: str
) -> None:
    shown = sent(make_patient(ready=False), status)
    assert shown.state is state
    assert words in shown.detail


def test_it_goes_on_with_answers_that_were_begun() -> None:
    ada = make_patient(ready=False)
    ada.intake_begun_at = now()
    shown = step(ada, "intake")
    assert (shown.action, shown.url) == ("Go on where you stopped", reverse("intake"))


def test_it_asks_again_for_answers_that_became_too_old() -> None:
    ada = make_patient(ready=False)
    make_intake(patient=ada, submitted_at=now() - timedelta(days=91))
    shown = step(ada, "intake")
    assert "too old by now" in shown.detail
    assert shown.url == reverse("intake-again")


def test_it_says_who_writes_the_order_and_how() -> None:
    shown = step(make_patient(ready=False), "order")
    assert shown.detail == "A prescriber writes it after a free talk with you, by video or phone."
    assert shown.url == reverse("book-time", args=["consultation"])


def test_a_used_up_order_leads_to_a_talk_about_a_new_one() -> None:
    ada = make_patient()
    use_up(ada.orders.get())
    assert "A free talk leads to a new one." in step(ada, "order").detail


@time_machine.travel(MONDAY, tick=False)
def test_once_a_talk_is_booked_the_order_is_with_us() -> None:
    ada = make_patient(ready=False)
    talk = make_appointment(
        patient=ada, nurse=None, starts_at=WEDNESDAY, slug="consultation", order=None
    )
    shown = step(ada, "order")
    assert shown.state is State.WITH_US
    assert "Your free talk is on Wed 25 Nov, 10:30 AM CST." in shown.detail
    assert shown.url == reverse("visit", args=[talk.pk])


@time_machine.travel(MONDAY, tick=False)
def test_a_talk_that_nobody_recorded_is_no_talk() -> None:
    ada = make_patient(ready=False)
    past = MONDAY - timedelta(days=3)
    make_appointment(patient=ada, nurse=None, starts_at=past, slug="consultation", order=None)
    assert step(ada, "order").state is State.YOURS


@time_machine.travel(MONDAY, tick=False)
def test_after_a_talk_a_prescriber_decides_and_then_it_is_done() -> None:
    ada = make_patient(ready=False)
    held: dict[str, Any] = {"slug": "consultation", "order": None, "status": Status.COMPLETED}
    make_appointment(patient=ada, nurse=None, starts_at=MONDAY - timedelta(days=1), **held)
    waiting = step(ada, "order")
    assert (waiting.state, waiting.url) == (State.WITH_US, "")
    assert "A prescriber now decides" in waiting.detail
    order = make_order(patient=ada)
    assert step(ada, "order").is_done
    use_up(order)
    assert step(ada, "order").state is State.YOURS


def test_it_tells_an_address_outside_the_area_from_a_state_we_may_not_visit() -> None:
    ada = make_patient(place=(40.1, -89.9))
    outside = step(ada, "address")
    assert "1201 Lake St, Oak Park lies outside the area we visit." in outside.detail
    ada.address.state = "WI"
    ada.address.save()
    ada = Patient.objects.get(pk=ada.pk)
    elsewhere = steps.step_for(patient=ada, code="not_permitted_here")
    assert "not offered in this state yet" in elsewhere.detail


@pytest.mark.parametrize(
    ("codes", "names", "words"),
    [
        (["escort_missing"], ["escort"], "Somebody you trust"),
        (["order_missing", "order_exhausted"], ["order"], "Nothing to do now."),
        (["outside_service_area", "not_permitted_here"], ["address"], "Nothing to do now."),
        (["consent_missing"], ["consents"], "Read each form"),
        (["not_cleared"], ["intake"], "We have your answers."),
        (["contact_missing"], ["contact"], "Confirm your e-mail address"),
    ],
)
def test_it_says_once_what_stands_in_the_way_of_a_booked_visit(
    codes: list[str], names: list[str], words: str
) -> None:
    ada = make_patient()
    if "not_cleared" in codes:
        make_intake(patient=ada, status="awaiting_review")
    visit = make_appointment(
        patient=ada, nurse=make_nurse(), starts_at=now() + timedelta(days=3), blocked=codes
    )
    shown = steps_blocking.blocking(visit)
    assert [one.name for one in shown] == names
    assert words in shown[0].detail


def test_the_steps_speak_spanish_dates() -> None:
    with time_machine.travel(MONDAY, tick=False), translation.override("es"):
        ada = make_patient(ready=False)
        make_appointment(
            patient=ada, nurse=None, starts_at=WEDNESDAY, slug="consultation", order=None
        )
        assert "mié 25 nov, 10:30 a.m. CST" in step(ada, "order").detail
