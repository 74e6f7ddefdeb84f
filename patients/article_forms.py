"""The form by which staff publish the next version of a public page."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldAdminSingleDateWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from config.core.errors import Malformed, WrongState
from patients import articles
from patients.models import Article

HOW_TO_WRITE = (
    "CommonMark: ## for a section, ### for a part or a question; end a heading in {#short-name} "
    "to give it an address that stays. HTML is shown as it is typed. The clinic's own figures: "
)


class ArticleForm(forms.ModelForm):  # type: ignore[type-arg]
    """A text that becomes the next version of its page."""

    slug = forms.ChoiceField(
        label="Page",
        choices=[(slug, slug) for slug in articles.SLUGS],
        widget=UnfoldAdminSelectWidget(),
    )

    class Meta:
        model = Article
        fields = ("slug", "language", "title", "summary", "body", "sources", "reviewed_on")
        widgets: ClassVar[dict[str, forms.Widget]] = {
            "language": UnfoldAdminSelectWidget(),
            "title": UnfoldAdminTextInputWidget(),
            "summary": UnfoldAdminTextareaWidget(attrs={"rows": 3}),
            "body": UnfoldAdminTextareaWidget(attrs={"rows": 32, "spellcheck": "true"}),
            "sources": UnfoldAdminTextareaWidget(attrs={"rows": 8}),
            "reviewed_on": UnfoldAdminSingleDateWidget(),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "body" in self.fields:
            known = ", ".join(f"{{{name}}}" for name in articles.words())
            self.fields["body"].help_text = f"{HOW_TO_WRITE}{known}."

    def clean(self) -> dict[str, Any]:
        """Ask the rule."""
        cleaned = super().clean() or {}
        if not self.errors:
            try:
                articles.check_new(**cleaned)
            except WrongState as refused:
                self.add_error(None, refused.reasons[0].detail)
            except Malformed as malformed:
                self.add_error(malformed.reason.attr, malformed.reason.detail)
        return cleaned
