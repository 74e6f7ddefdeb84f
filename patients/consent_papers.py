"""A patient's copy of a document: the text as it was read, and the signature under it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext

from patients import consent, dates, papers, paragraphs
from patients.accounts import zone_of
from patients.consent import Wording
from patients.models import ConsentDocument, Patient, Signature
from patients.papers import Fact, Paper


def copy_of(*, patient: Patient, slug: str, version: int | None, language: str) -> Paper | None:
    """Return a copy of a document; None where there is none for this patient.

    Parameters
    ----------
    version
        One that the patient has signed; the current one, signed or not, if None.
    language
        Of a text that is not signed; what was signed is given as it was read.
    """
    rows = consent.standing(patient=patient)
    standing = next((one for one in rows if one.document.slug == slug), None)
    if standing is None:
        return None
    document, signature = standing.document, standing.signature
    if version is not None and version != document.version:
        signature = next((s for s in standing.earlier if s.document.version == version), None)
        if signature is None:
            return None
        document = signature.document
    read_in = signature.language if signature else language
    words = consent.wording(document, language=read_in)
    with translation.override(words.language):
        return _paper(document, words, patient=patient, signature=signature)


def _paper(
    document: ConsentDocument, words: Wording, *, patient: Patient, signature: Signature | None
) -> Paper:
    version = gettext("Version %(version)s") % {"version": document.version}
    data = papers.data_of(
        title=words.title,
        language=words.language,
        version=version,
        blocks=paragraphs.blocks(words.text),
        facts_title=gettext("Signature") if signature else gettext("Not signed"),
        facts=_facts(document, words, patient=patient, signature=signature),
        foot=f"{words.title}, {version}",
    )
    at = signature.signed_at if signature else document.published_at
    name = f"{document.slug}-version-{document.version}"
    return Paper(name=name, pdf=papers.pdf("consent", data=data, at=at))


def _facts(
    document: ConsentDocument, words: Wording, *, patient: Patient, signature: Signature | None
) -> Iterator[Fact]:
    zone = zone_of(patient)
    if signature:
        yield Fact(gettext("Name as typed"), signature.typed_name, "signature")
        yield Fact(gettext("Signed on"), dates.say_moment(signature.signed_at, zone))
        instant = signature.signed_at.astimezone(UTC).isoformat(timespec="seconds")
        yield Fact(gettext("The same in UTC"), instant, "code")
        yield Fact(gettext("Account"), patient.user.email)
    else:
        yield Fact(gettext("This copy"), gettext("To be read. Nobody has signed it."))
    yield Fact(
        gettext("Document"),
        gettext("%(title)s, version %(version)s, published on %(day)s")
        % {
            "title": words.title,
            "version": document.version,
            "day": dates.say_day(document.published_at, zone),
        },
    )
    yield Fact(gettext("Fingerprint"), words.sha256, "code")
    yield Fact(gettext("Clinic"), f"{settings.CLINIC_NAME}, {settings.CLINIC_PHONE}".strip(", "))
