"""What messages say, and to whom in which language; what they never say: test_message_linter.py."""

from __future__ import annotations

import re
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from pytest_django import Settings

from booking import clock
from booking.models import Notice
from booking.notices import messages, words
from booking.notices.planned import Kind
from booking.templatetags.wording import strong
from config.safety import checks
from tests import factories
from tests.booking.message_help import notice_of, visit
from tests.booking.notice_help import BOOKED_AT, STARTS_AT, utc

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _on_the_day_of_booking() -> object:
    with time_machine.travel(BOOKED_AT, tick=False):
        yield


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
        assert re.search(r"emergency: 911|call 911", text, re.I)


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
    assert message.subject == "No driving until Fri 27 Nov, 12:40 PM CST"


def test_a_digest_says_what_is_still_useful_and_nothing_that_has_passed() -> None:
    appointment = visit()
    with time_machine.travel(utc(11, 24, 8), tick=False):  # the heavy meal has passed
        notice = notice_of(appointment, kind="booked", channel="email", why="digest")
        message = messages.render(notice)
    assert "heavy meal" not in message.text
    assert "Nothing to eat from: Tue 24 Nov, 3:30 AM CST" in message.text
    assert "Clear the day." in message.text


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
    assert "Ada" not in f"{message.subject} {message.text} {message.html}"
    assert "/staff/on-call/" in message.text


def test_gsm_text_keeps_what_one_septet_holds_and_spells_out_the_rest() -> None:
    assert words.gsm("Žofie – “Đỗ” 🦄 ñ\u202e…") == 'Zofie - "o" ñ...'
    assert not words.fits_sms("{}")
    assert not words.fits_sms("x" * 161)
    assert words.fits_sms("é" * 160)


def test_a_clinic_s_name_is_said_unless_it_names_the_drug_or_the_therapy() -> None:
    assert words.clinic("St. Mary’s Medical & Home Care") == "St. Mary’s Medical & Home Care"
    for telling in ("Chicago Pain Clinic", "Ketamina Sur", "Lake IV Lounge", "Mood Therapy"):
        assert words.clinic(telling) == ""


def test_names_lose_what_is_no_letter() -> None:
    assert words.name("  Anne-Marie  O’Neil ") == "Anne-Marie O’Neil"
    assert words.first_name("🦄 http://x.example") == "httpxexample"
    assert words.initials("ada byrne") == "AB"
    assert len(words.name("a" * 10_000)) == 40


