"""The colours of `stillwater.css` can be read, in both themes."""

import re
from pathlib import Path

import pytest
from django.conf import settings

CSS = (Path(settings.BASE_DIR) / "config" / "static" / "stillwater.css").read_text()

GROUNDS = ("paper", "card")
# text, ground: 4.5:1
TEXTS = [
    *(
        (text, ground)
        for text in ("ink", "muted", "teal", "teal-deep")
        for ground in ("paper", "card")
    ),
    ("on-teal", "teal"),
    ("on-teal", "teal-deep"),
    ("ink", "teal-soft"),
    ("teal", "teal-soft"),
    ("teal-deep", "teal-soft"),
    ("ink", "line"),
    ("amber", "amber-soft"),
    ("red", "red-soft"),
    ("green", "green-soft"),
    ("amber", "paper"),
    ("red", "paper"),
    ("red", "card"),
    ("on-night", "night"),
    ("night-muted", "night"),
]
# edge of a control or mark of a state, ground: 3:1
EDGES = [
    *(
        (edge, ground)
        for edge in ("edge", "teal", "red", "amber", "green")
        for ground in ("paper", "card")
    ),
    ("amber-edge", "card"),
    ("red-edge", "card"),
]


def tokens_of(block: str) -> dict[str, str]:
    return dict(re.findall(r"--([\w-]+):\s*(#[0-9a-f]{6})\b", block))


def themes() -> dict[str, dict[str, str]]:
    light = re.search(r"^:root \{(.*?)^\}", CSS, re.MULTILINE | re.DOTALL)
    dark = re.search(r"prefers-color-scheme: dark\) \{\s*:root \{(.*?)\}", CSS, re.DOTALL)
    assert light
    assert dark
    return {
        "light": tokens_of(light[1]),
        "dark": {**tokens_of(light[1]), **tokens_of(dark[1])},
    }


def luminance(colour: str) -> float:
    """WCAG 2.2, relative luminance."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4
        for value in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), TEXTS)
def test_it_sets_text_that_can_be_read(theme: str, text: str, ground: str) -> None:
    tokens = themes()[theme]
    assert contrast(tokens[text], tokens[ground]) >= 4.5


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("edge", "ground"), EDGES)
def test_it_draws_edges_that_can_be_seen(theme: str, edge: str, ground: str) -> None:
    tokens = themes()[theme]
    assert contrast(tokens[edge], tokens[ground]) >= 3


def test_it_gives_every_colour_in_both_themes_and_checks_each() -> None:
    light = re.search(r"^:root \{(.*?)^\}", CSS, re.MULTILINE | re.DOTALL)
    dark = re.search(r"prefers-color-scheme: dark\) \{\s*:root \{(.*?)\}", CSS, re.DOTALL)
    assert light
    assert dark
    assert tokens_of(light[1]).keys() == tokens_of(dark[1]).keys()
    checked = {name for pair in TEXTS + EDGES for name in pair}
    assert tokens_of(light[1]).keys() == checked


def test_it_uses_no_colour_besides_its_tokens_and_nothing_from_elsewhere() -> None:
    rules = CSS.partition("/* 2 Ground")[2]
    assert not re.findall(r"#[0-9a-fA-F]{3,8}\b|rgb\(|hsl\(", rules)
    assert "url(" not in CSS
    assert "@import" not in CSS


def test_it_knows_the_ratio_of_black_on_white() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
