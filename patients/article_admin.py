"""The texts of the public pages: every version to be read, and the next one to be published."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Max, OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.template.defaultfilters import linebreaksbr
from django.urls import URLPattern, path
from django.utils import translation
from django.utils.safestring import SafeString

from config.core.admin import RoleAdmin, tagged
from config.core.models import Role
from patients import accounts, articles
from patients.article_forms import ArticleForm
from patients.models import Article
from patients.pages import public_frame

STANDS = {"counts": "success", "past": "info"}
PUBLISHED = ("version", "published_at", "published_by")


@admin.register(Article)
class ArticleAdmin(RoleAdmin):
    """Public pages: a new version is a new row, and readers see the newest."""

    view_roles = (Role.CLINICIAN, Role.DISPATCHER)
    add_roles = (Role.ADMINISTRATOR, Role.CLINICIAN)
    form = ArticleForm
    change_form_outer_before_template = "patients/admin/article_links.html"
    change_form_after_template = "patients/admin/article_preview.html"
    list_display = ("slug", "language", "version", "title", "stands", "reviewed_on", *PUBLISHED[1:])
    list_display_links = ("title",)
    list_filter = ("slug", "language")
    list_select_related = ("published_by",)
    search_fields = ("title", "body")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Article]:
        """Have beside each version the newest there is."""
        same = Article.objects.filter(slug=OuterRef("slug"), language=OuterRef("language"))
        newest = same.values("slug").annotate(newest=Max("version")).values("newest")
        versions: QuerySet[Article] = super().get_queryset(request)
        return versions.annotate(newest=Subquery(newest))

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Show who published it, and when, once it is."""
        asked = list(ArticleForm.Meta.fields)
        return (
            ["text" if name == "body" else name for name in [*asked, *PUBLISHED]] if obj else asked
        )

    @admin.display(description="Body")
    def text(self, article: Article) -> SafeString:
        """Keep the lines as they were written."""
        return linebreaksbr(article.body)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Begin the next version with the words of another one."""
        earlier = request.GET.get("from", "")
        found = Article.objects.filter(pk=earlier).first() if earlier.isdecimal() else None
        if found is None:
            return {}
        kept = (name for name in ArticleForm.Meta.fields if name != "reviewed_on")
        return {name: getattr(found, name) for name in kept}

    def save_model(self, request: HttpRequest, obj: Any, form: forms.Form, change: Any) -> None:
        """Publish by the rule."""
        written = articles.publish(**form.cleaned_data, by=accounts.staff(request.user))
        obj.pk, obj.version = written.pk, written.version

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        own = [
            path("preview/", wrap(self.preview), name="patients_article_preview"),
            path("<int:pk>/read/", wrap(self.read), name="patients_article_read"),
        ]
        urls: list[URLPattern] = super().get_urls()
        return [*own, *urls]

    def preview(self, request: HttpRequest) -> HttpResponse:
        """Show what is in the form as readers would see it; nothing is kept."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = ArticleForm(request.POST)
        form.is_valid()
        typed = {name: form.cleaned_data.get(name, "") for name in ArticleForm.Meta.fields}
        article = Article(**{**typed, "reviewed_on": typed["reviewed_on"] or None})
        return self._shown(request, article, wrong=form.errors)

    def read(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show a version as readers see it, or saw it."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        return self._shown(request, get_object_or_404(Article, pk=pk))

    def _shown(self, request: HttpRequest, article: Article, wrong: Any = None) -> HttpResponse:
        with translation.override(article.language or "en"):
            shown = public_frame.context(article) | {"is_preview": True, "wrong": wrong}
            return render(request, "patients/public/article.html", shown)

    @tagged(description="Now", colours=STANDS)
    def stands(self, article: Any) -> tuple[str, str]:
        """Return whether readers see it."""
        is_newest = article.version == article.newest
        return ("counts", "Readers see it") if is_newest else ("past", "Earlier")
