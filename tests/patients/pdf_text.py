"""Read the words of our own PDFs back: enough of the format for what typst writes, and no more."""

from __future__ import annotations

import re
import zlib

OBJECT = re.compile(rb"(\d+) 0 obj\n(.*?)\nendobj", re.S)
STREAM = re.compile(rb"/Filter/FlateDecode.*?>>\s*stream\n(.*)\nendstream", re.S)
# A text may hold parentheses in pairs.
TEXT = rb"\((?:\\.|[^\\()]|\((?:\\.|[^\\()])*\))*\)"
SHOWN = re.compile(rb"/(f\d+) [\d.]+ Tf|(" + TEXT + rb")|(BT|T\*|ET)", re.S)
ESCAPE = re.compile(rb"\\(?:([0-7]{1,3})|(.))", re.S)
NAMED = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}


def words_of(pdf: bytes) -> str:
    """Return everything that is written on the sheets, each gap as a single space."""
    objects = {int(number): body for number, body in OBJECT.findall(pdf)}
    said = ""
    for body in objects.values():
        if b"/Type/Page/" not in body and b"/Type/Page>" not in body:
            continue
        fonts = {
            name: _letters(objects, int(number))
            for name, number in re.findall(rb"/(f\d+) (\d+) 0 R", _resources(objects, body))
        }
        content = re.search(rb"/Contents (\d+) 0 R", body)
        assert content
        said += _page(_stream(objects[int(content[1])]), fonts)
    return " ".join(said.replace("\u200b", "").split())


def _resources(objects: dict[int, bytes], page: bytes) -> bytes:
    named = re.search(rb"/Resources (\d+) 0 R", page)
    return objects[int(named[1])] if named else page


def _page(content: bytes, fonts: dict[bytes, dict[int, str]]) -> str:
    said, letters = "", {}
    for font, text, end in SHOWN.findall(content):
        if font:
            letters = fonts[font]
        elif end:
            said += " "
        else:
            codes = ESCAPE.sub(_unescaped, text[1:-1])
            pairs = zip(codes[::2], codes[1::2], strict=True)
            said += "".join(letters.get(high * 256 + low, "") for high, low in pairs)
    return said


def _unescaped(found: re.Match[bytes]) -> bytes:
    octal, letter = found.groups()
    return bytes([int(octal, 8)]) if octal else NAMED.get(letter, letter)


def _letters(objects: dict[int, bytes], font: int) -> dict[int, str]:
    table = re.search(rb"/ToUnicode (\d+) 0 R", objects[font])
    assert table
    pairs = re.findall(rb"<([0-9A-F]{4})> <([0-9A-F]+)>\n", _stream(objects[int(table[1])]))
    return {int(code, 16): bytes.fromhex(text.decode()).decode("utf-16-be") for code, text in pairs}


def _stream(body: bytes) -> bytes:
    found = STREAM.search(body)
    assert found
    return zlib.decompress(found[1])
