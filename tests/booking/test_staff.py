"""The desk's pages: for staff only, and with everything a person needs to act."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from booking import attention, sweeps
from booking.delivery import paging
from booking.models import Notice, StaffTask
from booking.notices import ledger
from config.core.clock import now
from config.core.models import Role, User
from patients.models import Intake
from tests import factories
from tests.booking.notice_help import booked, row

pytestmark = pytest.mark.django_db


@pytest.fixture
def dan() -> User:
    return factories.make_user(role=Role.DISPATCHER, name="Dan Fox")


@pytest.fixture
def desk(client: Client, dan: User) -> Client:
    client.force_login(dan)
    return client


def page_somebody() -> Notice:
    appointment = booked(starts_at=now().replace(minute=0, microsecond=0) + timedelta(days=8))
    paging.page(
        kind="adverse_event",
        subject_of="adverse-event/1",
        detail_facts={"severity": "severe"},
        appointment=appointment,
    )
    return row(kind="adverse_event", occurrence=0)


@pytest.mark.parametrize("address", ["/staff/messages/", "/staff/on-call/"])
def test_only_staff_come_in(client: Client, address: str) -> None:
    assert client.get(address).status_code == 302
    for role in (Role.PATIENT, Role.NURSE):
        client.force_login(factories.make_user(role=role))
        assert client.get(address).status_code == 403
    for role in (Role.DISPATCHER, Role.CLINICIAN, Role.ADMINISTRATOR):
        client.force_login(factories.make_user(role=role))
        assert client.get(address).status_code == 200


def test_a_message_is_shown_as_it_was_said(desk: Client) -> None:
    page_somebody()
    ledger.send_due()
    answer = desk.get("/staff/messages/").content.decode()
    assert "Something happened at a visit" in answer
    assert "on-call@example.com" in answer
    assert "Sent" in answer


def test_messages_are_found_by_visit_kind_and_status(desk: Client) -> None:
    shown = page_somebody()
    assert shown.appointment is not None
    answers = {
        query: desk.get(f"/staff/messages/?{query}").context["notices"]
        for query in (
            f"appointment={shown.appointment.pk}&status=any",
            "kind=adverse_event&status=any",
            "status=pending",
            "kind=crisis",
            "appointment=nonsense&kind=nonsense&status=%F0%9F%A6%84",
        )
    }
    assert [len(found) > 1 for found in answers.values()] == [True, True, True, False, False]
    assert {n.kind for n in answers["kind=adverse_event&status=any"]} == {"adverse_event"}
    assert not answers["kind=crisis"]


def test_messages_open_on_what_was_sent_or_tried_newest_first(desk: Client) -> None:
    page_somebody()
    ledger.send_due()
    open_rows = Notice.objects.filter(status="pending").order_by("send_from", "pk")
    gone, replaced = open_rows[0], open_rows[1]
    Notice.objects.filter(pk=gone.pk).update(status="expired")
    Notice.objects.filter(pk=replaced.pk).update(status="superseded")
    shown = list(desk.get("/staff/messages/").context["notices"])
    assert {notice.status for notice in shown} == {"sent", "expired"}
    moments = [notice.sent_at or notice.send_from for notice in shown]
    assert moments == sorted(moments, reverse=True)
    assert list(desk.get("/staff/messages/?status=superseded").context["notices"]) == [replaced]
    planned = desk.get("/staff/messages/?status=pending").content.decode()
    assert '<option value="pending" selected>Planned</option>' in planned


def crisis_of(*, phone: str) -> Intake:
    """Ada's answers told of a crisis, and on-call staff were told."""
    ada = factories.make_patient(ready=False)
    ada.phone = phone
    ada.save()
    intake = Intake.objects.create(
        patient=ada,
        version="1",
        answers={},
        outcome="crisis",
        status="awaiting_review",
        valid_until=now() + timedelta(days=90),
    )
    sweeps.page_crises()
    return intake


