"""Templates worded once say what Django says of them, in whichever language is asked for."""

from __future__ import annotations

from typing import Any

import pytest
import time_machine
from django.template import engines
from django.template.loader import render_to_string
from django.utils import translation
from pytest_django import Settings

from booking.notices import facts, phrasing
from booking.notices.planned import Kind
from booking.templatetags.wording import strong
from tests.booking.message_help import channels_of, notice_of, variants, visit
from tests.booking.notice_help import BOOKED_AT

PAGE = """{% load i18n %}{% blocktranslate %}Hello {{ name }},{% endblocktranslate %}
{% blocktranslate with name=name|upper trimmed %}
Hello {{ name }},{% endblocktranslate %}{{ name }}
{% blocktranslate count n=n %}{{ n }} day{% plural %}{{ n }} days{% endblocktranslate %}
{% blocktranslate asvar kept %}Hello {{ name }},{% endblocktranslate %}{{ kept }}{{ kept }}
{% translate "I feel unwell" %}{% translate "100% of <it>" %}{% translate word %}
{% translate "I feel unwell" as unwell %}{{ unwell }}{% translate "I feel unwell"|upper %}
{% autoescape off %}{% translate "I feel unwell" %}{{ name }}
{% blocktranslate %}Hello {{ name }},{% endblocktranslate %}{% endautoescape %}
{% if name %}{% translate "I feel unwell" %}{% else %}{% translate "Hello," %}{% endif %}
{% for n in word %}{% translate "Hello," %}{% empty %}{% translate "Hello," %}{% endfor %}"""
FACTS: list[dict[str, Any]] = [
    {"name": "<b>Ada</b> 100% %(name)s", "word": "Hello,", "n": 2},
    {"name": "", "word": "", "n": 1},
    {"n": 1},
]


@pytest.mark.django_db
def test_every_message_says_what_django_says() -> None:
    appointment = visit(name="<b>Ada</b> %(name)s")
    with time_machine.travel(BOOKED_AT, tick=False):
        for kind in Kind:
            for way in variants(kind):
                for channel in channels_of(kind):
                    notice = notice_of(appointment, kind=kind, channel=channel, **way)
                    parts = ("subject.txt", "text.txt", "html.html")
                    for part in ("sms.txt",) if channel == "sms" else parts:
                        for language in ("en", "es"):
                            _same(f"booking/messages/{kind}-{part}", notice, language)


def _same(name: str, notice: Any, language: str) -> None:
    with translation.override(language):
        known = facts.context(notice)
        assert phrasing.say(name, known) == render_to_string(name, known), (name, language)


@pytest.mark.parametrize("given", FACTS)
def test_so_does_whatever_can_stand_in_one(given: dict[str, Any], settings: Settings) -> None:
    engine = settings.TEMPLATES[0]
    loaders = [("django.template.loaders.locmem.Loader", {"page.html": PAGE})]
    options = {**engine["OPTIONS"], "loaders": loaders}
    settings.TEMPLATES = [{**engine, "APP_DIRS": False, "OPTIONS": options}]
    for language, unwell in (("en", "I feel unwell"), ("es", "Me siento mal"), ("en", "I feel")):
        with translation.override(language):
            said = phrasing.say("page.html", given)
            assert said == engines["django"].get_template("page.html").render(given)
            assert unwell in said


def test_what_stands_out_is_escaped_and_ends_its_lines_at_commas() -> None:
    assert strong("Tue 24 Nov, <9:30>") == (
        '<strong><span class="kept">Tue 24 Nov,</span> '
        '<span class="kept">&lt;9:30&gt;</span></strong>'
    )
