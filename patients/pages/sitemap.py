"""The list of public pages for search engines."""

from __future__ import annotations

from datetime import date

from django.conf import settings
from django.contrib.sitemaps import Sitemap
from django.urls import reverse

from patients import articles


class PublicPages(Sitemap):  # type: ignore[type-arg]
    """Every page of the public site, under the address the clinic gave it."""

    def items(self) -> list[tuple[str, date | None]]:
        """Return the name of each page, and when its text last changed."""
        published = articles.published()
        return [(slug, published.get(slug)) for slug in articles.SLUGS]

    def location(self, item: tuple[str, date | None]) -> str:
        """Return its path."""
        return reverse(item[0])

    def lastmod(self, item: tuple[str, date | None]) -> date | None:
        """Return the day its text last changed."""
        return item[1]

    def get_protocol(self, protocol: str | None = None) -> str:
        """Return the clinic's own, whatever was asked by."""
        return str(settings.SITE_URL).partition("://")[0]

    def get_domain(self, site: object = None) -> str:
        """Return the clinic's own, whatever was asked by."""
        return str(settings.SITE_URL).partition("://")[2]