@pytest.mark.parametrize(
    ("phone", "words"),
    [("+13125550123", 'href="tel:+13125550123"'), ("", "No phone on file")],
)
def test_a_crisis_says_how_to_reach_the_patient(desk: Client, phone: str, words: str) -> None:
    intake = crisis_of(phone=phone)
    shown = desk.get("/staff/on-call/").content.decode()
    assert shown.count(words) == 2  # on the page, and on the task
    assert shown.count(f"mailto:{intake.patient.user.email}") == 2


@pytest.mark.parametrize(("role", "links"), [(Role.CLINICIAN, 2), (Role.DISPATCHER, 0)])
def test_a_crisis_leads_to_the_intake_who_may_read_it(
    client: Client, role: Role, links: int
) -> None:
    address = reverse("admin:patients_intake_change", args=[crisis_of(phone="").pk])
    client.force_login(factories.make_user(role=role))
    assert client.get("/staff/on-call/").content.decode().count(address) == links


def test_the_mail_of_a_crisis_promises_what_the_page_keeps() -> None:
    crisis_of(phone="")
    ledger.send_due()
    assert "How to reach them is on the page" in row(kind="crisis", occurrence=0).body


def test_a_page_rings_until_somebody_acknowledges_it(desk: Client, dan: User) -> None:
    page = page_somebody()
    assert b"Acknowledge" in desk.get("/staff/on-call/").content
    assert desk.post(reverse("acknowledge-page", args=[page.pk])).status_code == 302
    page.refresh_from_db()
    assert page.acknowledged_by == dan
    assert b"Acknowledge" not in desk.get("/staff/on-call/").content


def test_who_acknowledged_first_stays_named(desk: Client, dan: User) -> None:
    page = page_somebody()
    paging.acknowledge(notice=page, by=dan)
    paging.acknowledge(notice=page, by=factories.make_user(role=Role.CLINICIAN))
    page.refresh_from_db()
    assert page.acknowledged_by == dan


def test_a_task_is_listed_once_until_it_is_done(desk: Client, dan: User) -> None:
    for _ in range(2):
        attention.ask(kind="message_failed", key="1", detail="Please call Ada.")
    task = StaffTask.objects.get()
    assert b"Please call Ada." in desk.get("/staff/on-call/").content
    assert desk.post(reverse("finish-task", args=[task.pk])).status_code == 302
    task.refresh_from_db()
    assert task.done_by == dan
    assert b"Please call Ada." not in desk.get("/staff/on-call/").content
    attention.ask(kind="message_failed", key="1", detail="Please call Ada.")
    assert StaffTask.objects.count() == 2


def test_looking_changes_nothing(desk: Client) -> None:
    page = page_somebody()
    assert desk.get(reverse("acknowledge-page", args=[page.pk])).status_code == 405


def test_a_planned_page_that_is_not_due_does_not_ring(desk: Client) -> None:
    booked(starts_at=now().replace(minute=0, microsecond=0) + timedelta(days=8))
    assert Notice.objects.filter(kind="no_discharge").exists()
    assert not desk.get("/staff/on-call/").context["pages"]


@pytest.mark.parametrize("model", ["appointment", "notice", "stafftask"])
def test_the_admin_shows_visits_messages_and_tasks_to_be_read(desk: Client, model: str) -> None:
    page_somebody()
    attention.ask(kind="message_failed", key="1", detail="Please call Ada.")
    assert desk.get(reverse(f"admin:booking_{model}_changelist")).status_code == 200
    found = {
        "appointment": row(kind="adverse_event", occurrence=0).appointment_id,
        "notice": row(kind="adverse_event", occurrence=0).pk,
    }
    key = found.get(model) or StaffTask.objects.get().pk
    address = reverse(f"admin:booking_{model}_change", args=[key])
    assert desk.get(address).status_code == 200
    assert desk.post(address, {}).status_code == 403
    assert desk.get(reverse(f"admin:booking_{model}_add")).status_code == 403
