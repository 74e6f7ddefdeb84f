"""A linter of messages: what is wrong with one, in words; and hostile visits to try it on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from booking.channels.lines import Message
from booking.models import Appointment, Notice
from booking.notices import words
from booking.notices.planned import Kind
from tests import factories
from tests.booking.notice_help import STARTS_AT

STAFF_KINDS = (Kind.adverse_event, Kind.crisis, Kind.no_discharge, Kind.unwell)
ESCORT_KINDS = (Kind.driving_warning_escort,)
SMS_KINDS = (
    Kind.booked, Kind.confirm_escort, Kind.evening_before, Kind.fasting, Kind.last_check,
    Kind.today, Kind.on_the_way, Kind.driving_warning, Kind.driving_warning_escort,
    Kind.how_are_you, Kind.changed, Kind.offer, *STAFF_KINDS,
)  # fmt: skip

# What no message may say, in either language; drugs by name and by how they are given.
FORBIDDEN = re.compile(
    r"ketamin|infusi[oó]n|\bIV\b|intraven|anest[eh]|opioid|lithium|litio|naltrex|midazolam|"
    r"depres|suicid|anxi|ansied|PTSD|TEPT|\bOCD\b|\bTOC\b|CRPS|bipolar|neurop[aá]t|psy[ck]|psiq|"
    r"\bpain|dolor|\bmood|[aá]nimo|maintenance|mantenimiento|therap|terapi|treatment|tratamiento|"
    r"diagn[oó]s|\bdrug|droga|f[aá]rmac|\bdos(e|is)\b|\d+ ?mg\b|1201|Lake St|Oak Park|60301|unit 5",
    re.IGNORECASE,
)
MOMENT = re.compile(
    r"(?:[A-Z][a-z]{2} \d{1,2} [A-Z][a-z]{2}|[a-zéá]+ \d{1,2} de [a-z]+|"
    r"[a-zéá]{3} \d{1,2} [a-z]{3,5}),"
    r" \d{1,2}:\d\d (?:[AP]M|[ap]\.m\.) (?:[A-Z]{2,5}|[+-]\d{2,4})"
)
TIME = re.compile(r"\d{1,2}:\d\d")
URL = re.compile(r"https?://[^\s<>\"']+")
ENGLISH = re.compile(
    r"\b(the|your|you|visit|with|from|until|today|please|nurse|call|nothing|and|is|of)\b", re.I
)
STYLE = re.compile(r"<style>.*?</style>", re.DOTALL)
HIDDEN = re.compile(r"[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
VOID = {"meta", "br"}
TAGS = {
    "html", "head", "title", "style", "body", "div", "p", "h1", "ul", "li", "span", "strong", "a",
    *VOID,
}  # fmt: skip

EVIL = "http://evil.example/a?b=c"
NAMES = {
    "plain": "Ada Byrne",
    "right to left": "\u202eadA \u05d0\u05d3\u05d4 \u0644\u064a\u0644\u0649",
    "emoji": "🦄🦄 👩‍⚕️",
    "ten kilobytes": "Aa" * 5000,
    "markup": "<script>alert(1)</script> <b>Bold</b><img src=x>",
    "template": "{{ settings.SECRET_KEY }} {% debug %} %(starts)s",
    "link": f"{EVIL} Click",
    "header": "Ada\r\nBcc: everyone@example.com",
    "accents": "Žofie Ångström Đỗ Ñandú",
    "drug": "Ketamine Infusion",
    "empty": "",
}
ZONES = ("America/Chicago", "America/St_Johns", "Asia/Kathmandu", "America/Sao_Paulo")
ROUTE = {"route_day": "Tuesday 24 November", "is_change": False}
HOSTILE_FACTS: dict[str, Any] = {
    "severity": "ketamine 40 mg",
    "what": f"Ketamine overdose <b>here</b> {EVIL}",
    "recorded_by": "<b>Cleo</b>",
    "because": f"a ketamine shortage {EVIL}",
    "others": ["2026-12-01T15:30:00+00:00", EVIL, "<script>"],
    "documents": ["Consent to ketamine treatment", "1201 Lake St"],
    "lapses": True,
    "by_email": True,
    "route_day": "Tuesday <b>24</b> November",
    "link": EVIL,
    "starts": "ketamine",
    "drive_after": "now",
    "clinic_name": "Ketamine Clinic",
    "to": "dan@example.com",
}


def visit(*, name: str = "Ada Byrne", zone: str = "America/Chicago", **changes: Any) -> Appointment:
    """A visit of a patient whose every text may be hostile; what cannot be stored is not saved."""
    appointment = factories.make_appointment(
        patient=factories.make_patient(),
        nurse=factories.make_nurse(),
        starts_at=STARTS_AT,
        time_zone=zone,
        line2="Unit 5",
        **changes,
    )
    appointment.blocked = ["order_missing", "consent_missing", "unheard_of"]
    rename(appointment, name)
    return appointment


def rename(appointment: Appointment, name: str) -> None:
    """Call everybody around a visit the same."""
    appointment.patient.user.name = name
    appointment.patient.escort_name = name
    assert appointment.nurse is not None
    appointment.nurse.user.name = name


def notice_of(appointment: Appointment, *, kind: str, channel: str, **more: Any) -> Notice:
    recipient = "on_call" if kind in STAFF_KINDS else "patient"
    fields: dict[str, Any] = {
        "notice_class": "O" if kind in STAFF_KINDS else "F",
        "recipient": "escort" if kind in ESCORT_KINDS else recipient,
        "ideal_at": STARTS_AT,
        "send_from": STARTS_AT,
        "not_after": STARTS_AT,
        "facts": {},
        **more,
    }
    if kind == Kind.route:
        assert appointment.nurse is not None
        fields |= {
            "recipient": "nurse",
            "facts": ROUTE | {"nurse": appointment.nurse.pk} | fields["facts"],
        }
    return Notice(appointment=appointment, kind=str(kind), channel=channel, **fields)


def variants(kind: str) -> list[dict[str, Any]]:
    """Every way in which a kind is said."""
    ways: list[dict[str, Any]] = [{}, {"facts": HOSTILE_FACTS, "occurrence": 2}]
    if kind in (Kind.booked, Kind.changed, Kind.confirm_escort, Kind.evening_before):
        ways += [{"why": "quiet hours, digest"}, {"why": "with today, with last_check"}]
    if kind == Kind.changed:
        because = {"because": "ice on I-90", "others": ["2026-12-01T15:30:00+00:00"]}
        ways += [
            {"subject_of": "cancelled"},
            {"subject_of": "cancelled", "facts": {**because, "by_email": True}},
            {"subject_of": "cancelled", "facts": {"because": "a closure", "others": []}},
            {"subject_of": "gate"},
            {"subject_of": "gate", "facts": {"is_open": True}},
        ]
    if kind == Kind.intake_incomplete:
        ways += [{"facts": {"lapses": True}}]
    if kind == Kind.offer:
        link = f"{settings.SITE_URL}/offers/1234567-abcdefghijklmnopqrst"
        ways += [{"facts": {"starts": "2026-12-01T15:30:00+00:00", "link": link}}]
    if kind == Kind.adverse_event:
        ways += [{"facts": {"severity": "severe", "recorded_by": "Cleo"}}]
        ways += [{"facts": {"what": "More was given than the order says"}}]
    return ways


def channels_of(kind: str) -> tuple[str, ...]:
    return ("email", "sms") if kind in SMS_KINDS else ("email",)


def complaints(message: Message, *, language: str = "en") -> list[str]:
    """Say everything that is wrong with a message; nothing is."""
    found = list(_said(message, f"{message.subject}\n{message.text}\n{message.html}"))
    if message.html:
        page = Page.of(message.html)
        found += _email(message, page)
        found += page.problems
        found += [f"address: {to}" for to in page.links if not _is_ours(to)]
        shown = page.text
        if _moments(shown) != _moments(f"{message.subject}\n{message.text}"):
            found.append("the text says other times than the page")
        if page.language != language:
            found.append(f"language: {page.language}")
    else:
        shown = message.text
        if not words.fits_sms(message.text):
            found.append(f"{len(message.text)} characters, or not GSM-7")
        if message.text != message.text.strip() or message.text[:1].islower():
            found.append("begins or ends badly")
    if language == "es" and (left := ENGLISH.findall(URL.sub("", f"{message.text} {shown}"))):
        found.append(f"English left: {sorted(set(left))}")
    return found


def _said(message: Message, said: str) -> Iterator[str]:
    spoken = URL.sub("", STYLE.sub("", said))
    yield from (f"says {found[0]!r}" for found in FORBIDDEN.finditer(spoken))
    yield from (f"address: {url}" for url in URL.findall(said) if not _is_ours(url))
    sender = f"{settings.DEFAULT_FROM_EMAIL} {settings.CLINIC_NAME if message.html else ''}"
    yield from (f"the sender says {found[0]!r}" for found in FORBIDDEN.finditer(sender))
    if "evil.example" in said or "Bcc:" in said or settings.SECRET_KEY in said:
        yield "passes on what a stranger wrote"
    if HIDDEN.search(said):
        yield "hidden characters"
    if re.search(r"\{[{%]|[%}]\}|%\(|None|\b[ap]\.m\.\.", said):
        yield "a blank that was not filled in"
    if re.search(r"&(lt|amp|gt|quot|#)", message.subject + message.text):
        yield "escaped where nothing is markup"


def _email(message: Message, page: Page) -> Iterator[str]:
    if "\n" in message.subject or not 5 < len(message.subject) <= 78:
        yield f"subject: {message.subject!r}"
    if len(message.text) > 3000 or re.search(r"\n{4}| {2}\S", message.text):
        yield "the text is long or has holes"
    for said in (message.text, page.text):
        part = URL.sub("", said)
        if len(TIME.findall(part)) != len(MOMENT.findall(part)):
            yield f"a time without its day or zone: {TIME.findall(part)} {MOMENT.findall(part)}"


def _moments(text: str) -> set[str]:
    return set(MOMENT.findall(text))


def _is_ours(url: str) -> bool:
    """A consultation by video is held where the clinic says; everything else is here."""
    room = settings.CONSULTATION_URL.partition("{visit}")[0]
    if room and url.startswith(room):
        return True
    return url == settings.SITE_URL or (
        urlsplit(url).netloc == urlsplit(settings.SITE_URL).netloc
        and url.startswith(f"{settings.SITE_URL}/")
    )


@dataclass
class Page(HTMLParser):
    """What a reader sees of a page, what it points at, and what is not as it should be."""

    text: str = ""
    language: str = ""
    links: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    _open: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, html: str) -> Page:
        page = cls()
        HTMLParser.__init__(page, convert_charrefs=True)
        page.feed(html)
        page.close()
        if page._open:
            page.problems.append(f"never closed: {page._open}")
        if not html.lstrip().lower().startswith("<!doctype html>"):
            page.problems.append("no doctype")
        if re.search(r"url\(|@import|expression\(", html):
            page.problems.append("asks another server")
        return page

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag not in TAGS:
            self.problems.append(f"tag: {tag}")
        if bad := [name for name in given if name.startswith("on") or name in ("src", "style")]:
            self.problems.append(f"attributes: {bad}")
        if tag == "a":
            self.links.append(given.get("href") or "nowhere")
        if tag == "html":
            self.language = given.get("lang") or ""
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID or not self._open or self._open.pop() != tag:
            self.problems.append(f"closed out of turn: {tag}")

    def handle_data(self, data: str) -> None:
        if not {"style", "title"} & set(self._open):
            self.text += data if {"strong", "span", "a"} & set(self._open) else f" {data}"
