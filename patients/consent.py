"""The texts a patient signs: publish a version, sign it, ask what is still unsigned."""

from __future__ import annotations

import hashlib
import ipaddress

from django.db import IntegrityError, transaction

from config.core.clock import now
from config.core.errors import Malformed, Reason, Refused, WrongState, constraint_of
from config.core.postgres import prepared
from patients.accounts import touch
from patients.answers import storable
from patients.models import ConsentDocument, Patient, Signature

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


def current() -> list[ConsentDocument]:
    """Return the newest version of every document."""
    return list(ConsentDocument.objects.order_by("slug", "-version").distinct("slug"))


def missing(*, patient: Patient) -> list[ConsentDocument]:
    """Return the required documents whose current version the patient has not signed."""
    signed = set(patient.signatures.values_list("document_id", flat=True))
    return [one for one in current() if one.is_required and one.pk not in signed]


def is_missing(*, patient: Patient) -> bool:
    """Whether a required document is unsigned in its current version; reads no text."""
    found = prepared.row(UNSIGNED, [patient.pk])
    return bool(found and found[0])


def publish(*, slug: str, title: str, text: str, is_required: bool = True) -> ConsentDocument:
    """Publish a text as the next version of its document; whoever signed is asked again.

    Raises
    ------
    Malformed
        If there is no text.
    WrongState
        If the text is the current version already, or someone published at the same moment.
    """
    text = storable(text)
    check_new(slug=slug, title=title, text=text, is_required=is_required)
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
            # A required text closes the gate of everyone who has not signed this version.
            Patient.objects.update(changed_at=now())
    except IntegrityError as error:
        if constraint_of(error) != "consent_document_version_is_published_once":
            raise
        raise WrongState("Someone else has just published a version.") from error
    return document


def check_new(*, slug: str, title: str, text: str, is_required: bool) -> None:
    """Refuse a version that says nothing, or nothing new."""
    if not storable(text):
        raise Malformed("required", "Please give the text.", "text")
    newest = _newest(slug)
    if newest and (newest.sha256, newest.title, newest.is_required) == (
        fingerprint(storable(text)),
        title,
        is_required,
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
    if sha256.lower() != document.sha256:
        detail = "The document has changed since you opened it: please read it again."
        raise Refused([Reason("document_changed", detail)])
    touch(patient)
    return Signature.objects.get_or_create(
        document=document,
        patient=patient,
        defaults={
            "sha256": document.sha256,
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
