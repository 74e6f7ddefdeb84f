"""What all public pages share: their text, what they say of themselves, how long they keep."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_cache_control, patch_vary_headers

from patients import articles, structured
from patients.models import Article
from patients.structured import Thing

KEPT_SECONDS = 300


def context(article: Article, *described: Thing) -> dict[str, Any]:
    """Return what a page shows of its text."""
    words = articles.words()
    page = structured.page(article, words=words)
    return {
        "article": article,
        "prose": articles.read(article),
        "sources": articles.sources(article),
        "is_stand_in": article.language != articles.spoken(),
        "canonical": structured.address(article.slug),
        "described": structured.together(structured.clinic(), page, *described),
    }


def show(request: HttpRequest, template: str, shown: dict[str, Any]) -> HttpResponse:
    """Show a page; a visitor's browser may keep it a while, as long as nothing was asked of it.

    It is kept for that browser alone, and only as long as its cookies and its language stay.
    """
    response = render(request, template, shown)
    said = len(messages.get_messages(request))
    if not request.GET and not said and not request.user.is_authenticated:
        patch_cache_control(response, private=True, max_age=KEPT_SECONDS)
    else:
        patch_cache_control(response, private=True, no_cache=True)
    patch_vary_headers(response, ["Cookie", "Accept-Language"])
    return response