@pytest.mark.parametrize(
    ("url", "said"),
    [("", "We call you by phone."), ("https://meet.example.org/{visit}", "Join by video: https")],
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
        assert "is today, Tue 24 Nov, 9:30 AM CST" in messages.render(notice).text
    with time_machine.travel(STARTS_AT - timedelta(hours=24), tick=False):
        text = messages.render(notice).text
    assert "today" not in text
    assert words.fits_sms(text)


def test_it_writes_in_the_patient_s_language_to_their_escort_too_and_to_staff_in_english() -> None:
    appointment = visit()
    appointment.patient.language = "es"
    said = {
        kind: messages.render(notice_of(appointment, kind=kind, channel=channel))
        for kind, channel in (
            (Kind.evening_before, "email"),
            (Kind.driving_warning_escort, "sms"),
            (Kind.no_discharge, "email"),
            (Kind.route, "email"),
        )
    }
    evening = said[Kind.evening_before].text
    assert "- No coma nada desde: martes 24 de noviembre, 3:30 a.m. CST" in evening
    assert "- No beba nada desde: martes 24 de noviembre, 7:30 a.m. CST" in evening
    assert said[Kind.driving_warning_escort].text.startswith(
        "Stillwater: Ada no debe manejar ni usar maquinaria hasta el mié 25 nov, 12:40 p.m. CST."
    )
    assert "no discharge is recorded" in said[Kind.no_discharge].text
    assert said[Kind.route].text.startswith("Hello Cleo,")


def test_a_spanish_text_ends_a_sentence_once_and_loses_only_accents_that_cost_more() -> None:
    appointment = visit()
    appointment.patient.language = "es"
    text = messages.render(notice_of(appointment, kind=Kind.evening_before, channel="sms")).text
    assert "Sin comida pesada desde: 1:30 a.m. No coma desde: 3:30 a.m. No beba" in text
    check = messages.render(notice_of(appointment, kind=Kind.last_check, channel="sms")).text
    assert "¿ha comido desde el mar 24 nov, 3:30 a.m. CST? Si comio, avisenos ahora:" in check


def test_the_calendar_entry_is_neutral_in_both_languages() -> None:
    appointment = visit()
    titles = []
    for language in ("en", "es"):
        appointment.patient.language = language
        message = messages.render(notice_of(appointment, kind=Kind.booked, channel="email"))
        titles += re.findall(r"SUMMARY:(.*)\r", message.attachments[0].text)
    assert titles == ["Visit", "Visita"]


@pytest.mark.parametrize("kind", [Kind.booked, Kind.evening_before, Kind.confirm_escort])
def test_a_digest_says_in_order_what_the_messages_it_stands_for_would_have(kind: Kind) -> None:
    notice = notice_of(visit(), kind=kind, channel="email", why="quiet hours, digest")
    text = messages.render(notice).text
    clock = re.findall(r"^- ([A-Z][a-z, ]+): (.*)$", text, re.MULTILINE)
    assert clock == [
        ("No alcohol from", "Mon 23 Nov, 9:30 AM CST"),
        ("No heavy meal from", "Tue 24 Nov, 1:30 AM CST"),
        ("Nothing to eat from", "Tue 24 Nov, 3:30 AM CST"),
        ("Nothing to drink from", "Tue 24 Nov, 7:30 AM CST"),
        ("Your visit starts", "Tue 24 Nov, 9:30 AM CST"),
        ("Your visit ends at about", "Tue 24 Nov, 12:40 PM CST"),
        ("No driving, machinery or alcohol until", "Wed 25 Nov, 12:40 PM CST"),
    ]
    for arranged in ("Clear the day.", "An adult has to be with you", "children and pets"):
        assert arranged in text


def test_a_digest_that_is_sent_once_more_says_the_same() -> None:
    reason = {"why": "she asked for a digest", "facts": {"was_why": "", "resent_by": 1}}
    again = {"why": "not found", "facts": {"was_why": "quiet hours, digest", "resent_by": 1}}
    plain, digest = (
        messages.render(notice_of(visit(), kind=Kind.booked, channel="email", **more)).text
        for more in (reason, again)
    )
    assert "Clear the day." in digest
    assert "Clear the day." not in plain


def test_a_text_names_the_zone_of_a_stop_on_a_day_on_which_clocks_change() -> None:
    """New York, 1 November 2026, 7:30 AM: the food stop is the second 1:30 AM."""
    appointment = visit(zone="America/New_York")
    start = utc(11, 1, 12, 30)
    for field, hours in (
        ("starts_at", 0), ("heavy_meal_until", 8), ("fast_from", 6), ("liquids_until", 2)
    ):  # fmt: skip
        setattr(appointment, field, start - timedelta(hours=hours))
    with time_machine.travel(utc(10, 30, 15), tick=False):
        notice = notice_of(appointment, kind=Kind.evening_before, channel="sms")
        text = messages.render(notice).text
    assert "Nothing to eat from 1:30 AM EST." in text
    assert "No heavy meal from 12:30 AM EDT." in text


def test_what_is_needed_again_is_told_with_its_number_and_its_deadline() -> None:
    appointment = visit()
    deadline = STARTS_AT - timedelta(hours=24)
    facts = {"documents": ["One", "Two"]}
    consent = notice_of(
        appointment, kind=Kind.consent_due, channel="email", facts=facts, not_after=deadline
    )
    assert "2 documents that you signed have new versions." in messages.render(consent).text
    assert "Please do it before Mon 23 Nov, 9:30 AM CST." in messages.render(consent).text
    begun = Notice(patient=appointment.patient, kind=Kind.intake_incomplete, channel="email",
                   recipient="patient", not_after=deadline)  # fmt: skip
    text = messages.render(begun).text
    assert "have not sent them yet" in text
    assert "before" not in text


def test_a_page_that_nobody_acknowledged_says_so() -> None:
    appointment = visit()
    once, twice = (
        messages.render(
            notice_of(appointment, kind=Kind.crisis, channel="email", occurrence=occurrence)
        ).text
        for occurrence in (0, 2)
    )
    assert "nobody has acknowledged" not in once
    assert "Sent again, 2 times now: nobody has acknowledged yet." in twice


def test_the_link_of_a_message_is_for_what_the_message_asks() -> None:
    appointment = visit()
    asked = {
        Kind.confirm_escort: "e", Kind.last_check: "a", Kind.today: "v", Kind.how_are_you: "f",
        Kind.driving_warning: "w",
    }  # fmt: skip
    for kind, letter in asked.items():
        text = messages.render(notice_of(appointment, kind=kind, channel="sms")).text
        assert re.findall(r"/go/(\w)", text) == [letter], kind
    warning = messages.render(notice_of(appointment, kind=Kind.driving_warning, channel="email"))
    assert re.findall(r"/go/(\w)", warning.text) == ["u", "w"]


def test_a_closure_s_other_times_are_said_in_the_patient_s_language() -> None:
    appointment = visit()
    appointment.patient.language = "es"
    facts = {"because": words.A_CLOSURE, "others": ["2026-12-01T15:30:00+00:00"]}
    text = messages.render(
        notice_of(appointment, kind=Kind.changed, channel="email", subject_of="cancelled",
                  facts=facts)
    ).text  # fmt: skip
    assert "El motivo: un cierre." in text
    assert "- martes 1 de diciembre, 9:30 a.m. CST" in text


def test_a_patient_is_written_to_in_the_clinic_s_language_until_they_choose(
    settings: Settings,
) -> None:
    settings.DEFAULT_LANGUAGE = "es"
    assert factories.make_patient().language == "es"


def test_it_says_a_moment_in_spanish_as_a_person_would() -> None:
    chicago = ZoneInfo("America/Chicago")
    said = [
        clock.say_moment(at, chicago, language="es", in_full=in_full)
        for at in (utc(3, 3, 18), utc(9, 23, 6, 5))
        for in_full in (True, False)
    ]
    assert said == [
        "martes 3 de marzo, 12:00 p.m. CST",
        "mar 3 marzo, 12:00 p.m. CST",
        "miércoles 23 de septiembre, 1:05 a.m. CDT",
        "mié 23 sept, 1:05 a.m. CDT",
    ]
    assert clock.say_moment(utc(3, 3, 18), chicago, language="fr") == "Tue 3 Mar, 12:00 PM CST"


def test_production_refuses_a_sender_who_says_what_visits_are_for(settings: Settings) -> None:
    settings.PRODUCTION = True
    settings.DEFAULT_FROM_EMAIL = "Lakeside <care@lakeside-ketamine.example>"
    settings.DEFAULT_LANGUAGE = "fr"
    told = " ".join(error.msg for error in checks.messages_can_be_said())
    assert "DEFAULT_FROM_EMAIL says what visits are for" in told
    assert "DEFAULT_LANGUAGE must be en or es" in told
    assert "SITE_URL" not in told


def test_what_stands_out_is_escaped_and_ends_its_lines_at_commas() -> None:
    assert strong("Tue 24 Nov, <9:30>") == (
        '<strong><span class="kept">Tue 24 Nov,</span> '
        '<span class="kept">&lt;9:30&gt;</span></strong>'
    )
