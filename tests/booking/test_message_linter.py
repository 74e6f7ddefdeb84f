"""Every message of every kind, in both languages, on hostile names, facts, zones and hours."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.conf import settings
from django.template.loader import get_template
from pytest_django import Settings

from booking import clock
from booking.channels import replies
from booking.channels.lines import Message
from booking.links import tokens
from booking.links.tokens import Purpose
from booking.models import IncomingText, Notice
from booking.notices import messages, words
from booking.notices.planned import Kind
from config import palette
from tests.booking import message_help, readability
from tests.booking.message_help import (
    EVIL,
    HOSTILE_FACTS,
    NAMES,
    SMS_KINDS,
    ZONES,
    channels_of,
    complaints,
    notice_of,
    variants,
    visit,
)
from tests.booking.notice_help import BOOKED_AT, STARTS_AT

pytestmark = pytest.mark.django_db
STAFF_OR_NURSE = (*message_help.STAFF_KINDS, Kind.route)


@pytest.fixture(autouse=True)
def _on_the_day_of_booking() -> object:
    with time_machine.travel(BOOKED_AT, tick=False):
        yield


def language_of(kind: str, language: str) -> str:
    return "en" if kind in STAFF_OR_NURSE else language


def test_every_kind_has_words_for_an_e_mail_and_where_it_is_texted_for_a_text() -> None:
    for kind in Kind:
        for part in ("subject.txt", "text.txt", "html.html"):
            get_template(f"booking/messages/{kind}-{part}")
    for kind in SMS_KINDS:
        get_template(f"booking/messages/{kind}-sms.txt")


@pytest.mark.parametrize("language", ["en", "es"])
def test_nothing_is_wrong_with_any_way_of_saying_any_kind(language: str) -> None:
    appointment = visit()
    appointment.patient.language = language
    said = 0
    for kind in Kind:
        for way in variants(kind):
            for channel in channels_of(kind):
                message = messages.render(notice_of(appointment, kind=kind, channel=channel, **way))
                wrong = complaints(message, language=language_of(kind, language))
                assert not wrong, (kind, channel, way, wrong, message.text)
                said += 1
    assert said > 80


def test_nothing_is_wrong_whatever_people_call_themselves_and_wherever_they_live() -> None:
    """Every kind with every name, by turns in both languages, four zones and with hostile facts."""
    appointment = visit()
    for number, name in enumerate(NAMES.values()):
        message_help.rename(appointment, name)
        appointment.time_zone = ZONES[number % len(ZONES)]
        for place, kind in enumerate(Kind):
            language = ("en", "es")[(number + place) % 2]
            appointment.patient.language = language
            more: dict[str, Any] = {"why": "digest, with today"}
            if (number + place) % 3:
                more["facts"] = HOSTILE_FACTS
            for channel in channels_of(kind):
                message = messages.render(
                    notice_of(appointment, kind=kind, channel=channel, **more)
                )
                wrong = complaints(message, language=language_of(kind, language))
                assert not wrong, (kind, channel, name[:40], wrong, message.text)


@pytest.mark.parametrize("language", ["en", "es"])
def test_a_text_fits_with_long_settings_and_stops_on_the_day_before(
    language: str, settings: Settings
) -> None:
    settings.SITE_URL = "https://book.a-clinic-with-a-rather-long-name.example.org"
    settings.CLINIC_NAME = "Riverside Integrative Medical Home Center 🌊"
    appointment = visit(name="Maximiliane-Alexandrina Longbottom", zone="America/St_Johns")
    appointment.patient.language = language
    for stop, hours in (("heavy_meal_until", 14), ("fast_from", 12), ("liquids_until", 11)):
        setattr(appointment, stop, STARTS_AT - timedelta(hours=hours))
    for kind in SMS_KINDS:
        for way in variants(kind):
            message = messages.render(notice_of(appointment, kind=kind, channel="sms", **way))
            wrong = complaints(message, language=language_of(kind, language))
            assert not wrong, (kind, way, wrong, message.text)
            if kind == Kind.evening_before:
                assert "23 " in message.text  # the food stop's own day is never left out


@pytest.mark.parametrize("language", ["en", "es"])
def test_the_warning_not_to_drive_has_room_for_its_link_whoever_it_is_for_and_wherever(
    language: str, settings: Settings
) -> None:
    """A host of 24 characters, after 14 million messages, in any month and zone."""
    settings.SITE_URL = "https://visits.my-clinic.example"
    settings.CLINIC_NAME = "Riverside Integrative Medical Home Center"
    appointment = visit(name="Maximiliane-Alexandrina Longbottom")
    appointment.patient.language = language
    warned = notice_of(appointment, kind=Kind.driving_warning, channel="sms")
    warned.pk = 62**4 - 1
    link = tokens.url(Purpose.warning, warned)
    assert len(link) == len("https://") + 24 + len("/go/w") + 4 + 11
    for zone in (*ZONES, "America/Anchorage"):
        appointment.time_zone = zone
        for month in range(1, 13):
            until = datetime(2027, month, 24, 22, 30, tzinfo=UTC)
            appointment.drive_after = until
            text = messages.render(warned).text
            assert not complaints(Message("", text), language=language), text
            said = clock.say_moment(until, ZoneInfo(zone), language=language)
            for part in (words.gsm(said), link, settings.EMERGENCY_NUMBER, "alcohol"):
                assert part in text


def test_a_clinic_s_name_that_says_what_visits_are_for_is_not_said(settings: Settings) -> None:
    settings.CLINIC_NAME = "Riverside Ketamine Infusions"
    appointment = visit()
    for channel in ("email", "sms"):
        message = messages.render(notice_of(appointment, kind=Kind.booked, channel=channel))
        said = f"{message.subject} {message.text} {message.html}"
        assert "Riverside" not in said
        assert "etamine" not in said
    assert message.text.startswith("Your visit is booked for Tue 24 Nov")


@pytest.mark.parametrize("url", ["", "https://meet.example.org/{visit}"])
def test_nothing_is_wrong_about_a_consultation(settings: Settings, url: str) -> None:
    settings.CONSULTATION_URL = url
    talk = visit(slug="consultation")
    for language in ("en", "es"):
        talk.patient.language = language
        for kind in (Kind.booked, Kind.changed, Kind.today):
            for way in variants(kind):
                for channel in channels_of(kind):
                    notice = notice_of(talk, kind=kind, channel=channel, **way)
                    message = messages.render(notice)
                    assert not complaints(message, language=language), (kind, way, message.text)
                    assert "drive" not in message.text
                    assert "maneje" not in message.text


def test_nothing_is_wrong_about_a_patient_without_a_visit() -> None:
    patient = visit().patient
    for language in ("en", "es"):
        patient.language = language
        for kind in (Kind.intake_incomplete, Kind.crisis, Kind.unwell, Kind.offer):
            for channel in channels_of(kind):
                is_staff = kind in message_help.STAFF_KINDS
                notice = Notice(
                    patient=patient, kind=str(kind), channel=channel, facts={},
                    recipient="on_call" if is_staff else "patient",
                    notice_class="O" if is_staff else "F",
                )  # fmt: skip
                message = messages.render(notice)
                wrong = complaints(message, language=language_of(kind, language))
                assert not wrong, (kind, channel, wrong, message.text)


@pytest.mark.parametrize("name", ["Stillwater", "Riverside Ketamine", "A" * 90])
def test_nothing_is_wrong_with_answers_to_texts(settings: Settings, name: str) -> None:
    settings.CLINIC_NAME = name
    appointment = visit()
    for language in ("en", "es"):
        appointment.patient.language = language
        for keyword in IncomingText.Keyword:
            row = IncomingText(patient=appointment.patient, keyword=keyword)
            text = words.gsm(replies._say(row))
            assert not complaints(Message("", text), language=language), text


PAGE = (
    '<!doctype html><html lang="en"><body><p>Your visit is on '
    "<strong>Tue 24 Nov, 9:30 AM CST</strong>.</p></body></html>"
)
GOOD = Message("Your visit", "Your visit is on Tue 24 Nov, 9:30 AM CST.\n", PAGE)


@pytest.mark.parametrize(
    ("message", "complaint"),
    [
        (replace(GOOD, subject="Your ketamine visit"), "says 'ketamin'"),
        (replace(GOOD, text=f"{GOOD.text}For your depression."), "says 'depres'"),
        (replace(GOOD, text=f"{GOOD.text}Su terapia."), "says 'terapi'"),
        (replace(GOOD, html=PAGE.replace("visit", "visit at 1201 Lake St")), "says '1201'"),
        (replace(GOOD, html=PAGE.replace("<p>", '<p><img src="https://x.test/p">')), "tag: img"),
        (replace(GOOD, html=PAGE.replace("<p>", "<p><script>")), "tag: script"),
        (replace(GOOD, html=PAGE.replace("</strong>", "")), "closed out of turn: p"),
        (replace(GOOD, html=PAGE.replace("9:30", "9:45")), "the text says other times"),
        (replace(GOOD, text=f"{GOOD.text}At 8:30 AM."), "a time without its day or zone"),
        (replace(GOOD, html=PAGE.replace("<p>", f'<p><a href="{EVIL}">x</a>')), "address: http"),
        (replace(GOOD, text=f"{GOOD.text}{EVIL}"), "address: http"),
        (replace(GOOD, text=f"{GOOD.text}Fish &amp; chips"), "escaped where nothing is markup"),
        (replace(GOOD, text=f"{GOOD.text}{{{{ name }}}}"), "a blank that was not filled in"),
        (replace(GOOD, html=PAGE.replace('"en"', '"es"')), "language: es"),
        (replace(GOOD, subject="Your\nvisit"), "subject: "),
        (Message("", "x" * 161), "161 characters"),
        (Message("", "Su visita es mañana — avísenos"), "not GSM-7"),
        (Message("", "your visit"), "begins or ends badly"),
    ],
)
def test_the_linter_finds_what_is_wrong(message: Message, complaint: str) -> None:
    assert not complaints(GOOD)
    assert any(one.startswith(complaint) or complaint in one for one in complaints(message))


def test_the_linter_finds_a_drug_in_a_template_and_english_in_a_spanish_one(
    settings: Settings,
) -> None:
    """The same walk as above, over templates that were tampered with."""
    bad = {
        "booking/messages/today-sms.txt": "Stillwater: ketamine today.",
        "booking/messages/prepare-html.html": PAGE.replace("visit", "visit: {{ first_name|safe }}"),
        "booking/messages/coming_days-subject.txt": "Take it slowly with your visit",
    }
    loaders = [
        ("django.template.loaders.locmem.Loader", bad),
        "django.template.loaders.app_directories.Loader",
    ]
    engine = settings.TEMPLATES[0]
    options = {**engine["OPTIONS"], "loaders": loaders}
    settings.TEMPLATES = [{**engine, "APP_DIRS": False, "OPTIONS": options}]
    appointment = visit(name="<b>Ada</b>")
    appointment.patient.language = "es"

    def wrong(kind: Kind, channel: str) -> str:
        message = messages.render(notice_of(appointment, kind=kind, channel=channel))
        return "; ".join(complaints(message, language="es"))

    assert "says 'ketamin'" in wrong(Kind.today, "sms")
    assert "the text says other times" in wrong(Kind.prepare, "email")
    assert "English left" in wrong(Kind.prepare, "email")
    assert not wrong(Kind.how_are_you, "email")


def test_its_pages_use_the_colours_of_the_product_in_both_themes() -> None:
    folder = Path(messages.__file__).parents[1] / "templates" / "booking" / "messages"
    style = (folder / "_style.css").read_text()
    themes = palette.themes((settings.BASE_DIR / "config/static/stillwater.css").read_text())
    light, dark = style.split("@media (prefers-color-scheme: dark)")
    for theme, part in (("light", light), ("dark", dark)):
        used = set(re.findall(r"#[0-9a-f]{6}", part))
        assert len(used) > 8
        assert used <= set(themes[theme].values())


@pytest.mark.parametrize("language", ["en", "es"])
def test_a_reader_of_twelve_can_read_every_message(language: str) -> None:
    appointment = visit()
    appointment.patient.language = language
    for kind in Kind:
        if language_of(kind, language) != language:
            continue
        notice = notice_of(appointment, kind=kind, channel="email", why="digest")
        text = re.split(r"Your visits:|Sus visitas:", messages.render(notice).text)[0]
        assert readability.longest_sentence(text) <= 22, kind
        if language == "en":
            assert readability.english_grade(text) <= 6, kind
        else:
            assert readability.spanish_ease(text) >= 65, kind


def test_readability_knows_hard_words_from_easy_ones() -> None:
    easy = "Do not drive until then. Stay with the adult who is with you."
    hard = (
        "Psychomotor impairment necessitates unconditional abstention from operating automobiles "
        "notwithstanding subjectively unremarkable recuperation."
    )
    assert readability.english_grade(easy) < 3
    assert readability.english_grade(hard) > 15
    assert readability.spanish_ease("No maneje hasta el día siguiente. Tome agua.") > 75
    assert readability.spanish_ease("Imposibilidad psicomotriz incapacitante incondicional.") < 40
