"""docs/performance.md: what was measured last, part by part."""

import re

from config.launch.bench.report import Section
from config.launch.state import ROOT

PAGE = ROOT / "docs" / "performance.md"
HEAD = """# Performance

What `bin/bench` measured, with its bars and what misses them. `bin/bench slots --write` (or
`dispatch`, `booking`, or none of them for all) measures again and replaces a part of this page;
`--quick` only shows that it runs. It sets itself up like `bin/test`, on engines of its own, and
installs VROOM, PyVRP and OR-Tools for itself under `var/`, not for the product.

A figure of one machine says little about another, so every bar that can be is a ratio to something
measured in the same run, in turns with ours.
"""


def keep(section: Section, *, where: str) -> None:
    """Replace one part of the page, or add it."""
    text = PAGE.read_text() if PAGE.exists() else HEAD
    part = _part(section.name, f"{section.text().strip()}\n\nMeasured on: {where}\n")
    whole = re.compile(
        re.escape(_opens(section.name)) + r".*?" + re.escape(_ends(section.name)), re.S
    )
    if whole.search(text):
        text = whole.sub(lambda _: part.strip(), text)
    else:
        text = f"{text.rstrip()}\n\n{part}"
    PAGE.write_text(text)


def _part(name: str, text: str) -> str:
    return f"{_opens(name)}\n{text}{_ends(name)}\n"


def _opens(name: str) -> str:
    return f"<!-- bin/bench {name} -->"


def _ends(name: str) -> str:
    return f"<!-- end of {name} -->"
