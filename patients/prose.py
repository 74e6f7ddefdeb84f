"""CommonMark as the public pages show it: sections, their parts, and anchors to link to.

Raw HTML stays text, pictures are not fetched from anywhere, and a link leads to a page, a phone or
an e-mail address: whatever else it says, it is left as it was typed.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token

SCHEMES = {"http", "https", "tel", "mailto"}
_SCHEME = re.compile(r"([^/?#]*?):")
_ANCHOR = re.compile(r"\s*\{#([a-z0-9-]+)\}\s*$")
_WORD = re.compile(r"\{([a-z_]+)\}")
_MARKS = re.compile(r"([!-/:-@\[-`{-~])")


@dataclass(frozen=True, slots=True)
class Part:
    """What stands under a heading of the third level; `html` is safe, `text` is without marks."""

    anchor: str
    title: str
    html: str
    text: str


@dataclass(frozen=True, slots=True)
class Section:
    """What stands under a heading of the second level, up to its first part, and its parts."""

    anchor: str
    title: str
    html: str
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Prose:
    """A text, read: what stands before the first heading, and the sections."""

    html: str
    sections: tuple[Section, ...]


def read(text: str, *, words: Mapping[str, str]) -> Prose:
    """Read a text in which `{name}` stands for one of the words.

    A heading may end in `{#anchor}`, so that links to it hold in every language and whatever the
    heading comes to say; without one its anchor is made of its words.
    """
    return _read(text, tuple(sorted(words.items())))


def inline(text: str, *, words: Mapping[str, str]) -> str:
    """Fill the words into a text without marks, such as a title."""
    return _WORD.sub(lambda found: words.get(found[1], found[0]), text)


def unknown_words(text: str, *, words: Mapping[str, str]) -> list[str]:
    """Return the names in braces that stand for nothing."""
    return sorted({name for name in _WORD.findall(text) if name not in words})


def may_lead_to(address: str) -> bool:
    """Whether a link may lead there: to a page of this site, a web page, a phone or an e-mail."""
    scheme = _SCHEME.match(address)
    return scheme is None or scheme[1].lower() in SCHEMES


@lru_cache(maxsize=128)
def _read(text: str, words: tuple[tuple[str, str], ...]) -> Prose:
    known = dict(words)
    filled = _WORD.sub(
        lambda found: _MARKS.sub(r"\\\1", known[found[1]]) if found[1] in known else found[0], text
    )
    env: dict[str, Any] = {}
    blocks = list(_blocks(_READER.parse(filled, env)))
    anchors: set[str] = set()
    first = blocks[0]
    sections: list[tuple[str, str, str, list[Part]]] = []
    for level, heading, tokens in blocks[1:]:
        title, anchor = _titled(heading, anchors)
        html = _rendered(tokens, env, named_by=anchor)
        if level == 2 or not sections:
            sections.append((anchor, title, html, []))
        else:
            sections[-1][3].append(Part(anchor, title, html, _plain(tokens)))
    return Prose(
        html=_rendered(first[2], env, named_by="content"),
        sections=tuple(
            Section(anchor, title, html, tuple(parts)) for anchor, title, html, parts in sections
        ),
    )


def _rendered(tokens: Sequence[Token], env: dict[str, Any], *, named_by: str) -> str:
    """Return the HTML; a table too wide for a phone is moved sideways, by its own."""
    html: str = _READER.renderer.render(_headed(tokens), _READER.options, env)
    opening = f'<div class="table" role="group" tabindex="0" aria-labelledby="{named_by}"><table>'
    return html.replace("<table>", opening).replace("</table>", "</table></div>")


def _headed(tokens: Sequence[Token]) -> Sequence[Token]:
    """Say which cells of a table name a column or a row; an empty one names nothing."""
    is_first = False
    for cell, inside, closing in zip(tokens, tokens[1:], tokens[2:], strict=False):
        if cell.type == "tr_open":
            is_first = True
        elif cell.type in {"th_open", "td_open"}:
            names = bool(inside.content) and (cell.type == "th_open" or is_first)
            cell.tag = closing.tag = "th" if names else "td"
            if names:
                cell.attrSet("scope", "col" if cell.type == "th_open" else "row")
            is_first = False
    return tokens


def _blocks(tokens: Sequence[Token]) -> Iterator[tuple[int, str, list[Token]]]:
    """Cut at the headings of the first three levels; what stands before the first comes first."""
    level, heading, inside = 0, "", list[Token]()
    rest = iter(tokens)
    for token in rest:
        if token.type == "heading_open" and token.level == 0 and token.tag in {"h1", "h2", "h3"}:
            yield level, heading, inside
            level, heading, inside = 3 if token.tag == "h3" else 2, _plain([next(rest)]), []
            next(rest)
        else:
            if token.tag == "h1":
                token.tag = "h2"  # the title of the page is its one heading of the first level
            inside.append(token)
    yield level, heading, inside


def _titled(heading: str, taken: set[str]) -> tuple[str, str]:
    found = _ANCHOR.search(heading)
    title = _ANCHOR.sub("", heading)
    wanted = found[1] if found else _slug(title)
    anchor, number = wanted, 2
    while anchor in taken:
        anchor, number = f"{wanted}-{number}", number + 1
    taken.add(anchor)
    return title, anchor


def _slug(title: str) -> str:
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-") or "part"


def _plain(tokens: Sequence[Token]) -> str:
    """Return the words alone."""
    return " ".join(
        "".join(child.content or " " for child in token.children or () if _is_said(child)).strip()
        for token in tokens
        if token.type == "inline"
    )


def _is_said(token: Token) -> bool:
    return token.type in {"text", "code_inline", "softbreak", "hardbreak", "html_inline"}


class _Reader(MarkdownIt):
    def validateLink(self, url: str) -> bool:  # noqa: N802  its name for it
        return may_lead_to(url)


_READER = _Reader("commonmark", {"html": False}).enable("table").disable("image")
