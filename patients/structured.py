"""What the public pages say of themselves to search engines, in the terms of schema.org."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.urls import reverse

from patients.models import Article, Therapy
from patients.prose import Prose, inline

Thing = dict[str, Any]


def address(name: str) -> str:
    """Return the full address of a page by its name."""
    return f"{settings.SITE_URL}{reverse(name)}"


def clinic() -> Thing:
    """Describe who offers the visits."""
    return {
        "@type": "MedicalBusiness",
        "@id": f"{address('home')}#clinic",
        "name": settings.CLINIC_NAME,
        "url": address("home"),
        "telephone": settings.CLINIC_PHONE,
        "currenciesAccepted": settings.CURRENCY.upper(),
    }


def page(article: Article, *, words: dict[str, str]) -> Thing:
    """Describe a page by its text; that it was reviewed is said only where it was."""
    described: Thing = {
        "@type": "MedicalWebPage",
        "name": inline(article.title, words=words),
        "description": inline(article.summary, words=words),
        "url": address(article.slug),
        "inLanguage": article.language,
        "dateModified": article.published_at.date().isoformat(),
        "publisher": {"@id": clinic()["@id"]},
    }
    if article.reviewed_on:
        described["lastReviewed"] = article.reviewed_on.isoformat()
    return described


def questions(prose: Prose) -> Thing:
    """Describe questions and their answers."""
    return {
        "@type": "FAQPage",
        "mainEntity": [
            {
                "@type": "Question",
                "name": part.title,
                "url": f"{address('questions')}#{part.anchor}",
                "acceptedAnswer": {"@type": "Answer", "text": part.text},
            }
            for section in prose.sections
            for part in section.parts
        ],
    }


def offers(therapies: Iterable[Therapy], *, names: dict[str, str]) -> Thing:
    """Describe what can be booked, and at what price."""
    return {
        "@type": "OfferCatalog",
        "url": address("prices"),
        "itemListElement": [
            {
                "@type": "Offer",
                "name": names[therapy.slug],
                "price": f"{therapy.price_cents / 100:.2f}",
                "priceCurrency": settings.CURRENCY.upper(),
                "offeredBy": {"@id": clinic()["@id"]},
            }
            for therapy in therapies
        ],
    }


def together(*things: Thing) -> Thing:
    """Put what is described of a page in one frame."""
    return {"@context": "https://schema.org", "@graph": list(things)}
