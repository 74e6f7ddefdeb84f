"""The colours of `stillwater.css`, and how well they can be told from each other (pure)."""

import re

CSS = "config/static/stillwater.css"
# Text, ground: 4.5:1 (WCAG 2.2, 1.4.3).
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
# Edge of a control or mark of a state, ground: 3:1 (1.4.11).
EDGES = [
    *(
        (edge, ground)
        for edge in ("edge", "teal", "red", "amber", "green")
        for ground in ("paper", "card")
    ),
    ("amber-edge", "card"),
    ("red-edge", "card"),
]


def themes(css: str) -> dict[str, dict[str, str]]:
    """Return the colours each theme gives, by name; as `#rrggbb`."""
    light = re.search(r"^:root \{(.*?)^\}", css, re.MULTILINE | re.DOTALL)
    dark = re.search(r"prefers-color-scheme: dark\) \{\s*:root \{(.*?)\}", css, re.DOTALL)
    if not light or not dark:
        raise ValueError("no tokens of two themes")
    return {"light": _colours(light[1]), "dark": _colours(dark[1])}


def _colours(block: str) -> dict[str, str]:
    return dict(re.findall(r"--([\w-]+):\s*(#[0-9a-f]{6})\b", block))


def luminance(colour: str) -> float:
    """Return how bright a colour is, 0 to 1: WCAG 2.2, relative luminance."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4
        for value in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours, 1 to 21: WCAG 2.2, contrast ratio."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)
