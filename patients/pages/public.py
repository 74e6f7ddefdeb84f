"""The public pages that need no clock."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from patients import answered, articles, coverage, structured
from patients.pages import public_frame
from patients.pages.public_forms import QuestionForm, ZipForm

# What search engines have no business with: pages of somebody's own, and of the staff.
NOT_FOR_ROBOTS = (
    "/_allauth/",
    "/account/",
    "/accounts/",
    "/admin/",
    "/api/",
    "/book/",
    "/check-ins/",
    "/consents/",
    "/documents/",
    "/go/",
    "/hooks/",
    "/intake/",
    "/offers/",
    "/payments/",
    "/route/",
    "/staff/",
    "/styleguide/",
    "/visits/",
    "/wait/",
)


@require_safe
def article(request: HttpRequest, slug: str) -> HttpResponse:
    """Show a text."""
    shown = public_frame.context(articles.find(slug))
    return public_frame.show(request, "patients/public/article.html", shown)


@require_safe
def questions(request: HttpRequest) -> HttpResponse:
    """Show the questions people ask, or those in which what was typed stands."""
    found = articles.find("questions")
    prose = articles.read(found)
    form = QuestionForm(request.GET if request.GET.get("q", "").strip() else None)
    asked = form.cleaned_data["q"] if form.is_valid() else ""
    shown = public_frame.context(found, structured.questions(prose))
    shown |= {"form": form, "asked": asked, "answers": answered.of(prose, asked=asked)}
    return public_frame.show(request, "patients/public/questions.html", shown)


@require_safe
def area(request: HttpRequest) -> HttpResponse:
    """Say whether we come to a ZIP code."""
    form = ZipForm(request.GET if "zip" in request.GET else None)
    found = coverage.of(form.cleaned_data["zip"]) if form.is_valid() else None
    if found and found.answer == coverage.Answer.MALFORMED:
        form.say_malformed()
    shown = public_frame.context(articles.find("area")) | {"form": form, "coverage": found}
    return public_frame.show(request, "patients/public/area.html", shown)


@require_safe
def contact(request: HttpRequest) -> HttpResponse:
    """Say whom to call, first in a crisis."""
    shown = public_frame.context(articles.find("contact"))
    return public_frame.show(request, "patients/public/contact.html", shown)


@require_safe
@cache_control(public=True, max_age=3600)
def robots(_: HttpRequest) -> HttpResponse:
    """Say to search engines where to look, and where not."""
    lines = [
        "User-agent: *",
        *(f"Disallow: {path}" for path in NOT_FOR_ROBOTS),
        f"Sitemap: {settings.SITE_URL}/sitemap.xml",
    ]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")
