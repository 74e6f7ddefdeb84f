"""Texts a patient signs, and the signatures."""

from __future__ import annotations

from django.db import models

from config.core.clock import now
from config.core.models import append_only
from config.core.triggers import refused_where
from patients.models.patient import Patient


class ConsentDocument(models.Model):
    """One version of a text a patient signs; a new version is a new row."""

    slug = models.SlugField(max_length=40)
    version = models.PositiveSmallIntegerField()
    title = models.CharField(max_length=200)
    text = models.TextField()
    sha256 = models.CharField(max_length=64, editable=False)
    is_required = models.BooleanField(default=True)
    published_at = models.DateTimeField(default=now)

    class Meta:
        ordering = ("slug", "-version")
        constraints = [
            models.UniqueConstraint(
                fields=["slug", "version"], name="consent_document_version_is_published_once"
            )
        ]
        triggers = [
            append_only("consent_document_never_changes"),
            refused_where(
                "consent_document_hash_is_of_its_text",
                "The hash is not that of the text.",
                sql="NEW.sha256 <> encode(sha256(convert_to(NEW.text, 'UTF8')), 'hex')",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title}, version {self.version}"


class ConsentTranslation(models.Model):
    """The text of one version in another language; who signs it has read this one."""

    document = models.ForeignKey(
        ConsentDocument, on_delete=models.PROTECT, related_name="translations"
    )
    language = models.CharField(max_length=2, choices=[("es", "Español")], default="es")
    title = models.CharField(max_length=200)
    text = models.TextField()
    sha256 = models.CharField(max_length=64, editable=False)
    published_at = models.DateTimeField(default=now)

    class Meta:
        ordering = ("document", "language")
        constraints = [
            models.UniqueConstraint(
                fields=["document", "language"], name="consent_is_translated_once_per_version"
            ),
            models.CheckConstraint(
                condition=models.Q(language="es"), name="consent_translation_language_is_known"
            ),
        ]
        triggers = [
            append_only("consent_translation_never_changes"),
            refused_where(
                "consent_translation_hash_is_of_its_text",
                "The hash is not that of the text.",
                sql="NEW.sha256 <> encode(sha256(convert_to(NEW.text, 'UTF8')), 'hex')",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title} ({self.get_language_display()})"


class Signature(models.Model):
    """A patient's electronic signature under one version of one document, as it was read."""

    document = models.ForeignKey(
        ConsentDocument, on_delete=models.PROTECT, related_name="signatures"
    )
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="signatures")
    language = models.CharField(
        max_length=2,
        choices=[("en", "English"), ("es", "Español")],
        default="en",
        help_text="Of the text that was read",
    )
    sha256 = models.CharField(max_length=64)
    typed_name = models.CharField(max_length=200)
    signed_at = models.DateTimeField(default=now)
    ip_address = models.GenericIPAddressField(null=True)
    user_agent = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ("-signed_at",)
        constraints = [
            models.UniqueConstraint(
                fields=["document", "patient"], name="signature_is_given_once_per_version"
            )
        ]
        triggers = [
            append_only("signature_never_changes"),
            refused_where(
                "signature_is_under_the_text_that_was_read",
                "The hash is not that of the document.",
                sql="""
                    NOT EXISTS (
                        SELECT FROM patients_consentdocument
                        WHERE id = NEW.document_id AND sha256 = NEW.sha256 AND NEW.language = 'en'
                        UNION ALL
                        SELECT FROM patients_consenttranslation
                        WHERE document_id = NEW.document_id AND sha256 = NEW.sha256
                        AND language = NEW.language
                    )
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.typed_name}: {self.document}"
