"""Texts to sign and the signatures, as staff see them; publishing goes through the rule."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest

from config.core.admin import RoleAdmin
from config.core.models import Role
from patients import consent
from patients.forms import PublishForm, TranslateForm
from patients.models import ConsentDocument, ConsentTranslation, Signature

CARE = (Role.CLINICIAN, Role.DISPATCHER)
OFFICE = (Role.ADMINISTRATOR,)


@admin.register(ConsentDocument)
class ConsentDocumentAdmin(RoleAdmin):
    """Texts to sign: a new version is a new row, and everyone is asked again."""

    view_roles = CARE
    add_roles = OFFICE
    list_display = ("title", "slug", "version", "is_required", "published_at")
    list_filter = ("slug",)
    form = PublishForm

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Show the version and hash once it is published; the Spanish has a page of its own."""
        if obj:
            return [*PublishForm.Meta.fields, "version", "sha256", "published_at"]
        return [*PublishForm.Meta.fields, "title_es", "text_es"]

    def save_model(
        self,
        request: HttpRequest,
        obj: ConsentDocument,
        form: forms.Form,
        change: bool,  # noqa: FBT001  Django's signature
    ) -> None:
        """Publish by the rule."""
        written = consent.publish(**form.cleaned_data)
        obj.pk, obj.version = written.pk, written.version


@admin.register(ConsentTranslation)
class ConsentTranslationAdmin(RoleAdmin):
    """The Spanish of a version, added with it or later: nobody is asked to sign again."""

    view_roles = CARE
    add_roles = OFFICE
    list_display = ("title", "document", "language", "published_at")
    list_select_related = ("document",)
    form = TranslateForm

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Show the hash once it is published."""
        published = ["language", "sha256", "published_at"] if obj else []
        return [*TranslateForm.Meta.fields, *published]

    def save_model(
        self,
        request: HttpRequest,
        obj: ConsentTranslation,
        form: forms.Form,
        change: bool,  # noqa: FBT001  Django's signature
    ) -> None:
        """Add it by the rule."""
        obj.pk = consent.translate(**form.cleaned_data).pk


@admin.register(Signature)
class SignatureAdmin(RoleAdmin):
    """Who signed what, in which language, when and from where."""

    view_roles = (Role.CLINICIAN,)
    list_display = ("patient", "document", "language", "typed_name", "signed_at")
    list_select_related = ("patient__user", "document")
    search_fields = ("patient__user__email", "typed_name")
