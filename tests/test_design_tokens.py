"""The colours of `stillwater.css` can be read, in both themes."""

import re
from pathlib import Path

import pytest
from django.conf import settings

from config import palette
from config.palette import EDGES, TEXTS, contrast

CSS = (Path(settings.BASE_DIR) / palette.CSS).read_text()

THEMES = palette.themes(CSS)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), TEXTS)
def test_it_sets_text_that_can_be_read(theme: str, text: str, ground: str) -> None:
    tokens = THEMES[theme]
    assert contrast(tokens[text], tokens[ground]) >= 4.5


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("edge", "ground"), EDGES)
def test_it_draws_edges_that_can_be_seen(theme: str, edge: str, ground: str) -> None:
    tokens = THEMES[theme]
    assert contrast(tokens[edge], tokens[ground]) >= 3


def test_it_gives_every_colour_in_both_themes_and_checks_each() -> None:
    light, dark = THEMES["light"], THEMES["dark"]
    assert light.keys() == dark.keys()
    checked = {name for pair in TEXTS + EDGES for name in pair}
    assert light.keys() == checked


def test_it_uses_no_colour_besides_its_tokens_and_nothing_from_elsewhere() -> None:
    rules = CSS.partition("/* 2 Ground")[2]
    assert not re.findall(r"#[0-9a-fA-F]{3,8}\b|rgb\(|hsl\(", rules)
    assert "url(" not in CSS
    assert "@import" not in CSS


@pytest.mark.parametrize("app", ["patients", "booking"])
def test_pages_of_an_app_bring_no_colours_of_their_own(app: str) -> None:
    sheets = (Path(settings.BASE_DIR) / app / "static" / app).glob("*.css")
    ours = {sheet.name: sheet.read_text() for sheet in sheets if sheet.name != "desk.css"}
    assert ours
    # What an app on a telephone photographs stands on white in the dark too.
    ours = {name: re.sub(r"^\.qr \{.*\}$", "", css, flags=re.M) for name, css in ours.items()}
    for name, css in ours.items():
        assert not re.findall(r":[^;{]*(?:#[0-9a-fA-F]{3,8}\b|rgb\(|hsl\(|url\()", css), name


def test_it_knows_the_ratio_of_black_on_white() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
