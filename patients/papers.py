"""Papers to keep: PDFs set by typst from a template and data, the same bytes for the same data.

All words come as data, so nothing that somebody typed is ever read as markup. The fonts are those
that the library carries: the papers look the same on every machine. They are tagged (PDF/UA-1).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Final

import typst
from django.conf import settings
from django.http import HttpResponse
from django.utils.translation import gettext

from patients.paragraphs import Block

TEMPLATES = Path(__file__).parent / "papers"
FONTS = ("Libertinus Serif", "New Computer Modern", "DejaVu Sans Mono")
STANDARD: Final = "ua-1"
# A page with one letter on it: whether our fonts have a shape for it.
ONE_LETTER = (
    '#set document(title: "-")\n'
    f"#set text(font: {json.dumps(FONTS).replace('[', '(').replace(']', ')')})\n"
    '#sys.inputs.at("letter")'
)
# What typst says of a letter without a shape, and of one that has no business in a tagged file.
UNFIT = ("could not be displayed", "disallowed codepoint")
NEVER_SEEN = {"\t": " ", "\r": " ", "\ufeff": "", "\ufffe": ""}
_NOT_PLAIN = re.compile(r"[^\x20-\x7e]")

Data = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Fact:
    """A name and what is said of it; `look` is empty, `signature` or `code`."""

    name: str
    value: str
    look: str = ""


@dataclass(frozen=True, slots=True)
class Paper:
    """A PDF and what to call it."""

    name: str
    pdf: bytes

    def as_response(self) -> HttpResponse:
        """Return it as a file to keep."""
        response = HttpResponse(self.pdf, content_type="application/pdf")
        response.headers["Content-Disposition"] = f'attachment; filename="{self.name}.pdf"'
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response


def data_of(
    *,
    title: str,
    language: str,
    blocks: Iterable[Block],
    facts_title: str,
    facts: Iterable[Fact],
    foot: str,
    **more: str,
) -> dict[str, Any]:
    """Return what every template of ours takes; a fact without a value is left out."""
    return {
        "clinic": settings.CLINIC_NAME,
        "title": title,
        "language": language,
        "blocks": [{"kind": one.kind.value, "lines": list(one.lines)} for one in blocks],
        "facts_title": facts_title,
        "facts": [[one.name, one.value, one.look] for one in facts if one.value],
        "foot": foot,
        "sheet": gettext("Page {page} of {pages}"),
        **more,
    }


def pdf(template: str, *, data: Data, at: datetime) -> bytes:
    """Set a paper.

    Parameters
    ----------
    template
        Its name in `patients/papers`, such as `consent`.
    data
        As `data_of` returns it. A letter that no font of ours has is given by its Unicode number.
    at
        What the file says of when it was made.
    """
    try:
        return _set(template, data, at=at)
    except typst.TypstError as error:
        if not any(why in error.message for why in UNFIT):
            raise
    drawable: dict[str, Any] = _drawable(data)
    return _set(template, drawable, at=at)


def _set(template: str, data: Data, *, at: datetime) -> bytes:
    made: bytes = typst.compile(
        TEMPLATES / f"{template}.typ",
        root=TEMPLATES,
        font_paths=_fonts(),
        ignore_system_fonts=True,
        sys_inputs={"paper": json.dumps(data)},
        pdf_standards=[STANDARD],
        timestamp=at.astimezone(UTC).replace(microsecond=0),
    )
    return made


@cache
def _fonts() -> typst.Fonts:
    return typst.Fonts(include_system_fonts=False)


def _drawable(value: Any) -> Any:
    """Return the same with every letter that our fonts lack given by its number."""
    if isinstance(value, str):
        return _NOT_PLAIN.sub(lambda found: _letter(found[0]), value)
    if isinstance(value, Mapping):
        return {name: _drawable(one) for name, one in value.items()}
    return [_drawable(one) for one in value]


@lru_cache(maxsize=4096)
def _letter(letter: str) -> str:
    if letter in NEVER_SEEN:
        return NEVER_SEEN[letter]
    try:
        typst.compile(
            ONE_LETTER.encode(),
            font_paths=_fonts(),
            ignore_system_fonts=True,
            sys_inputs={"letter": letter},
            pdf_standards=[STANDARD],
        )
    except typst.TypstError:
        return f"[U+{ord(letter):04X}]"
    return letter
