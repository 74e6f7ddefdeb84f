"""The texts a patient signs: publish a version, sign it, ask what is still unsigned.

A version is one English text, and the same in another language beside it. A signature is under the
one that was read, and names it by its hash.
"""

from __future__ import annotations

import hashlib
import ipaddress
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from config.core.clock import now
from config.core.errors import Malformed, Reason, Refused, WrongState, constraint_of
from config.core.postgres import prepared
from patients.accounts import touch
from patients.answers import storable
from patients.models import ConsentDocument, ConsentTranslation, Patient, Signature

ENGLISH = "en"
NAME_LENGTH = 200
AGENT_LENGTH = 300
UNSIGNED = """
    SELECT EXISTS (
        SELECT FROM (
            SELECT DISTINCT ON (slug) id, is_required
            FROM patients_consentdocument ORDER BY slug, version DESC
        ) AS current
        WHERE is_required AND NOT EXISTS (
            SELECT FROM patients_signature WHERE document_id = current.id AND patient_id = %s
        )
    )
"""


@dataclass(frozen=True, slots=True)
class Wording:
    """A version as a person reads it: its words in one language, and their hash."""

    language: str
    title: str
    text: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Standing:
    """One document as it stands with a patient.

    Attributes
    ----------
    signature
        Under the current version; None while that is unsigned.
    earlier
        Signatures under older versions, newest first.
    """

    document: ConsentDocument
    signature: Signature | None
    earlier: tuple[Signature, ...]

    @property
    def is_due(self) -> bool:
        """Whether it has to be signed before a visit."""
        return self.document.is_required and self.signature is None


def current() -> list[ConsentDocument]:
    """Return the newest version of every document, with its words in every language."""
    return list(_current())


def _current() -> QuerySet[ConsentDocument]:
    newest = ConsentDocument.objects.order_by("slug", "-version").distinct("slug")
    return newest.prefetch_related("translations")


def missing(*, patient: Patient) -> list[ConsentDocument]:
    """Return the required documents whose current version the patient has not signed."""
    signed = set(patient.signatures.values_list("document_id", flat=True))
    return [one for one in current() if one.is_required and one.pk not in signed]


def is_missing(*, patient: Patient) -> bool:
    """Whether a required document is unsigned in its current version; reads no text."""
    found = prepared.row(UNSIGNED, [patient.pk])
    return bool(found and found[0])


def standing(*, patient: Patient) -> list[Standing]:
    """Return every document as it stands with a patient: what is to be signed first."""
    signatures = list(_with_words(Signature.objects.filter(patient=patient)))
    found = [
        Standing(
            document=document,
            signature=next((one for one in signatures if one.document_id == document.pk), None),
            earlier=tuple(
                one
                for one in signatures
                if one.document.slug == document.slug and one.document_id != document.pk
            ),
        )
        for document in _current()
    ]
    return sorted(found, key=lambda one: (one.signature is not None, not one.document.is_required))


def _with_words(signatures: QuerySet[Signature]) -> QuerySet[Signature]:
    """Read signatures, newest version first, with every language of what they are under."""
    rows = signatures.select_related("document").order_by("document__slug", "-document__version")
    return rows.prefetch_related("document__translations")


def wording(document: ConsentDocument, *, language: str) -> Wording:
    """Return a version's words in a language, in English where it is not translated."""
    for one in document.translations.all():
        if one.language == language:
            return Wording(one.language, one.title, one.text, one.sha256)
    return Wording(ENGLISH, document.title, document.text, document.sha256)


def wordings(document: ConsentDocument) -> list[Wording]:
    """Return a version's words in every language it has, English first."""
    languages = [ENGLISH, *(one.language for one in document.translations.all())]
    return [wording(document, language=language) for language in languages]


