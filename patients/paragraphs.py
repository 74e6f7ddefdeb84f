"""A plain text as headings, paragraphs and lists, and what changed from one to the next (pure).

A blank line ends a paragraph. A line that begins with `#` is a heading, and so is a short line of
its own that ends in no punctuation; lines that begin with `-` or `*` are a list.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

HEADING_LENGTH = 80
# Of the words of two paragraphs, from which on they are shown as one with marks in it.
MOSTLY_KEPT = 0.6
_BLANK = re.compile(r"\n[ \t]*\n\s*")
_BULLET = re.compile(r"[-*•]\s+")
_SENTENCE_ENDS = (".", ":", ";", ",", "!", "?", "…")


class Kind(StrEnum):
    """What a block is."""

    HEADING = "heading"
    PARAGRAPH = "paragraph"
    LIST = "list"


@dataclass(frozen=True, slots=True)
class Block:
    """One heading, paragraph or list; `lines` holds a list's points, else one text."""

    kind: Kind
    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        """All of it in one line."""
        return " ".join(self.lines)


class Fate(StrEnum):
    """What became of some words."""

    KEPT = "kept"
    GONE = "gone"
    NEW = "new"


@dataclass(frozen=True, slots=True)
class Run:
    """Words that share a fate."""

    fate: Fate
    text: str


@dataclass(frozen=True, slots=True)
class Change:
    """One place where two texts differ: what stood there, what stands there; one may be empty.

    Attributes
    ----------
    runs
        Both in one, word by word, where most of the words stayed; else empty.
    """

    was: tuple[Block, ...]
    now: tuple[Block, ...]
    runs: tuple[Run, ...] = ()


def blocks(text: str) -> tuple[Block, ...]:
    """Return the blocks of a text in order; no word is lost."""
    lines = "\n".join(line.rstrip() for line in text.replace("\r\n", "\n").split("\n"))
    chunks = [chunk.strip() for chunk in _BLANK.split(lines) if chunk.strip()]
    return tuple(
        block
        for number, chunk in enumerate(chunks, start=1)
        for block in _of_chunk(chunk, is_last=number == len(chunks))
    )


def _of_chunk(chunk: str, *, is_last: bool) -> Iterator[Block]:
    first, _, rest = chunk.partition("\n")
    if first.startswith("#") and first.strip("# \t"):
        yield Block(Kind.HEADING, (first.strip("# \t"),))
        if rest.strip():
            yield from _of_chunk(rest.strip(), is_last=is_last)
        return
    lines = [line.strip() for line in chunk.split("\n")]
    if all(_BULLET.match(line) for line in lines):
        yield Block(Kind.LIST, tuple(_BULLET.sub("", line, count=1) for line in lines))
    elif len(lines) == 1 and not is_last and _is_heading(first):
        yield Block(Kind.HEADING, (first,))
    else:
        yield Block(Kind.PARAGRAPH, (" ".join(lines),))


def _is_heading(line: str) -> bool:
    return len(line) <= HEADING_LENGTH and not line.endswith(_SENTENCE_ENDS)


def changes(*, was: str, now: str) -> tuple[Change, ...]:
    """Return where two texts differ, block by block, in order; none where they read the same."""
    old, new = blocks(was), blocks(now)
    matcher = SequenceMatcher(a=old, b=new, autojunk=False)
    return tuple(
        change
        for tag, i1, i2, j1, j2 in matcher.get_opcodes()
        if tag != "equal"
        for change in _split(old[i1:i2], new[j1:j2])
    )


def _split(was: tuple[Block, ...], now: tuple[Block, ...]) -> Iterator[Change]:
    """Compare block with block where there are as many, so that each change is short."""
    if len(was) != len(now):
        yield Change(was=was, now=now)
        return
    for one, other in zip(was, now, strict=True):
        yield Change(was=(one,), now=(other,), runs=_runs(one.text.split(), other.text.split()))


def _runs(was: list[str], now: list[str]) -> tuple[Run, ...]:
    matcher = SequenceMatcher(a=was, b=now, autojunk=False)
    if matcher.ratio() < MOSTLY_KEPT:
        return ()
    runs = []
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        if tag == "equal":
            runs.append(Run(Fate.KEPT, " ".join(was[i1:i2])))
            continue
        runs += [Run(Fate.GONE, " ".join(was[i1:i2]))] if i2 > i1 else []
        runs += [Run(Fate.NEW, " ".join(now[j1:j2]))] if j2 > j1 else []
    return tuple(runs)
