"""Papers to keep: what they say whatever somebody typed, and that it is the same each time."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
import typst

from patients import papers
from patients.papers import Fact
from patients.paragraphs import blocks
from tests.patients.pdf_text import words_of

AT = datetime(2027, 3, 3, 15, 30, tzinfo=UTC)
TEXT = "What it is\n\nYou are offered this.\n\n- one\n- two\n\nBy signing you agree."
HOSTILE = '#panic(1) $x^2$ *bold* \\ // @a <b> #import "x" [a] `raw` = h \\u{41} %s {page}'


def data(**changes: Any) -> dict[str, Any]:
    """A short paper about Ada."""
    said = {
        "title": "Consent",
        "language": "en",
        "version": "Version 1",
        "blocks": blocks(TEXT),
        "facts_title": "Signature",
        "facts": [Fact("Name as typed", "Ada Byrne", "signature"), Fact("Account", "")],
        "foot": "Consent, Version 1",
    }
    return papers.data_of(**{**said, **changes})


def named(name: str) -> dict[str, Any]:
    return data(facts=[Fact("Name as typed", name, "signature")])


def test_it_says_all_of_the_text_and_numbers_its_sheets() -> None:
    said = words_of(papers.pdf("consent", data=data(), at=AT))
    for part in ("Stillwater", "Version 1", "You are offered this.", "one", "two", "Ada Byrne"):
        assert part in said
    assert "Page 1 of 1" in said


def test_it_leaves_out_what_has_no_value() -> None:
    assert "Account" not in words_of(papers.pdf("consent", data=data(), at=AT))


@pytest.mark.parametrize("template", ["consent", "visit"])
def test_it_takes_what_somebody_typed_as_text_and_never_as_markup(template: str) -> None:
    paper = data(
        title=HOSTILE, blocks=blocks(f"Say {HOSTILE}"), facts=[Fact("Name", HOSTILE)], foot=HOSTILE
    )
    said = words_of(papers.pdf(template, data=paper, at=AT)).replace(" ", "")
    assert said.count(HOSTILE.replace(" ", "")) >= 4


def test_it_is_the_same_to_the_byte_for_the_same_data() -> None:
    first, second = (papers.pdf("consent", data=data(), at=AT) for _ in range(2))
    assert first == second
    assert first != papers.pdf("consent", data=named("Ben Osei"), at=AT)


def test_it_is_tagged_so_that_it_can_be_read_aloud() -> None:
    pdf = papers.pdf("consent", data=data(language="es"), at=AT)
    assert b"/MarkInfo" in pdf
    assert b"pdfuaid:part>1<" in pdf
    assert b"/Lang(es)" in pdf


@pytest.mark.parametrize("name", ["Ольга Ёжикова", "Γιώργος Κώστα", "Nguyễn Thị Ánh", "Łukasz Żak"])
def test_it_shows_the_letters_of_many_languages(name: str) -> None:
    assert name in words_of(papers.pdf("consent", data=named(name), at=AT))


def test_it_gives_a_letter_that_its_fonts_lack_by_its_number() -> None:
    said = words_of(papers.pdf("consent", data=named("Li 李小龙"), at=AT))
    assert "Li [U+674E][U+5C0F][U+9F99]" in said


def test_it_breaks_a_name_that_is_longer_than_a_line() -> None:
    said = words_of(papers.pdf("consent", data=named("Q" * 200), at=AT))
    assert said.count("Q") == 200
    assert max(len(word) for word in said.split() if set(word) == {"Q"}) < 40


def test_it_fails_loudly_where_a_template_is_wrong() -> None:
    with pytest.raises(typst.TypstError):
        papers.pdf("consent", data={}, at=AT)


@pytest.mark.parametrize("stray", ["\ufeff", "\ufffe", "\t", "\r\n\t", "\u200b", "\u2066"])
def test_it_makes_nothing_of_letters_that_nobody_sees(stray: str) -> None:
    said = words_of(papers.pdf("consent", data=named(f"{stray}Ada{stray} Byrne"), at=AT))
    assert "Ada" in said
    assert "Byrne" in said
