"""Every message, on hostile names, zones and hours: neutral, safe, and short where it must be."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.template.loader import get_template
from pytest_django import Settings

from booking import messages, words
from booking.channels import Message
from booking.models import Appointment, Notice
from booking.planned import Kind
from tests import factories
from tests.booking.notice_help import BOOKED_AT, STARTS_AT, utc

pytestmark = pytest.mark.django_db

TEMPLATES = Path(messages.__file__).parent / "templates" / "booking" / "messages"
SMS_KINDS = sorted(path.name.removesuffix("-sms.txt") for path in TEMPLATES.glob("*-sms.txt"))
EMAIL_KINDS = sorted(
    path.name.removesuffix("-subject.txt") for path in TEMPLATES.glob("*-subject.txt")
)
STAFF_KINDS = ("adverse_event", "crisis", "no_discharge")

FORBIDDEN = re.compile(
    r"ketamin|infusion|\bIV\b|intraven|depress|suicid|anxi|PTSD|OCD|CRPS|bipolar|neuropath|"
    r"\bpain\b|mood|maintenance|therap|diagnos|\bdrug|\bdose|\d+ ?mg|nurse call|"
    r"Lake St|Oak Park|60301|unit 5",
    re.IGNORECASE,
)
HOSTILE = {
    "plain": "Ada Byrne",
    "right to left": "\u202eadA \u05d0\u05d3\u05d4 \u0644\u064a\u0644\u0649",
    "emoji": "🦄🦄 👩‍⚕️",
    "ten kilobytes": "Aa" * 5000,
    "markup": "<script>alert(1)</script> <b>Bold</b>",
    "template": "{{ settings.SECRET_KEY }} {% debug %}",
    "link": "http://evil.example/a?b=c Click",
    "header": "Ada\r\nBcc: everyone@example.com",
    "accents": "Žofie Ångström Đỗ Ñandú",
    "empty": "",
}
ZONES = ("America/Chicago", "America/St_Johns", "Asia/Kathmandu", "America/Sao_Paulo")


def visit(*, name: str = "Ada Byrne", zone: str = "America/Chicago", **changes: Any) -> Appointment:
    """A visit of a patient whose every text is hostile; what cannot be stored is not saved."""
    appointment = factories.make_appointment(
        patient=factories.make_patient(),
        nurse=factories.make_nurse(),
        starts_at=STARTS_AT,
        time_zone=zone,
        line2="Unit 5",
        **changes,
    )
    appointment.patient.user.name = name
    appointment.patient.escort_name = name
    assert appointment.nurse is not None
    appointment.nurse.user.name = name
    return appointment


def notice_of(appointment: Appointment, *, kind: str, channel: str, **more: Any) -> Notice:
    fields: dict[str, Any] = {
        "notice_class": "O" if kind in STAFF_KINDS else "F",
        "recipient": "patient",
        "ideal_at": STARTS_AT,
        "send_from": STARTS_AT,
        "facts": {"severity": "severe"} if kind == "adverse_event" else {},
        **more,
    }
    return Notice(appointment=appointment, kind=kind, channel=channel, **fields)


def variants(kind: str) -> list[dict[str, str]]:
    plain: list[dict[str, str]] = [{}, {"why": "digest"}, {"why": "with today"}]
    if kind == "changed":
        plain += [{"subject_of": "cancelled"}, {"subject_of": "gate"}]
    return plain


def said(message: Message) -> str:
    return f"{message.subject}\n{message.text}\n{message.html}"


@pytest.fixture(autouse=True)
def _on_the_day_of_booking() -> object:
    with time_machine.travel(BOOKED_AT, tick=False):
        yield


def test_every_kind_has_words_for_every_channel_it_is_planned_for() -> None:
    sms_only = {"today", "on_the_way", "driving_warning_escort"}
    assert set(EMAIL_KINDS) | sms_only == {kind.value for kind in Kind}
    for kind in EMAIL_KINDS:
        for part in ("text.txt", "html.html"):
            get_template(f"booking/messages/{kind}-{part}")
    assert set(SMS_KINDS) == sms_only | {
        "booked", "confirm_escort", "evening_before", "driving_warning", "changed"
    }  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE.keys())
@pytest.mark.parametrize("kind", EMAIL_KINDS)
def test_an_e_mail_is_neutral_and_safe_whatever_the_name(
    kind: str, name: str, settings: Settings
) -> None:
    appointment = visit(name=name)
    appointment.blocked = ["order_missing", "consent_missing", "unheard_of"]
    for variant in variants(kind):
        notice = notice_of(appointment, kind=kind, channel="email", **variant)
        message = messages.render(notice)
        assert not FORBIDDEN.search(said(message))
        assert "\n" not in message.subject
        assert "<script" not in message.html
        assert "<b>" not in message.html
        assert "evil.example" not in said(message)
        assert settings.SECRET_KEY not in said(message)
        assert not re.search(r"[\u202a-\u202e\u2066-\u2069]", said(message))
        assert not re.search(r"\{[{%]|[%}]\}", said(message))
        assert "&lt;" not in message.text
        assert "&amp;" not in message.text
        assert len(message.subject) <= 78
        assert len(message.text) < 2500
        assert not re.search(r"\n{4}", message.text)


@pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE.keys())
@pytest.mark.parametrize("kind", SMS_KINDS)
def test_a_text_is_one_sms_and_neutral_whatever_the_name_and_zone(kind: str, name: str) -> None:
    for zone in ZONES:
        appointment = visit(name=name, zone=zone)
        appointment.blocked = ["not_cleared"]
        for variant in variants(kind):
            notice = notice_of(appointment, kind=kind, channel="sms", **variant)
            text = messages.render(notice).text
            assert words.fits_sms(text), text
            assert not FORBIDDEN.search(text)
            assert text.strip() == text


@pytest.mark.parametrize("kind", SMS_KINDS)
def test_a_text_fits_with_long_settings_and_times_on_other_days(
    kind: str, settings: Settings
) -> None:
    settings.SITE_URL = "https://book.a-clinic-with-a-rather-long-name.example.org"
    settings.CLINIC_NAME = "Riverside Integrative Infusion Center 🌊"
    appointment = visit(name="Maximiliane-Alexandrina Longbottom", zone="America/St_Johns")
    for field, hours in (("heavy_meal_until", 14), ("fast_from", 12), ("liquids_until", 11)):
        setattr(appointment, field, STARTS_AT - timedelta(hours=hours))
    for variant in variants(kind):
        text = messages.render(notice_of(appointment, kind=kind, channel="sms", **variant)).text
        assert words.fits_sms(text), text


def test_the_evening_before_says_each_stop_as_a_time_on_the_clock() -> None:
    message = messages.render(notice_of(visit(), kind="evening_before", channel="email"))
    assert "No heavy meal from: Tue 24 Nov, 1:30 AM CST" in message.text
    assert "Nothing to eat from: Tue 24 Nov, 3:30 AM CST" in message.text
    assert "Nothing to drink from: Tue 24 Nov, 7:30 AM CST" in message.text
    text = messages.render(notice_of(visit(), kind="evening_before", channel="sms")).text
    assert "No heavy meal from 1:30 AM. Nothing to eat from 3:30 AM. Nothing to drink from" in text


def test_the_driving_warning_names_one_local_moment_alcohol_and_the_emergency_number() -> None:
    for channel in ("email", "sms"):
        notice = notice_of(visit(), kind="driving_warning", channel=channel)
        text = messages.render(notice).text
        assert re.search(r"no driving or machinery until Wed 25 Nov, 12:40 PM CST", text, re.I)
        assert re.search(r"no alcohol", text, re.I)
        assert "call 911" in text


def test_the_driving_warning_is_the_latest_over_all_that_was_given() -> None:
    earlier = visit()
    later = factories.make_appointment(
        patient=earlier.patient,
        nurse=None,
        starts_at=STARTS_AT + timedelta(days=2),
        dosed_at=STARTS_AT + timedelta(days=2),
    )
    message = messages.render(notice_of(earlier, kind="driving_warning", channel="email"))
    assert later.drive_after is not None
    assert message.subject == "After your visit: no driving until Fri 27 Nov, 12:40 PM CST"


def test_a_digest_says_what_is_still_useful_and_nothing_that_has_passed() -> None:
    appointment = visit()
    with time_machine.travel(utc(11, 24, 8), tick=False):  # the heavy meal has passed
        notice = notice_of(appointment, kind="booked", channel="email", why="digest")
        message = messages.render(notice)
    assert "heavy meal" not in message.text
    assert "Nothing to eat from: Tue 24 Nov, 3:30 AM CST" in message.text
    assert "Clear your day" in message.text


def test_a_closed_gate_is_told_as_what_to_do_each_step_once() -> None:
    appointment = visit()
    appointment.blocked = ["order_missing", "order_exhausted", "escort_missing"]
    message = messages.render(
        notice_of(appointment, kind="changed", channel="email", subject_of="gate")
    )
    steps = re.findall(r"^- (.*)$", message.text, re.M)
    assert steps == [messages.NEXT_STEPS["order_missing"], messages.NEXT_STEPS["escort_missing"]]
    assert not message.attachments


def test_on_call_staff_get_initials_and_a_link_and_no_name() -> None:
    notice = notice_of(visit(), kind="adverse_event", channel="email", recipient="on_call")
    message = messages.render(notice)
    assert "AB" in message.text
    assert "Ada" not in said(message)
    assert "/staff/on-call/" in message.text


def test_gsm_text_keeps_what_one_septet_holds_and_spells_out_the_rest() -> None:
    assert words.gsm("Žofie – “Đỗ” 🦄 ñ\u202e…") == 'Zofie - "o" ñ...'
    assert not words.fits_sms("{}")
    assert not words.fits_sms("x" * 161)
    assert words.fits_sms("é" * 160)


def test_names_lose_what_is_no_letter() -> None:
    assert words.name("  Anne-Marie  O’Neil ") == "Anne-Marie O’Neil"
    assert words.first_name("🦄 http://x.example") == "httpxexample"
    assert words.initials("ada byrne") == "AB"
    assert len(words.name("a" * 10_000)) == 40


@pytest.mark.parametrize(
    ("url", "said"),
    [("", "by phone"), ("https://meet.example.org/{visit}", "https://meet.example.org/")],
)
def test_it_says_how_a_consultation_is_held(settings: Settings, url: str, said: str) -> None:
    settings.CONSULTATION_URL = url
    talk = visit(slug="consultation")
    notice = Notice(appointment=talk, kind="today", recipient="patient", channel="sms")
    text = messages.render(notice).text
    assert said in text
    assert words.fits_sms(text)


def test_it_says_today_only_on_the_day_itself() -> None:
    notice = Notice(
        appointment=visit(slug="consultation"), kind="today", recipient="patient", channel="sms"
    )
    with time_machine.travel(STARTS_AT - timedelta(hours=2), tick=False):
        assert "today at" in messages.render(notice).text
    with time_machine.travel(STARTS_AT - timedelta(hours=24), tick=False):
        text = messages.render(notice).text
    assert "today" not in text
    assert words.fits_sms(text)
