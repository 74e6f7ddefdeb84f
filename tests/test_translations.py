"""Everything a patient is told is said in Spanish too, and what is compiled is what is written."""

from __future__ import annotations

import gettext
import io
from typing import IO

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from django.utils import translation

from config.launch import translate


def said(catalog: Catalog) -> dict[object, object]:
    return {message.id: message.string for message in catalog if message.id}


@pytest.fixture(scope="module")
def spanish() -> Catalog:
    return translate.read("es")


def test_no_string_is_missing_uncertain_or_left_over(spanish: Catalog) -> None:
    assert not list(translate.wanting(spanish))
    wanted, written = said(translate.found()).keys(), said(spanish).keys()
    assert not wanted - written, "run bin/translate and write what it names"
    assert not written - wanted, "run bin/translate"
    assert len(written) > 150


def test_what_is_compiled_is_what_is_written(spanish: Catalog) -> None:
    """By its words: the headers say which Babel compiled it."""
    again = io.BytesIO()
    write_mo(again, spanish)
    with translate.path("es", "mo").open("rb") as kept:
        assert spoken(kept) == spoken(io.BytesIO(again.getvalue())), "run bin/translate"


def spoken(compiled: IO[bytes]) -> dict[object, object]:
    catalog = gettext.GNUTranslations(compiled)._catalog  # type: ignore[attr-defined]
    assert len(catalog) > 150
    return {key: value for key, value in catalog.items() if key}


def test_django_says_it() -> None:
    with translation.override("es"):
        assert translation.gettext("Hello,") == "Hola:"
        assert translation.ngettext(
            "A document that you signed has a new version.",
            "%(number)s documents that you signed have new versions.",
            2,
        ).startswith("%(number)s documentos")
    with translation.override("en"):
        assert translation.gettext("Hello,") == "Hello,"


@pytest.mark.parametrize(
    ("message", "complaint"),
    [
        (Message("Your visit", ""), "not translated"),
        (Message("Your visit", "Su visita", flags=["fuzzy"]), "not translated"),
        (Message(("One", "%(n)s"), ("Uno", "")), "not translated"),
        (Message("On %(starts)s", "El %(start)s", flags=["python-format"]), "On %(starts)s"),
    ],
)
def test_it_notices_what_is_not_translated(message: Message, complaint: str) -> None:
    catalog = Catalog(locale="es")
    catalog["Your visit"] = message
    assert any(complaint in one for one in translate.wanting(catalog))


def test_it_finds_strings_in_templates_and_in_code() -> None:
    found = {message.id: {file for file, _ in message.locations} for message in translate.found()}
    assert "booking/templates/booking/messages/_hello-text.txt" in found["Hello,"]
    assert "booking/notices/facts.py" in found["Nothing to eat from"]
