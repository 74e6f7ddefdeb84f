"""The public site: what a stranger reads, asks and finds, in both languages."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime, time
from typing import Any
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from booking import clock, presenting, rules
from patients import articles, catalogue, coverage, places
from patients.models import Permit, ServiceArea, Therapy
from tests.factories import make_area, make_patient, therapy

pytestmark = pytest.mark.django_db

PAGES = sorted(articles.SLUGS)
NOVEMBER = datetime(2026, 11, 22, 18, tzinfo=UTC)
CHICAGO = ZoneInfo("America/Chicago")
BYTES, QUERIES = 150_000, 15
SPANISH = {"Accept-Language": "es"}


@pytest.fixture
def offered() -> None:
    """Everything that can be booked."""
    for slug in catalogue.THERAPIES:
        therapy(slug)


def page(client: Client, name: str, *, headers: dict[str, str] | None = None, **query: str) -> str:
    answer = client.get(reverse(name), query, headers=headers)
    assert answer.status_code == 200
    shown: str = answer.content.decode()
    return shown


def text_of(shown: str) -> str:
    """The words of a page, without its frame."""
    main = shown.partition('<main id="content"')[2].partition("</main>")[0]
    return " ".join(re.sub(r"<[^>]+>", " ", main).split())


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("language", ["en", "es"])
def test_it_answers_within_its_budget(
    client: Client, offered: None, name: str, language: str
) -> None:
    with CaptureQueriesContext(connection) as asked:
        answer = client.get(reverse(name), headers={"Accept-Language": language})
    shown = answer.content.decode()
    assert answer.status_code == 200
    assert len(answer.content) < BYTES - 60_000  # the styles and the script come on top
    assert len(asked) <= QUERIES
    assert shown.count("<h1") == 1
    assert f'<html lang="{language}"' in shown
    named = re.findall(r' id="([^"]+)"', shown)
    assert len(named) == len(set(named))
    assert reverse("book-time", args=["consultation"]) in shown


@pytest.mark.parametrize("name", PAGES)
def test_it_tells_search_engines_what_it_is(client: Client, offered: None, name: str) -> None:
    shown = page(client, name)
    described = json.loads(found(r'<script type="application/ld\+json">(.*?)</script>', shown))
    kinds = {thing["@type"] for thing in described["@graph"]}
    assert {"MedicalBusiness", "MedicalWebPage"} <= kinds
    assert "lastReviewed" not in str(described)  # nobody has
    assert found(r'<link rel="canonical" href="([^"]+)"', shown).endswith(reverse(name))
    assert 50 < len(found(r'<meta name="description" content="([^"]+)"', shown)) < 320
    assert found(r"<title>(.*?)</title>", shown).endswith(" · Stillwater")


def found(pattern: str, shown: str) -> str:
    match = re.search(pattern, shown, re.DOTALL)
    assert match, pattern
    return match[1]


def test_it_describes_each_question_once_and_each_price_as_it_is(
    client: Client, offered: None
) -> None:
    faq = json.loads(found(r"ld\+json\">(.*?)</script>", page(client, "questions")))["@graph"][-1]
    assert len(faq["mainEntity"]) > 40
    assert all(one["acceptedAnswer"]["text"] for one in faq["mainEntity"])
    offers = json.loads(found(r"ld\+json\">(.*?)</script>", page(client, "prices")))["@graph"][-1]
    priced = {one["name"]: one["price"] for one in offers["itemListElement"]}
    assert priced["Mood session, 40 minutes"] == "495.00"
    assert priced["Free consultation"] == "0.00"


def test_a_text_cannot_end_the_data_of_its_page(client: Client) -> None:
    hostile = "</script><script>alert(1)</script>"
    articles.publish(
        slug="questions",
        language="en",
        title=hostile,
        summary=hostile,
        body=f"## A\n\n### {hostile}\n\n{hostile}",
        sources="",
        reviewed_on=None,
        by=None,
    )
    shown = page(client, "questions")
    assert "<script>alert" not in shown
    assert hostile in json.loads(found(r"ld\+json\">(.*?)</script>", shown))["@graph"][1]["name"]


def test_its_titles_are_all_different_and_its_pages_found_by_robots(client: Client) -> None:
    titles = {found(r"<title>(.*?)</title>", page(client, name)) for name in PAGES}
    assert len(titles) == len(PAGES)
    listed = client.get("/sitemap.xml")
    addresses = [
        place.text for place in ElementTree.fromstring(listed.content).iter() if place.text
    ]
    assert [one for one in addresses if one.startswith("http")] == [
        f"http://127.0.0.1:8000{reverse(slug)}" for slug in articles.SLUGS
    ]
    robots = client.get("/robots.txt").content.decode()
    assert "Sitemap: http://127.0.0.1:8000/sitemap.xml" in robots
    for line in robots.splitlines():
        _, _, closed = line.partition("Disallow: ")
        assert not closed or not any(reverse(slug).startswith(closed) for slug in articles.SLUGS)


def test_a_visitors_browser_keeps_a_page_and_a_patients_does_not(client: Client) -> None:
    kept = client.get(reverse("safety"))
    assert kept.headers["Cache-Control"] == "private, max-age=300"
    assert {"Cookie", "Accept-Language"} <= set(kept.headers["Vary"].split(", "))
    asked = client.get(reverse("area"), {"zip": "60302"})
    assert "no-cache" in asked.headers["Cache-Control"]
    client.force_login(make_patient().user)
    assert "no-cache" in client.get(reverse("safety")).headers["Cache-Control"]


def test_it_says_in_english_what_is_not_there_in_spanish(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    english = {key: one for key, one in articles._brought().items() if key[1] == "en"}
    monkeypatch.setattr(articles, "_brought", lambda: english)
    shown = page(client, "safety", headers=SPANISH)
    assert 'id="stand-in"' in shown
    assert '<article class="prose" lang="en">' in shown
    assert "What many people feel" in shown


def test_it_speaks_spanish(client: Client) -> None:
    shown = page(client, "questions", headers=SPANISH)
    assert "¿Cuándo puedo volver a conducir?" in shown
    assert 'id="stand-in"' not in shown


# -- questions -------------------------------------------------------------------------------------


def test_it_finds_an_answer_by_its_words_whatever_the_accents(client: Client) -> None:
    shown = page(client, "questions", q="  ALCOHOL before ").partition("</head>")[2]
    assert "May I drink alcohol?" in shown
    assert "Can my pet have it?" not in shown
    assert '<details class="question" open>' in shown
    spanish = text_of(page(client, "questions", headers=SPANISH, q="mascota anestesía"))
    assert "¿Puede recibirla mi mascota?" in spanish
    assert "¿Es una cura?" not in spanish


def test_it_says_where_there_is_no_answer(client: Client) -> None:
    shown = page(client, "questions", q="<b>zebra</b>")
    assert "We have no answer about “&lt;b&gt;zebra&lt;/b&gt;” here." in shown
    assert '<details class="question"' not in shown


@pytest.mark.parametrize("asked", ["", "   "])
def test_it_shows_every_question_where_nothing_was_asked(client: Client, asked: str) -> None:
    assert page(client, "questions", q=asked).count('<details class="question">') > 40


# -- where we come ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ("60302", "yes"),
        (" 60302-1234 ", "yes"),
        ("62701", "outside"),  # Springfield, far from Chicago
        ("53202", "not_permitted"),  # Milwaukee: the state says no
        ("46320", "not_permitted"),  # Hammond: nobody decided about Indiana
        ("00000", "unknown"),
        ("6030", "malformed"),
        ("60302; DROP TABLE", "malformed"),
        ("６０３０２", "malformed"),
    ],
)
def test_it_says_whether_we_come(typed: str, answer: str) -> None:
    make_area()
    Permit.objects.create(state="WI", is_permitted=False)
    assert coverage.of(typed).answer == answer


def test_it_does_not_come_where_no_time_zone_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    make_area()
    nowhere = places.ZipPlace("Oak Park", "IL", 41.88, -87.79, "")
    monkeypatch.setattr(places, "find_zip", lambda _: nowhere)
    assert coverage.of("60302").answer == "no_zone"


def test_it_goes_nowhere_while_every_area_is_closed() -> None:
    make_area()
    ServiceArea.objects.update(is_open=False)
    assert coverage.of("60302").answer == "outside"


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("60302", "Yes, we come to Oak Park, IL"),
        ("62701", "Springfield, IL is outside the area we drive to"),
        ("53202", "we may not give this treatment at home in WI"),
        ("00000", "We do not know the ZIP code 00000"),
        ("no", "A ZIP code has five digits"),
        ("", "Type your ZIP code first."),
    ],
)
def test_it_says_what_to_do_next_and_offers_the_talk_anyway(
    client: Client, typed: str, words: str
) -> None:
    make_area()
    shown = text_of(page(client, "area", zip=typed))
    assert words in shown
    assert "Book a free talk" in shown
    assert ("What to do now:" in shown) == (typed.isdigit())


def test_it_names_the_rule_of_the_state_and_that_nobody_checked_it(client: Client) -> None:
    make_area()
    Permit.objects.filter(state="IL").update(supervision="A prescriber by phone.", is_example=True)
    shown = text_of(page(client, "area", zip="60302"))
    assert "They ask for this as well: A prescriber by phone." in shown
    assert "This rule is an example" in shown


# -- prices ----------------------------------------------------------------------------------------


def test_it_shows_every_price_first(client: Client, offered: None) -> None:
    Therapy.objects.filter(slug="pain-240").update(is_active=False)
    shown = text_of(page(client, "prices"))
    assert shown.index("$495.00") < shown.index("What a series costs")
    assert "3 h 10 min: 30 minutes to get ready, 40 minutes of infusion, and 2 hours" in shown
    assert "$950.00" not in shown


def test_it_says_which_deposit_is_asked(client: Client, offered: None, settings: Any) -> None:
    settings.DEPOSITS = {"mood-40": 10_000}
    assert "$100.00 are paid when you book" in text_of(page(client, "prices"))


# -- the clock for a time of one's own -------------------------------------------------------------


def rehearse(client: Client, *, slug: str = "mood-40", **query: str) -> str:
    therapy(slug)
    with time_machine.travel(NOVEMBER, tick=False):
        return page(client, "prepare", headers=None, therapy=slug, **query)


@pytest.mark.parametrize(
    ("day", "at", "zip_code", "zone"),
    [
        ("2027-03-14", "08:00", "10001", "America/New_York"),  # clocks went forward at 2
        ("2027-03-13", "15:30", "10001", "America/New_York"),
        ("2027-11-06", "15:30", "10001", "America/New_York"),
        ("2026-11-24", "10:30", "", "America/Chicago"),
        ("2027-03-14", "08:00", "85001", "America/Phoenix"),
    ],
)
def test_it_says_what_the_clock_of_booking_says(
    client: Client, day: str, at: str, zip_code: str, zone: str
) -> None:
    shown = rehearse(client, day=day, at=at, zip=zip_code)
    mood, here = therapy("mood-40"), ZoneInfo(zone)
    times = clock.times_around(
        starts_at=clock.at_local(date.fromisoformat(day), time.fromisoformat(at), here),
        lengths=rules.lengths_of(mood),
        zone=here,
        rules=rules.clock_rules(),
    )
    assert presenting.sentence(times=times, zone=here) in shown
    assert f"No driving or machinery before {clock.say_moment(times.drive_after, here)}" in shown


def test_it_reckons_elapsed_hours_across_a_change_of_clocks(client: Client) -> None:
    shown = rehearse(client, day="2027-03-14", at="08:00", zip="10001")
    assert re.search(r"Nothing to eat from [^.]*1:00 AM EST", shown)


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"day": "2027-03-14", "at": "02:30"}, "this time is skipped"),
        ({"day": "2026-12-01", "at": "23:00"}, "This visit can start from 8:00 AM to 4:45 PM."),
        ({"day": "2026-12-01", "at": "17:00"}, "the nurse leaves by 8:00 PM at the latest"),
        ({"day": "2026-12-01", "at": "05:00"}, "We do not come that early."),
        ({"day": "2026-12-01", "at": "10:35"}, "The nearest is 10:30 AM."),
        ({"day": "2026-11-21", "at": "10:30"}, "That day is over."),
        ({"day": "2026-11-22", "at": "10:30"}, "That time is over."),
        ({"day": "2028-11-21", "at": "10:30"}, "within the next year"),
        ({"day": "9999-12-31", "at": "10:30"}, "within the next year"),
        ({"day": "0001-01-01", "at": "10:30"}, "That day is over."),
        ({"day": "tomorrow", "at": "late"}, "Enter a valid date."),
        ({"day": "2026-12-01", "at": "10:30", "zip": "00000"}, "do not know the time zone"),
        ({"day": "2026-12-01", "at": "10:30", "zip": "\0"}, "not allowed"),
    ],
)
def test_it_refuses_kindly_a_time_that_cannot_be(
    client: Client, query: dict[str, str], words: str
) -> None:
    shown = rehearse(client, **query)
    assert words in text_of(shown)
    assert "What a visit on" not in shown
    assert f'value="{query["day"]}"' in shown  # what was typed stays


def test_it_refuses_a_long_visit_where_a_short_one_could_be(client: Client) -> None:
    shown = text_of(rehearse(client, slug="pain-240", day="2026-12-01", at="14:00"))
    assert "This visit can start from 8:00 AM to 1:30 PM." in shown


def test_it_says_that_a_day_cannot_be_booked_yet_but_would_be_the_same(client: Client) -> None:
    words = "This day cannot be booked now"
    assert words in rehearse(client, day="2027-06-01", at="10:30")
    assert words in rehearse(client, day="2026-11-23", at="10:30")
    assert words not in rehearse(client, day="2026-12-01", at="10:30")


def test_it_offers_no_clock_for_a_talk_and_none_it_does_not_know(client: Client) -> None:
    shown = rehearse(client, slug="consultation", day="2026-12-01", at="10:30")
    assert "Select a valid choice" in shown
    assert "What a visit on" not in shown


def test_it_says_the_times_in_spanish(client: Client) -> None:
    therapy("mood-40")
    with time_machine.travel(NOVEMBER, tick=False):
        shown = page(
            client, "prepare", headers=SPANISH, therapy="mood-40", day="2026-12-01", at="10:30"
        )
    assert "10:30 a.m." in shown
    assert "AM" not in text_of(shown)