def publish(
    *,
    slug: str,
    title: str,
    text: str,
    is_required: bool = True,
    title_es: str = "",
    text_es: str = "",
) -> ConsentDocument:
    """Publish a text as the next version of its document; whoever signed is asked again.

    Raises
    ------
    Malformed
        If there is no text, or of the Spanish only a half.
    WrongState
        If the text is the current version already, or someone published at the same moment.
    """
    text = storable(text)
    check_new(
        slug=slug,
        title=title,
        text=text,
        is_required=is_required,
        title_es=title_es,
        text_es=text_es,
    )
    newest = _newest(slug)
    document = ConsentDocument(
        slug=slug,
        version=newest.version + 1 if newest else 1,
        title=title,
        text=text,
        sha256=fingerprint(text),
        is_required=is_required,
    )
    try:
        with transaction.atomic():
            document.save(force_insert=True)
            if text_es:
                translate(document=document, title=title_es, text=text_es)
            # A required text closes the gate of everyone who has not signed this version.
            Patient.objects.update(changed_at=now())
    except IntegrityError as error:
        if constraint_of(error) != "consent_document_version_is_published_once":
            raise
        raise WrongState("Someone else has just published a version.") from error
    return document


def translate(
    *, document: ConsentDocument, title: str, text: str, language: str = "es"
) -> ConsentTranslation:
    """Add a version's text in another language; who signed the English one is not asked again.

    Raises
    ------
    Malformed
        If there is no title or no text.
    WrongState
        If this version has one in this language.
    """
    title, text = storable(title), storable(text)
    if not title or not text:
        raise Malformed("required", "Please give both the title and the text.", "text_es")
    translation = ConsentTranslation(
        document=document, language=language, title=title, text=text, sha256=fingerprint(text)
    )
    try:
        with transaction.atomic():
            translation.save(force_insert=True)
    except IntegrityError as error:
        if constraint_of(error) != "consent_is_translated_once_per_version":
            raise
        raise WrongState("This version has a text in this language already.") from error
    return translation


def check_new(
    *,
    slug: str,
    title: str,
    text: str,
    is_required: bool,
    title_es: str = "",
    text_es: str = "",
) -> None:
    """Refuse a version that says nothing, or nothing new."""
    if not storable(text):
        raise Malformed("required", "Please give the text.", "text")
    if bool(storable(title_es)) != bool(storable(text_es)):
        detail = "Please give both the Spanish title and the Spanish text, or neither."
        raise Malformed("required", detail, "text_es")
    newest = _newest(slug)
    if newest is None:
        return
    was = (newest.title, newest.sha256, newest.is_required)
    spanish = wording(newest, language="es")
    is_same_spanish = (spanish.title, spanish.sha256) == (title_es, fingerprint(storable(text_es)))
    if was == (title, fingerprint(storable(text)), is_required) and (
        not text_es or is_same_spanish
    ):
        raise WrongState("This is the current version already.")


def fingerprint(text: str) -> str:
    """Return the SHA-256 of a text in UTF-8, in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def _newest(slug: str) -> ConsentDocument | None:
    return ConsentDocument.objects.filter(slug=slug).order_by("-version").first()


@transaction.atomic
def sign(
    *,
    patient: Patient,
    slug: str,
    typed_name: str,
    sha256: str,
    ip_address: str | None = None,
    user_agent: str = "",
) -> Signature:
    """Sign the current version of a document; signing it again gives the first signature.

    Parameters
    ----------
    sha256
        Of the text that was read, in whichever of its languages.

    Raises
    ------
    ConsentDocument.DoesNotExist
        If there is no such document.
    Refused
        `document_changed`, if the hash is not that of the current version.
    Malformed
        If no name was typed, or too long a one.
    """
    document = ConsentDocument.objects.filter(slug=slug).order_by("-version")[:1].get()
    typed_name = storable(typed_name)
    if not typed_name or len(typed_name) > NAME_LENGTH:
        raise Malformed("invalid", f"Type your name, at most {NAME_LENGTH} letters.", "typed_name")
    read = next((one for one in wordings(document) if one.sha256 == sha256.lower()), None)
    if read is None:
        detail = "The document has changed since you opened it: please read it again."
        raise Refused([Reason("document_changed", detail)])
    touch(patient)
    return Signature.objects.get_or_create(
        document=document,
        patient=patient,
        defaults={
            "language": read.language,
            "sha256": read.sha256,
            "typed_name": typed_name,
            "ip_address": real_address(ip_address),
            "user_agent": storable(user_agent)[:AGENT_LENGTH],
        },
    )[0]


def real_address(text: str | None) -> str | None:
    """Return an IP address that the database can hold, else None (a unix socket has none)."""
    try:
        return str(ipaddress.ip_address(text or "")).split("%")[0]
    except ValueError:
        return None
