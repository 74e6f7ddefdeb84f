"""The texts of the public pages: publish a version, find the one that counts, read it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import get_language

from config.core.errors import Malformed, WrongState, constraint_of
from config.core.models import User
from patients import prose
from patients.answers import storable
from patients.models import Article, Language

TEXTS = Path(__file__).parent / "content"
CUT = "\n+++\n"
# Of each page, the name of its address, in the order a reader would go.
SLUGS = (
    "home",
    "treatments",
    "safety",
    "prepare",
    "cream",
    "interactions",
    "who-should-not",
    "questions",
    "prices",
    "area",
    "contact",
)
PUBLISHED_AT_ONCE = {"article_version_is_published_once", "article_versions_follow_each_other"}


def find(slug: str) -> Article:
    """Return the text that counts, in the language in force where there is one.

    Where nothing was ever published, it is the text that the product brings.
    """
    language = spoken()
    published = Article.objects.current(language=language).filter(slug=slug).first()
    if published and published.language == language:
        return published
    brought = _brought().get((slug, language))
    return brought or published or _brought()[slug, Language.ENGLISH]


def spoken() -> str:
    """Return the language in force, without its country."""
    return (get_language() or Language.ENGLISH)[:2]


def published() -> dict[str, date]:
    """Return of each text when its newest version in any language was published."""
    rows = Article.objects.order_by("published_at").values_list("slug", "published_at")
    return {slug: at.date() for slug, at in rows}


def words() -> dict[str, str]:
    """Return what a `{name}` in a text stands for: what the clinic has set."""
    return {
        "clinic": settings.CLINIC_NAME,
        "phone": settings.CLINIC_PHONE,
        "call": settings.CLINIC_PHONE.replace(" ", ""),
        "emergency": settings.EMERGENCY_NUMBER,
        "heavy_hours": str(settings.HEAVY_MEAL_HOURS),
        "food_hours": str(settings.FOOD_HOURS),
        "liquid_hours": str(settings.LIQUIDS_HOURS),
        "driving_hours": str(settings.DRIVING_HOURS),
    }


def read(article: Article) -> prose.Prose:
    """Return the body, ready to be shown."""
    return prose.read(article.body, words=words())


def sources(article: Article) -> prose.Prose:
    """Return where the facts come from, ready to be shown."""
    return prose.read(article.sources, words=words())


def publish(
    *,
    slug: str,
    language: str,
    title: str,
    summary: str,
    body: str,
    sources: str,
    reviewed_on: date | None,
    by: User | None,
) -> Article:
    """Publish a text as the next version of its page in its language.

    Raises
    ------
    Malformed
        If something is missing, or a name in braces stands for nothing.
    WrongState
        If the text is the current version already, or someone published at the same moment.
    """
    said = {
        "title": storable(title),
        "summary": storable(summary),
        "body": storable(body),
        "sources": storable(sources),
        "reviewed_on": reviewed_on,
    }
    check_new(slug=slug, language=language, **said)
    newest = _newest(slug, language)
    article = Article(
        slug=slug,
        language=language,
        version=newest.version + 1 if newest else 1,
        published_by=by,
        **said,
    )
    try:
        with transaction.atomic():
            article.save(force_insert=True)
    except IntegrityError as error:
        if constraint_of(error) not in PUBLISHED_AT_ONCE:
            raise
        raise WrongState("Someone else has just published a version.") from error
    return article


def check_new(*, slug: str, language: str, **said: object) -> None:
    """Refuse a version that says nothing, or nothing new, or what cannot be filled in."""
    for field in ("title", "summary", "body"):
        if not said[field]:
            raise Malformed("required", f"Please give the {field}.", field)
    for field in ("title", "summary", "body", "sources"):
        if unknown := prose.unknown_words(str(said[field]), words=words()):
            known = ", ".join(f"{{{name}}}" for name in words())
            detail = f"Nothing is called {{{unknown[0]}}}. These can be used: {known}."
            raise Malformed("invalid", detail, field)
    newest = _newest(slug, language)
    if newest and all(getattr(newest, field) == value for field, value in said.items()):
        raise WrongState("This is the current version already.")


def _newest(slug: str, language: str) -> Article | None:
    return Article.objects.filter(slug=slug, language=language).order_by("-version").first()


def install() -> int:
    """Publish what the product brings, and return how many texts that was.

    Once somebody of the clinic published a version of a text, that text is the clinic's: a newer
    one that comes with the product is left aside.
    """
    return sum(_install(one) for one in _brought().values())


def _install(brought: Article) -> bool:
    versions = Article.objects.filter(slug=brought.slug, language=brought.language)
    if versions.filter(published_by__isnull=False).exists():
        return False
    try:
        publish(
            slug=brought.slug,
            language=brought.language,
            title=brought.title,
            summary=brought.summary,
            body=brought.body,
            sources=brought.sources,
            reviewed_on=None,
            by=None,
        )
    except WrongState:  # it is there already
        return False
    return True


@lru_cache(maxsize=1)
def _brought() -> Mapping[tuple[str, str], Article]:
    """Read the files that come with the product, each by its page and language."""
    return {(one.slug, one.language): one for one in _files()}


def _files() -> Iterator[Article]:
    for language in Language.values:
        for slug in SLUGS:
            file = TEXTS / language / f"{slug}.md"
            if file.exists():
                head, body, sources = file.read_text(encoding="utf-8").split(CUT)
                title, summary = (line.partition(": ")[2] for line in head.strip().splitlines())
                yield Article(
                    slug=slug,
                    language=language,
                    version=1,
                    title=title,
                    summary=summary,
                    body=storable(body),
                    sources=storable(sources),
                )
