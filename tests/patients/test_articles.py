"""The texts of the public pages: their versions, who wrote them, and what they may hold."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from config.core.errors import Malformed, WrongState
from config.core.models import Role
from patients import articles, catalogue, prose
from patients.models import Article
from tests.factories import make_user

pytestmark = pytest.mark.django_db

WORDS = {"phone": "+1 312 555 0100", "clinic": "Still*water* <b>", "call": "+13125550100"}
HOSTILE = [
    "<script>alert(1)</script>",
    '<img src=x onerror="alert(1)">',
    "<b>bold</b>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](java&#10;script:alert(1))",
    "[x](&#1;javascript:alert(1))",
    "[x](vbscript:x)",
    "[x](data:text/html,<script>alert(1)</script>)",
    "<javascript:alert(1)>",
    "![picture](https://elsewhere.example/p.png)",
    '[x](/safety/ "\\" onmouseover=alert(1)")',
    "[x]: javascript:alert(1)\n\n[x]",
]


def said(**changes: Any) -> dict[str, Any]:
    text = {"title": "Safety", "summary": "What can happen.", "body": "Little.", "sources": ""}
    return {"slug": "safety", "language": "en", "reviewed_on": None, "by": None, **text, **changes}


def test_it_counts_versions_up_and_shows_the_newest() -> None:
    articles.publish(**said())
    erin = make_user(role=Role.CLINICIAN)
    second = articles.publish(**said(body="More.", reviewed_on=date(2026, 11, 20), by=erin))
    assert (second.version, second.published_by) == (2, erin)
    assert articles.find("safety").body == "More."
    assert Article.objects.count() == 2


@pytest.mark.parametrize("field", ["title", "summary", "body"])
def test_it_refuses_a_text_that_says_nothing(field: str) -> None:
    with pytest.raises(Malformed):
        articles.publish(**said(**{field: " \0 "}))


def test_it_refuses_the_words_that_are_there_already() -> None:
    articles.publish(**said())
    with pytest.raises(WrongState):
        articles.publish(**said(body="Little.\r\n"))


def test_it_refuses_a_name_in_braces_that_stands_for_nothing() -> None:
    with pytest.raises(Malformed, match=r"Nothing is called \{fone\}"):
        articles.publish(**said(body="Call {fone}."))


def test_it_says_that_somebody_else_was_faster(monkeypatch: pytest.MonkeyPatch) -> None:
    articles.publish(**said())
    monkeypatch.setattr(articles, "_newest", lambda *_: None)  # as read before the other's commit
    with pytest.raises(WrongState, match="Someone else"):
        articles.publish(**said(body="More."))


def test_it_speaks_the_readers_language_and_else_english() -> None:
    articles.publish(**said())
    with translation.override("es"):
        assert articles.find("safety").title == "Seguridad y efectos secundarios"  # as brought
        articles.publish(**said(language="es", title="Seguridad"))
        assert articles.find("safety").title == "Seguridad"
    assert articles.find("safety").title == "Safety"


def test_it_brings_every_page_in_both_languages_with_the_same_anchors() -> None:
    brought = articles._brought()
    for slug in articles.SLUGS:
        english, spanish = (articles.read(brought[slug, language]) for language in ("en", "es"))
        assert anchors(english) == anchors(spanish)
        assert all("{#" not in section.title for section in english.sections)


def anchors(text: prose.Prose) -> list[str]:
    return [
        anchor
        for section in text.sections
        for anchor in (section.anchor, *(part.anchor for part in section.parts))
    ]


def test_it_leads_only_to_pages_and_anchors_that_there_are(client: Client) -> None:
    brought = articles._brought()
    known = {reverse(slug): anchors(articles.read(brought[slug, "en"])) for slug in articles.SLUGS}
    for article in brought.values():
        read = articles.read(article)
        html = read.html + "".join(
            s.html + "".join(part.html for part in s.parts) for s in read.sections
        )
        for link in (piece.partition('"')[0] for piece in html.split('href="')[1:]):
            path, _, anchor = link.partition("#")
            assert path in known or link.startswith("tel:"), link
            assert not anchor or anchor in known[path], link


def test_a_fresh_catalogue_has_the_texts_and_is_installed_once() -> None:
    assert catalogue.install() > 2 * len(articles.SLUGS)
    assert Article.objects.count() == 2 * len(articles.SLUGS)
    assert catalogue.install() == 0


def test_a_newer_text_of_the_product_follows_its_own_but_never_the_clinics(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    articles.install()
    articles.publish(**said(by=make_user(role=Role.CLINICIAN)))
    newer = {key: Article(**fields(one)) for key, one in articles._brought().items()}
    for one in newer.values():
        one.body += "\n\nNew words."
    monkeypatch.setattr(articles, "_brought", lambda: newer)
    articles.install()
    assert articles.find("safety").body == "Little."
    assert articles.find("cream").body.endswith("New words.")
    assert articles.find("cream").version == 2


def fields(article: Article) -> dict[str, Any]:
    names = ("slug", "language", "title", "summary", "body", "sources")
    return {name: getattr(article, name) for name in names}


@pytest.mark.parametrize("text", HOSTILE)
def test_it_shows_hostile_marks_as_text(text: str) -> None:
    shown = prose.read(f"{text}\n\n## {text}\n\n- {text}\n\n| {text} |\n|---|", words={})
    html = shown.html + "".join(section.html for section in shown.sections)
    for opening in ("<script", "<img", "<b>", 'href="java', 'href="vb', 'href="data', "onmouse="):
        assert opening not in html.lower()


def test_it_fills_in_what_the_clinic_has_set_as_text_and_as_a_link() -> None:
    shown = prose.read("**{clinic}**: [{phone}](tel:{call}), {unknown}", words=WORDS).html
    assert "<strong>Still*water* &lt;b&gt;</strong>" in shown
    assert '<a href="tel:+13125550100">+1 312 555 0100</a>' in shown
    assert "{unknown}" in shown


def test_it_gives_each_heading_an_anchor_of_its_own() -> None:
    shown = prose.read("## ¿Sí?\n\n## Sí\n\n### Sí {#yes}\n\n# 你好", words={})
    assert anchors(shown) == ["si", "si-2", "yes", "part"]


def test_it_lets_a_wide_table_be_moved_by_its_own() -> None:
    shown = prose.read("## Times {#times}\n\n| | b |\n|---|---|\n| 1 | <table> |", words={})
    html = shown.sections[0].html.replace("\n", "")
    assert html.startswith('<div class="table" role="group" tabindex="0" aria-labelledby="times">')
    assert html.count("<div") == html.count("</div>") == 1
    assert '<tr><td></td><th scope="col">b</th></tr>' in html
    assert '<tr><th scope="row">1</th><td>&lt;table&gt;</td></tr>' in html


def admin_form(**changes: Any) -> dict[str, Any]:
    return {key: value or "" for key, value in said(**changes).items() if key != "by"}


def test_staff_publish_the_next_version_in_the_admin(client: Client) -> None:
    erin = make_user(role=Role.CLINICIAN)
    first = articles.publish(**said(body="Little.\n\nReally."))
    client.force_login(erin)
    add = reverse("admin:patients_article_add")
    assert "Little." in client.get(f"{add}?from={first.pk}").content.decode()
    client.post(add, admin_form(body="More.", reviewed_on="2026-11-20"))
    newest = articles.find("safety")
    assert (newest.version, newest.body, newest.published_by) == (2, "More.", erin)
    shown = client.get(reverse("admin:patients_article_changelist")).content.decode()
    assert shown.count("Readers see it") == 1
    page = client.get(reverse("admin:patients_article_change", args=[first.pk])).content.decode()
    assert "Write the next version" in page
    assert "Little.<br>" in page
    assert "Little." in client.get(f"/admin/patients/article/{first.pk}/read/").content.decode()


def test_staff_read_at_the_form_what_is_wrong_with_it(client: Client) -> None:
    articles.publish(**said())
    client.force_login(make_user(role=Role.ADMINISTRATOR))
    add = reverse("admin:patients_article_add")
    assert "This is the current version already." in client.post(add, admin_form()).content.decode()
    assert "Nothing is called {x}" in client.post(add, admin_form(body="{x}")).content.decode()
    assert Article.objects.count() == 1


def test_staff_look_at_a_text_before_it_is_published(client: Client) -> None:
    client.force_login(make_user(role=Role.CLINICIAN))
    preview = reverse("admin:patients_article_preview")
    shown = client.post(preview, admin_form(body="**Soon** <i>x</i>")).content.decode()
    assert "<strong>Soon</strong> &lt;i&gt;x&lt;/i&gt;" in shown
    assert "Nothing is published here" in shown
    assert "This field is required" in client.post(preview, {"slug": "safety"}).content.decode()
    assert not Article.objects.exists()


@pytest.mark.parametrize("role", [Role.DISPATCHER, Role.PATIENT])
def test_nobody_else_publishes(client: Client, role: str) -> None:
    client.force_login(make_user(role=role))
    for name in ("add", "preview"):
        assert client.post(reverse(f"admin:patients_article_{name}"), admin_form()).status_code in (
            302,
            403,
        )
    assert not Article.objects.exists()
