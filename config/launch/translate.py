"""bin/translate: bring locale/ in step with the words in templates and code, and compile it.

It needs no gettext tools: Django turns a template into calls, Babel reads and writes catalogs. The
compiled catalogs are kept in the repository, so that nothing has to be compiled to run.
"""

import io
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

from config.launch.state import ROOT
from patients.phrases import phrases

LOCALE = ROOT / "locale"
# What patients read; what the clinic's own people read is English.
PACKAGES = ("booking", "patients", "config/core", "config/templates")
PURE = "patients/phrases.py"
LANGUAGES = ("es",)
KEYWORDS = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
}


def main() -> int:
    """Write each language's catalogs; gives 1 if something is not translated."""
    words = found()
    left = 0
    for language in LANGUAGES:
        catalog = read(language)
        catalog.update(words, no_fuzzy_matching=True, update_creation_date=False)
        with path(language).open("wb") as file:
            write_po(file, catalog, include_lineno=False, ignore_obsolete=True, sort_by_file=True)
        with path(language, "mo").open("wb") as file:
            write_mo(file, catalog)
        for said in wanting(catalog):
            left += 1
            print(f"{language}: {said}", file=sys.stderr)
    return 1 if left else 0


def found() -> Catalog:
    """Return every string to be translated, with the files it stands in."""
    catalog = Catalog()
    for file in _files():
        code = file.read_text(encoding="utf-8")
        if file.suffix != ".py":
            # Inside brackets, so that no line of the template is taken for an indented one.
            code = f"({' '.join(templatize(code, origin=str(file)).splitlines())})"
        place = (file.relative_to(ROOT).as_posix(), 1)
        for _, message, comments, context in extract(
            "python", io.BytesIO(code.encode()), keywords=KEYWORDS
        ):
            catalog.add(message, locations=[place], auto_comments=comments, context=context)
    for phrase in phrases():
        catalog.add(phrase, locations=[(PURE, 1)])
    return catalog


def wanting(catalog: Catalog) -> Iterator[str]:
    """Yield what is not said in a language yet, or not for certain, or with other blanks."""
    for message in catalog:
        said = message.string if isinstance(message.string, tuple | list) else [message.string]
        if message.id and (message.fuzzy or not all(said)):
            yield f"not translated: {message.id!r}"
        elif message.id and (errors := message.check(catalog)):
            yield f"{message.id!r}: {errors[0]}"


def read(language: str) -> Catalog:
    """Return a language's catalog as it was last written."""
    with path(language).open("rb") as file:
        return read_po(file, locale=language)


def path(language: str, suffix: str = "po") -> Path:
    """Return where a language's catalog lies."""
    return LOCALE / language / "LC_MESSAGES" / f"django.{suffix}"


def _files() -> Iterator[Path]:
    for package in PACKAGES:
        for file in sorted((ROOT / package).rglob("*")):
            is_template = "templates" in file.parts and file.suffix in (".html", ".txt")
            if is_template or file.suffix == ".py":
                yield file


if __name__ == "__main__":
    sys.exit(main())
