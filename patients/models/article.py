"""The texts of the public pages."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Case, IntegerField, Q, Value, When

from config.core.clock import now
from config.core.models import append_only
from config.core.triggers import refused_where


class Language(models.TextChoices):
    """What a text is written in; what it is written in first stands in where another is missing."""

    ENGLISH = "en", "English"
    SPANISH = "es", "Spanish"


class ArticleQuerySet(models.QuerySet["Article"]):
    """Reads of texts."""

    def current(self, *, language: str) -> ArticleQuerySet:
        """Return the newest version of each text, in the language where there is one."""
        chosen = Case(
            When(language=language, then=Value(0)), default=Value(1), output_field=IntegerField()
        )
        spoken = self.filter(language__in={language, Language.ENGLISH})
        return spoken.order_by("slug", chosen, "-version").distinct("slug")


class Article(models.Model):
    """One version of the text of a public page in one language; a new version is a new row."""

    slug = models.SlugField(max_length=40)
    language = models.CharField(max_length=2, choices=Language.choices, default=Language.ENGLISH)
    version = models.PositiveSmallIntegerField(editable=False)
    title = models.CharField(max_length=120)
    summary = models.CharField(max_length=320, help_text="One or two sentences, shown first.")
    body = models.TextField()
    sources = models.TextField(blank=True, help_text="One a line, each starting with a dash.")
    reviewed_on = models.DateField(
        null=True, blank=True, help_text="When a clinician of this clinic read this very text."
    )
    published_at = models.DateTimeField(default=now, editable=False)
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
        help_text="Nobody, where the text came with the product.",
    )

    objects = ArticleQuerySet.as_manager()

    class Meta:
        ordering = ("slug", "language", "-version")
        constraints = [
            models.UniqueConstraint(
                fields=["slug", "language", "version"], name="article_version_is_published_once"
            ),
            models.CheckConstraint(
                condition=Q(language__in=Language.values), name="article_language_is_known"
            ),
            models.CheckConstraint(
                condition=~Q(title="") & ~Q(summary="") & ~Q(body=""),
                name="article_says_something",
            ),
        ]
        triggers = [
            append_only("article_never_changes"),
            refused_where(
                "article_versions_follow_each_other",
                "The next version is one more than the newest.",
                sql="""
                    NEW.version <> 1 + (
                        SELECT coalesce(max(version), 0) FROM patients_article
                        WHERE slug = NEW.slug AND language = NEW.language
                    )
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title}, version {self.version}"
