"""Texts that come back: obeyed, read by a person, answered once."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from threading import Barrier, Thread

import pytest
import time_machine
from django.db import DatabaseError, connection, transaction
from django.test import Client
from hypothesis import given, strategies as st
from pytest_django import Settings

from booking.channels import lines, replies
from booking.delivery import fallback
from booking.models import IncomingText, NoticeStatus, StaffTask
from booking.notices import ledger, words
from config.core.clock import now
from patients import contacts
from patients.models import ClosedContact, Patient, TextConsent
from tests import factories
from tests.booking.notice_help import BOOKED_AT, STARTS_AT, booked, row, rows, texts

pytestmark = pytest.mark.django_db
SECRET = "a-secret-that-nobody-guesses"
PHONE = "+13125550123"
AFTERNOON = STARTS_AT + timedelta(hours=6)  # `today` is not folded into the evening before


@pytest.fixture
def ada() -> Patient:
    patient = factories.make_patient()
    Patient.objects.filter(pk=patient.pk).update(phone=PHONE, channels=["email", "sms"])
    return Patient.objects.get(pk=patient.pk)


@pytest.fixture
def hook(settings: Settings) -> str:
    settings.SMS_WEBHOOK_SECRET = SECRET
    return f"/hooks/sms/{SECRET}/"


@pytest.mark.parametrize(
    ("said", "keyword"),
    [
        ("STOP", "stop"), (" stop.\n", "stop"), ("Stop All", "stop"), ("cancel", "stop"),
        ("ALTO", "stop"), ("start", "start"), ("Unstop!", "start"), ("help", "help"),
        ("AYUDA", "help"), ("stop by at five", ""), ("yes", ""), ("", ""), ("STOP STOP", ""),
    ],
)  # fmt: skip
def test_only_a_text_of_nothing_else_is_a_keyword(said: str, keyword: str) -> None:
    assert replies.keyword_of(said) == keyword


@given(st.text())
def test_no_text_is_too_strange_to_be_sorted(said: str) -> None:
    assert replies.keyword_of(said) in IncomingText.Keyword.values


def test_stop_ends_texts_and_start_begins_them_again(
    client: Client, hook: str, ada: Patient
) -> None:
    assert client.post(hook, {"From": PHONE, "Body": "Stop"}).status_code == 204
    ada.refresh_from_db()
    assert ada.channels == ["email"]
    assert contacts.closed(channel="sms", address=PHONE) == "stopped"
    client.post(hook, {"From": PHONE, "Body": "START"})
    ada.refresh_from_db()
    assert ada.channels == ["email", "sms"]
    assert contacts.closed(channel="sms", address=PHONE) == ""
    said = list(TextConsent.objects.order_by("pk").values_list("agreed", "told_by", "phone"))
    assert said == [(False, "text", PHONE), (True, "text", PHONE)]


def test_the_escorts_stop_is_the_escorts_alone(client: Client, hook: str, ada: Patient) -> None:
    Patient.objects.filter(pk=ada.pk).update(escort_phone="+13125550177", escort_texts=True)
    client.post(hook, {"From": "+13125550177", "Body": "STOP"})
    ada.refresh_from_db()
    assert (ada.escort_texts, ada.channels) == (False, ["email", "sms"])


def test_cancel_stops_texts_and_a_person_asks_whether_a_visit_was_meant(
    client: Client, hook: str, ada: Patient
) -> None:
    client.post(hook, {"From": PHONE, "Body": "Cancel"})
    assert contacts.closed(channel="sms", address=PHONE) == "stopped"
    assert "visit" in StaffTask.objects.get(kind="text_reply").detail


@pytest.mark.parametrize(
    "told",
    [
        {"From": "(312) 555-0123", "Body": "I ate", "MessageSid": "SM1"},
        {"msisdn": "13125550123", "text": "I ate", "messageId": "SM1"},
        {"from": PHONE, "body": "I ate", "id": "SM1"},
    ],
)
def test_anything_else_is_read_by_a_person_once_however_often_it_is_told(
    client: Client, hook: str, ada: Patient, told: dict[str, str]
) -> None:
    for _ in range(2):
        client.post(hook, told)
        client.post(hook, told, content_type="application/json")
    task = StaffTask.objects.get(kind="text_reply")
    assert task.patient == ada
    assert task.detail == f"A text came from {PHONE}: I ate"


def test_a_hostile_text_is_kept_and_shown_as_text(client: Client, hook: str, ada: Patient) -> None:
    said = "<script>alert(1)</script>\x00 \ud83e\udd84".encode("utf-8", "replace").decode() * 200
    assert client.post(hook, {"From": PHONE, "Body": said}).status_code == 204
    assert len(IncomingText.objects.get().text) <= 1600
    client.force_login(factories.make_user(role="dispatcher", name="Dan Fox"))
    assert b"<script>alert" not in client.get("/admin/booking/incomingtext/").content
    assert b"<script>alert" not in client.get("/staff/on-call/").content


@pytest.mark.parametrize(
    "told", [b"", b"nonsense", b"[]", b'{"from": 7, "text": "x"}', b'{"from": "12", "text": "x"}']
)
def test_what_names_no_number_is_refused(client: Client, hook: str, told: bytes) -> None:
    answer = client.post(hook, told, content_type="application/json")
    assert answer.status_code == 400
    assert not IncomingText.objects.exists()


def test_the_door_is_closed_without_its_secret(
    client: Client, hook: str, settings: Settings
) -> None:
    assert client.post("/hooks/sms/wrong/", {"From": PHONE, "Body": "STOP"}).status_code == 404
    assert client.get(hook).status_code == 405
    settings.SMS_WEBHOOK_SECRET = ""
    assert client.post("/hooks/sms//", {"From": PHONE, "Body": "STOP"}).status_code == 404
    assert not IncomingText.objects.exists()


@pytest.mark.parametrize("said", ["STOP", "START", "HELP", "Where is she?"])
@pytest.mark.parametrize("language", ["en", "es"])
def test_each_text_is_answered_once_in_one_sms_in_the_patients_language(
    ada: Patient, outbox: Path, said: str, language: str
) -> None:
    Patient.objects.filter(pk=ada.pk).update(language=language)
    replies.receive(number=PHONE, text=said)
    assert (replies.answer(), replies.answer()) == (1, 0)
    (written,) = texts(outbox)
    body = written.split("\n\n", 1)[1].strip()
    assert words.fits_sms(body)
    assert (" your " in body or " you " in body or " about " in body) == (language == "en")


def test_two_machines_do_not_talk_all_night(ada: Patient, outbox: Path) -> None:
    for number in range(5):
        replies.receive(number=PHONE, text="Auto-reply: I am away", service_id=f"SM{number}")
        replies.answer()
    assert len(texts(outbox)) == 1


def test_an_answer_is_given_up_rather_than_given_twice(
    ada: Patient, outbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replies.receive(number=PHONE, text="HELP")

    def lost(*_: object, **__: object) -> None:
        raise lines.PerhapsSent("no clear answer")

    monkeypatch.setattr("booking.channels.texts.send", lost)
    assert replies.answer() == 0
    monkeypatch.undo()
    assert replies.answer() == 0
    assert texts(outbox) == []


def test_a_text_of_yesterday_is_not_answered_today(ada: Patient, outbox: Path) -> None:
    with time_machine.travel(now() - timedelta(hours=2), tick=False):
        replies.receive(number=PHONE, text="HELP")
    assert replies.answer() == 0


@pytest.mark.django_db(transaction=True)
def test_the_same_text_told_eight_times_at_once_is_kept_once() -> None:
    factories.make_patient()
    together = Barrier(8)

    def tell() -> None:
        together.wait()
        try:
            replies.receive(number=PHONE, text="hello", service_id="SM9")
        finally:
            connection.close()

    threads = [Thread(target=tell) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert IncomingText.objects.count() == StaffTask.objects.count() == 1


def test_what_was_received_never_changes(ada: Patient) -> None:
    replies.receive(number=PHONE, text="HELP")
    for change in ("text = 'x'", "keyword = 'stop'", "received_at = now()"):
        with pytest.raises(DatabaseError, match="never changes"), transaction.atomic():
            _run(f"UPDATE booking_incomingtext SET {change}")
    with pytest.raises(DatabaseError), transaction.atomic():
        _run("DELETE FROM booking_incomingtext")
    _run("UPDATE booking_incomingtext SET answered_at = now()")
    with pytest.raises(DatabaseError, match="answered once"), transaction.atomic():
        _run("UPDATE booking_incomingtext SET answered_at = NULL")


def _run(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


def test_a_text_that_failed_is_said_by_e_mail_instead() -> None:
    with time_machine.travel(BOOKED_AT, tick=False):
        booked(starts_at=AFTERNOON)
        failed = row(kind="today", channel="sms")
        assert fallback.by_email(failed)
        assert not fallback.by_email(failed)
        twin = row(kind="today", channel="email")
    assert (twin.status, twin.why) == (NoticeStatus.PENDING, fallback.WHY)
    assert (twin.not_after, twin.version) == (failed.not_after, failed.version)


def test_what_has_an_e_mail_twin_or_no_use_any_more_needs_none() -> None:
    with time_machine.travel(BOOKED_AT, tick=False):
        appointment = booked(starts_at=AFTERNOON)
        assert not fallback.by_email(row(kind="evening_before", channel="sms"))
        assert not fallback.by_email(row(kind="driving_warning_escort", channel="sms"))
        failed = row(kind="today", channel="sms")
    with time_machine.travel(appointment.starts_at, tick=False):
        assert not fallback.by_email(failed)
    assert rows(kind="today", channel="email") == []


def test_a_number_that_said_stop_gets_no_notice(outbox: Path) -> None:
    with time_machine.travel(BOOKED_AT, tick=False):
        appointment = booked()
        Patient.objects.filter(pk=appointment.patient_id).update(phone=PHONE)
        contacts.close(
            channel="sms", address=PHONE, reason=ClosedContact.Reason.STOPPED, told_by="text"
        )
    with time_machine.travel(BOOKED_AT + timedelta(minutes=4), tick=False):
        ledger.send_due()
    assert texts(outbox) == []
    assert row(kind="booked", channel="email").status == NoticeStatus.SENT
