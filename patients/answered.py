"""Finding an answer among the questions people ask: pure values in, values out."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import replace

from patients.prose import Prose, Section


def of(prose: Prose, *, asked: str) -> Sequence[Section]:
    """Return the sections with the questions in which every word that was asked for stands.

    Accents and capitals make no difference. Nothing asked, everything is returned.
    """
    wanted = _plain(asked).split()
    found = [
        replace(
            section,
            parts=tuple(
                part
                for part in section.parts
                if all(word in _plain(f"{part.title} {part.text}") for word in wanted)
            ),
        )
        for section in prose.sections
    ]
    return [section for section in found if section.parts]


def _plain(text: str) -> str:
    split = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in split if not unicodedata.combining(letter))
